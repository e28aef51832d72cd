"""Sets `status` (DROP) at each point that `points` names; only for the client `hwaddr` ("02:00:…") if that is given."""

from kead.hooks import Status

POINTS = (
    "buffer4_receive",
    "pkt4_receive",
    "subnet4_select",
    "lease4_select",
    "lease4_renew",
    "lease4_release",
    "lease4_decline",
    "leases4_committed",
    "lease4_offer",
    "pkt4_send",
    "buffer4_send",
    "lease4_expire",
    "lease4_recover",
)


def setting(point):
    def callout(handle):
        parameters = handle.library.parameters
        if point not in parameters["points"]:
            return
        only = parameters.get("hwaddr")
        if only is None or handle.query4.hwaddr.hex(":") == only:
            handle.status = Status[parameters.get("status", "DROP")]

    return callout


globals().update({point: setting(point) for point in POINTS})
