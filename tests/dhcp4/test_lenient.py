"""compatibility/lenient-option-parsing: broken names are left out, all else is as strict as ever (as Kea 3.0.4)."""

from __future__ import annotations

import pytest

from tests.dhcp4.conversation import Client, ServerUnderTest

LENIENT = {"lenient-option-parsing": True}
FORGIVEN = {
    81: ["04000040", "000000612e2e62", "0400000361"],
    88: ["ff", "0161"],
    119: ["ff", "0361", "c000", "0161c0"],
    137: ["ff"],
    141: ["ff"],
    143: ["0005aa"],
    146: ["000102030401020304ff"],
    213: ["ff"],
}
REFUSED = {
    50: ["0a00"],
    55: [""],
    81: ["0000", "0d0000", "0900006162"],
    82: ["050100"],
    121: ["21"],
    143: ["00"],
    146: ["00"],
}


def cases(values: dict[int, list[str]]) -> list[tuple[int, str]]:
    return [(code, value) for code, some in values.items() for value in some]


@pytest.mark.parametrize(("code", "value"), cases(FORGIVEN))
async def test_a_broken_name_is_left_out(server: ServerUnderTest, client: Client, code: int, value: str) -> None:
    options = {12: b"name", code: bytes.fromhex(value)}
    assert await client.discover(options=options) is None
    assert server.count("pkt4-parse-failed") == 1
    server.configure(compatibility=LENIENT)
    offer = await client.discover(options=options)
    assert offer is not None
    assert offer.options[12] == b"name"
    assert 81 not in offer.options


@pytest.mark.parametrize(("code", "value"), cases(REFUSED))
async def test_what_is_too_short_is_not(server: ServerUnderTest, client: Client, code: int, value: str) -> None:
    server.configure(compatibility=LENIENT)
    assert await client.discover(options={code: bytes.fromhex(value)}) is None
    assert server.count("pkt4-parse-failed") == 1
