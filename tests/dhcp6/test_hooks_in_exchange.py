"""Hook points in an exchange: their order as measured with Kea, what statuses do, and callouts that take their time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kead.dhcp6.associations import IaNa, IaPd, Status
from kead.dhcp6.hook_points import POINTS
from kead.dhcp6.packet import ADVERTISE, REPLY, REQUEST, SOLICIT, Packet6, decode, encode
from kead.hooks import DROP, PARK, SKIP
from kead.hooks import Status as Step
from kead.leases.lease6 import State
from tests.dhcp6.conversation import NOW, SERVER_DUID, Client, LogFile, ServerUnderTest, option
from tests.dhcp6.test_registration import register

PER_PACKET = [point for point in POINTS if not point.startswith(("dhcp6_", "cb6_", "command_"))]
IDENTIFYING = {"host_reservation_identifiers": ["flex-id"], "cache_threshold": 0.0}
BEFORE = ["context_create", "buffer6_receive", "pkt6_receive"]
CHOOSING = [*BEFORE, "subnet6_select", "host6_identifier"]
SENDING = ["pkt6_send", "buffer6_send", "context_destroy"]
COMMITTING = ["leases6_committed", *SENDING]
NAME = {39: b"\1\4host\0"}


class Recorder:
    """A library that listens at every point and writes down what it hears."""

    def __init__(self, server: ServerUnderTest, *, slow: bool = False) -> None:
        self.points: list[str] = []
        self.handles: dict[str, Any] = {}

        def plain(callout: Any) -> None:
            self.points.append(callout.point)
            self.handles[callout.point] = callout

        async def patient(callout: Any) -> None:
            await asyncio.sleep(0)
            plain(callout)

        server.hook(dict.fromkeys(PER_PACKET, patient if slow else plain))

    def take(self) -> list[str]:
        points, self.points = self.points, []
        return points


@pytest.mark.parametrize("slow", [False, True], ids=["plain", "async"])
class TestOrder:
    """As measured with Kea 3.0.4, whether callouts take their time or not."""

    @pytest.fixture
    def heard(self, server: ServerUnderTest, slow: bool) -> Recorder:
        server.configure(**IDENTIFYING, of_subnet={"rapid-commit": True})
        return Recorder(server, slow=slow)

    async def test_solicit(self, client: Client, heard: Recorder) -> None:
        await client.solicit(na=[], pd=[])
        assert heard.take() == [*CHOOSING, "lease6_select", "lease6_select", *SENDING]
        await client.solicit(options=NAME)
        assert heard.take() == [*CHOOSING, "ddns6_update", "lease6_select", *SENDING]

    async def test_rapid_commit(self, client: Client, heard: Recorder) -> None:
        await client.solicit(rapid=True)
        assert heard.take() == [*CHOOSING, "lease6_select", *COMMITTING]
        assert heard.handles["lease6_select"].fake_allocation is False

    async def test_request_renew_and_rebind(self, server: ServerUnderTest, client: Client, heard: Recorder) -> None:
        await client.request(na=[], pd=[], options=NAME)
        assert heard.take() == [*CHOOSING, "ddns6_update", "lease6_select", "lease6_select", *COMMITTING]
        server.now += 2000
        await client.renew(na=[], pd=[])
        assert heard.take() == [*CHOOSING, "lease6_renew", "lease6_renew", *COMMITTING]
        await client.rebind(na=[], pd=[])
        assert heard.take() == [*CHOOSING, "lease6_rebind", "lease6_rebind", *COMMITTING]
        await client.request(na=[])
        assert heard.take() == [*CHOOSING, *COMMITTING], "the lease is there already"

    async def test_release_and_decline(self, client: Client, heard: Recorder) -> None:
        address = await client.bind()
        heard.take()
        await client.decline(na=[address])
        assert heard.take() == [*CHOOSING, "lease6_decline", *COMMITTING]
        await client.request(na=[])
        heard.take()
        await client.release(nas={1: ["2001:db8:1::11"], 2: ["2001:db8:1::12"]})
        assert heard.take() == [*CHOOSING, "lease6_release", *COMMITTING]

    async def test_confirm_and_information_request(self, client: Client, heard: Recorder) -> None:
        await client.confirm(na=["2001:db8:1::5"])
        assert heard.take() == [*CHOOSING, *SENDING]
        await client.inform()
        assert heard.take() == [*CHOOSING, *SENDING]

    async def test_registration(self, client: Client, heard: Recorder) -> None:
        assert await register(client, "2001:db8:1::77") is not None
        assert heard.take() == [*CHOOSING, "addr6_register", *COMMITTING]

    async def test_unknown_types_and_what_is_no_packet(
        self, server: ServerUnderTest, client: Client, heard: Recorder
    ) -> None:
        await client.send(99)
        assert heard.take() == [*BEFORE, "context_destroy"]
        await server.exchange(server.datagram(b"\1\2"))
        assert heard.take() == [*BEFORE[:2], "context_destroy"]

    async def test_without_a_subnet(self, server: ServerUnderTest, client: Client, heard: Recorder, slow: bool) -> None:
        server.configure(**IDENTIFYING, of_subnet={"interface": "eth9"})
        await client.request()
        assert heard.take() == [*BEFORE, "subnet6_select", *COMMITTING]

    async def test_an_expired_lease_of_another(self, server: ServerUnderTest, client: Client, heard: Recorder) -> None:
        await server.put("2001:db8:1::15", valid_lifetime=10)
        await server.put("2001:db8:1::16", valid_lifetime=10, duid=b"\0\0\0", state=State.DECLINED)
        server.now += 11
        recover = ["lease6_expire", "lease6_recover"]
        for address, reclaim in (("2001:db8:1::15", ["lease6_expire"]), ("2001:db8:1::16", recover)):
            await Client(server, b"\0\3\0\1" + address.encode()).request(na=[address])
            points = heard.take()
            assert points.count("context_create") == 2, "the lease has one of its own"
            assert [point for point in points if "context" not in point] == [
                *CHOOSING[1:], *reclaim, "lease6_select", *COMMITTING[:-1]
            ]  # fmt: skip


class TestArguments:
    async def test_leases_of_leases6_committed(self, server: ServerUnderTest, client: Client) -> None:
        seen: list[tuple[list[int], list[int], int]] = []

        def leases6_committed(callout: Any) -> None:
            seen.append(
                (
                    [lease.address & 255 for lease in callout.leases6],
                    [lease.address & 255 for lease in callout.deleted_leases6],
                    callout.response6.type,
                )
            )

        server.hook(leases6_committed=leases6_committed)
        await client.request(nas={1: [], 2: []})
        await client.renew(nas={1: [], 2: []})
        await client.release(nas={2: ["2001:db8:1::11"]})
        await client.decline(na=["2001:db8:1::10"])
        await client.release(na=["2001:db8:1::10"])
        assert seen == [([0x10, 0x11], [], 7), ([], [], 7), ([], [0x11], 7), ([0x10], [], 7), ([], [], 7)], (
            "stored · reused · released · declined · not the client's any more"
        )

    async def test_the_leases_are_durable_when_leases6_committed_runs(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        rows: list[int] = []
        server.hook(leases6_committed=lambda callout: rows.append(len(server.rows())))
        await client.request(na=[], pd=[])
        assert rows == [2]

    async def test_changes_of_a_lease_are_stored_and_sent(self, server: ServerUnderTest, client: Client) -> None:
        def change(callout: Any) -> None:
            callout.lease6.valid_lifetime = 777
            callout.lease6.preferred_lifetime = 700
            callout.lease6.user_context = '{"mine":1}'

        server.hook(lease6_select=change, lease6_renew=change, lease6_rebind=change)
        assert (await client.solicit()).lifetimes == (700, 777)
        await client.request()
        server.now += 400
        for reply in (await client.renew(), await client.rebind()):
            assert reply.lifetimes == (700, 777)
            lease = await server.lease("2001:db8:1::11")
            assert lease is not None
            assert (lease.valid_lifetime, lease.user_context) == (777, '{"mine":1}')

    async def test_either_ia_na_or_ia_pd(self, server: ServerUnderTest, client: Client) -> None:
        await client.request(na=[], pd=[])
        seen: list[tuple[bool, bool]] = []

        def lease6_renew(callout: Any) -> None:
            seen.append(("ia_na" in callout, "ia_pd" in callout))
            kind = IaNa if "ia_na" in callout else IaPd
            assert type(callout["ia_na" if "ia_na" in callout else "ia_pd"]) is kind

        server.hook(lease6_renew=lease6_renew)
        await client.renew(na=[], pd=[])
        assert seen == [(True, False), (False, True)]

    async def test_another_subnet(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(
            subnets=[
                {"id": 1, "subnet": "2001:db8:1::/64", "interface": "eth0"},
                {"id": 2, "subnet": "2001:db8:2::/64", "pools": [{"pool": "2001:db8:2::10/128"}]},
            ]
        )

        def subnet6_select(callout: Any) -> None:
            assert callout.subnet6.id == 1
            callout.subnet6 = callout.subnet6collection[1]

        server.hook(subnet6_select=subnet6_select)
        assert (await client.solicit()).address == "2001:db8:2::10"

    async def test_a_name(self, server: ServerUnderTest, client: Client) -> None:
        def ddns6_update(callout: Any) -> None:
            assert callout.hostname == "host."
            assert callout.response6.options == {39: [b"\6\4host\0"]}
            callout.hostname = "given.example."

        server.hook(ddns6_update=ddns6_update)
        reply = await client.request(options=NAME)
        assert reply.option(39) == b"\6\5given\7example\0"
        lease = await server.lease(reply.address)
        assert lease is not None
        assert lease.hostname == "given.example."

    async def test_a_name_that_no_reply_can_say_does_no_harm(self, server: ServerUnderTest, client: Client) -> None:
        def ddns6_update(callout: Any) -> None:
            callout.hostname = "x" * 80 + "."

        server.hook(ddns6_update=ddns6_update)
        reply = await client.request(options=NAME)
        assert 39 not in reply.options
        assert reply.address

    async def test_options_and_bytes_of_the_reply(self, server: ServerUnderTest, client: Client) -> None:
        def pkt6_send(callout: Any) -> None:
            assert callout.subnet6.id == 1
            callout.response6.options[224] = [b"mine"]

        def buffer6_send(callout: Any) -> None:
            assert decode(callout.data).options[224] == [b"mine"]
            callout.data = callout.data[:1] + b"\xca\xfe\xca" + callout.data[4:]

        server.hook(pkt6_send=pkt6_send, buffer6_send=buffer6_send)
        (reply,) = server.deliver(server.datagram(client.query(SOLICIT, na=[])))
        assert reply.packet.transaction_id == 0xCAFECA
        assert reply.option(224) == b"mine"

    async def test_bytes_of_the_query(self, server: ServerUnderTest, client: Client) -> None:
        def buffer6_receive(callout: Any) -> None:
            query = decode(callout.data)
            query.type = REQUEST
            query.options[2] = [SERVER_DUID]
            callout.data = encode(query)

        server.hook(buffer6_receive=buffer6_receive)
        assert (await client.solicit()).type == REPLY

    async def test_context_lives_as_long_as_the_packet(self, server: ServerUnderTest, client: Client) -> None:
        seen: list[int] = []

        def buffer6_receive(callout: Any) -> None:
            assert not callout.context
            callout.context["n"] = len(seen)

        async def leases6_committed(callout: Any) -> None:
            await asyncio.sleep(0)
            callout.context["n"] += 100

        server.hook(
            {"buffer6_receive": buffer6_receive, "leases6_committed": leases6_committed,
             "buffer6_send": lambda c: seen.append(c.context["n"])},
            {"buffer6_send": lambda c: seen.append(len(c.context))},
        )  # fmt: skip
        await client.request()
        await client.request()
        assert seen == [100, 0, 102, 0]


def sets(status: Step) -> Callable[[Any], None]:
    def callout(handle: Any) -> None:
        handle.status = status

    return callout


class TestStatuses:
    """What SKIP and DROP do, point by point (and that they do nothing where a point does not obey them)."""

    @pytest.mark.parametrize(
        ("point", "status", "answered"),
        [
            ("buffer6_receive", SKIP, False),
            ("buffer6_receive", DROP, False),
            ("pkt6_receive", SKIP, False),
            ("pkt6_receive", DROP, False),
            ("subnet6_select", DROP, False),
            ("host6_identifier", DROP, True),
            ("ddns6_update", DROP, True),
            ("lease6_select", DROP, True),
            ("lease6_select", PARK, True),
            ("leases6_committed", DROP, False),
            ("leases6_committed", SKIP, True),
            ("pkt6_send", DROP, False),
            ("buffer6_send", SKIP, False),
            ("buffer6_send", DROP, False),
        ],
    )
    async def test_a_request(
        self, server: ServerUnderTest, client: Client, point: str, status: Step, answered: bool
    ) -> None:
        server.hook({point: sets(status)})
        reply = await client.send(REQUEST, na=[], server_id=SERVER_DUID, options=NAME)
        assert (reply is not None) is answered
        if reply is not None:
            assert reply.address == "2001:db8:1::10"

    async def test_buffer6_receive_skip_with_a_packet(self, server: ServerUnderTest, client: Client) -> None:
        def buffer6_receive(callout: Any) -> None:
            callout.query6 = decode(callout.data)
            callout.status = SKIP

        server.hook(buffer6_receive=buffer6_receive)
        assert (await client.solicit()).type == ADVERTISE

    async def test_buffer6_receive_skip_without_one(self, server: ServerUnderTest, client: Client) -> None:
        server.hook(buffer6_receive=sets(SKIP))
        assert await client.send(SOLICIT, na=[]) is None
        assert server.count("pkt6-unknown-received") == server.count("pkt6-receive-drop") == 1

    async def test_subnet6_select_skip_leaves_global_options(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(option_data=[option("dns-servers", "2001:db8::53")])
        server.hook(subnet6_select=sets(SKIP))
        reply = await client.request(oro=[23])
        assert reply.na.status == Status(2, "Server could not select subnet for this client")
        assert 23 in reply.options

    async def test_lease6_select_skip_refuses_one_lease(self, server: ServerUnderTest, client: Client) -> None:
        def lease6_select(callout: Any) -> None:
            if callout.lease6.iaid == 1:
                callout.status = SKIP

        server.hook(lease6_select=lease6_select)
        reply = await client.request(nas={1: ["2001:db8:1::15"], 2: []}, pds={1: [], 2: []})
        assert reply.nas[0].status == Status(2, "Sorry, no address could be allocated.")
        assert reply.pds[0].status == Status(6, "Sorry, no prefixes could be allocated.")
        assert len(reply.addresses) == len(reply.prefixes) == 1
        assert len(server.rows()) == 2

    @pytest.mark.parametrize(("point", "status"), [("lease6_renew", SKIP), ("lease6_rebind", SKIP)])
    async def test_a_lease_that_is_not_extended(
        self, server: ServerUnderTest, client: Client, point: str, status: Step
    ) -> None:
        address = await client.bind()
        server.now += 1500
        server.hook({point: sets(status)})
        reply = await (client.renew(na=[address]) if point == "lease6_renew" else client.rebind(na=[address]))
        assert reply.lifetimes == (3000, 4000), "the reply is sent all the same"
        lease = await server.lease(address)
        assert lease is not None
        assert lease.cltt == NOW

    @pytest.mark.parametrize("status", [SKIP, DROP])
    async def test_a_lease_that_is_not_released(self, server: ServerUnderTest, client: Client, status: Step) -> None:
        address = await client.bind()
        server.hook(lease6_release=sets(status))
        reply = await client.release(na=[address])
        assert reply.na.status == Status(1, "Server failed to release a lease")
        assert reply.status == Status(1, "Summary status for all processed IA_NAs")
        lease = await server.lease(address)
        assert lease is not None
        assert lease.state == State.DEFAULT

    async def test_a_lease_that_is_not_declined(self, server: ServerUnderTest, client: Client) -> None:
        address = await client.bind()
        committed: list[int] = []
        server.hook(lease6_decline=sets(SKIP), leases6_committed=lambda c: committed.append(len(c.leases6)))
        reply = await client.decline(na=[address])
        assert reply.na.status is None
        assert committed == [1]
        assert server.count("declined-addresses") == 0
        server.hook(lease6_decline=sets(DROP))
        assert await client.send(9, na=[address], server_id=SERVER_DUID) is None
        assert server.count("declined-addresses") == 0

    async def test_a_registration_that_is_not_stored(self, server: ServerUnderTest, client: Client) -> None:
        server.hook(addr6_register=sets(SKIP))
        assert await register(client, "2001:db8:1::77") is not None
        assert await server.lease("2001:db8:1::77") is None
        server.hook(addr6_register=sets(DROP))
        assert await register(client, "2001:db8:1::77") is None

    async def test_pkt6_send_skip_sends_what_the_callout_packed(self, server: ServerUnderTest, client: Client) -> None:
        def pkt6_send(callout: Any) -> None:
            mine = Packet6(REPLY, callout.response6.transaction_id)
            callout.data = encode(mine)
            callout.status = SKIP

        server.hook(pkt6_send=pkt6_send)
        assert (await client.solicit()).options == {}

    async def test_an_exception_drops_where_drop_does(
        self, server: ServerUnderTest, client: Client, log: LogFile
    ) -> None:
        def broken(callout: Any) -> None:
            raise ValueError("broken on purpose")

        server.hook(pkt6_receive=broken)
        assert await client.send(SOLICIT, na=[]) is None
        assert "HOOKS_CALLOUT_EXCEPTION" in log
        server.hook(lease6_select=broken)
        assert (await client.solicit()).address


class TestParking:
    @pytest.mark.parametrize("point", ["subnet6_select", "leases6_committed"])
    async def test_parked_and_let_go(self, server: ServerUnderTest, client: Client, point: str) -> None:
        parked: list[Any] = []

        def park(callout: Any) -> None:
            callout.reference()
            callout.status = PARK
            parked.append(callout)

        server.hook({point: park})
        query = client.query(REQUEST, na=[], server_id=SERVER_DUID)
        assert await server.exchange(server.datagram(query)) == []
        assert server.dispatcher.lot.parked == 1
        assert parked[0].unpark()
        await server.settle()
        (reply,) = server.channel.sent
        assert reply.address == "2001:db8:1::10"

    async def test_parked_and_dropped(self, server: ServerUnderTest, client: Client) -> None:
        parked: list[Any] = []

        def leases6_committed(callout: Any) -> None:
            callout.reference()
            callout.status = PARK
            parked.append(callout)

        server.hook(leases6_committed=leases6_committed)
        assert await client.send(REQUEST, na=[], server_id=SERVER_DUID) is None
        parked[0].drop()
        await server.settle()
        assert server.channel.sent == []
        assert server.dispatcher.lot.parked == 0
        assert await server.lease("2001:db8:1::10") is not None, "the lease stays"

    async def test_a_full_lot(self, server: ServerUnderTest) -> None:
        server.configure(parked_packet_limit=2)
        gate = asyncio.get_running_loop().create_future()

        async def leases6_committed(callout: Any) -> None:
            await gate

        server.hook(leases6_committed=leases6_committed)
        clients = [Client(server, b"\0\3\0\1" + bytes((n,)) * 6) for n in range(4)]
        for one in clients:
            await server.exchange(server.datagram(one.query(REQUEST, na=[], server_id=SERVER_DUID)))
        assert server.count("pkt6-queue-full") == server.count("pkt6-receive-drop") == 2
        gate.set_result(None)
        await server.settle()
        assert len(server.channel.sent) == 2
        assert len(server.rows()) == 4, "what was given before the point stays given"

    async def test_what_is_being_offered_is_not_offered_to_others(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        gate = asyncio.get_running_loop().create_future()

        async def lease6_select(callout: Any) -> None:
            if callout.query6.duid == client.duid:
                await gate

        server.hook(lease6_select=lease6_select)
        hint = ["2001:db8:1::15"]
        await server.exchange(server.datagram(client.query(REQUEST, na=hint, server_id=SERVER_DUID)))
        assert (await other.request(na=hint)).address != "2001:db8:1::15"
        gate.set_result(None)
        await server.settle()
        assert server.channel.sent[-1].address == "2001:db8:1::15"

    async def test_a_deadline_frees_what_was_claimed(self, server: ServerUnderTest, client: Client) -> None:
        async def lease6_select(callout: Any) -> None:
            await asyncio.get_running_loop().create_future()

        server.hook(lease6_select=lease6_select)
        assert await client.send(REQUEST, na=[], server_id=SERVER_DUID) is None
        assert server.in_flight
        server.dispatcher.lot.clear()
        assert not server.in_flight
        assert not server.guard._busy


class TestWhoHasAPlace:
    """A full lot is full for those who have no place in it, and for nobody at a point where nobody waits."""

    async def test_a_parked_packet_keeps_its_place_at_the_next_point(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        server.configure(parked_packet_limit=1)

        async def waits(callout: Any) -> None:
            await asyncio.sleep(0)

        server.hook(subnet6_select=waits, leases6_committed=waits)
        assert (await client.request()).address == "2001:db8:1::10"
        assert server.counted() == {}

    async def test_who_cannot_be_parked_is_dropped_and_not_told_anything(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.configure(parked_packet_limit=1)
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def subnet6_select(callout: Any) -> None:
            await asyncio.shield(never)

        server.hook(subnet6_select=subnet6_select)
        assert await client.send(SOLICIT, na=[]) is None
        assert server.dispatcher.lot.parked == 1
        assert await other.confirm(na=["2001:db8:1::10"]) is None
        assert server.counted() == {"pkt6-queue-full": 1, "pkt6-receive-drop": 1}
        never.set_result(None)
        await server.settle()
