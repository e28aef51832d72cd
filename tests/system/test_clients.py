"""dhclient, udhcpc and dhcpcd get, renew and release an address: on the link, and through a relay agent."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bench.lease_file import rows
from bench.sandbox import Sandbox
from tests.system.clients import CLIENTS
from tests.system.networks import Network, behind_relay, beside
from tests.system.waiting import until


def network(where: str, sandbox: Sandbox, directory: Path, flavour: str) -> Network:
    if where == "link":
        return beside(sandbox, directory, flavour)
    return behind_relay(sandbox, directory, flavour, where.removeprefix("relay-"))


def last_row(net: Network, address: str) -> dict[str, str]:
    return [row for row in rows(net.server.lease_file) if row["address"] == address][-1]


@pytest.mark.parametrize("where", ["link", "relay-udp", "relay-raw"])
@pytest.mark.parametrize("name", CLIENTS)
def test_a_real_client_gets_renews_and_releases(
    name: str, where: str, sandbox: Sandbox, tmp_path: Path, flavour: str
) -> None:
    net = network(where, sandbox, tmp_path, flavour)
    client = CLIENTS[name](sandbox, net.client, net.interface, tmp_path)
    try:
        address = client.get()
        assert address.startswith(net.prefix)
        row = last_row(net, address)
        assert (row["hwaddr"], row["valid_lifetime"], row["state"]) == (net.mac, "600", "0")
        taken_at = int(row["expire"])

        time.sleep(1.1)  # lease times are whole seconds: a renewal in the same one could not be seen
        client.renew()
        assert client.address() == address
        assert int(last_row(net, address)["expire"]) > taken_at
        assert net.server.statistic("pkt4-ack-sent") >= 2
        assert net.server.statistic("pkt4-nak-sent") == 0

        client.release()
        until("the release is in the lease file", lambda: last_row(net, address)["valid_lifetime"] == "0")
        # isc-dhcp-relay overhears what it routes, and relays a copy of the client's unicast too
        assert net.server.statistic("pkt4-release-received") in ((1,) if where == "link" else (1, 2))
        # One address, all the way: nothing else was ever written.
        assert {row["address"] for row in rows(net.server.lease_file)} == {address}
    finally:
        client.stop()
