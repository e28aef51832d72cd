"""Many subnets and reservations: the same answers as from few, at the same price a packet, and nobody waits long."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from types import FrameType, SimpleNamespace
from typing import Any

import orjson
import pytest

from bench import big_config
from kead import beside
from kead.classify.subject import Classes
from kead.config.errors import ConfigError
from kead.config.pieces import free_tree, json_pieces
from kead.config.reader import Document, from_wire, read_text
from kead.config.resolve4 import load4
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.snapshot import Config
from kead.dhcp4 import subnets as subnets4
from kead.dhcp4.options import STANDARD as STANDARD4
from kead.dhcp4.tally import Tally4
from kead.dhcp6 import subnets as subnets6
from kead.dhcp6.options import STANDARD as STANDARD6
from kead.dhcp6.tally import Tally6
from kead.statistics import Counter, Statistics
from kead.wire.address import parse_ip4, parse_ip6

both_families = pytest.mark.parametrize("family", [4, 6])


def load(family: int, document: Document) -> Any:
    if family == 4:
        return load4(document, STANDARD4, context=Restrictions())
    return load6(document, STANDARD6, context=Restrictions())


def big(family: int, number: int, reservations: int) -> Any:
    return load(family, from_wire(big_config.configuration(family, number, reservations)))


# What is read


@both_families
def test_what_config_get_shows_is_what_was_set(family: int) -> None:
    config: Config = big(family, 300, 5)
    shown = config.as_get
    assert [one["id"] for one in shown[f"subnet{family}"]] == list(range(1, 301))
    assert [len(one["reservations"]) for one in shown[f"subnet{family}"]] == [5] * 300
    assert config.text == orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)
    again = load(family, from_wire({f"Dhcp{family}": shown}))
    assert (again.text, again.hash) == (config.text, config.hash)


@both_families
def test_many_reservations_of_one_subnet_and_many_subnets_of_one_network(family: int) -> None:
    crowded = big_config.subnets(family, 1, 200)[0]
    members = big_config.subnets(family, 601, 1)[1:]
    network = {"name": "floor", f"subnet{family}": members}
    tree = {f"Dhcp{family}": {f"subnet{family}": [crowded], "shared-networks": [network]}}
    config = load(family, read_text(json.dumps(tree)))
    assert len(config.hosts) == 200 + 600
    assert [subnet.id for subnet in config.networks[0].subnets] == list(range(2, 602))
    assert config.text == orjson.dumps(config.as_get, option=orjson.OPT_SORT_KEYS)


@both_families
def test_the_first_of_two_mistakes_far_inside_is_told_with_its_place(family: int) -> None:
    tree = big_config.configuration(family, 200, 5)
    members = tree[f"Dhcp{family}"][f"subnet{family}"]
    members[150]["no-such-thing"] = 1
    members[70]["reservations"][3]["hostname"] = 7
    tree[f"Dhcp{family}"]["no-such-thing-either"] = 1  # behind the subnets
    text = json.dumps(tree, indent=1)
    with pytest.raises(ConfigError) as caught:
        load(family, read_text(text))
    error = caught.value
    assert error.path == f"Dhcp{family}.subnet{family}[70].reservations[3].hostname"
    assert text.split("\n")[error.line - 1].strip().startswith('"hostname": 7')
    del members[70]["reservations"][3]["hostname"]
    with pytest.raises(ConfigError) as caught:
        load(family, read_text(json.dumps(tree, indent=1)))
    assert caught.value.path == f"Dhcp{family}.subnet{family}[150].no-such-thing"


def test_pieces_of_json_are_the_whole() -> None:
    value = {"b": [1, {"y": None, "x": "ä"}], "a": 2.5, "c": {"d": [{"e": []}]}, "f": []}
    lazy = {**value, "b": iter(value["b"]), "f": iter([]), "c": {"d": iter([{"e": iter([])}])}}  # type: ignore[call-overload]
    assert b"".join(json_pieces(lazy)) == orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def test_a_tree_is_taken_apart() -> None:
    tree: dict[str, Any] = {"a": [{"b": [{"c": 1}]}, 2], "d": {"e": [{"f": 3}]}}
    inner = tree["d"]["e"]
    free_tree(tree)
    assert (tree["a"], inner) == ([], [])


# What a packet costs


def steps(call: Callable[[], object]) -> int:
    """How many lines of Python a call runs."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def query4(giaddr: int = 0, interface: str = "eth0", address: int = 0) -> Any:
    channel = SimpleNamespace(interface=SimpleNamespace(name=interface, addresses=[address] if address else []))
    return SimpleNamespace(
        query=SimpleNamespace(options={}, giaddr=giaddr, ciaddr=0),
        datagram=SimpleNamespace(channel=channel, destination=subnets4.BROADCAST, source=0),
        trace=None,
        classes=Classes(["ALL"]),
    )


def query6(link: int = 0, interface: str = "eth0", source: int = 0) -> Any:
    relays = [SimpleNamespace(link=link, first=lambda code: None)] if link else []
    channel = SimpleNamespace(interface=SimpleNamespace(name=interface))
    return SimpleNamespace(
        query=SimpleNamespace(relays=relays, classes=Classes(["ALL"])),
        datagram=SimpleNamespace(channel=channel, source=source),
        trace=None,
        classes=Classes(["ALL"]),
    )


LAST4, LAST6 = parse_ip4("100.0.9.0"), parse_ip6("3fff:0:0:9::")  # the tenth subnet, whoever else there is


