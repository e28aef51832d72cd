"""dhclient -6, dhcpcd and dibbler-client get, renew, rebind and release addresses and prefixes: on the link, and
through relay agents of two kinds, also one behind the other.

Only dhclient can be made to decline: today's kernels remove an address that has a lifetime as soon as somebody else
turns out to use it, and so dibbler-client and dhcpcd, which give it one, never see why it has gone.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest

from bench.lease_file import rows
from bench.sandbox import Sandbox, run
from bench.server import SERVER_ID
from tests.system.clients6 import CLIENTS6, Client6, Wish
from tests.system.networks6 import DELEGATED, FIRST, PREFIX, Network6, behind_relays, beside, configure_beside
from tests.system.waiting import until

BOTH = Wish(address=True, prefix=True)
ADDRESS, DELEGATION = "0", "2"  # lease_type
OTHER_SERVER = {**SERVER_ID, "identifier": "ABCDEF9999"}
CONFIRM, REBIND, REPLY, RELAY_FORW, RELAY_REPL = 4, 6, 7, 12, 13
INTERFACE_ID, RELAY_MESSAGE = 18, 9
UDP, PORT = 17, 547


def client_of(name: str, net: Network6, sandbox: Sandbox, directory: Path, wish: Wish) -> Client6:
    return CLIENTS6[name](sandbox, net.client, net.interface, directory, net.lan, wish)


def newest(net: Network6) -> dict[str, dict[str, str]]:
    """The last row of each kind."""
    return {row["lease_type"]: row for row in rows(net.server.lease_file)}


def expires(net: Network6) -> dict[str, int]:
    return {kind: int(row["expire"]) for kind, row in newest(net).items()}


def assigned(net: Network6) -> tuple[int, int]:
    """How many addresses and prefixes the server thinks are out."""
    return net.server.statistic("subnet[1].assigned-nas"), net.server.statistic("subnet[1].assigned-pds")


def check_bound(net: Network6, client: Client6) -> None:
    """What is on the client's interfaces is what the lease file and the statistics say, and nothing besides."""
    table = newest(net)
    for row in table.values():
        assert (row["valid_lifetime"], row["pref_lifetime"], row["state"], row["subnet_id"]) == ("600", "550", "0", "1")
        assert row["duid"]
    assert {row["address"] for row in rows(net.server.lease_file)} == {row["address"] for row in table.values()}
    assert (ADDRESS in table, DELEGATION in table) == (client.wish.address, client.wish.prefix)
    assert assigned(net) == (client.wish.address, client.wish.prefix)
    if client.wish.address:
        row = table[ADDRESS]
        assert (row["address"], row["prefix_len"]) == (client.address(), "128")
        assert client.address().startswith(PREFIX)
    if client.wish.prefix:
        row = table[DELEGATION]
        network = IPv6Network(f"{row['address']}/{row['prefix_len']}")
        on_lan = client.delegated()
        assert on_lan is not None
        assert on_lan.subnet_of(network)
        assert network.prefixlen == 56
        assert network.subnet_of(IPv6Network(f"{DELEGATED}/48"))


def check_released(net: Network6, client: Client6) -> None:
    client.release()
    until("the release is in the lease file", lambda: {row["valid_lifetime"] for row in newest(net).values()} == {"0"})
    assert assigned(net) == (0, 0)
    assert net.server.statistic("pkt6-release-received") == 1


def wait_for_longer(what: str, net: Network6, before: dict[str, int]) -> None:
    """Until all leases have been extended since."""
    until(what, lambda: all(expires(net).get(kind, 0) > expire for kind, expire in before.items()))


def asks_again(net: Network6, client: Client6, message: int) -> None:
    """After a restart the client asks in a message of this type, and goes on with what it had."""
    wire = net.wire()
    client.restart()
    seen: list[int] = []

    def answered() -> bool:
        seen.extend(datagram[0] for datagram in datagrams(wire.frames()))
        return message in seen and REPLY in seen[seen.index(message) :]

    until(f"a message of type {message} is answered", answered)
    wire.close()
    client.wait("has it again", client.has_all)
    check_bound(net, client)


def server_identifier(net: Network6) -> object:
    return net.server.ask("config-get")["arguments"]["Dhcp6"]["server-id"]["identifier"]


