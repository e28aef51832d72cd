"""Hook points in an exchange: their order as measured with Kea, what statuses do, and callouts that take their time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from kead.dhcp4.hook_points import POINTS
from kead.dhcp4.packet import ACK, NAK, OFFER, Packet4, decode, encode
from kead.hooks import CONTINUE, DROP, PARK, SKIP, Status
from kead.leases.lease4 import State
from tests.dhcp4.conversation import SERVER, Client, LogFile, Reply, ServerUnderTest, interface, option

PER_PACKET = [
    "buffer4_receive",
    "pkt4_receive",
    "subnet4_select",
    "host4_identifier",
    "ddns4_update",
    "lease4_select",
    "lease4_renew",
    "lease4_release",
    "lease4_decline",
    "lease4_offer",
    "leases4_committed",
    "lease4_server_decline",
    "pkt4_send",
    "buffer4_send",
    "lease4_expire",
    "lease4_recover",
    "context_create",
    "context_destroy",
]
IDENTIFYING = {"host_reservation_identifiers": ["flex-id"]}
BEFORE = ["context_create", "buffer4_receive", "pkt4_receive"]
CHOOSING = [*BEFORE, "subnet4_select", "host4_identifier"]
SENDING = ["pkt4_send", "buffer4_send", "context_destroy"]
Kind = Callable[..., Coroutine[Any, Any, Reply | None]]


class Recorder:
    """A library that listens at every point and writes down what it hears."""

    def __init__(self, server: ServerUnderTest, *, slow: bool = False, only: tuple[str, ...] = ()) -> None:
        self.points: list[str] = []
        self.handles: dict[str, Any] = {}

        def plain(callout: Any) -> None:
            self.points.append(callout.point)
            self.handles[callout.point] = callout

        async def patient(callout: Any) -> None:
            await asyncio.sleep(0)
            plain(callout)

        server.hook(dict.fromkeys(only or PER_PACKET, patient if slow else plain))

    def take(self) -> list[str]:
        points, self.points = self.points, []
        return points


@pytest.mark.parametrize("slow", [False, True], ids=["plain", "async"])
class TestOrder:
    """As measured with Kea 3.0.4, whether callouts take their time or not."""

    @pytest.fixture
    def heard(self, server: ServerUnderTest, slow: bool) -> Recorder:
        server.configure(cache_threshold=0.0, **IDENTIFYING)
        return Recorder(server, slow=slow)

    async def test_discover(self, client: Client, heard: Recorder) -> None:
        offer = await client.discover()
        assert offer is not None
        assert heard.take() == [*CHOOSING, "ddns4_update", "lease4_select", "lease4_offer", *SENDING]

    async def test_request(self, client: Client, heard: Recorder) -> None:
        ack = await client.request(requested="192.0.2.15", server_id=SERVER)
        assert ack is not None
        assert heard.take() == [*CHOOSING, "ddns4_update", "lease4_select", "leases4_committed", *SENDING]
        ack = await client.renew("192.0.2.15")
        assert ack is not None
        assert heard.take() == [*CHOOSING, "ddns4_update", "lease4_renew", "leases4_committed", *SENDING]
        assert await client.discover() is not None
        assert heard.take() == [*CHOOSING, "ddns4_update", "lease4_renew", "lease4_offer", *SENDING]

    async def test_request_that_is_refused(self, server: ServerUnderTest, client: Client, heard: Recorder) -> None:
        await server.put("192.0.2.15")
        nak = await client.request(requested="192.0.2.15", server_id=SERVER)
        assert nak is not None
        assert nak.type == NAK
        assert heard.take() == [*CHOOSING, "ddns4_update", "leases4_committed", *SENDING]

    async def test_request_that_is_ignored(self, client: Client, heard: Recorder) -> None:
        assert await client.request(requested="192.0.2.15") is None
        assert heard.take() == [*CHOOSING, "context_destroy"]

    async def test_inform(self, client: Client, heard: Recorder) -> None:
        ack = await client.inform("192.0.2.200")
        assert ack is not None
        assert heard.take() == [*CHOOSING, *SENDING]
        assert heard.handles["pkt4_send"].subnet4 is None

    async def test_release_and_decline(self, server: ServerUnderTest, client: Client, heard: Recorder) -> None:
        for send, point in ((client.release, "lease4_release"), (client.decline, "lease4_decline")):
            address = await client.bind()
            heard.take()
            assert await send(address) is None  # type: ignore[operator]
            assert heard.take() == [*BEFORE, point, "leases4_committed", "context_destroy"]
            assert heard.handles["leases4_committed"].response4 is None

    async def test_release_and_decline_of_nothing(self, client: Client, heard: Recorder) -> None:
        await client.release("192.0.2.15")
        assert heard.take() == [*BEFORE, "leases4_committed", "context_destroy"]
        await client.decline("192.0.2.15")
        assert heard.take() == [*BEFORE, "leases4_committed", "context_destroy"]
        await client.send(4)
        assert heard.take() == [*BEFORE, "context_destroy"]

    async def test_unknown_types_and_what_is_no_packet(
        self, server: ServerUnderTest, client: Client, heard: Recorder
    ) -> None:
        await client.send(99)
        await client.send(0)
        await server.exchange(server.datagram(b"\0" * 300))
        assert heard.take() == ["context_create", "buffer4_receive", "context_destroy"] * 3

    async def test_an_expired_lease_of_another(self, server: ServerUnderTest, client: Client, heard: Recorder) -> None:
        await server.put("192.0.2.15", valid_lifetime=10)
        await server.put("192.0.2.16", valid_lifetime=10, hwaddr=b"", state=State.DECLINED)
        server.now += 11
        recover = ["lease4_expire", "lease4_recover"]
        for address, reclaim in (("192.0.2.15", ["lease4_expire"]), ("192.0.2.16", recover)):
            ack = await client.request(requested=address, server_id=SERVER)
            assert ack is not None
            points = heard.take()
            assert points.count("context_create") == points.count("context_destroy") == 2, (
                "the lease has one of its own"
            )
            assert [point for point in points if "context" not in point] == [
                *CHOOSING[1:], "ddns4_update", *reclaim, "lease4_select", "leases4_committed", *SENDING[:-1]
            ]  # fmt: skip
            await client.release(address)
            heard.take()


async def test_host4_identifier_only_where_flex_id_is_asked_for(server: ServerUnderTest, client: Client) -> None:
    heard = Recorder(server)
    await client.discover()
    assert "host4_identifier" not in heard.take()


class TestArguments:
    async def test_leases_of_leases4_committed(self, server: ServerUnderTest, client: Client) -> None:
        seen: list[tuple[list[int], list[int], bool]] = []

        def leases4_committed(callout: Any) -> None:
            seen.append(
                (
                    [lease.address & 255 for lease in callout.leases4],
                    [lease.address & 255 for lease in callout.deleted_leases4],
                    callout.response4 is not None,
                )
            )

        server.hook(leases4_committed=leases4_committed)
        await client.bind()
        await client.renew("192.0.2.10")
        await client.request(requested="192.0.2.15", server_id=SERVER)
        await client.release("192.0.2.15")
        await client.decline("192.0.2.15")
        assert seen == [
            ([10], [], True),
            ([], [], True),
            ([15], [10], True),
            ([], [15], False),
            ([], [], False),
        ], "stored · reused · moved · released · nothing to decline"

    async def test_the_lease_is_durable_when_leases4_committed_runs(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        rows: list[int] = []
        server.hook(leases4_committed=lambda callout: rows.append(len(server.rows())))
        await client.bind()
        assert rows == [1]

    async def test_fake_allocation_and_offer_lifetime(self, server: ServerUnderTest, client: Client) -> None:
        seen: list[tuple[bool, int]] = []
        server.configure(offer_lifetime=60)
        server.hook(lease4_select=lambda c: seen.append((c.fake_allocation, c.offer_lft)))
        await client.discover()
        await client.request(requested="192.0.2.15", server_id=SERVER)
        assert seen == [(True, 60), (False, 0)]

    async def test_changes_of_a_lease_are_stored_and_sent(self, server: ServerUnderTest, client: Client) -> None:
        def change(callout: Any) -> None:
            callout.lease4.valid_lifetime = 777
            callout.lease4.user_context = '{"mine":1}'

        server.configure(calculate_tee_times=True, cache_threshold=0.0)
        server.hook(lease4_select=change, lease4_renew=change)
        offer = await client.discover()
        assert offer is not None
        assert offer.lifetime == 777
        for ack in (await client.request(offer), await client.renew("192.0.2.10")):
            assert ack is not None
            assert ack.lifetime == 777
            assert int.from_bytes(ack.options[58], "big") == 389
            lease = await server.lease("192.0.2.10")
            assert lease is not None
            assert (lease.valid_lifetime, lease.user_context) == (777, '{"mine":1}')

    async def test_another_subnet(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(
            subnets=[
                {"id": 1, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10/32"}]},
                {"id": 2, "subnet": "10.0.0.0/24", "pools": [{"pool": "10.0.0.10/32"}]},
            ]
        )

        def subnet4_select(callout: Any) -> None:
            assert callout.subnet4.id == 1
            callout.subnet4 = callout.subnet4collection[1]

        server.hook(subnet4_select=subnet4_select)
        offer = await client.discover()
        assert offer is not None
        assert offer.address == "10.0.0.10"

    async def test_a_name(self, server: ServerUnderTest, client: Client) -> None:
        def ddns4_update(callout: Any) -> None:
            assert callout.hostname == ""
            callout.hostname = "given.example.org"

        server.hook(ddns4_update=ddns4_update)
        ack = await client.request()
        assert ack is not None
        assert ack.options[12] == b"given.example.org"
        lease = await server.lease("192.0.2.10")
        assert lease is not None
        assert lease.hostname == "given.example.org"

    async def test_a_name_that_is_not_ascii_does_no_harm(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        def ddns4_update(callout: Any) -> None:
            if callout.query4.hwaddr == client.hwaddr:
                callout.hostname = "b\u00fcro-\u4e2d"

        server.hook(ddns4_update=ddns4_update)
        replies = await server.exchange(server.datagram(client.query(3)), server.datagram(other.query(3)))
        assert [reply.type for reply in replies] == [ACK, ACK]

    async def test_options_and_bytes_of_the_reply(self, server: ServerUnderTest, client: Client) -> None:
        def pkt4_send(callout: Any) -> None:
            callout.response4.options[224] = b"mine"

        def buffer4_send(callout: Any) -> None:
            assert decode(callout.data).options[224] == b"mine"
            callout.data = callout.data[:4] + b"\xca\xfe\xca\xfe" + callout.data[8:]

        server.hook(pkt4_send=pkt4_send, buffer4_send=buffer4_send)
        query = client.query(1)
        (reply,) = server.deliver(server.datagram(query))
        assert reply.packet.xid == 0xCAFECAFE
        assert reply.options[224] == b"mine"

    async def test_bytes_of_the_query(self, server: ServerUnderTest, client: Client) -> None:
        def buffer4_receive(callout: Any) -> None:
            callout.data = callout.data[:240] + b"\x35\1\3" + callout.data[243:]

        server.hook(buffer4_receive=buffer4_receive)
        ack = await client.discover(requested="192.0.2.15", options={54: bytes([192, 0, 2, 1])})
        assert ack is not None
        assert ack.type == ACK

    async def test_context_lives_as_long_as_the_packet(self, server: ServerUnderTest, client: Client) -> None:
        seen: list[int] = []

        def buffer4_receive(callout: Any) -> None:
            assert not callout.context
            callout.context["n"] = len(seen)

        async def lease4_offer(callout: Any) -> None:
            await asyncio.sleep(0)
            callout.context["n"] += 100

        server.hook(
            {"buffer4_receive": buffer4_receive, "lease4_offer": lease4_offer,
             "buffer4_send": lambda c: seen.append(c.context["n"])},
            {"buffer4_send": lambda c: seen.append(len(c.context))},
        )  # fmt: skip
        await client.discover()
        await client.discover()
        assert seen == [100, 0, 102, 0]


async def asked(client: Client, kind: str) -> Reply | None:
    if kind == "discover":
        return await client.discover()
    if kind == "request":
        return await client.request(requested="192.0.2.15", server_id=SERVER)
    return await client.inform("192.0.2.200")


def sets(status: Status) -> Callable[[Any], None]:
    def callout(handle: Any) -> None:
        handle.status = status

    return callout


class TestStatuses:
    """What SKIP and DROP do, point by point (and that they do nothing where a point does not obey them)."""

    @pytest.mark.parametrize(
        ("point", "status", "kind", "outcome"),
        [
            ("buffer4_receive", SKIP, "discover", None),
            ("buffer4_receive", DROP, "discover", None),
            ("pkt4_receive", SKIP, "discover", None),
            ("pkt4_receive", DROP, "request", None),
            ("subnet4_select", SKIP, "discover", None),
            ("subnet4_select", SKIP, "request", NAK),
            ("subnet4_select", SKIP, "inform", ACK),
            ("subnet4_select", DROP, "request", None),
            ("subnet4_select", DROP, "inform", None),
            ("ddns4_update", SKIP, "discover", OFFER),
            ("ddns4_update", DROP, "request", ACK),
            ("lease4_select", SKIP, "discover", None),
            ("lease4_select", SKIP, "request", NAK),
            ("lease4_select", DROP, "discover", OFFER),
            ("lease4_select", DROP, "request", ACK),
            ("lease4_select", PARK, "request", ACK),
            ("leases4_committed", SKIP, "request", ACK),
            ("leases4_committed", DROP, "request", None),
            ("lease4_offer", SKIP, "discover", OFFER),
            ("lease4_offer", DROP, "discover", None),
            ("pkt4_send", DROP, "discover", None),
            ("pkt4_send", DROP, "inform", None),
            ("pkt4_send", PARK, "inform", ACK),
            ("buffer4_send", SKIP, "discover", None),
            ("buffer4_send", DROP, "request", None),
        ],
    )
    async def test_the_reply(
        self, server: ServerUnderTest, client: Client, point: str, status: Status, kind: str, outcome: int | None
    ) -> None:
        server.hook({point: sets(status)})
        reply = await asked(client, kind)
        assert (None if reply is None else reply.type) == outcome
        assert server.count("pkt4-sent") == (outcome is not None)

    async def test_skip_at_buffer4_receive_means_the_callout_has_parsed(
        self, server: ServerUnderTest, client: Client, log: LogFile
    ) -> None:
        log.everything()

        def parses(callout: Any) -> None:
            callout.query4 = decode(callout.data)
            callout.status = SKIP

        server.hook(buffer4_receive=sets(SKIP))
        assert await client.discover() is None
        assert "DHCP4_PACKET_DROP_0009" in log
        assert server.count("pkt4-unknown-received") == server.count("pkt4-receive-drop") == 1
        server.hook(buffer4_receive=parses)
        assert await client.discover() is not None

    @pytest.mark.parametrize(
        "point", ["buffer4_receive", "pkt4_receive", "subnet4_select", "lease4_offer", "pkt4_send", "buffer4_send"]
    )
    async def test_what_a_hook_drops_the_hook_counts(self, server: ServerUnderTest, client: Client, point: str) -> None:
        server.hook({point: sets(DROP)})
        assert await client.discover() is None
        assert server.counted() == {}

    async def test_inform_without_subnet_gets_no_options(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(option_data=[option("domain-name", "example.org")])
        server.hook(subnet4_select=sets(SKIP))
        ack = await client.inform("192.0.2.200")
        assert ack is not None
        assert ack.codes == [53, 54]

    async def test_skip_at_lease4_select_ends_the_search_and_stores_nothing(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        calls: list[str] = []

        def lease4_select(callout: Any) -> None:
            calls.append("")
            callout.status = SKIP

        server.hook(lease4_select=lease4_select)
        assert await client.discover(requested="192.0.2.15") is None
        assert len(calls) == 1
        nak = await client.request(requested="192.0.2.15", server_id=SERVER)
        assert nak is not None
        assert len(server.store) == 0

    async def test_skip_at_lease4_select_of_an_expired_lease_changes_no_statistics(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        await server.put("192.0.2.15", valid_lifetime=10)
        server.now += 11
        server.hook(lease4_select=sets(SKIP))
        for _ in range(3):
            await client.request(requested="192.0.2.15", server_id=SERVER)
        names = ("assigned-addresses", "reclaimed-leases", "cumulative-assigned-addresses")
        assert list(server.counted(*names).values()) == [1, 0, 1]
        server.hook()
        await client.request(requested="192.0.2.15", server_id=SERVER)
        assert list(server.counted(*names).values()) == [1, 1, 2]

    async def test_skip_at_lease4_renew(self, server: ServerUnderTest, client: Client) -> None:
        """Nothing is stored, the full lifetime is sent all the same, of a fresh lease too."""
        address = await client.bind()
        rows = server.rows()
        server.hook(lease4_renew=sets(SKIP))
        for later in (10, 3000):
            server.now += later
            ack = await client.renew(address)
            assert ack is not None
            assert (ack.type, ack.lifetime) == (ACK, 4000)
            assert server.rows() == rows

    @pytest.mark.parametrize("status", [DROP, PARK])
    async def test_lease4_renew_obeys_nothing_else(
        self, server: ServerUnderTest, client: Client, status: Status
    ) -> None:
        address = await client.bind()
        server.hook(lease4_renew=sets(status))
        server.now += 3000
        await client.renew(address)
        lease = await server.lease(address)
        assert lease is not None
        assert lease.cltt == server.now

    @pytest.mark.parametrize("status", [SKIP, DROP])
    async def test_a_lease_that_is_not_released_or_declined(
        self, server: ServerUnderTest, client: Client, status: Status
    ) -> None:
        address = await client.bind()
        server.hook(lease4_release=sets(status), lease4_decline=sets(status))
        await client.release(address)
        await client.decline(address)
        lease = await server.lease(address)
        assert lease is not None
        assert lease.state == State.DEFAULT
        assert server.counted("assigned-addresses", "declined-addresses") == {
            "assigned-addresses": 1,
            "declined-addresses": 0,
        }

    async def test_dropped_at_leases4_committed_the_lease_stays(self, server: ServerUnderTest, client: Client) -> None:
        server.hook(leases4_committed=sets(DROP))
        assert await client.request() is None
        assert await server.lease("192.0.2.10") is not None
        assert server.counted() == {}

    async def test_skip_at_pkt4_send_means_the_callout_has_packed(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        def packs(callout: Any) -> None:
            callout.response4.options[224] = b"mine"
            callout.data = encode(callout.response4)
            callout.status = SKIP

        server.hook(pkt4_send=packs)
        offer = await client.discover()
        assert offer is not None
        assert offer.options[224] == b"mine"
        server.hook(pkt4_send=sets(SKIP))
        (reply,) = await server.exchange(server.datagram(client.query(1)))
        assert reply.data == b""
        assert server.count("pkt4-sent") == 2

    async def test_a_callout_that_raises_drops_where_drop_is_obeyed(
        self, server: ServerUnderTest, client: Client, log: LogFile
    ) -> None:
        def broken(callout: Any) -> None:
            raise ValueError("oh")

        for point, kind, outcome in (
            ("pkt4_receive", "discover", None),
            ("lease4_offer", "discover", None),
            ("lease4_select", "request", ACK),
            ("leases4_committed", "request", None),
            ("pkt4_send", "inform", None),
        ):
            server.hook({point: broken})
            reply = await asked(client, kind)
            assert (None if reply is None else reply.type) == outcome, point
        assert "HOOKS_CALLOUT_EXCEPTION" in log


class TestParking:
    @pytest.mark.parametrize(
        ("point", "kind", "outcome"),
        [
            ("subnet4_select", "discover", OFFER),
            ("lease4_offer", "discover", OFFER),
            ("leases4_committed", "request", ACK),
        ],
    )
    async def test_parked_and_unparked(
        self, server: ServerUnderTest, client: Client, point: str, kind: str, outcome: int
    ) -> None:
        handles: list[Any] = []

        def park(callout: Any) -> None:
            handles.append(callout)
            callout.reference()
            callout.status = PARK

        server.hook({point: park})
        assert await asked(client, kind) is None
        assert server.dispatcher.lot.parked == 1
        assert handles[0].unpark()
        await server.settle()
        assert [reply.type for reply in server.channel.sent] == [outcome]
        assert server.dispatcher.lot.parked == 0

    async def test_parked_and_dropped(self, server: ServerUnderTest, client: Client) -> None:
        handles: list[Any] = []

        def park(callout: Any) -> None:
            handles.append(callout)
            callout.reference()
            callout.status = PARK

        server.hook(leases4_committed=park)
        assert await client.request() is None
        assert handles[0].drop()
        await server.settle()
        assert server.channel.sent == []
        assert not handles[0].unpark()
        assert server.counted() == {}

    async def test_an_address_in_use_is_declined_and_not_offered(
        self, server: ServerUnderTest, client: Client, log: LogFile
    ) -> None:
        server.configure(decline_probation_period=600)
        declined: list[int] = []

        async def lease4_offer(callout: Any) -> None:
            await asyncio.sleep(0)
            callout.offer_address_in_use = callout.leases4[0].address & 255 < 12

        server.hook(lease4_offer=lease4_offer, lease4_server_decline=lambda c: declined.append(c.lease4.address & 255))
        offers = [await client.discover() for _ in range(3)]
        assert [None if offer is None else offer.address for offer in offers] == [None, None, "192.0.2.12"]
        assert declined == [10, 11]
        lease = await server.lease("192.0.2.10")
        assert lease is not None
        assert (lease.state, lease.valid_lifetime) == (State.DECLINED, 600)
        assert server.counted("assigned-addresses", "declined-addresses") == {
            "assigned-addresses": 2,
            "declined-addresses": 2,
        }

    async def test_a_full_lot(self, server: ServerUnderTest, client: Client, other: Client, log: LogFile) -> None:
        log.everything()
        server.configure(parked_packet_limit=1)
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def subnet4_select(callout: Any) -> None:
            if callout.query4.hwaddr == client.hwaddr:
                await never

        server.hook(subnet4_select=subnet4_select)
        await client.discover()
        assert server.dispatcher.lot.parked == 1
        assert await other.discover() is None
        assert server.counted() == {"pkt4-queue-full": 1, "pkt4-receive-drop": 1}
        assert "DHCP4_HOOK_LEASES4_PARKING_LOT_FULL" in log
        never.set_result(None)
        await server.settle()
        assert [reply.type for reply in server.channel.sent] == [OFFER]
        assert await other.discover() is not None

    async def test_a_full_lot_at_any_other_point(
        self, server: ServerUnderTest, client: Client, other: Client, log: LogFile
    ) -> None:
        log.everything()
        server.configure(parked_packet_limit=1)
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def pkt4_receive(callout: Any) -> None:
            await asyncio.shield(never)

        server.hook(pkt4_receive=pkt4_receive)
        await client.discover()
        assert await other.discover() is None
        assert server.counted() == {"pkt4-queue-full": 1, "pkt4-receive-drop": 1}
        assert "DHCP4_PACKET_DROP_PARKED" in log
        never.set_result(None)
        await server.settle()
        assert len(server.channel.sent) == 1

    async def test_a_full_lot_at_leases4_committed_keeps_the_lease(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.configure(parked_packet_limit=1)

        def park(callout: Any) -> None:
            callout.reference()
            callout.status = PARK

        server.hook(leases4_committed=park)
        await client.request()
        await other.request()
        assert server.counted() == {"pkt4-queue-full": 1, "pkt4-receive-drop": 1}
        assert len(server.store) == 2

    async def test_a_burst_of_requests_is_no_reason_to_drop_any(self, server: ServerUnderTest) -> None:
        """Waiting for the group's write at leases4_committed is not parking."""
        server.configure(parked_packet_limit=3)
        server.hook(leases4_committed=lambda callout: None)
        clients = [Client(server, bytes((2, 0, 0, 0, 2, n))) for n in range(10)]
        replies = await server.exchange(*(server.datagram(each.query(3)) for each in clients))
        assert [reply.type for reply in replies] == [ACK] * 10