@pytest.mark.parametrize(
    "query",
    [query4(giaddr=LAST4 + 1), query4(giaddr=LAST4 + 7), query4(interface="vlan9"), query4(address=LAST4 + 2)],
    ids=["relay address", "prefix of the relay agent", "interface", "address of the interface"],
)
def test_selecting_among_thousands_is_as_many_steps_as_among_ten_v4(query: Any) -> None:
    selectors = [selector(4, number) for number in (10, 3000)]
    few, many = (steps(lambda one=one: one.select(query)) for one in selectors)  # type: ignore[misc]
    assert {one.select(query).id for one in selectors} == {10}
    assert few == many < 60


@pytest.mark.parametrize(
    "query",
    [query6(link=LAST6 + 1), query6(link=LAST6 + 7), query6(interface="vlan9"), query6(source=LAST6 + 2)],
    ids=["relay address", "prefix of the link-address", "interface", "source address"],
)
def test_selecting_among_thousands_is_as_many_steps_as_among_ten_v6(query: Any) -> None:
    selectors = [selector(6, number) for number in (10, 3000)]
    few, many = (steps(lambda one=one: one.select(query)) for one in selectors)  # type: ignore[misc]
    assert {one.select(query).id for one in selectors} == {10}
    assert few == many < 60


def selector(family: int, number: int) -> Any:
    """Of so many subnets, the tenth of which has an interface, its own relay agent, its own prefix."""
    tree = big_config.configuration(family, number, 0)
    tree[f"Dhcp{family}"][f"subnet{family}"][9]["interface"] = "vlan9"
    config = load(family, from_wire(tree))
    return subnets4.SubnetSelector(config.subnets) if family == 4 else subnets6.SubnetSelector(config.subnets)


# Beside the loop


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_slices_give_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("kead.beside.time.perf_counter", clock)
    seen: list[str] = []

    def work() -> Iterator[None]:
        for number in range(6):
            seen.append(f"step {number}")
            clock.now += 0.001
            yield

    async def other() -> None:
        while len(seen) < 7:
            seen.append("other")
            await asyncio.sleep(0)

    async def both() -> None:
        task = asyncio.get_running_loop().create_task(other())
        await beside.in_slices(work())
        await task

    asyncio.run(both())
    assert seen[:5] == ["step 0", "step 1", "step 2", "other", "step 3"]
    assert [one for one in seen if one != "other"] == [f"step {number}" for number in range(6)]


def test_threads_hand_over_often_while_they_work() -> None:
    usual = sys.getswitchinterval()

    def later() -> float:
        time.sleep(0.05)
        return sys.getswitchinterval()

    async def go() -> None:
        first, second = await asyncio.gather(beside.in_thread(sys.getswitchinterval), beside.in_thread(later))
        assert first == second == pytest.approx(0.0005)
        with pytest.raises(ZeroDivisionError):
            await beside.in_thread(divmod, 1, 0)
        assert await beside.in_thread(divmod, 7, 2) == (3, 1)

    asyncio.run(go())
    assert sys.getswitchinterval() == usual


def test_things_let_go_are_gone() -> None:
    class Thing:
        pass

    things: list[object] = [Thing() for _ in range(10)]
    seen = [weakref.ref(one) for one in things]
    gc.disable()
    try:
        asyncio.run(beside.let_go(things))
        assert [one() for one in seen] == [None] * 10
    finally:
        gc.enable()


# Statistics


def test_packets_count_while_statistics_change_v4() -> None:
    statistics = Statistics()
    tally = Tally4(statistics)
    tally.configure([(1, [(0, 10)]), (2, [(0, 10)])])
    tally.in_conflict(1)
    steps_of_it = tally.configuring([(1, [(0, 20)]), (3, [(0, 5)])])
    next(steps_of_it)
    tally.in_conflict(1)
    tally.in_conflict(3)  # not yet set up
    for _ in steps_of_it:
        pass
    value = statistics.value
    assert (value("subnet[1].v4-reservation-conflicts"), value("subnet[3].v4-reservation-conflicts")) == (2, 1)
    assert (value("subnet[1].total-addresses"), value("subnet[3].pool[0].total-addresses")) == (20, 5)
    assert value("subnet[2].total-addresses") is None
    assert sorted(tally.subnets) == [1, 3]
    assert sorted(tally.pools) == [(1, 0), (3, 0)]


def test_counters_of_a_subnet_that_is_gone_go_without_the_garbage_collector() -> None:
    statistics = Statistics()
    tally = Tally4(statistics)
    tally.configure([(1, [(0, 10)])])
    alive = sum(isinstance(one, Counter) for one in gc.get_objects())
    gc.disable()
    try:
        tally.configure([])
        assert sum(isinstance(one, Counter) for one in gc.get_objects()) == alive - 19
    finally:
        gc.enable()


def test_packets_count_while_statistics_change_v6() -> None:
    statistics = Statistics()
    tally = Tally6(statistics)
    tally.configure([(1, [(0, 10)], [(0, 4)]), (2, [(0, 10)], [(0, 4)])])
    steps_of_it = tally.configuring([(1, [(0, 20)], []), (3, [], [(0, 5)])])
    next(steps_of_it)
    for _ in steps_of_it:
        pass
    value = statistics.value
    assert (value("subnet[1].total-nas"), value("subnet[1].total-pds"), value("subnet[3].total-pds")) == (20, 0, 5)
    assert value("subnet[2].total-nas") is None
    assert (sorted(tally.subnets), sorted(tally.pools), sorted(tally.pd_pools)) == ([1, 3], [(1, 0)], [(3, 0)])