@pytest.mark.parametrize("name", CLIENTS6)
def test_both_are_given_renewed_rebound_and_released(name: str, sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    net = beside(sandbox, tmp_path, flavour)
    client = client_of(name, net, sandbox, tmp_path, BOTH)
    try:
        address = client.get()
        check_bound(net, client)
        assert net.server.statistic("pkt6-advertise-sent") == 1
        time.sleep(1.1)  # lease times are whole seconds: a renewal in the same one could not be seen
        before = expires(net)
        client.renew()
        wait_for_longer("a renewal", net, before)
        assert net.server.statistic("pkt6-renew-received") >= 1
        assert net.server.statistic("pkt6-rebind-received") == 0
        check_bound(net, client)

        if name != "dibbler":  # which solicits its prefix anew
            asks_again(net, client, REBIND)
            assert client.address() == address
            assert net.server.statistic("pkt6-rebind-received") >= 1
        assert net.server.statistic("pkt6-solicit-received") == 1
        check_released(net, client)
    finally:
        client.stop()


def test_another_server_is_asked_to_rebind(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    """By dhcpcd: dhclient and dibbler-client do so as well, but sleep for ten seconds first."""
    net = beside(sandbox, tmp_path, flavour)
    client = client_of("dhcpcd", net, sandbox, tmp_path, BOTH)
    try:
        address = client.get()
        configure_beside(net, **{"server-id": OTHER_SERVER})
        net.server.signal(signal.SIGHUP)
        until("the server has another DUID", lambda: server_identifier(net) == OTHER_SERVER["identifier"])
        before = expires(net)
        until("a REBIND", lambda: net.server.statistic("pkt6-rebind-received"))
        wait_for_longer("it is answered", net, before)
        assert client.address() == address
        check_bound(net, client)
        check_released(net, client)
    finally:
        client.stop()


@pytest.mark.parametrize("wish", [Wish(address=True), Wish(address=False, prefix=True)], ids=["address", "prefix"])
@pytest.mark.parametrize("name", CLIENTS6)
def test_one_of_them_in_two_messages(name: str, wish: Wish, sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    net = beside(sandbox, tmp_path, flavour)
    client = client_of(name, net, sandbox, tmp_path, Wish(wish.address, wish.prefix, rapid_commit=True))
    try:
        client.get()
        check_bound(net, client)
        assert net.server.statistic("pkt6-solicit-received") == 1
        assert net.server.statistic("pkt6-reply-sent") >= 1
        assert net.server.statistic("pkt6-request-received") == 0
        if wish.address:
            asks_again(net, client, CONFIRM)
        check_released(net, client)
    finally:
        client.stop()


def test_an_address_that_somebody_uses_is_declined(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    net = beside(sandbox, tmp_path, flavour)
    net.server.namespace.ip("address", "add", f"{FIRST}/64", "dev", net.near, "nodad")
    run(*net.client.command("sysctl", "-qw", f"net.ipv6.conf.{net.interface}.accept_dad=1"))
    client = client_of("dhclient", net, sandbox, tmp_path, Wish())
    try:
        address = client.get()
        assert IPv6Address(address) == IPv6Address(FIRST) + 1
        declined = [row for row in rows(net.server.lease_file) if row["address"] == FIRST][-1]
        assert declined["state"] == "1"
        assert declined["duid"] in ("", "00:00:00", "00")  # nobody's: Kea 2.2 and 3.0 write it differently
        assert net.server.statistic("pkt6-decline-received") == 1
        assert net.server.statistic("subnet[1].declined-addresses") == 1
        assert assigned(net) == (2, 0)  # one that is declined counts as given out
    finally:
        client.stop()


def chain(message: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """What each relay said of itself (hop count, link, peer; interface-id), the one nearest to the server first, and
    the transaction id of the message within.
    """
    said = []
    while message[0] in (RELAY_FORW, RELAY_REPL):
        options = {}
        at = 34
        while at < len(message):
            code, length = (int.from_bytes(message[at + n : at + n + 2]) for n in (0, 2))
            options[code] = message[at + 4 : at + 4 + length]
            at += 4 + length
        said.append((message[1:34], options[INTERFACE_ID]))
        message = options[RELAY_MESSAGE]
    return said, message[1:4]


def datagrams(frames: Sequence[bytes]) -> list[bytes]:
    """What is in those of them that DHCPv6 servers send and get."""
    found = [frame for frame in frames if frame[12:14] == b"\x86\xdd" and frame[20] == UDP and len(frame) > 62]
    return [frame[62:] for frame in found if PORT in (int.from_bytes(frame[54:56]), int.from_bytes(frame[56:58]))]


@pytest.mark.parametrize(
    ("name", "relays"),
    [
        ("dhclient", ["isc"]),
        ("dhcpcd", ["dibbler"]),
        ("dibbler", ["isc", "isc"]),
        ("dhclient", ["isc", "dibbler"]),
        ("dhcpcd", ["dibbler", "isc"]),
        ("dibbler", ["dibbler", "dibbler"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_both_through_relays(name: str, relays: list[str], sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    net = behind_relays(sandbox, tmp_path, flavour, relays)
    wire = net.wire()
    client = client_of(name, net, sandbox, tmp_path, BOTH)
    try:
        client.get()
        check_bound(net, client)
        check_released(net, client)
        asked: dict[bytes, list[tuple[bytes, bytes]]] = {}
        answered: dict[bytes, list[tuple[bytes, bytes]]] = {}
        for message in datagrams(wire.frames()):
            said, transaction = chain(message)
            (asked if message[0] == RELAY_FORW else answered)[transaction] = said
        assert len(answered) >= 3
        assert {len(said) for said in answered.values()} == {len(relays)}
        assert all(asked[transaction] == said for transaction, said in answered.items())
    finally:
        client.stop()
        wire.close()


def test_the_interface_id_says_which_subnet(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    net = behind_relays(sandbox, tmp_path, flavour, ["dibbler"], by_name=True)
    client = client_of("dhcpcd", net, sandbox, tmp_path, BOTH)
    try:
        client.get()
        check_bound(net, client)
    finally:
        client.stop()
