"""The measuring tools measure what they say: messages that a server understands, output that is read right."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import lease_file, message4, message6, perfdhcp, usage
from bench.__main__ import loads
from bench.family import FAMILIES
from bench.flood import GROUP, Beginnings
from bench.line import Line, line_arguments, open_line
from bench.message import DONE, OFFERED, OTHER, REFUSED, Messages
from bench.message4 import ACK, Messages4, kind
from bench.message6 import Messages6
from bench.parts import Row, with_ratios
from kead.dhcp4 import packet as packet4
from kead.dhcp6 import packet as packet6
from kead.leases import csv6
from kead.wire.address import parse_ip4, parse_ip6

NUMBER = b"\x00\x02\x03\x04"


def reply4(options: dict[int, bytes]) -> bytes:
    """What a server answers to client NUMBER: 10.1.0.5."""
    reply = packet4.Packet4()
    reply.xid = 0x020304
    reply.yiaddr = parse_ip4("10.1.0.5")
    reply.options = options
    return packet4.encode(reply)


def test_messages_are_those_of_one_client_behind_the_relay() -> None:
    messages = Messages4("10.0.0.2", "10.0.0.1")
    offer = reply4({53: bytes((message4.OFFER,))})
    discover = packet4.decode(messages.first(NUMBER))
    request = packet4.decode(messages.second(NUMBER, offer))
    assert (discover.type, request.type) == (message4.DISCOVER, message4.REQUEST)
    for packet in (discover, request):
        assert packet.xid == 0x020304
        assert packet.hwaddr == b"\x02\x00" + NUMBER
        assert packet.options[61] == b"\x01\x02\x00" + NUMBER
        assert packet.giaddr == parse_ip4("10.0.0.2")
    assert request.options[50] == bytes((10, 1, 0, 5))
    assert request.options[54] == bytes((10, 0, 0, 1))


@pytest.mark.parametrize("before", [b"", b"\x01\x04\xff\xff\xff\x00"], ids=["first", "after another option"])
def test_the_type_of_a_reply_is_found(before: bytes) -> None:
    assert kind(bytes(236) + b"\x63\x82\x53\x63" + before + bytes((53, 1, ACK, 255))) == ACK


def test_an_encoded_reply_is_understood() -> None:
    messages = Messages4("10.0.0.2", "10.0.0.1")
    reply = reply4({54: bytes(4), 53: bytes((ACK,))})
    assert kind(reply) == ACK
    assert messages.read(reply) == (NUMBER, DONE)
    assert messages.bound(NUMBER, reply) == ["10.1.0.5 02:00:00:02:03:04"]


RELAY6 = "2001:db8::2"
SERVER_DUID = b"\0\x02\0\0\x09\xbfkead"
ADDRESS = packet6.encode_option(5, parse_ip6("2001:db8:1::5").to_bytes(16, "big") + bytes(8))
PREFIX = packet6.encode_option(26, bytes(8) + b"\x40" + parse_ip6("2001:db8:8000:7::").to_bytes(16, "big"))
NO_ADDRESS = packet6.encode_option(13, b"\0\x02none left")
HEAD = b"\0\0\0\x01" + bytes(8)  # of an association: IAID 1, no T1, no T2


def reply6(kind: int, *, relay: str | None, na: bytes | None = None, pd: bytes | None = None) -> bytes:
    """What a server answers to client NUMBER, with these options inside of its associations."""
    reply = packet6.Packet6(kind, 0x020304)
    reply.options = {1: [b"\0\x03\0\x01\x02\0" + NUMBER], 2: [SERVER_DUID], 23: [bytes(16)]}
    reply.options |= {3: [HEAD + na]} if na is not None else {}
    reply.options |= {25: [HEAD + pd]} if pd is not None else {}
    if relay:
        peer = parse_ip6("fe80::200:0:2:304")
        reply.relays = [packet6.Relay6(0, parse_ip6(relay), peer, type=message6.RELAY_REPL)]
    return packet6.encode(reply)


@pytest.mark.parametrize("relay", [None, RELAY6], ids=["link", "relay"])
@pytest.mark.parametrize("ask", ["na", "pd", "both"])
def test_dhcpv6_messages_are_those_of_one_client(ask: str, relay: str | None) -> None:
    messages = Messages6(ask, relay)
    given = {
        **({"na": ADDRESS} if ask != "pd" else {}),
        **({"pd": PREFIX} if ask != "na" else {}),
    }
    advertise = reply6(message6.ADVERTISE, relay=relay, **given)
    solicit = packet6.decode(messages.first(NUMBER))
    request = packet6.decode(messages.second(NUMBER, advertise))
    assert (solicit.type, request.type) == (message6.SOLICIT, message6.REQUEST)
    for packet in (solicit, request):
        assert packet.transaction_id == 0x020304
        assert packet.options[1] == [b"\0\x03\0\x01\x02\0" + NUMBER]
        assert (3 in packet.options, 25 in packet.options) == (ask != "pd", ask != "na")
        assert [(hop.type, hop.link) for hop in packet.relays] == (
            [(message6.RELAY_FORW, parse_ip6(RELAY6))] if relay else []
        )
    assert 2 not in solicit.options
    assert request.options[2] == [SERVER_DUID]
    assert request.options.get(3) == ([HEAD + ADDRESS] if "na" in given else None)
    assert request.options.get(25) == ([HEAD + PREFIX] if "pd" in given else None)


@pytest.mark.parametrize("relay", [None, RELAY6], ids=["link", "relay"])
def test_dhcpv6_replies_are_understood(relay: str | None) -> None:
    messages = Messages6("both", relay)
    reply = reply6(message6.REPLY, relay=relay, na=ADDRESS, pd=PREFIX)
    assert messages.read(reply) == (NUMBER, DONE)
    assert messages.read(reply6(message6.ADVERTISE, relay=relay, na=ADDRESS, pd=PREFIX)) == (NUMBER, OFFERED)
    assert messages.bound(NUMBER, reply) == [
        "2001:db8:1::5 02:00:00:02:03:04",
        "2001:db8:8000:7::/64 02:00:00:02:03:04",
    ]


@pytest.mark.parametrize("kind", [message6.ADVERTISE, message6.REPLY])
def test_who_does_not_get_all_is_refused(kind: int) -> None:
    messages = Messages6("both", RELAY6)
    assert messages.read(reply6(kind, relay=RELAY6, na=ADDRESS, pd=NO_ADDRESS)) == (NUMBER, REFUSED)
    assert messages.read(reply6(kind, relay=RELAY6, na=ADDRESS)) == (NUMBER, REFUSED)


def test_bytes_that_are_no_reply_are_of_no_interest() -> None:
    whole = reply6(message6.REPLY, relay=RELAY6, na=ADDRESS)
    messages = Messages6("na", RELAY6)
    for size in range(len(whole)):
        assert messages.read(whole[:size])[1] in (OTHER, REFUSED, DONE)
    for noise in (b"", b"\x07", b"\x0d" + bytes(33), whole[:38], b"\x0d" + bytes(60)):
        assert messages.read(noise)[1] == OTHER


def messages_of_each_kind() -> list[Messages]:
    return [Messages4("10.0.0.2", "10.0.0.1"), Messages6("both", RELAY6), Messages6("pd")]


@pytest.mark.parametrize("messages", messages_of_each_kind(), ids=["4", "6 relayed", "6 on the link"])
def test_beginnings_sent_together_are_those_of_single_clients(messages: Messages) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        first = 0x01FFFE  # so that a carry is among them
        assert Beginnings(Line(ours, ours, messages)).send(first, 4) == 4
        assert [theirs.recv(2048) for _ in range(4)] == [
            messages.first((first + i).to_bytes(4, "big")) for i in range(4)
        ]
        assert GROUP >= 4


@pytest.mark.parametrize("words", [["--link", "far"], ["--ask", "pd"]])
def test_what_only_dhcpv6_has_is_refused_for_dhcpv4(words: list[str]) -> None:
    parser = argparse.ArgumentParser()
    line_arguments(parser)
    with pytest.raises(SystemExit, match="--family 6"):
        open_line(parser.parse_args(words))


def chosen(**given: str) -> argparse.Namespace:
    return argparse.Namespace(**{"family": "4", "sockets": None, "ask": None, "via": None, **given})


def test_loads_are_chosen_for_each_family() -> None:
    assert loads(chosen()) == {4: ["udp", "raw"]}
    assert loads(chosen(family="6")) == {6: ["na", "pd", "both"]}
    both = chosen(family="4,6", sockets="udp", ask="na,both", via="relay,link")
    assert loads(both) == {4: ["udp"], 6: ["na", "both", "na link", "both link"]}
    for wrong in (chosen(family="5"), chosen(ask="na"), chosen(family="6", sockets="udp"), chosen(family="6", via="x")):
        with pytest.raises(SystemExit):
            loads(wrong)


def test_a_load_says_what_the_generators_do() -> None:
    family = FAMILIES[6]
    assert family.generator("both") == ["--family", "6", "--ask", "both"]
    assert family.generator("pd link") == ["--family", "6", "--ask", "pd", "--link", "far"]
    relayed, direct = ([*family.perfdhcp(load), *family.target(load)] for load in ("pd", "na link"))
    assert relayed == ["-6", "-l", "far", "-e", "prefix-only", "-A", "1", "2001:db8::1"]
    assert direct == ["-6", "-l", "far", "-e", "address-only"]
    assert [*FAMILIES[4].perfdhcp("raw"), *FAMILIES[4].target("raw")] == ["-4", "10.0.0.1"]


PERFDHCP = """\
***Statistics for: DISCOVER-OFFER***
sent packets: 6000
received packets: 5990
drops: 10