def test_every_point_of_a_packet_is_tested_here() -> None:
    others = {"dhcp4_srv_configured", "cb4_updated", "command_processed"}
    assert set(PER_PACKET) == set(POINTS) - others


async def test_a_v6_only_client_is_committed_too(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"option_data": [option("v6-only-preferred", "1800")]})
    seen: list[Packet4] = []
    server.hook(leases4_committed=lambda c: seen.append(c.response4))
    ack = await client.request(requested="192.0.2.15", server_id=SERVER, prl=[108])
    assert ack is not None
    assert ack.address == "0.0.0.0"
    assert [(packet.type, packet.yiaddr) for packet in seen] == [(ACK, 0)]


async def test_subnet4_select_sees_that_there_is_none(server: ServerUnderTest, client: Client) -> None:
    server.channel.interface = interface(address="10.0.0.1")
    seen: list[Any] = []

    def subnet4_select(callout: Any) -> None:
        seen.append(callout.subnet4)
        callout.subnet4 = callout.subnet4collection[0]
        callout.status = CONTINUE

    server.hook(subnet4_select=subnet4_select)
    offer = await client.discover()
    assert offer is not None
    assert seen == [None]


class TestWhoHasAPlace:
    """A full lot is full for those who have no place in it, and for nobody at a point where nobody waits."""

    async def test_a_parked_packet_keeps_its_place_at_the_next_point(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        server.configure(parked_packet_limit=1)

        async def waits(callout: Any) -> None:
            await asyncio.sleep(0)

        server.hook(subnet4_select=waits, leases4_committed=waits)
        assert await client.request() is not None
        assert server.counted() == {}

    async def test_plain_functions_are_called_however_full_it_is(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.configure(parked_packet_limit=1)
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        chosen: list[bytes] = []

        async def leases4_committed(callout: Any) -> None:
            await asyncio.shield(never)

        def subnet4_select(callout: Any) -> None:
            chosen.append(callout.query4.hwaddr)

        server.hook(subnet4_select=subnet4_select, leases4_committed=leases4_committed)
        await client.request()
        assert server.dispatcher.lot.parked == 1
        assert await other.discover() is not None
        assert chosen == [client.hwaddr, other.hwaddr]
        never.set_result(None)
        await server.settle()
