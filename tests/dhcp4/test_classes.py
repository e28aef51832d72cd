"""Client classes in the exchange: what they open and close, what they give, and in which order (as Kea 3.0 has it)."""

from __future__ import annotations

from typing import Any

import pytest

from kead.dhcp4.classes import matter
from kead.dhcp4.dispatch import explain
from kead.dhcp4.packet import NAK, Packet4
from kead.hooks.status import Status
from kead.wire.address import text_ip4
from tests.dhcp4.conversation import SERVER, Client, LogFile, Reply, ServerUnderTest, keywords, load, option

A, B = {60: b"a"}, {60: b"b"}
MINE = "02:00:00:00:00:01"


def says(text: str) -> str:
    return f"option[60].text == '{text}'"


def define(name: str, test: str = "", **more: Any) -> dict[str, Any]:
    """One entry of client-classes."""
    return {"name": name, **({"test": test} if test else {}), **keywords(more)}


def pool(first: int, last: int, *classes: str, **more: Any) -> dict[str, Any]:
    return {"pool": f"192.0.2.{first} - 192.0.2.{last}", "client-classes": list(classes), **keywords(more)}


def place(number: int, *classes: str, **more: Any) -> dict[str, Any]:
    """A subnet at eth0."""
    pools = [{"pool": f"192.0.{number}.10 - 192.0.{number}.11"}]
    here = {"id": number, "subnet": f"192.0.{number}.0/24", "pools": pools, "interface": "eth0"}
    return {**here, "client-classes": list(classes), **keywords(more)}


def network(*subnets: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"name": "floor", "subnet4": list(subnets), **keywords(more)}]


def host(*classes: str, **more: Any) -> dict[str, Any]:
    return {"hw-address": MINE, "client-classes": list(classes), **keywords(more)}


BOTH = [define("a", says("a")), define("b", says("b"))]


def address(reply: Reply | None) -> str | None:
    return None if reply is None else reply.address


def routers(reply: Reply | None) -> str:
    """The last byte of the first router, as text."""
    assert reply is not None
    return text_ip4(int.from_bytes(reply.options[3][:4], "big")).rsplit(".", 1)[1] if 3 in reply.options else ""


# Where nobody looks at classes


async def test_where_nothing_looks_at_classes_nobody_sorts(server: ServerUnderTest, client: Client) -> None:
    assert server.service.classification is None
    assert server.service.express is not None
    server.configure(client_classes=BOTH)
    assert server.service.classification is not None
    assert server.service.express is None


@pytest.mark.parametrize(
    "tree",
    [
        {"client-classes": BOTH},
        {"subnet4": [place(2, "a")]},
        {"subnet4": [place(2, evaluate_additional_classes=["a"])]},
        {"subnet4": [place(2, pools=[pool(10, 11, "a")])]},
        {"subnet4": [place(2, pools=[pool(10, 11, evaluate_additional_classes=["a"])])]},
        {"shared-networks": network(place(2), client_classes=["a"])},
        {"shared-networks": network(place(2), evaluate_additional_classes=["a"])},
        {"reservations": [host("a")]},
        {"option-data": [option("routers", "192.0.2.1", client_classes=["a"])]},
        {"subnet4": [place(2, reservations=[host(option_data=[option("routers", SERVER, client_classes=["a"])])])]},
    ],
)
def test_what_looks_at_classes(tree: dict[str, Any]) -> None:
    assert matter(load(tree))


def test_what_does_not() -> None:
    assert not matter(load({"subnet4": [place(2, reservations=[host()])], "client-classes": []}))


# Guards


async def test_subnets_that_are_closed_are_passed_over(server: ServerUnderTest, client: Client) -> None:
    server.configure(subnets=[place(2, "a"), place(3, "b")], client_classes=BOTH)
    assert await client.discover() is None
    assert address(await client.discover(options=A)) == "192.0.2.10"
    assert address(await client.discover(options=B)) == "192.0.3.10"


