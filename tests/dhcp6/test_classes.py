"""Client classes in the exchange: what they open and close, what they give, and in which order (as Kea 3.0 has it)."""

from __future__ import annotations

from typing import Any

import pytest

from kead.dhcp6.associations import NO_ADDRESSES_AVAILABLE, NO_PREFIX_AVAILABLE
from kead.dhcp6.classes import matter
from kead.dhcp6.dispatch import explain
from kead.dhcp6.packet import INFORMATION_REQUEST, RENEW, SOLICIT, Packet6
from kead.hooks.status import CONTINUE, Status
from tests.dhcp6.conversation import SUBNET, Client, LogFile, ServerUnderTest, keywords, load, option, relay

A, B, AB = {15: b"\0\1a"}, {15: b"\0\1b"}, {15: b"\0\1a\0\1b"}
FOO = {16: bytes(4) + b"\0\3foo"}
MINE = "00:03:00:01:02:00:00:00:00:01"


def define(name: str, test: str = "", **more: Any) -> dict[str, Any]:
    """One entry of client-classes."""
    return {"name": name, **({"test": test} if test else {}), **keywords(more)}


BOTH = [
    define("a", "substring(option[15].hex, 2, 1) == 'a'"),
    define("b", "substring(option[15].hex, 2, 1) == 'b' or substring(option[15].hex, 5, 1) == 'b'"),
]


def dns(last: int, **more: Any) -> dict[str, Any]:
    return option("dns-servers", f"2001:db8::{last}", **more)


def pool(first: int, last: int, *classes: str, **more: Any) -> dict[str, Any]:
    return {"pool": f"2001:db8:1::{first} - 2001:db8:1::{last}", "client-classes": list(classes), **keywords(more)}


def place(number: int, *classes: str, **more: Any) -> dict[str, Any]:
    """A subnet on eth0 with two addresses."""
    pools = [{"pool": f"2001:db8:{number}::10 - 2001:db8:{number}::11"}]
    here = {"id": number, "subnet": f"2001:db8:{number}::/64", "pools": pools, "interface": "eth0"}
    return {**here, "client-classes": list(classes), **keywords(more)}


