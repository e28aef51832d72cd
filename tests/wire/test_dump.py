"""Options as Kea's log shows them: total, and bounded where containers stand in containers.

What each kind of option looks like is measured with Kea in tests/classify/values.py.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp4 import option_dump as dump4
from kead.dhcp4 import options as options4
from kead.dhcp6 import option_dump as dump6
from kead.dhcp6 import options as options6
from kead.wire.definitions import OptionDefinition, OptionTable

ROWS4 = list(options4.STANDARD)
ROWS6 = list(options6.STANDARD)


@given(st.sampled_from(ROWS4), st.binary(max_size=60))
def test_any_bytes_of_any_option4(row: OptionDefinition, data: bytes) -> None:
    assert isinstance(dump4.dump_of(options4.STANDARD).show(row.space, row.code, data, row), bytes)


@given(st.sampled_from(ROWS6), st.binary(max_size=60))
def test_any_bytes_of_any_option6(row: OptionDefinition, data: bytes) -> None:
    assert isinstance(dump6.dump_of(options6.STANDARD).show(row.space, row.code, data, row), bytes)


def test_options_without_a_definition_are_bytes() -> None:
    nothing = OptionTable()
    assert dump4.dump_of(nothing).show("dhcp4", 230, b"abc", None) == b"type=230, len=003: 61:62:63 'abc'"
    assert dump6.dump_of(nothing).show("dhcp6", 1000, b"\0\1", None) == b"type=01000, len=00002: 00:01"
    assert dump4.dump_of(nothing).show("dhcp4", 230, b"", None) == b"type=230, len=000: ''"


@pytest.mark.parametrize("levels", [1, 3, 5000])
def test_containers_in_containers(levels: int) -> None:
    data = b""
    for _ in range(levels):
        if len(data) > 65000:
            break
        data = bytes(12) + b"\0\3" + len(data).to_bytes(2, "big") + data
    text = dump6.dump_of(options6.STANDARD).show("dhcp6", 3, data, options6.STANDARD.by_code("dhcp6", 3))
    assert text.count(b"IA_NA") == min(levels, 8)


def test_broken_values_are_bytes() -> None:
    show = dump4.dump_of(options4.STANDARD).show
    row = options4.STANDARD.by_code("dhcp4", 81)
    assert show("dhcp4", 81, b"\0", row) == b"type=081, len=001: 00"
    row = options4.STANDARD.by_code("dhcp4", 121)
    assert show("dhcp4", 121, b"\xff", row) == b"type=121, len=001: ff"