async def test_by_every_rule_of_selection(server: ServerUnderTest, client: Client) -> None:
    relay = {"ip-addresses": ["10.0.0.1"]}
    behind = [place(2, "a", interface="", relay=relay), place(3, "b", interface="", relay=relay)]
    server.configure(subnets=behind, client_classes=BOTH)
    assert address(await client.discover(options=B, giaddr="10.0.0.1")) == "192.0.3.10"
    assert await client.discover(giaddr="10.0.0.1") is None
    assert address(await client.discover(options=A, giaddr="192.0.2.200")) == "192.0.2.10"  # by its prefix
    assert await client.discover(options=B, giaddr="192.0.2.200") is None
    link = bytes((5, 4, 192, 0, 2, 1))
    assert address(await client.discover(options={**A, 82: link}, giaddr="10.0.0.1")) == "192.0.2.11"
    assert await client.discover(options={**B, 82: link}, giaddr="10.0.0.1") is None
    refused = await client.renew("192.0.2.10", options=B)
    assert refused is not None
    assert refused.type == NAK
    assert address(await client.renew("192.0.2.10", options=A)) == "192.0.2.10"


async def test_a_network_and_its_subnets_must_both_be_open(server: ServerUnderTest, client: Client) -> None:
    server.configure(networks=network(place(2, "b"), place(3), client_classes=["a"]), client_classes=BOTH)
    assert address(await client.discover(options=A)) == "192.0.3.10"
    assert await client.discover(options=B) is None
    assert await client.discover() is None