def network(*subnets: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    members = [{key: value for key, value in one.items() if key != "interface"} for one in subnets]
    return [{"name": "floor", "interface": "eth0", "subnet6": members, **keywords(more)}]


def host(*classes: str, **more: Any) -> dict[str, Any]:
    return {"duid": MINE, "client-classes": list(classes), **keywords(more)}


async def given(client: Client, **about: Any) -> str:
    """The address of an ADVERTISE, "" if there is none."""
    reply = await client.solicit(**about)
    return reply.addresses[0] if reply.addresses else ""


async def server_of_names(client: Client, kind: int = SOLICIT, **about: Any) -> int:
    """The last byte of the DNS server in the reply to who asks for it, 0 if there is none."""
    reply = await client.answered(kind, oro=[23], na=[] if kind == SOLICIT else None, **about)
    return reply.option(23)[-1] if 23 in reply.options else 0


# Whether anybody looks


async def test_where_nothing_looks_at_classes_nobody_sorts(server: ServerUnderTest, client: Client) -> None:
    assert server.service.classification is None
    assert server.service.express is not None
    x, _ = await explain(server.service, server.datagram(client.query(SOLICIT, na=[])), int(server.now))
    x.finish()
    assert not x.query.classes
    server.configure(client_classes=BOTH)
    assert server.service.express is None


@pytest.mark.parametrize(
    "tree",
    [
        {"client-classes": BOTH},
        {"subnet6": [{**SUBNET, "client-classes": ["ALL"]}]},
        {"subnet6": [{**SUBNET, "evaluate-additional-classes": ["x"]}]},
        {"subnet6": [{**SUBNET, "pools": [pool(10, 11, "x")]}]},
        {"subnet6": [{**SUBNET, "pd-pools": [{**SUBNET["pd-pools"][0], "client-classes": ["x"]}]}]},
        {"subnet6": [{**SUBNET, "reservations": [host("x")]}]},
        {"shared-networks": network(place(1), client_classes=["x"]), "subnet6": []},
        {"option-data": [dns(1, client_classes=["VENDOR_CLASS_foo"])]},
    ],
)
def test_what_looks_at_classes(tree: dict[str, Any]) -> None:
    assert matter(load({"subnet6": [SUBNET], **tree}))


def test_what_does_not() -> None:
    subnet = {**SUBNET, "reservations": [{"duid": MINE, "hostname": "x"}], "option-data": [dns(1)]}
    assert not matter(load({"subnet6": [subnet], "option-data": [dns(2, always_send=True)]}))


# Guards


async def test_subnets_that_are_closed_are_passed_over(server: ServerUnderTest, client: Client) -> None:
    server.configure(subnets=[place(1, "a"), place(2, "x", "b")], client_classes=BOTH)
    assert await given(client, options=A) == "2001:db8:1::10"
    assert await given(client, options=B) == "2001:db8:2::10"
    assert await given(client, options=AB) == "2001:db8:1::11"
    reply = await client.solicit()
    assert reply.na.status is not None
    assert reply.na.status.text == "Server could not select subnet for this client"


async def test_by_every_rule_of_selection(server: ServerUnderTest, client: Client) -> None:
    def far(number: int, *classes: str, **more: Any) -> dict[str, Any]:
        return {key: value for key, value in place(number, *classes, **more).items() if key != "interface"}

    server.configure(
        subnets=[
            far(1, "a", interface_id="door"),
            far(2, "a", relay={"ip-addresses": ["2001:db8:9::1"]}),
            far(3, "b", relay={"ip-addresses": ["2001:db8:9::1"]}),
            {**far(4), "subnet": "2001:db8:9::/64", "pools": [{"pool": "2001:db8:9::10/128"}]},
        ],
        client_classes=BOTH,
    )
    door = [relay("2001:db8:9::1", options={18: b"door"})]
    link = [relay("2001:db8:9::1")]
    assert await given(client, options=A, relays=door) == "2001:db8:1::10"
    assert await given(client, options=B, relays=door) == "2001:db8:3::10"
    assert await given(client, options=A, relays=link) == "2001:db8:2::10"
    assert await given(client, relays=door) == "2001:db8:9::10"
    assert await given(client, relays=link) == "2001:db8:9::10"


async def test_a_network_and_its_subnets_must_both_be_open(server: ServerUnderTest, client: Client) -> None:
    networks = network(place(1, "b"), place(2, "a"), client_classes=["a"])
    server.configure(networks=networks, client_classes=BOTH)
    assert await given(client, options=A) == "2001:db8:2::10"
    assert await given(client, options=B) == ""
    assert await given(client, options=AB) == "2001:db8:1::10"


async def test_closed_members_of_a_network_are_not_searched(
    server: ServerUnderTest, client: Client, other: Client
) -> None:
    server.configure(networks=network(place(1), place(2, "a")), client_classes=BOTH)
    assert [ia.addresses != [] for ia in (await other.request(nas={1: [], 2: [], 3: []}, na=None)).nas] == [
        True,
        True,
        False,
    ]
    assert await given(client, na=["2001:db8:2::10"]) == ""
    assert await given(client, na=["2001:db8:2::11"], options=A) == "2001:db8:2::11"


async def test_a_search_begins_where_one_for_the_same_classes_ended(
    server: ServerUnderTest, client: Client, other: Client
) -> None:
    server.configure(networks=network(place(1, "a"), place(2, "b"), place(3, "a")), client_classes=BOTH)
    assert (await other.request(options=B)).address == "2001:db8:2::10"
    assert await given(client, options=AB) == "2001:db8:1::10"


async def test_pools_that_are_closed(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(pools=[pool(10, 10, "a"), pool(20, 29, "b")], client_classes=BOTH)
    assert await given(client, options=A) == "2001:db8:1::10"
    assert await given(client, options=B) == "2001:db8:1::20"
    assert await given(client, options=A, na=["2001:db8:1::25"]) == "2001:db8:1::10"
    assert await given(client, options=B, na=["2001:db8:1::25"]) == "2001:db8:1::25"
    assert await given(client) == ""
    assert server.count("v6-allocation-fail-no-pools") == server.count("v6-allocation-fail-classes") == 1
    assert server.count("v6-allocation-fail") == 0
    await other.request(options=A)
    assert await given(client, options=A) == ""
    assert server.count("v6-allocation-fail") == 1
    assert server.count("subnet[1].v6-allocation-fail-classes") == 2


async def test_pools_of_prefixes_that_are_closed(server: ServerUnderTest, client: Client) -> None:
    one = {"prefix": "2001:db8:8000::", "prefix-len": 48, "delegated-len": 56, "client-classes": ["a"]}
    two = {**one, "prefix": "2001:db8:9000::", "client-classes": ["b"]}
    server.configure(of_subnet={"pd-pools": [one, two]}, client_classes=BOTH)
    assert (await client.solicit(pd=[], options=A)).prefix == "2001:db8:8000::/56"
    assert (await client.solicit(pd=["2001:db8:8000::/56"], options=B)).prefix == "2001:db8:9000::/56"
    assert (await client.solicit(pd=[])).prefixes == []


async def test_a_lease_of_a_pool_that_has_closed_is_lost(server: ServerUnderTest, client: Client) -> None:
    server.configure(pools=[pool(10, 19, "a"), pool(20, 29, "b")], client_classes=BOTH)
    address = await client.bind(options=A)
    assert (await client.renew(na=[address], options=A)).address == address
    reply = await client.renew(na=[address], options=B)
    assert reply.address == "2001:db8:1::20"
    assert [(a.preferred, a.valid) for a in reply.na.addresses if a.address & 0xFF == 0x10] == [(0, 0)]
    assert await server.lease(address) is None
    reply = await client.renew(na=["2001:db8:1::20"])
    assert reply.na.status is not None
    assert reply.na.status.code == NO_ADDRESSES_AVAILABLE
    assert await server.lease("2001:db8:1::20") is None
    assert server.count("subnet[1].assigned-nas") == 0


async def test_what_is_reserved_may_lie_in_a_closed_pool(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        pools=[pool(10, 19, "a")],
        of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::15"])]},
        client_classes=BOTH,
    )
    assert await client.bind() == "2001:db8:1::15"
    assert (await client.renew(na=["2001:db8:1::15"])).address == "2001:db8:1::15"


async def test_reservations_of_closed_members_do_not_count(server: ServerUnderTest, client: Client) -> None:
    closed = place(1, "a", reservations=[host(ip_addresses=["2001:db8:1::5"])])
    server.configure(
        networks=network(closed, place(2)),
        client_classes=[*BOTH, define("KNOWN", option_data=[dns(1)]), define("UNKNOWN", option_data=[dns(2)])],
    )
    assert await given(client, options=A) == "2001:db8:1::5"
    assert await server_of_names(client, options=A) == 1
    assert await given(client) == "2001:db8:2::10"
    assert await server_of_names(client) == 2


async def test_pools_for_known_and_unknown_clients(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(
        pools=[pool(10, 19, "KNOWN"), pool(20, 29, "UNKNOWN")], of_subnet={"reservations": [host(hostname="x")]}
    )
    assert await given(client) == "2001:db8:1::10"
    assert await given(other) == "2001:db8:1::20"


@pytest.mark.parametrize("name", ["KNOWN", "UNKNOWN"])
async def test_a_subnet_for_known_or_unknown_clients_never_opens(
    server: ServerUnderTest, client: Client, name: str
) -> None:
    server.configure(of_subnet={"client-classes": [name]})
    assert await given(client) == ""


async def test_vendor_classes_need_no_definition(server: ServerUnderTest, client: Client) -> None:
    server.configure(subnets=[place(1, "VENDOR_CLASS_foo"), place(2)])
    assert await given(client, options=FOO) == "2001:db8:1::10"
    assert await given(client) == "2001:db8:2::10"


# Options and lifetimes


async def test_options_of_classes_come_before_global_ones_only(server: ServerUnderTest, client: Client) -> None:
    a, b = (
        {**each, "option-data": [dns(n), option("domain-search", f"{each['name']}.example")]}
        for n, each in enumerate(BOTH, 1)
    )
    names = [option("domain-search", "net.example")]
    server.configure(networks=network(place(1), option_data=names), client_classes=[a, b], option_data=[dns(9)])
    for options, last in ((A, 1), (B, 2), (AB, 1), ({}, 9)):
        for kind in (SOLICIT, INFORMATION_REQUEST, SOLICIT):
            assert await server_of_names(client, kind, options=options) == last
    assert (await client.solicit(oro=[24], options=A)).option(24) == b"\3net\7example\0"


async def test_always_and_never(server: ServerUnderTest, client: Client) -> None:
    a, b = BOTH
    classes = [{**a, "option-data": [dns(1, always_send=True)]}, {**b, "option-data": [dns(2, never_send=True)]}]
    server.configure(client_classes=classes, of_subnet={"option-data": [dns(8)]})
    assert (await client.solicit(options=A)).option(23)[-1] == 8
    assert 23 not in (await client.solicit()).options
    assert 23 not in (await client.solicit(oro=[23], options=B)).options


async def test_options_with_classes(server: ServerUnderTest, client: Client) -> None:
    tagged = [dns(3), dns(1, client_classes=["a"]), dns(2, client_classes=["x", "b"])]
    server.configure(client_classes=BOTH, of_subnet={"option-data": tagged}, option_data=[dns(9)])
    for options, last in ((A, 1), (B, 2), (AB, 2), ({}, 3)):
        assert await server_of_names(client, options=options) == last
    server.configure(client_classes=BOTH, of_subnet={"option-data": tagged[1:2]}, option_data=[dns(9)])
    assert await server_of_names(client, options=B) == 9


@pytest.mark.parametrize(("flag", "there"), [("always_send", True), ("never_send", False)])
async def test_always_and_never_hold_for_those_too_whose_option_it_is_not(
    server: ServerUnderTest, client: Client, flag: str, there: bool
) -> None:
    tagged = dns(1, client_classes=["a"], **{flag: True})
    server.configure(client_classes=BOTH, of_subnet={"option-data": [tagged]}, option_data=[dns(9)])
    reply = await client.solicit(oro=[] if there else [23])
    assert (23 in reply.options) is there
    if there:
        assert reply.option(23)[-1] == 9


async def test_vendor_options_with_classes(server: ServerUnderTest, client: Client) -> None:
    def sub(data: str, **more: Any) -> dict[str, Any]:
        return {"space": "vendor-7", "code": 1, "data": data, "csv-format": False, **keywords(more)}

    server.configure(
        client_classes=BOTH,
        of_subnet={"option-data": [sub("AA", client_classes=["a"], always_send=True)]},
        option_data=[sub("BB")],
    )
    asked = {17: bytes((0, 0, 0, 7))}
    for options, last in ((A, 0xAA), ({}, 0xBB)):
        reply = await client.solicit(options={**options, **asked})
        assert reply.option(17) == bytes((0, 0, 0, 7, 0, 1, 0, 1, last))


@pytest.mark.parametrize(
    ("options", "hint", "times"),
    [
        ({}, [], (400, 600)),
        (A, [], (300, 1000)),
        (A, [("2001:db8:1::10", 100, 100)], (200, 500)),
        (A, [("2001:db8:1::10", 9999, 9999)], (700, 1500)),
        (A, [("2001:db8:1::10", 600, 1200)], (600, 1200)),
        (B, [], (400, 450)),
        (AB, [], (300, 1000)),
    ],
)
async def test_lifetimes(
    server: ServerUnderTest, client: Client, options: dict[int, bytes], hint: list[Any], times: tuple[int, int]
) -> None:
    of_a = {"valid_lifetime": 1000, "min_valid_lifetime": 500, "max_valid_lifetime": 1500}
    of_a |= {"preferred_lifetime": 300, "min_preferred_lifetime": 200, "max_preferred_lifetime": 700}
    a, b = BOTH
    server.configure(
        client_classes=[{**a, **keywords(of_a)}, {**b, "valid-lifetime": 450, "preferred-lifetime": 0}],
        of_subnet={"valid-lifetime": 600, "preferred-lifetime": 400},
    )
    assert (await client.solicit(na=hint, options=options)).lifetimes == times
    address = (await client.request(na=hint, options=options)).address
    assert (await client.renew(na=hint or [address], options=options)).lifetimes == times


async def test_a_valid_lifetime_alone_may_shorten_the_preferred_one(server: ServerUnderTest, client: Client) -> None:
    a, _ = BOTH
    server.configure(client_classes=[{**a, "valid-lifetime": 80}])
    assert (await client.solicit(options=A)).lifetimes == (50, 80)
    assert (await client.solicit(na=None, pd=[], options=A)).lifetimes == (50, 80)


# Reservations


async def test_classes_of_a_reservation_come_first(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(
        pools=[pool(10, 19, "h"), pool(20, 29, "n")],
        of_subnet={"reservations": [host("h")]},
        client_classes=[
            define("h", option_data=[dns(1)], valid_lifetime=50),
            define("t", "member('ALL')", option_data=[dns(2)]),
            define("n", "not member('h')"),
        ],
    )
    assert await given(client) == "2001:db8:1::10"
    assert (await client.solicit()).lifetimes == (31, 50)
    assert await server_of_names(client) == 1
    assert await given(other) == "2001:db8:1::20"
    assert await server_of_names(other) == 2


async def test_in_a_shared_network_they_come_last(server: ServerUnderTest, client: Client) -> None:
    classes = [
        define("h", option_data=[dns(1)], valid_lifetime=50),
        define("t", "member('h')", option_data=[option("sntp-servers", "2001:db8::1")]),
    ]
    guarded = place(1, pools=[pool(10, 19, "h"), pool(20, 29)], reservations=[host("h")])
    server.configure(networks=network(guarded, place(2)), client_classes=classes, option_data=[dns(9)])
    reply = await client.solicit(oro=[23, 31])
    assert (reply.address, reply.lifetimes) == ("2001:db8:1::20", (3000, 4000))
    assert (reply.option(23)[-1], 31 in reply.options) == (1, False)
    assert await server_of_names(client, INFORMATION_REQUEST) == 1


async def test_those_of_a_global_one_count_at_once(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(
        networks=network(place(1), place(2, "h")),
        reservations=[host("h")],
        reservations_global=True,
        client_classes=[define("h", valid_lifetime=50)],
    )
    await other.request(nas={1: [], 2: []}, na=None)
    reply = await client.solicit()
    assert (reply.address, reply.lifetimes) == ("2001:db8:2::10", (31, 50))


async def test_a_subnet_may_close_once_the_reservation_is_known(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        of_subnet={"client-classes": ["n"], "reservations": [host("h")], "option-data": [dns(1)]},
        client_classes=[define("h"), define("n", "not member('h')")],
    )
    assert await given(client) == ""
    assert await server_of_names(client) == 1


async def test_early_reservations_choose_the_subnet(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(
        subnets=[place(1, "h"), place(2, "KNOWN"), place(3)],
        reservations=[host("h", option_data=[dns(1)])],
        early_global_reservations_lookup=True,
        client_classes=[define("h", option_data=[option("sntp-servers", "2001:db8::1")])],
        option_data=[dns(9)],
    )
    reply = await client.solicit(oro=[23, 31])
    assert (reply.address, 31 in reply.options) == ("2001:db8:1::10", True)
    assert reply.option(23)[-1] == 9, "reservations-global is off: only its classes count"
    assert await given(other) == "2001:db8:3::10"


# Drop and reject


async def test_who_is_in_drop_is_not_answered(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    log.everything()
    server.configure(client_classes=[define("DROP", "option[15].exists")])
    for kind in (SOLICIT, INFORMATION_REQUEST, RENEW):
        assert await client.send(kind, options=A) is None
    assert await given(client) == "2001:db8:1::10"
    assert server.counted() == {"pkt6-receive-drop": 3, "pkt6-admin-filtered": 3}
    assert log.text.count("DHCP6_PACKET_DROP_DROP_CLASS ") == 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "DROP_CLASS2"),
        ({"early_global_reservations_lookup": True, "reservations_global": True}, "DROP_CLASS_EARLY"),
    ],
)
async def test_a_reservation_may_drop_its_client(
    server: ServerUnderTest, client: Client, other: Client, log: LogFile, more: dict[str, Any], message: str
) -> None:
    log.everything()
    server.configure(reservations=[host("DROP")], **{"reservations_global": True, **more})
    assert await client.send(SOLICIT, na=[]) is None
    assert f"DHCP6_PACKET_DROP_{message}" in log
    assert await given(other) == "2001:db8:1::10"
    assert server.count("pkt6-admin-filtered") == 1


async def test_unknown_clients_can_be_dropped(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(
        of_subnet={"reservations": [host(hostname="x")]}, client_classes=[define("DROP", "member('UNKNOWN')")]
    )
    assert await given(client) == "2001:db8:1::10"
    assert await other.send(SOLICIT, na=[]) is None


async def test_who_is_in_reject_gets_and_loses_nothing(server: ServerUnderTest, client: Client) -> None:
    server.configure(client_classes=[define("REJECT", "option[15].exists", option_data=[dns(1)])])
    address = await client.bind()
    for send in (client.solicit, client.request, client.renew, client.rebind):
        reply = await send(na=[address], pd=[], oro=[23], options=A)
        for said, code in ((reply.na.status, NO_ADDRESSES_AVAILABLE), (reply.pd.status, NO_PREFIX_AVAILABLE)):
            assert said is not None
            assert (said.code, said.text) == (code, "Server rejected this request")
        assert (reply.na.addresses, reply.pd.prefixes) == ([], [])
        assert reply.option(23)[-1] == 1
    lease = await server.lease(address)
    assert lease is not None
    assert lease.valid_lifetime == 4000


# Additional classes


async def test_additional_classes_of_pools_subnet_and_network(server: ServerUnderTest, client: Client) -> None:
    def extra(name: str, test: str = "", *options: dict[str, Any], **more: Any) -> dict[str, Any]:
        return define(name, test, only_in_additional_list=True, option_data=list(options), **more)

    classes = [
        extra("s", "", dns(2)),
        extra("p", "option[15].exists", dns(3)),
        extra("q", "member('p')", option("sntp-servers", "2001:db8::1")),
        extra("n", "", option("nis-servers", "2001:db8::1")),
        extra("unlisted", "member('ALL')", option("sip-server-addr", "2001:db8::1")),
    ]
    prefixes = [{**SUBNET["pd-pools"][0], "evaluate-additional-classes": ["p", "q"]}]
    subnet = place(1, pd_pools=prefixes, evaluate_additional_classes=["s", "none"])
    server.configure(client_classes=classes, networks=network(subnet, evaluate_additional_classes=["n"]))
    asked = {"oro": [22, 23, 27, 31]}
    for options, with_prefix, last, codes in (
        (A, True, 3, {23, 27, 31}),
        (A, False, 2, {23, 27}),
        ({}, True, 2, {23, 27}),
    ):
        about: dict[str, Any] = {**asked, "na": [], "options": options, **({"pd": []} if with_prefix else {})}
        for reply in (await client.solicit(**about), await client.request(**about), await client.renew(**about)):
            assert reply.option(23)[-1] == last
            assert reply.options.keys() & {22, 23, 27, 31} == codes
    assert (await client.inform(**asked)).option(23)[-1] == 2
    confirmed = await client.confirm(na=["2001:db8:1::10"], **asked)
    assert confirmed is not None
    assert confirmed.option(23)[-1] == 2


async def test_pools_have_their_say_in_the_order_of_addresses(server: ServerUnderTest, client: Client) -> None:
    classes = [define(name, only_in_additional_list=True, option_data=[dns(n)]) for n, name in enumerate("pq", 1)]
    prefixes = {"prefix": "2001:db7::", "prefix-len": 48, "delegated-len": 56}
    server.configure(
        client_classes=classes,
        pools=[pool(10, 19, evaluate_additional_classes=["p"], option_data=[option("sntp-servers", "2001:db8::1")])],
        of_subnet={
            "pd-pools": [
                {
                    **prefixes,
                    "evaluate-additional-classes": ["q"],
                    "option-data": [option("sntp-servers", "2001:db8::2")],
                }
            ]
        },
    )
    reply = await client.solicit(pd=[], na=[], oro=[23, 31])
    assert (reply.option(23)[-1], reply.option(31)[-1]) == (2, 2)
    reply = await client.solicit(na=[], oro=[23, 31])
    assert (reply.option(23)[-1], reply.option(31)[-1]) == (1, 1)


async def test_they_open_nothing_and_last_nowhere(server: ServerUnderTest, client: Client) -> None:
    classes = [define("x", only_in_additional_list=True, valid_lifetime=50, option_data=[dns(1)])]
    server.configure(client_classes=classes, of_subnet={"evaluate-additional-classes": ["x"]})
    reply = await client.solicit(oro=[23])
    assert (reply.lifetimes, reply.option(23)[-1]) == ((3000, 4000), 1)
    server.configure(
        client_classes=classes, of_subnet={"evaluate-additional-classes": ["x"]}, pools=[pool(10, 19, "x")]
    )
    assert await given(client) == ""


# Hooks and people


async def test_hook_libraries_see_and_change_classes(server: ServerUnderTest, client: Client) -> None:
    seen: list[list[str]] = []

    def pkt6_receive(callout: Any) -> Status:
        seen.append(list(callout.query6.classes))
        callout.query6.classes.add("mine")
        return CONTINUE

    server.configure(subnets=[place(2, "mine")], client_classes=BOTH)
    server.hook(pkt6_receive=pkt6_receive)
    assert await given(client, options={**A, **FOO}) == "2001:db8:2::10"
    assert seen == [["ALL", "VENDOR_CLASS_foo", "a"]]


async def test_another_packet_in_place_of_the_first_is_in_its_classes(server: ServerUnderTest, client: Client) -> None:
    def pkt6_receive(callout: Any) -> None:
        packet = Packet6(callout.query6.type, callout.query6.transaction_id)
        packet.options = callout.query6.options
        callout.query6 = packet

    server.configure(subnets=[place(2, "a")], client_classes=BOTH)
    server.hook(pkt6_receive=pkt6_receive)
    assert await given(client, options=A) == "2001:db8:2::10"


async def test_hook_libraries_see_the_built_in_classes_without_any_defined(
    server: ServerUnderTest, client: Client
) -> None:
    seen: list[list[str]] = []

    def lease6_select(callout: Any) -> None:
        seen.append(list(callout.query6.classes))

    server.hook(lease6_select=lease6_select)
    await client.solicit(options=FOO)
    assert seen == [["ALL", "VENDOR_CLASS_foo", "UNKNOWN"]]


async def test_what_a_trace_says(server: ServerUnderTest, client: Client) -> None:
    server.configure(client_classes=[*BOTH, define("all", "member('ALL')", option_data=[dns(1)])])
    datagram = server.datagram(client.query(SOLICIT, na=[], oro=[23], options=A))
    x, answered = await explain(server.service, datagram, int(server.now))
    x.finish()
    assert answered
    text = str(x.trace)
    assert "class: a (true)" in text
    assert "class: b (false)" in text
    assert "option: dns-servers (class all)" in text


async def test_a_class_that_has_no_value(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    bad = define("bad", "addrtotext(option[15].hex) == 'x'", option_data=[dns(1)])
    server.configure(client_classes=[bad])
    assert await server_of_names(client, options=A) == 0
    assert "DHCPSRV_EVAL_ERROR" in log


async def test_replies_of_one_template_are_what_is_composed(server: ServerUnderTest, client: Client) -> None:
    """Classes that matter to a reply tell templates apart, those that do not are not asked."""
    a, b = BOTH
    tagged = dns(7, client_classes=["b"])
    server.configure(client_classes=[{**a, "option-data": [dns(1)]}, b], option_data=[tagged])
    plain = {15: b"\0\1z"}
    found = [await server_of_names(client, options=options) for options in (A, B, plain, {}, A, B)]
    assert found == [1, 7, 0, 0, 1, 7]
    assert len(server.service.templates) == 3


async def test_an_early_lookup_knows_flexible_identifiers_too(server: ServerUnderTest, client: Client) -> None:
    asked: list[str] = []

    def host6_identifier(callout: Any) -> None:
        asked.append(callout.point)
        callout["id_value"] = b"\x07"

    server.configure(
        subnets=[place(1, "h"), place(2)],
        reservations=[{"flex-id": "07", "client-classes": ["h"]}],
        early_global_reservations_lookup=True,
        host_reservation_identifiers=["flex-id"],
    )
    server.hook(host6_identifier=host6_identifier)
    assert await given(client) == "2001:db8:1::10"
    assert asked == ["host6_identifier"]


async def test_what_the_log_says(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    log.everything()
    server.configure(client_classes=BOTH, of_subnet={"evaluate-additional-classes": ["none"], "client-classes": ["a"]})
    server.hook(pkt6_receive=lambda callout: callout.query6.classes.add("mine"))
    await client.solicit(options={**A, **FOO})
    for line in (
        "client packet has been assigned on SOLICIT message to the following classes: ALL, VENDOR_CLASS_foo, a",
        "client packet has been assigned to the following classes: ALL, VENDOR_CLASS_foo, a, mine, UNKNOWN",
        "client packet belongs to an unconfigured class: mine",
        "additional class none has no definition",
        "Expression 'a' evaluated to true",
        "Expression 'b' evaluated to false",
    ):
        assert log.text.count(line) == 1, line


@pytest.mark.parametrize(
    ("first", "second", "given"),
    [
        ({"valid-lifetime": 0, "preferred-lifetime": 0}, {"valid-lifetime": 1234}, (3000, 4000)),
        ({"valid-lifetime": 0}, {"valid-lifetime": 1234}, (3000, 4000)),
        ({"preferred-lifetime": 0}, {"preferred-lifetime": 700}, (3000, 4000)),
        ({"valid-lifetime": 5000}, {"preferred-lifetime": 700, "valid-lifetime": 1111}, (700, 5000)),
    ],
)
async def test_the_first_class_that_has_a_lifetime_decides(
    server: ServerUnderTest, client: Client, first: dict[str, int], second: dict[str, int], given: tuple[int, int]
) -> None:
    """If that is 0 the subnet's counts, as in Kea 3.0.4; preferred and valid each for itself."""
    both = [{"name": name, "test": "option[1].exists", **more} for name, more in (("a", first), ("b", second))]
    server.configure(client_classes=both)
    assert (await client.request()).lifetimes == given
