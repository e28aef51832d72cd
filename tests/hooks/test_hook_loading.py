"""Libraries on and off: instances, load, start, unload, reload, failures, commands."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from kead.dhcp4 import hook_points as points4
from kead.dhcp4.hook_points import Hooks4
from kead.dhcp6 import hook_points as points6
from kead.hooks.errors import LibraryError
from kead.hooks.instance import Host
from kead.hooks.loading import Loaded, load, nothing, replace
from kead.hooks.point import Occasion
from tests.hooks.helpers import HOST, LIBRARIES, Entry, Exchange, hooks, loaded, query, turns


@pytest.fixture
def library(tmp_path: Path) -> Any:
    """Write a library and load it."""
    made = 0

    async def of(text: str, parameters: Any = None) -> Loaded:
        nonlocal made
        made += 1
        file = tmp_path / f"library_{made}.py"
        file.write_text(text)
        return await load([Entry(str(file), parameters or {})], HOST, confined=False)

    return of


def life(journal: Path, *names: str, **fails: str) -> list[Entry]:
    return [
        Entry(str(LIBRARIES / "life.py"), {"journal": str(journal), "name": name, "fail": fails.get(name)})
        for name in names
    ]


def left_in_table() -> list[str]:
    return [name for name in sys.modules if "#" in name]


# Instances


async def test_the_same_library_twice_is_two_instances() -> None:
    both = await loaded(("with_commands", {}), ("with_commands", {}))
    one, two = both.libraries
    assert one.module is not two.module
    chain = Hooks4(both.chains).pkt4_receive
    assert chain is not None
    await chain(Exchange(), query4=query())
    assert one.module.seen is not two.module.seen
    assert one.module.seen == two.module.seen == {"queries": 1}
    await both.unload()


async def test_a_changed_file_is_what_is_loaded_even_within_the_same_second(tmp_path: Path) -> None:
    file = tmp_path / "changes.py"
    for number in range(3):  # same length, maybe the same time: bytecode caches would not notice
        file.write_text(f"def load():\n    pass\nNUMBER = {number}\n")
        one = await load([Entry(str(file))], HOST, confined=False)
        assert number == one.libraries[0].module.NUMBER
        await one.unload()
    assert not (tmp_path / "__pycache__").exists()


async def test_unloaded_modules_leave_pythons_table() -> None:
    before = left_in_table()
    one = await loaded(("drops", {"points": []}))
    assert len(left_in_table()) == len(before) + 1
    await one.unload()
    assert left_in_table() == before


async def test_dataclasses_work_in_a_library(library: Any) -> None:
    one = await library(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int\ndef load(): A(1)\n"
    )
    await one.unload()


async def test_a_package_brings_submodules_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_hook_package"
    package.mkdir()
    (package / "__init__.py").write_text("from . import part\ndef pkt4_receive(callout): part.seen.append(1)\n")
    (package / "part.py").write_text("seen = []\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    both = await load([Entry("some_hook_package"), Entry("some_hook_package")], HOST, confined=False)
    one, two = both.libraries
    assert one.module.part is not two.module.part
    await both.unload()
    assert not [name for name in sys.modules if name.startswith("some_hook_package")]


async def test_parameters_are_a_copy_and_missing_ones_a_map(library: Any) -> None:
    parameters = {"list": [1]}
    one = await library("def load(library): library.parameters['list'].append(2)", parameters)
    assert parameters == {"list": [1]}
    assert one.libraries[0].parameters == {"list": [1, 2]}
    assert (await library("def load(): pass")).libraries[0].parameters == {}


async def test_what_a_library_knows(library: Any) -> None:
    one = await library("def load(library):\n    library.mine = (library.process, library.server)\n")
    assert one.libraries[0].mine == ("kea-dhcp4", None)


# What is refused


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\n1 / 0\n", ":2: ZeroDivisionError: division by zero"),
        ("raise SystemExit(1)", "SystemExit: 1"),
        ("x = 1", "nothing in it would ever be called"),
        ("def pkt6_receive(callout): pass", "nothing in it would ever be called"),
        ("def pkt4_receive(): pass", "pkt4_receive() must take one argument, the handle"),
        ("def pkt4_receive(a, b): pass", "pkt4_receive(a, b) must take one argument"),
        ("def pkt4_receive(callout): yield", "is a generator"),
        ("async def pkt4_receive(callout): yield", "is a generator"),
        ("from kead.hooks import command\n@command('list-commands')\ndef x(c): pass", "cannot be handled by a library"),
        ("from kead.hooks import command\n@command('no such')\ndef x(c): pass", "not a command's name: 'no such'"),
        ("def load(library):\n    raise ValueError('no url')", ":2: ValueError: no url"),
        ("async def load(library):\n    raise ValueError('no url')", "load() raised"),
        ("def load(library): return 1", "load() returned 1"),
        ("def load(a, b): pass", "TypeError"),
    ],
)
async def test_a_bad_library_is_refused_with_the_reason_and_leaves_nothing(
    library: Any, text: str, reason: str
) -> None:
    before = left_in_table()
    with pytest.raises(LibraryError) as caught:
        await library(text)
    assert str(caught.value).startswith("One or more hook libraries failed to load:")
    assert "library_1.py" in str(caught.value)
    assert reason in str(caught.value)
    assert caught.value.problems[0].position == 0
    assert left_in_table() == before


async def test_parameters_are_a_map() -> None:
    with pytest.raises(LibraryError, match="`parameters` is a map, not list"):
        await load([Entry(str(LIBRARIES / "drops.py"), [])], HOST, confined=False)  # type: ignore[arg-type]


async def test_every_bad_library_is_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("1 / 0")
    entries = [Entry(str(tmp_path / "one.py")), Entry(str(LIBRARIES / "blocks.py")), Entry(str(tmp_path / "two.py"))]
    with pytest.raises(LibraryError) as caught:
        await load(entries, HOST, confined=False)
    assert [problem.position for problem in caught.value.problems] == [0, 2]
    assert "one.py (<wire>:0:0), " in caught.value.text(lambda position: f" (<wire>:0:{position})")


async def test_a_nearly_right_name_is_pointed_out(library: Any, capfd: Any) -> None:
    await library("def pkt4_recieve(callout): pass\ndef pkt6_receive(callout): pass\ndef load(): pass")
    logged = capfd.readouterr().out
    assert "no hook is called pkt4_recieve, did you mean pkt4_receive?" in logged
    assert "pkt6_receive, did" not in logged


async def test_an_async_load_has_a_limit(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kead.hooks.loading.LOAD_SECONDS", 0.01)
    with pytest.raises(LibraryError, match="TimeoutError"):
        await library("import asyncio\nasync def load():\n    await asyncio.Event().wait()\n")


# Load, start, unload


async def test_load_in_order_unload_in_reverse(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    both = await load(life(journal, "a", "b"), HOST, confined=False)
    await both.start()
    await both.unload()
    assert journal.read_text().splitlines() == ["a load", "b load", "a start", "b start", "b unload", "a unload"]


async def test_who_fails_to_load_is_unloaded_and_so_are_those_before(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(LibraryError) as caught:
        await load(life(journal, "a", "b", "c", b="load"), HOST, confined=False)
    assert caught.value.problems[0].position == 1
    assert journal.read_text().splitlines() == ["a load", "b load", "b unload", "a unload"]


async def test_a_failing_unload_is_logged_and_does_not_stop_the_rest(tmp_path: Path, capfd: Any) -> None:
    journal = tmp_path / "journal"
    both = await load(life(journal, "a", "b", b="unload"), HOST, confined=False)
    await both.unload()
    assert journal.read_text().splitlines()[-2:] == ["b unload", "a unload"]
    assert "HOOKS_UNLOAD_EXCEPTION" in capfd.readouterr().out


async def test_tasks_of_a_library_end_with_it(library: Any, capfd: Any) -> None:
    one = await library(
        "import asyncio\n"
        "ends = []\n"
        "async def forever():\n"
        "    try:\n"
        "        await asyncio.Event().wait()\n"
        "    finally:\n"
        "        ends.append('ended')\n"
        "async def fails():\n"
        "    raise ValueError('in a task')\n"
        "def load(library):\n"
        "    library.start_task(forever())\n"
        "    library.start_task(fails())\n"
    )
    await turns()
    assert "ValueError: in a task" in capfd.readouterr().out
    await one.unload()
    assert one.libraries[0].module.ends == ["ended"]


# From one set to the next


class Running:
    """What is in force."""

    def __init__(self, now: Loaded) -> None:
        self.now = now
        self.switched: list[int] = []

    def switch(self, new: Loaded) -> None:
        self.now = new
        self.switched.append(len(new.libraries))


async def test_the_new_ones_are_loaded_beside_the_old_then_switched_then_the_old_unloaded(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    running = Running(await load(life(journal, "old"), HOST, confined=False))
    await running.now.start()
    new = await load(life(journal, "new"), HOST, confined=False)
    assert await replace(running.now, new, running.switch) is new
    assert running.now is new
    assert journal.read_text().splitlines() == ["old load", "old start", "new load", "old unload", "new start"]


async def test_a_failing_load_leaves_the_old_ones_untouched(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    old = await load(life(journal, "old"), HOST, confined=False)
    chain = Hooks4(old.chains).pkt4_receive
    assert chain is not None
    with pytest.raises(LibraryError):
        await load(life(journal, "new", new="load"), HOST, confined=False)
    await chain(Exchange(), query4=query())
    async with old.occasion() as occasion:
        answer = await old.answer("life-queries", {"command": "life-queries"}, occasion)
    assert answer == {"result": 0, "arguments": {"queries": 1}}
    assert "old unload" not in journal.read_text()


async def test_a_failing_start_brings_the_old_ones_back(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    running = Running(await load(life(journal, "old"), HOST, confined=False))
    new = await load(life(journal, "new", new="start"), HOST, confined=False)
    with pytest.raises(LibraryError) as caught:
        await replace(running.now, new, running.switch)
    assert not caught.value.fatal
    assert [library.parameters["name"] for library in running.now.libraries] == ["old"]
    assert journal.read_text().splitlines()[2:] == ["old unload", "new start", "new unload", "old load", "old start"]


async def test_if_not_even_the_old_ones_come_back_there_are_none_and_that_is_said(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    running = Running(await load(life(journal, "old", old="start"), HOST, confined=False))
    new = await load(life(journal, "new", new="start"), HOST, confined=False)
    with pytest.raises(LibraryError) as caught:
        await replace(running.now, new, running.switch)
    assert caught.value.fatal
    assert running.now.libraries == ()
    assert "old unload" in journal.read_text().splitlines()[-1]


async def test_reloaded_under_load_every_query_is_seen_by_one_set(tmp_path: Path) -> None:
    """Callers that take the chain of the set in force see an old or a new library, never none."""
    journal = tmp_path / "journal"
    running = Running(await load(life(journal, "0"), HOST, confined=False))
    counts: list[int] = []
    stop = asyncio.Event()
    sent = 0

    async def send() -> None:
        nonlocal sent
        while not stop.is_set():
            chain = Hooks4(running.now.chains).pkt4_receive
            assert chain is not None
            await chain(Exchange(), query4=query())
            sent += 1
            await asyncio.sleep(0)

    sender = asyncio.create_task(send())
    for number in range(20):
        old = running.now
        new = await load(life(journal, str(number + 1)), HOST, confined=False)
        await turns(10)
        await replace(old, new, running.switch)
        counts.append(old.libraries[0].module.here["queries"])
    stop.set()
    await sender
    counts.append(running.now.libraries[0].module.here["queries"])
    assert sum(counts) == sent
    assert min(counts[:-1]) > 0


# Commands


async def answer(of: Loaded, name: str, **request: Any) -> Any:
    return await of.answer(name, {"command": name, **request}, Occasion())


async def test_commands_of_libraries() -> None:
    one = await loaded(("with_commands", {}))
    assert sorted(one.commands) == ["hook-fails", "hook-queries", "hook-silent", "hook-slow", "version-get"]
    assert await answer(one, "hook-queries") == {"result": 0, "text": "0 queries", "arguments": {"queries": 0}}
    assert (await answer(one, "hook-slow", arguments={"a": 1}))["arguments"] == {"a": 1}
    with pytest.raises(KeyError):
        await answer(one, "no-such")


async def test_who_does_not_answer_or_raises_gives_no_response(capfd: Any) -> None:
    one = await loaded(("with_commands", {}))
    assert await answer(one, "hook-silent") is None
    assert capfd.readouterr().out.count("ERROR") == 0
    assert await answer(one, "hook-fails") is None
    assert "exception thrown by callout on hook $hook_fails" in capfd.readouterr().out


async def test_of_several_handlers_the_last_response_counts(tmp_path: Path) -> None:
    entries = []
    for name, body in (
        ("first", "return {'result': 0, 'text': 'first'}"),
        ("second", "return {'result': 0, 'text': callout.response['text'] + ', second'}"),
        ("third", "raise ValueError"),
        ("fourth", "return 7"),
    ):
        file = tmp_path / f"{name}.py"
        file.write_text(f"from kead.hooks import command\n@command('say')\ndef say(callout):\n    {body}\n")
        entries.append(Entry(str(file)))
    every = await load(entries, HOST, confined=False)
    assert await answer(every, "say") == {"result": 0, "text": "first, second"}


async def test_one_function_may_handle_several_commands_and_be_a_callout(library: Any) -> None:
    one = await library(
        "from kead.hooks import command\n"
        "@command('a-b', 'c')\n@command('d')\n"
        "def pkt4_receive(callout): return {'result': 0} if callout.point != 'pkt4_receive' else None\n"
        "other = pkt4_receive\n"
    )
    assert sorted(one.commands) == ["a-b", "c", "d"]
    assert await answer(one, "a-b") == {"result": 0}
    points = sorted(registration.point for registration in one.libraries[0].registrations)
    assert points == ["$a_b", "$c", "$d", "pkt4_receive"]


async def test_an_occasion_has_contexts_from_create_to_destroy() -> None:
    traced = await loaded(("trace_points", {}))
    async with traced.occasion() as occasion:
        await traced.chains["command_processed"](occasion, name="x", arguments=None, response={})
        [context] = (occasion.contexts or {}).values()
        assert context == {"points": 1}
    points = (await answer(traced, "trace-get"))["arguments"]["points"]
    assert points == [["context_create", []], ["command_processed", ["arguments", "name", "response"]],
                      ["context_destroy", []]]  # fmt: skip


async def test_nothing_at_all() -> None:
    none = nothing(HOST)
    assert none.chains == {}
    assert none.commands == {}
    await none.start()
    await none.unload()
    assert all(getattr(hooks(), point) is None for point in Hooks4.__slots__)


async def test_the_library_that_edits_options() -> None:
    one = await loaded(("edit_options", {"query": {"55": None, "12": "6162"}, "response": {"15": "656e"}}))
    on = Hooks4(one.chains)
    packet = query()
    packet.options[55] = b"\1"
    assert on.pkt4_receive is not None
    await on.pkt4_receive(Exchange(), query4=packet)
    assert packet.options == {53: b"\1", 12: b"ab"}
    reply = query(2)
    assert on.pkt4_send is not None
    await on.pkt4_send(Exchange(), query4=packet, response4=reply, subnet4=None)
    assert reply.options[15] == b"en"


async def test_the_library_that_drops_one_client() -> None:
    one = await loaded(("drops", {"points": ["pkt4_receive"], "hwaddr": "02:00:00:00:00:02"}))
    chain = Hooks4(one.chains).pkt4_receive
    assert chain is not None
    assert (await chain(Exchange(), query4=query())).status.name == "CONTINUE"
    assert (await chain(Exchange(), query4=query(hwaddr=b"\2\0\0\0\0\2"))).status.name == "DROP"


async def test_functions_for_the_other_family_are_no_misspelt_ones(tmp_path: Path, capfd: Any) -> None:
    """One file may serve both servers."""
    file = tmp_path / "both.py"
    file.write_text("def pkt4_receive(callout): pass\ndef pkt6_receive(callout): pass\n")
    for points in (points4.POINTS, points6.POINTS):
        both = await load([Entry(str(file), {})], Host("kea-dhcp", points), confined=False)
        await both.unload()
    assert "did you mean" not in capfd.readouterr().out
