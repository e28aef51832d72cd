"""The measuring tools measure what they say: messages that a server understands, output that is read right."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import lease_file, perfdhcp, usage
from bench.message import ACK, DISCOVER, REQUEST, Messages, kind
from bench.parts import Row, with_ratios
from kead.dhcp4.packet import Packet4, decode, encode
from kead.wire.address import parse_ip4

NUMBER = b"\x01\x02\x03\x04"


def test_messages_are_those_of_one_client_behind_the_relay() -> None:
    messages = Messages("10.0.0.2", "10.0.0.1")
    discover, request = decode(messages.discover(NUMBER)), decode(messages.request(NUMBER, bytes((10, 1, 0, 5))))
    assert (discover.type, request.type) == (DISCOVER, REQUEST)
    for packet in (discover, request):
        assert packet.xid == 0x01020304
        assert packet.hwaddr == b"\x02\x00" + NUMBER
        assert packet.options[61] == b"\x01\x02\x00" + NUMBER
        assert packet.giaddr == parse_ip4("10.0.0.2")
    assert request.options[50] == bytes((10, 1, 0, 5))
    assert request.options[54] == bytes((10, 0, 0, 1))


@pytest.mark.parametrize("before", [b"", b"\x01\x04\xff\xff\xff\x00"], ids=["first", "after another option"])
def test_the_type_of_a_reply_is_found(before: bytes) -> None:
    assert kind(bytes(236) + b"\x63\x82\x53\x63" + before + bytes((53, 1, ACK, 255))) == ACK


def test_an_encoded_reply_is_understood() -> None:
    reply = Packet4()
    reply.options = {54: bytes(4), 53: bytes((ACK,))}
    assert kind(encode(reply)) == ACK


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


def test_the_last_row_of_an_address_counts(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    lease_file.write(path, 3, now=1_700_000_000)
    with path.open("a") as stream:
        stream.write("10.1.0.1,02:00:00:00:00:09,,0,1700000000,1,0,0,,0,\n")
    table = lease_file.leases(path)
    assert sorted(table) == ["10.1.0.0", "10.1.0.2"]
    assert table["10.1.0.2"]["hwaddr"] == "02:00:00:00:00:02"


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


def test_ratios_are_to_kea_on_the_same_sockets() -> None:
    rows = [
        Row("flood", "kea", "udp", {"cpu_us": 80.0}),
        Row("flood", "kead", "udp", {"cpu_us": 20.0}),
        Row("flood", "kead", "raw", {"cpu_us": 20.0}),
    ]
    with_ratios(rows)
    assert [row.ratios for row in rows] == [{}, {"cpu_us": 0.25}, {}]