async def test_the_search_passes_over_closed_members(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(networks=network(place(2, "a"), place(3, "b")), client_classes=BOTH)
    assert await client.bind(options=A) == "192.0.2.10"
    assert await other.bind(options=A) == "192.0.2.11"
    third = Client(server, "02:00:00:00:00:03")
    assert await third.discover(options=A) is None
    assert await third.bind(options=B) == "192.0.3.10"


async def test_pools_that_are_closed(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(pools=[pool(10, 10, "a"), pool(20, 20, "b")], client_classes=BOTH)
    assert await client.discover() is None
    counted = server.counted("v4-allocation-fail-no-pools", "v4-allocation-fail-classes", "v4-allocation-fail")
    assert list(counted.values()) == [1, 1, 0]
    assert await client.bind(options=B) == "192.0.2.20"
    assert address(await other.discover(options=A, requested="192.0.2.20")) == "192.0.2.10"


async def test_a_request_for_an_address_of_a_closed_pool(server: ServerUnderTest, client: Client) -> None:
    """NAK, and not the silence that an address of no pool meets."""
    server.configure(pools=[pool(10, 10, "a"), pool(20, 20)], client_classes=BOTH)
    reply = await client.request(requested="192.0.2.10", server_id=SERVER)
    assert reply is not None
    assert reply.type == NAK
    assert await client.request(requested="192.0.2.99", server_id=SERVER) is None


async def test_a_lease_of_a_pool_that_has_closed_is_not_renewed(server: ServerUnderTest, client: Client) -> None:
    server.configure(pools=[pool(10, 10, "a"), pool(20, 20)], client_classes=BOTH)
    assert await client.bind(options=A) == "192.0.2.10"
    reply = await client.renew("192.0.2.10")
    assert reply is not None
    assert reply.type == NAK
    assert await client.bind() == "192.0.2.20"
    assert await server.lease("192.0.2.10") is None


async def test_pools_for_known_and_unknown_clients(server: ServerUnderTest, client: Client, other: Client) -> None:
    of_subnet = {"reservations": [host()]}
    server.configure(pools=[pool(10, 10, "KNOWN"), pool(20, 20, "UNKNOWN")], of_subnet=of_subnet)
    assert await client.bind() == "192.0.2.10"
    assert await other.bind() == "192.0.2.20"


async def test_a_subnet_for_the_unknown_never_opens(server: ServerUnderTest, client: Client) -> None:
    server.configure(subnets=[place(2, "UNKNOWN")])
    assert await client.discover() is None


async def test_a_reservation_that_closes_the_only_subnet(server: ServerUnderTest, client: Client) -> None:
    """Nothing was searched, so nothing counts as failed."""
    classes = [define("r"), define("not", "not member('r')")]
    server.configure(subnets=[place(2, "not", reservations=[host("r")])], client_classes=classes)
    assert await client.discover() is None
    assert set(server.counted("v4-allocation-fail-subnet", "v4-allocation-fail-classes").values()) == {0}


async def test_vendor_classes_need_no_definition(server: ServerUnderTest, client: Client) -> None:
    server.configure(subnets=[place(2, "VENDOR_CLASS_a")])
    assert await client.discover(options=B) is None
    assert address(await client.discover(options=A)) == "192.0.2.10"


# What classes give


async def test_options_of_classes_come_before_global_ones_only(server: ServerUnderTest, client: Client) -> None:
    first = define("a", says("a"), option_data=[option("routers", "192.0.2.2"), option("domain-name", "a")])
    second = define("all", "member('ALL')", option_data=[option("domain-name", "all"), option("ntp-servers", SERVER)])
    server.configure(
        client_classes=[first, second],
        option_data=[option("domain-name", "global"), option("time-servers", SERVER)],
        of_subnet={"option-data": [option("routers", "192.0.2.1")]},
    )
    asked = [3, 4, 15, 42]
    for _ in range(2):  # the second time there is a template
        reply = await client.discover(options=A, prl=asked)
        assert reply is not None
        assert routers(reply) == "1"
        assert [reply.options[code] for code in (15, 42, 4)] == [b"a", bytes((192, 0, 2, 1)), bytes((192, 0, 2, 1))]
        reply = await client.discover(options=B, prl=asked)
        assert reply is not None
        assert reply.options[15] == b"all"


async def test_options_with_classes(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        client_classes=BOTH,
        of_subnet={
            "option-data": [option("routers", "192.0.2.1"), option("routers", "192.0.2.2", client_classes=["a"])]
        },
        option_data=[option("ntp-servers", "192.0.2.9", always_send=True, client_classes=["b"])],
    )
    for _ in range(2):
        assert routers(await client.discover(options=A)) == "2"
        assert routers(await client.discover(options=B)) == "1"
        assert routers(await client.discover()) == "1"
        replies = [await client.discover(options=each) for each in (A, B)]
        assert [42 in reply.options for reply in replies if reply is not None] == [False, True]


async def test_an_option_for_others_lets_that_of_an_outer_place_through(
    server: ServerUnderTest, client: Client
) -> None:
    of_subnet = {"option-data": [option("routers", "192.0.2.2", client_classes=["a"])]}
    server.configure(client_classes=BOTH, of_subnet=of_subnet, option_data=[option("routers", "192.0.2.9")])
    assert routers(await client.discover(options=B)) == "9"


async def test_header_fields_come_from_classes_before_subnets(server: ServerUnderTest, client: Client) -> None:
    classes = [
        define("a", says("a"), next_server="192.0.2.2"),
        define("all", "member('ALL')", next_server="192.0.2.3", boot_file_name="file"),
    ]
    of_subnet = {"next-server": "192.0.2.1", "server-hostname": "name", "boot-file-name": "other"}
    server.configure(client_classes=classes, of_subnet=of_subnet)
    for _ in range(2):
        reply = await client.discover(options=A)
        assert reply is not None
        packet = reply.packet
        assert text_ip4(packet.siaddr) == "192.0.2.2"
        assert (packet.sname.rstrip(b"\0"), packet.file.rstrip(b"\0")) == (b"name", b"file")
        reply = await client.discover()
        assert reply is not None
        assert text_ip4(reply.packet.siaddr) == "192.0.2.3"


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        (A, 200),
        ({**A, 51: bytes((0, 0, 0, 5))}, 100),
        ({**A, 51: bytes((0, 0, 0, 150))}, 150),
        ({**A, 51: bytes((0, 0, 9, 0))}, 300),
        (B, 77),
        ({60: b"c"}, 4000),
        ({}, 4000),
    ],
)
async def test_lifetimes(server: ServerUnderTest, client: Client, options: dict[int, bytes], seconds: int) -> None:
    classes = [
        define("a", says("a"), min_valid_lifetime=100, valid_lifetime=200, max_valid_lifetime=300),
        define("zero", says("c"), valid_lifetime=0),  # the subnet's, as in Kea
        define("abc", "option[60].exists", valid_lifetime=77),
    ]
    server.configure(client_classes=classes)
    reply = await client.request(await client.discover(options=options), options=options)
    assert reply is not None
    assert reply.lifetime == seconds
    lease = await server.lease(reply.address)
    assert lease is not None
    assert lease.valid_lifetime == seconds


async def test_how_long_an_offer_is_kept(server: ServerUnderTest, client: Client, other: Client) -> None:
    classes = [define("a", says("a"), offer_lifetime=60), define("b", says("b"), offer_lifetime=0)]
    server.configure(client_classes=classes, of_subnet={"offer-lifetime": 30})
    kept = await client.discover(options=A)
    assert kept is not None
    lease = await server.lease(kept.address)
    assert lease is not None
    assert lease.valid_lifetime == 60
    offer = await other.discover(options=B)
    assert offer is not None
    assert await server.lease(offer.address) is None


