"""Edits options: `query` and `response` are maps of code → bytes in hexadecimal, or null to take the option away."""


def edit(packet, wanted):
    for code, value in wanted.items():
        if value is None:
            packet.options.pop(int(code), None)
        else:
            packet.options[int(code)] = bytes.fromhex(value)


def pkt4_receive(callout):
    edit(callout.query4, callout.library.parameters.get("query", {}))


def pkt4_send(callout):
    edit(callout.response4, callout.library.parameters.get("response", {}))
