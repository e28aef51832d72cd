"""A DHCPv6 client that keeps what it has while kead takes the place of Kea on its link, or Kea that of kead: with the
lease file the new server also gets the one with the server's DUID, and so answers the RENEWs that were for the old one.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from bench.sandbox import Sandbox
from bench.server import KEA, KEAD
from tests.system.clients6 import Dhcpcd6, Wish
from tests.system.networks6 import beside, configure_beside, server_in
from tests.system.test_clients6 import check_bound, check_released, expires, wait_for_longer
from tests.system.waiting import until

KEPT = {"server-id": {"type": "LLT", "persist": True}}
SERVER_ID_FILE = "kea-dhcp6-serverid"


@pytest.mark.parametrize(("before", "after"), [(KEAD, KEA), (KEA, KEAD)])
def test_a_client_goes_on_as_if_nothing_had_happened(
    before: str, after: str, sandbox: Sandbox, tmp_path: Path, flavour: str
) -> None:
    before, after = (flavour if name == KEAD else name for name in (before, after))
    net = beside(sandbox, tmp_path / "before", before, **KEPT)
    client = Dhcpcd6(sandbox, net.client, net.interface, tmp_path, net.lan, Wish(address=True, prefix=True))
    try:
        address = client.get()
        check_bound(net, client)
        first = net.server
        assert first.stop() == 0

        net.server = server_in(sandbox, first.namespace, tmp_path / "after", after)
        configure_beside(net, **KEPT)
        shutil.copyfile(first.lease_file, net.server.lease_file)
        kept = (first.directory / "lib" / SERVER_ID_FILE).read_text()
        (net.server.directory / "lib" / SERVER_ID_FILE).write_text(kept)
        since = expires(net)
        time.sleep(1.1)  # lease times are whole seconds
        net.server.start()
        client.renew()
        wait_for_longer("both leases are renewed", net, since)
        check_bound(net, client)
        assert client.address() == address
        assert net.server.statistic("pkt6-renew-received") >= 1
        assert net.server.statistic("pkt6-solicit-received") == 0
        assert (net.server.directory / "lib" / SERVER_ID_FILE).read_text() == kept
        check_released(net, client)
        until("the client has ended", lambda: client.process is not None and client.process.poll() is not None)
    finally:
        client.stop()