async def test_bootp_clients_keep_their_address(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"reservations": [host("BOOTP")]})
    reply = await client.discover()
    assert reply is not None
    assert reply.lifetime == 0xFFFFFFFF


async def test_a_server_identifier_of_a_class(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        client_classes=[define("a", says("a"), option_data=[option("dhcp-server-identifier", "10.0.9.9")])]
    )
    offer = await client.discover(options=A)
    assert offer is not None
    assert offer.options[54] == bytes((10, 0, 9, 9))
    assert (await client.request(offer, options=A)) is not None
    assert (await client.request(offer, options=B)) is None  # to others it is another server's
    assert server.count("pkt4-not-for-us") == 1


# Reservations


async def test_classes_of_a_reservation_come_first(server: ServerUnderTest, client: Client, other: Client) -> None:
    classes = [
        define("r", option_data=[option("routers", "192.0.2.2")], valid_lifetime=99),
        define("all", "member('ALL')", option_data=[option("routers", "192.0.2.3")]),
        define("not", "not member('r')", option_data=[option("domain-name", "not")]),
    ]
    server.configure(client_classes=classes, of_subnet={"reservations": [host("r")]})
    reply = await client.discover()
    assert reply is not None
    assert (routers(reply), reply.lifetime, 15 in reply.options) == ("2", 99, False)
    reply = await other.discover()
    assert reply is not None
    assert (routers(reply), reply.lifetime, 15 in reply.options) == ("3", 4000, True)


async def test_in_a_shared_network_they_come_last(server: ServerUnderTest, client: Client) -> None:
    """Which subnet serves is known only then: they give options, but no lifetime, and are asked by nobody."""
    classes = [
        define("r", option_data=[option("routers", "192.0.2.2")], valid_lifetime=99),
        define("m", "member('r')", option_data=[option("domain-name", "m")]),
        define("late", "member('r')", only_in_additional_list=True, option_data=[option("ntp-servers", SERVER)]),
    ]
    subnet = place(2, reservations=[host("r", "DROP")], evaluate_additional_classes=["late"])
    server.configure(client_classes=classes, networks=network(subnet, place(3)))
    reply = await client.discover(prl=[42])
    assert reply is not None
    assert (routers(reply), reply.lifetime, 15 in reply.options, 42 in reply.options) == ("2", 4000, False, True)


async def test_early_reservations_choose_the_subnet(server: ServerUnderTest, client: Client, other: Client) -> None:
    about: dict[str, Any] = {"subnets": [place(2, "r"), place(3)], "reservations": [host("r")]}
    server.configure(early_global_reservations_lookup=True, **about)
    assert await client.bind() == "192.0.2.10"
    assert await other.bind() == "192.0.3.10"
    server.configure(reservations_global=True, **about)
    assert address(await client.discover()) == "192.0.3.11"  # known too late


# DROP


async def test_who_is_in_drop_is_not_answered(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    log.everything()
    server.configure(client_classes=[define("DROP", says("a"))])
    assert await client.discover(options=A) is None
    assert await client.inform("192.0.2.77", options=A, destination=SERVER) is None
    assert await client.discover() is not None
    assert server.count("pkt4-receive-drop") == 2
    assert "DHCP4_PACKET_DROP_0010" in log


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"of_subnet": {"reservations": [host("DROP")]}}, "DHCP4_PACKET_DROP_0013"),
        ({"reservations": [host("DROP")], "early_global_reservations_lookup": True}, "DHCP4_PACKET_DROP_0014"),
        (
            {"of_subnet": {"reservations": [host()]}, "client_classes": [define("DROP", "member('KNOWN')")]},
            "DHCP4_PACKET_DROP_0013",
        ),
    ],
)
async def test_a_reservation_may_drop_its_client(
    server: ServerUnderTest, client: Client, other: Client, log: LogFile, about: dict[str, Any], message: str
) -> None:
    log.everything()
    server.configure(**about)
    assert await client.discover() is None
    assert server.count("pkt4-receive-drop") == 1
    assert message in log
    assert await other.discover() is not None