min delay: 0.056 ms
avg delay: 0.100 ms
max delay: 4.500 ms

***Statistics for: REQUEST-ACK***
sent packets: 5990
received packets: 5970
drops: 20

min delay: 0.060 ms
avg delay: 0.200 ms
max delay: 2.000 ms
"""


def test_perfdhcp_is_read() -> None:
    outcome = perfdhcp.read(PERFDHCP, seconds=2)
    assert (outcome.begun, outcome.finished, outcome.count) == (3000, 2985, 5970)
    assert outcome.loss == pytest.approx(0.5)
    assert outcome.delay == pytest.approx(0.15)
    assert outcome.worst == 4.5
    with pytest.raises(ValueError, match="no such option"):
        perfdhcp.read("perfdhcp: no such option", 1)


PERFDHCP6 = PERFDHCP.replace("DISCOVER-OFFER", "SOLICIT-ADVERTISE").replace("REQUEST-ACK", "REQUEST-REPLY")
RENEWALS = """
***Statistics for: %s***
sent packets: 1000
received packets: 990
drops: 10

min delay: 0.060 ms
avg delay: 0.300 ms
max delay: 5.000 ms
"""


@pytest.mark.parametrize(
    ("text", "name"), [(PERFDHCP, "REQUEST-ACK (renewal)"), (PERFDHCP6, "RENEW-REPLY")], ids=["4", "6"]
)
def test_renewals_are_read(text: str, name: str) -> None:
    plain = perfdhcp.read(text, seconds=2)
    assert (plain.count, plain.renewals, plain.lost_renewals) == (5970, 0, 0)
    outcome = perfdhcp.read(text + RENEWALS % name, seconds=2)
    assert (outcome.begun, outcome.count, outcome.renewals) == (3000, 5970, 990)
    assert outcome.lost_renewals == pytest.approx(1)
    assert outcome.delay == pytest.approx(0.2)
    assert outcome.worst == 5


def test_perfdhcp_renews_only_if_asked() -> None:
    words = perfdhcp.command(["-6", "-l", "far"], 500, 10, 10000, 3)
    assert words[:4] == ["perfdhcp", "-6", "-l", "far"]
    assert "-f" not in words
    assert "mac=00:0c:03:00:00:00" in words
    more = perfdhcp.command(["-4"], 500, 10, 10000, 3, renewals=250)
    assert more[more.index("-f") + 1] == "250"


def test_the_last_row_of_an_address_counts(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    lease_file.write(path, 3, now=1_700_000_000)
    with path.open("a") as stream:
        stream.write("10.1.0.1,02:00:00:00:00:09,,0,1700000000,1,0,0,,0,\n")
    table = lease_file.leases(path)
    assert sorted(table) == ["10.1.0.0", "10.1.0.2"]
    assert table["10.1.0.2"]["hwaddr"] == "02:00:00:00:00:02"


@pytest.mark.parametrize(
    ("ask", "addresses"),
    [
        ("na", ["2001:db8:1::64:0:0", "2001:db8:1::64:0:1", "2001:db8:1::64:0:2"]),
        ("pd", ["2001:db8:8064::", "2001:db8:8064:1::", "2001:db8:8064:2::"]),
        ("both", ["2001:db8:1::64:0:0", "2001:db8:8064::", "2001:db8:1::64:0:1"]),
    ],
)
def test_lease_files_of_dhcpv6_are_as_clients_ask(tmp_path: Path, ask: str, addresses: list[str]) -> None:
    path = tmp_path / "leases6.csv"
    lease_file.write6(path, 3, now=1_700_000_000, ask=ask)
    assert [row["address"] for row in lease_file.rows(path)] == addresses
    header, *lines = path.read_text().splitlines()
    for row, line in zip(lease_file.rows(path), lines, strict=True):
        is_prefix = row["address"].startswith("2001:db8:80")
        lease = csv6.decode_row(line, header.count(",") + 1)  # what a server makes of it
        assert lease.address == parse_ip6(row["address"])
        assert (lease.type, lease.prefix_length) == ((2, 64) if is_prefix else (0, 128))
        assert lease.cltt + lease.valid_lifetime > 1_700_000_000
        assert lease.duid == b"\0\x03\0\x01" + lease.hwaddr


def test_cpu_of_a_process_and_its_children_is_counted() -> None:
    burn = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
    script = (
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\n{burn}\nprint(flush=True)\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert usage.cpu(process.pid) == pytest.approx(0.45, abs=0.15)
        assert usage.memory(process.pid) > 1
        assert process.pid in usage.tree(os.getpid())
        process.communicate(b"\n")


def test_other_processes_are_seen() -> None:
    meter = usage.Meter(os.getpid())
    time.sleep(0.05)
    cost = meter.read()
    assert cost.seconds >= 0.05
    assert cost.cpu < cost.seconds
    assert usage.Cost(1, 0, 0, steal=20, other=0).quiet(15) is False
    assert usage.Cost(1, 0, 0, steal=1, other=1).quiet(15) is True


def test_ratios_are_to_kea_under_the_same_load() -> None:
    rows = [
        Row(4, "flood", "kea", "udp", {"cpu_us": 80.0}),
        Row(4, "flood", "kead", "udp", {"cpu_us": 20.0}),
        Row(4, "flood", "kead", "raw", {"cpu_us": 20.0}),
        Row(6, "flood", "kead", "udp", {"cpu_us": 20.0}),
    ]
    with_ratios(rows)
    assert [row.ratios for row in rows] == [{}, {"cpu_us": 0.25}, {}, {}]
