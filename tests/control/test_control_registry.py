"""The envelope, the rows of arguments, and commands carried out one at a time, whatever they do."""

import asyncio

import pytest

from kead.control.answers import CONFLICT, Answer, CommandError
from kead.control.envelope import Argument, Kind, Request
from kead.control.registry import Command, Registry

PREFIX = "Error during command processing: "


@pytest.fixture
def registry() -> Registry:
    return Registry()


async def ask(registry: Registry, text: str) -> object:
    answer = await registry.execute_document(text.encode())
    return None if answer is None else answer.as_json()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[1,2]", "invalid command: expected toplevel entry to be a map, got list instead"),
        ("{}", "invalid command: does not contain mandatory 'command'"),
        ('{"foo": 1}', "invalid command: does not contain mandatory 'command'"),
        ('{"command": "x", "foo": 1}', "invalid command: unsupported parameter 'foo'"),
        ('{"command": 5, "foo": 1}', "invalid command: unsupported parameter 'foo'"),
        ('{"command": 5}', "invalid command: expected 'command' to be a string, got map instead"),
    ],
)
async def test_the_envelope_is_checked_in_keas_words(registry: Registry, text: str, complaint: str) -> None:
    assert await ask(registry, text) == {"result": 1, "text": PREFIX + complaint}


async def test_unknown_commands_are_2(registry: Registry) -> None:
    assert await ask(registry, '{"command": ""}') == {"result": 2, "text": "'' command not supported."}
    text = '{"command": "a\\"b", "service": 5, "remote-address": []}'
    assert await ask(registry, text) == {"result": 2, "text": "'a\"b' command not supported."}


async def test_bad_json_is_told(registry: Registry) -> None:
    assert await ask(registry, '{"command": nope}') == {"result": 1, "text": "Bad null value: nope in <wire>:0:12"}


ROWS = (
    Argument("name", Kind.STRING),
    Argument("age", Kind.INTEGER, wrong="intValue() called on non-integer Element in ({place})"),
    Argument("flag", Kind.BOOLEAN, mandatory=False),
)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", "Missing mandatory 'name' parameter."),
        (', "arguments": {}', "Missing mandatory 'name' parameter."),
        (', "arguments": {"name": 1}', "'name' parameter expected to be a string."),
        (', "arguments": {"name": ""}', "Missing mandatory 'age' parameter."),
        (
            ', "arguments": {"name": "", "age": "y"}',
            PREFIX + "intValue() called on non-integer Element in (<wire>:0:52)",
        ),
        (
            ', "arguments": {"name": "", "age": true}',
            PREFIX + "intValue() called on non-integer Element in (<wire>:0:52)",
        ),
        (', "arguments": {"name": "", "age": 1, "flag": 0}', "'flag' parameter expected to be a boolean."),
        (', "arguments": [1]', PREFIX + "get(string) called on a non-map Element in (<wire>:0:33)"),
        (', "arguments": 5', PREFIX + "get(string) called on a non-map Element in (<wire>:0:32)"),
    ],
)
async def test_arguments_are_checked_row_by_row(registry: Registry, arguments: str, text: str) -> None:
    registry.register(Command("try", lambda request: Answer(text=request.string("name")), ROWS))
    assert await ask(registry, f'{{"command": "try"{arguments}}}') == {"result": 1, "text": text}


async def test_a_command_may_word_what_is_no_map_itself(registry: Registry) -> None:
    registry.register(Command("try", lambda _: Answer(), (), "Argument must be a map"))
    assert await ask(registry, '{"command": "try", "arguments": []}') == {"result": 1, "text": "Argument must be a map"}
    assert await ask(registry, '{"command": "try"}') == {"result": 0}


async def test_a_command_without_rows_ignores_arguments(registry: Registry) -> None:
    registry.register(Command("try", lambda _: Answer(text="fine")))
    assert await ask(registry, '{"command": "try", "arguments": 5}') == {"result": 0, "text": "fine"}


async def test_what_a_handler_raises_becomes_an_answer(registry: Registry) -> None:
    def conflict(_: Request) -> Answer:
        raise CommandError("there already", CONFLICT)

    async def broken(_: Request) -> Answer:
        raise KeyError("oops")

    registry.register(Command("conflict", conflict), Command("broken", broken))
    assert await ask(registry, '{"command": "conflict"}') == {"result": 4, "text": "there already"}
    assert await ask(registry, '{"command": "broken"}') == {"result": 1, "text": PREFIX + "'oops'"}


async def test_commands_run_one_at_a_time_in_their_order_and_packets_go_on(registry: Registry) -> None:
    log: list[str] = []
    packets = 0

    async def slow(request: Request) -> Answer:
        log.append(f"begin {request.integer('n')}")
        await asyncio.sleep(0.01)
        log.append(f"end {request.integer('n')}")
        return Answer()

    async def serve_packets() -> None:
        nonlocal packets
        while True:
            packets += 1
            await asyncio.sleep(0)

    registry.register(Command("slow", slow, (Argument("n", Kind.INTEGER),)))
    server = asyncio.create_task(serve_packets())
    await asyncio.gather(*(registry.execute(Request("slow", {"n": n})) for n in range(3)))
    server.cancel()
    assert log == [f"{what} {n}" for n in range(3) for what in ("begin", "end")]
    assert packets > 10


async def test_a_command_may_carry_out_another(registry: Registry) -> None:
    async def outer(_: Request) -> Answer:
        inner = await registry.execute(Request("inner"))
        return Answer(text=f"outer and {inner.text if inner else ''}")

    registry.register(Command("outer", outer), Command("inner", lambda _: Answer(text="inner")))
    assert await asyncio.wait_for(ask(registry, '{"command": "outer"}'), 5) == {"result": 0, "text": "outer and inner"}


async def test_hook_commands_come_first_and_are_swapped_as_a_whole(registry: Registry) -> None:
    registry.register(Command("version-get", lambda _: Answer(text="own")))
    registry.set_hook_commands(
        [Command("version-get", lambda _: Answer(text="hook")), Command("lease-x", lambda _: None)]
    )
    assert registry.names() == ["lease-x", "version-get"]
    assert await ask(registry, '{"command": "version-get"}') == {"result": 0, "text": "hook"}
    assert await ask(registry, '{"command": "lease-x"}') is None
    registry.set_hook_commands([])
    assert registry.names() == ["version-get"]
    assert await ask(registry, '{"command": "version-get"}') == {"result": 0, "text": "own"}


async def test_command_processed_may_change_the_answer_and_its_failure_changes_nothing(registry: Registry) -> None:
    seen: list[tuple[str, object]] = []

    async def processed(command: str, arguments: object, answer: Answer) -> Answer | None:
        seen.append((command, arguments))
        if arguments is None:
            raise RuntimeError("a hook fails")
        return Answer(0, answer.text + " changed")

    registry.register(Command("try", lambda _: Answer(text="text")))
    registry.command_processed = processed
    assert await ask(registry, '{"command": "try", "arguments": {"a": 1}}') == {"result": 0, "text": "text changed"}
    assert await ask(registry, '{"command": "try"}') == {"result": 0, "text": "text"}
    assert seen == [("try", {"a": 1}), ("try", None)]


async def test_a_name_is_registered_once(registry: Registry) -> None:
    registry.register(Command("try", lambda _: Answer()))
    with pytest.raises(ValueError, match="registered already"):
        registry.register(Command("try", lambda _: Answer()))


async def test_a_handler_cannot_read_an_argument_of_another_kind_than_declared() -> None:
    with pytest.raises(TypeError):
        Request("try", {"a": "text"}).integer("a")
