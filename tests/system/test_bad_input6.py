"""Broken and hostile DHCPv6 packets, seen from outside: each is counted and logged as what it is, and costs nobody else
anything. (What the codec and the exchange make of them, byte by byte, is in tests/fuzz and tests/dhcp6.)
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bench.message6 import CLIENT_ID, IA_NA, IA_PD, IAADDR, IAPREFIX, REQUEST, SERVER_ID, SOLICIT
from bench.sandbox import Sandbox
from bench.server import KEAD
from tests.system.lab import mac
from tests.system.relayed6 import Lab6, Relay6, association, option
from tests.system.waiting import until

PARSE = ("pkt6-parse-failed", "DHCP6_PACKET_DROP_PARSE_FAIL")
RULES = ("pkt6-rfc-violation", "DHCP6_REQUIRED_OPTIONS_CHECK_FAIL")
NOT_FOR_US = ("pkt6-not-for-us", "DHCP6_PACKET_DROP_SERVERID_MISMATCH")
UNKNOWN = ("pkt6-unknown-received", "DHCP6_UNKNOWN_MSG_RECEIVED")
CLIENT = option(CLIENT_ID, b"\0\3\0\1" + mac(1))
ORO, ELAPSED, STATUS, FQDN, ANOTHER = 6, 8, 13, 39, option(SERVER_ID, b"\0\2\0\0\0\1abcdef")
DROPS = (*(name for name, _ in (PARSE, RULES, NOT_FOR_US)), "pkt6-receive-drop", "pkt6-unknown-received")


@pytest.fixture(autouse=True)
def _only_kead(flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("Kea 2.2 counts and logs otherwise")


def message(*content: bytes, kind: int = SOLICIT) -> bytes:
    return bytes((kind, 1, 2, 3)) + b"".join(content)


def nested(relay: Relay6, times: int) -> bytes:
    found = message(CLIENT, association())
    for _ in range(times):
        found = relay.wrapped(found)
    return found


def broken(relay: Relay6) -> dict[str, tuple[bytes, tuple[str, str]]]:
    """Datagrams by what is wrong with them, with the statistic and the message that say so."""

    def inside(*content: bytes, kind: int = SOLICIT) -> bytes:
        return relay.wrapped(message(*content, kind=kind))

    def in_prefix(value: bytes) -> bytes:
        return inside(CLIENT, option(IA_PD, bytes(12) + option(IAPREFIX, value)))

    return {
        "empty": (b"", PARSE),
        "three bytes": (b"\1\2\3", PARSE),
        "noise": (bytes(range(200, 256)), UNKNOWN),
        "a type of message that nobody knows": (inside(CLIENT, kind=99), UNKNOWN),
        "half a relay's header": (b"\x0c\0" + bytes(20), ("pkt6-unknown-received", PARSE[1])),
        "a relay without a message": (b"\x0c\0" + bytes(32), PARSE),
        "a relay with an empty message": (relay.wrapped(b""), PARSE),
        "34 relays": (nested(relay, 34), PARSE),
        "300 relays": (nested(relay, 300), PARSE),
        "an empty client id": (inside(option(CLIENT_ID, b""), association()), RULES),
        "a DUID of 2 bytes": (inside(option(CLIENT_ID, b"\0\1"), association()), RULES),
        "a DUID of 131 bytes": (inside(option(CLIENT_ID, b"\0\2" + bytes(129)), association()), RULES),
        "no client id": (inside(association()), RULES),
        "two client ids": (inside(CLIENT, CLIENT, association()), RULES),
        "no server id": (inside(CLIENT, association(), kind=REQUEST), RULES),
        "another server's": (inside(CLIENT, ANOTHER, association(), kind=REQUEST), NOT_FOR_US),
        "by unicast": (message(CLIENT, association()), (RULES[0], "DHCP6_PACKET_DROP_UNICAST")),
        "a short IA": (inside(CLIENT, option(IA_NA, bytes(11))), PARSE),
        "a short address": (inside(CLIENT, option(IA_NA, bytes(12) + option(IAADDR, bytes(23)))), PARSE),
        "a short prefix": (in_prefix(bytes(24)), PARSE),
        "half an option request": (inside(CLIENT, option(ORO, b"\0\x17\0"), association()), PARSE),
        "half an elapsed time": (inside(CLIENT, option(ELAPSED, b"\0"), association()), PARSE),
        "a name that is cut off": (inside(CLIENT, option(FQDN, b"\0\x3fabc"), association()), PARSE),
        "half a status": (inside(CLIENT, option(STATUS, b"\0"), association()), PARSE),
    }


def odd(relay: Relay6) -> dict[str, bytes]:
    """What is unusual or foolish, and yet served."""
    many = [option(IA_NA, number.to_bytes(4, "big") + bytes(8)) for number in range(256)]

    def hint(value: bytes) -> bytes:
        return relay.wrapped(message(CLIENT, option(IA_PD, bytes(12) + option(IAPREFIX, value))))

    return {
        "33 relays": nested(relay, 33),
        "a DUID of 130 bytes": relay.wrapped(message(option(CLIENT_ID, b"\0\2" + bytes(128)), association())),
        "256 associations": relay.wrapped(message(CLIENT, *many)),
        "a prefix of 129 bits": hint(bytes(8) + b"\x81" + bytes(16)),
        "an excluded prefix that is none": hint(bytes(8) + b"\x40" + bytes(16) + option(67, b"\x20\0")),
    }


def verbose(lab: Lab6) -> list[dict[str, Any]]:
    output = {"output": str(lab.server.log_file), "flush": True}
    return [
        {"name": "kea-dhcp6", "severity": "WARN", "output-options": [output]},
        {"name": "kea-dhcp6.bad-packets", "severity": "DEBUG", "debuglevel": 99, "output-options": [output]},
    ]


def counted(lab: Lab6) -> dict[str, int]:
    samples = lab.server.ask("statistic-get-all")["arguments"]
    return {name: samples[name][0][0] if name in samples else 0 for name in ("pkt6-received", "pkt6-sent", *DROPS)}


def lines(lab: Lab6) -> list[str]:
    return lab.server.log_file.read_text().splitlines() if lab.server.log_file.exists() else []


def test_each_is_counted_and_logged_as_what_it_is(sandbox: Sandbox, tmp_path: Path) -> None:
    lab = Lab6(sandbox, tmp_path, KEAD)
    lab.configure(loggers=verbose(lab))
    lab.server.start()
    relay = lab.relay()
    for what, (datagram, (statistic, logged)) in broken(relay).items():
        before, written = counted(lab), len(lines(lab))
        relay.send(datagram)
        until(what, lambda before=before: counted(lab)["pkt6-receive-drop"] > before["pkt6-receive-drop"])  # type: ignore[misc]
        changed = {name for name, value in counted(lab).items() if value != before[name]}
        assert changed == {"pkt6-received", "pkt6-receive-drop", statistic}, what
        (line,) = lines(lab)[written:]
        assert f" {logged} " in line, what
    for what, datagram in odd(relay).items():
        before = counted(lab)
        relay.send(datagram)
        until(what, lambda before=before: counted(lab)["pkt6-sent"] > before["pkt6-sent"])  # type: ignore[misc]
        assert counted(lab)["pkt6-receive-drop"] == before["pkt6-receive-drop"], what
    relay.close()
    relay = lab.relay()
    assert relay.lease(mac(2)) is not None
    relay.close()
    assert " ERROR " not in lab.server.log()
    assert lab.server.stop() == 0


def test_noise_beside_clients_costs_them_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    lab = Lab6(sandbox, tmp_path, KEAD)
    lab.server.start()
    relay = lab.relay()
    chance = random.Random(10)
    good = [relay.message(SOLICIT, mac(1), association() + association(prefix=True)), nested(relay, 3)]
    flood = lab.flood("--seconds", "2", "--clients", "4", "--relay", lab.second_relay, "--patience", "2")
    for number in range(4000):
        datagram = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 4)):
            datagram[chance.randrange(len(datagram))] = chance.randrange(256)
        relay.send(bytes(datagram[: chance.randint(0, len(datagram))] if number % 3 == 0 else datagram))
    relay.close()
    figures = flood.figures()
    assert figures["finished"] > 0
    assert figures["given_up"] == 0
    assert counted(lab)["pkt6-receive-drop"] > 1000
    assert lab.assigned() == len(lab.table())
    assert "DHCP6_PACKET_PROCESS_EXCEPTION" not in lab.server.log()
    assert " ERROR " not in lab.server.log()
    assert lab.server.stop() == 0
