"""The table of standard DHCPv4 options."""

from __future__ import annotations

import kead.dhcp4.options as options
from kead.dhcp4.options import (
    CABLELABS_SPACE,
    DEFERRED,
    DOCSIS_SPACE,
    MINIMUM_LENGTH,
    RELAY_AGENT_SPACE,
    STANDARD,
    STRINGS,
)
from kead.wire.definitions import OptionType


def test_every_row_is_sound() -> None:
    for row in STANDARD:
        assert 0 < row.code < 255
        assert STANDARD.by_name(row.space, row.name) is row
        assert (row.type is OptionType.RECORD) == (len(row.fields) >= 2)
        assert not (row.array and row.encapsulates)
        assert row.type not in (OptionType.STRING, OptionType.BINARY, OptionType.EMPTY) or not row.array
        for field in row.fields[:-1]:
            assert field not in (OptionType.STRING, OptionType.BINARY)
    assert len(STANDARD) == len({(row.space, row.code) for row in STANDARD}) == 156


def test_spaces() -> None:
    assert len(STANDARD.codes("dhcp4")) == 125
    assert STANDARD.codes(RELAY_AGENT_SPACE) == (1, 2, *range(4, 20), 151, 152)
    assert STANDARD.codes(CABLELABS_SPACE) == (1, 2, *range(4, 11))
    assert STANDARD.names(DOCSIS_SPACE) == ("oro", "tftp-servers")
    encapsulated = {row.encapsulates: row.code for row in STANDARD if row.encapsulates}
    assert encapsulated == {"vendor-encapsulated-options-space": 43, RELAY_AGENT_SPACE: 82, CABLELABS_SPACE: 122}


def test_a_few_rows_that_users_know() -> None:
    routers = STANDARD.by_name("dhcp4", "routers")
    assert routers is not None
    assert (routers.code, routers.type, routers.array) == (3, OptionType.IPV4, True)
    domain = STANDARD.by_code("dhcp4", 15)
    assert domain is not None
    assert (domain.name, domain.type) == ("domain-name", OptionType.STRING)
    assert STANDARD.by_code("dhcp4", 84) is STANDARD.by_code("dhcp4", 224) is None


def test_constants_are_codes_of_the_table() -> None:
    names = {
        row.name.removeprefix("dhcp-").upper().replace("-", "_"): row.code for row in STANDARD if row.space == "dhcp4"
    }
    constants = {name: value for name, value in vars(options).items() if name in names and isinstance(value, int)}
    assert len(constants) >= 30
    assert constants == {name: names[name] for name in constants}
    relay = {row.name.upper().replace("-", "_"): row.code for row in STANDARD if row.space == RELAY_AGENT_SPACE}
    assert {name: getattr(options, f"RAI_{name}") for name in relay} == relay


def test_what_the_decoder_needs() -> None:
    assert {code for code in range(256) if MINIMUM_LENGTH[code] == 4} == {
        *(1, 2, 16, 24, 28, 32, 35, 38, 50, 51, 54, 58, 59, 91, 108, 118, 152, 153, 154, 155),
    }
    assert {12, 15, 60, 66, 67, 56, 114} <= STRINGS
    assert not STRINGS & {61, 77, 43, 82, 81}
    assert {43, 224, 254} <= DEFERRED
    assert 255 not in DEFERRED