async def test_who_is_in_reject_gets_nothing(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    log.everything()
    server.configure(client_classes=[define("REJECT", says("a"))])
    assert await client.discover(options=A) is None
    offer = await client.discover(options=B)
    refused = await client.request(offer, options=A)
    assert refused is not None
    assert refused.type == NAK
    assert "DHCP4_PACKET_NAK_0005" in log
    assert await client.bind(options=B) == "192.0.2.11"


# Additional classes


async def test_additional_classes_of_pool_subnet_and_network(server: ServerUnderTest, client: Client) -> None:
    def extra(name: str, test: str = "", **more: Any) -> dict[str, Any]:
        return define(name, test, only_in_additional_list=True, **more)

    classes = [
        extra("s", option_data=[option("routers", "192.0.2.2")]),
        extra("p", "member('ALL')", option_data=[option("routers", "192.0.2.3")], valid_lifetime=5),
        extra("q", "member('p')", option_data=[option("domain-name", "q")]),
        extra("n", next_server="192.0.2.8"),
        extra("unlisted", "member('ALL')", option_data=[option("ntp-servers", SERVER)]),
    ]
    pools = [{"pool": "192.0.2.10/32", "evaluate-additional-classes": ["p", "q"]}]
    subnet = place(2, pools=pools, evaluate_additional_classes=["s", "none"])
    server.configure(client_classes=classes, networks=network(subnet, evaluate_additional_classes=["n"]))
    for reply in (await client.discover(prl=[42]), await client.request(await client.discover(), prl=[42])):
        assert reply is not None
        assert (routers(reply), reply.options[15], reply.lifetime) == ("3", b"q", 4000)
        assert text_ip4(reply.packet.siaddr) == "192.0.2.8"
        assert 42 not in reply.options
    reply = await client.inform("192.0.2.77", destination=SERVER)  # of no pool
    assert routers(reply) == "2"


# Hooks and people


async def test_hook_libraries_see_and_change_classes(server: ServerUnderTest, client: Client) -> None:
    seen: list[list[str]] = []

    def pkt4_receive(callout: Any) -> Status:
        seen.append(list(callout.query4.classes))
        callout.query4.classes.add("mine")
        return Status.CONTINUE

    server.configure(subnets=[place(2, "mine")], client_classes=[define("a", says("a"))])
    server.hook(pkt4_receive=pkt4_receive)
    assert address(await client.discover(options=A)) == "192.0.2.10"
    assert seen == [["ALL", "VENDOR_CLASS_a", "a"]]


async def test_hook_libraries_see_the_built_in_classes_without_any_defined(
    server: ServerUnderTest, client: Client
) -> None:
    seen: list[Packet4] = []

    def lease4_select(callout: Any) -> Status:
        seen.append(callout.query4)
        return Status.CONTINUE

    server.hook(lease4_select=lease4_select)
    assert await client.discover(options=A) is not None
    assert list(seen[0].classes) == ["ALL", "VENDOR_CLASS_a", "UNKNOWN"]


async def test_what_a_trace_says(server: ServerUnderTest, client: Client) -> None:
    server.configure(client_classes=[*BOTH, define("all", "member('ALL')", option_data=[option("routers", SERVER)])])
    x, answered = await explain(server.service, server.datagram(client.query(1, options=A)), int(server.now))
    x.finish()
    assert answered
    text = str(x.trace)
    assert "class: a (true)" in text
    assert "class: b (false)" in text
    assert "option: routers (class all)" in text


async def test_a_class_that_has_no_value(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    bad = define("bad", "addrtotext(option[60].hex) == 'x'", option_data=[option("routers", SERVER)])
    server.configure(client_classes=[bad])
    assert routers(await client.discover(options=A)) == ""
    assert "DHCPSRV_EVAL_ERROR" in log


async def test_replies_of_one_template_are_what_is_composed(server: ServerUnderTest, client: Client) -> None:
    """Classes that matter to a reply tell templates apart, those that do not are not asked."""
    tagged = option("routers", "192.0.2.7", client_classes=["VENDOR_CLASS_b"])
    server.configure(client_classes=[define("a", says("a"), next_server="192.0.2.2")], option_data=[tagged])
    found = []
    for text in (b"a", b"b", b"c", b"d", b"a", b"b"):
        reply = await client.discover(options={60: text})
        assert reply is not None
        found.append((text_ip4(reply.packet.siaddr), routers(reply)))
    assert found[:4] == [("192.0.2.2", ""), ("0.0.0.0", "7"), ("0.0.0.0", ""), ("0.0.0.0", "")]
    assert found[4:] == found[:2]
    assert len(server.service.templates) == 3
