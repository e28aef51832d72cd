"""The table of standard DHCPv6 options."""

from __future__ import annotations

import kead.dhcp6.options as options
from kead.dhcp6.checks import ALWAYS, LOOK_AT
from kead.dhcp6.options import (
    DHCP6_SPACE,
    DOCSIS_SPACE,
    ISC_SPACE,
    LW_SPACE,
    MAPE_SPACE,
    MAPT_SPACE,
    MINIMUM_LENGTH,
    NTP_SPACE,
    STANDARD,
)
from kead.wire.definitions import OptionType
from kead.wire.text import decode_text, encode_csv


def test_every_row_is_sound() -> None:
    for row in STANDARD:
        assert 0 < row.code < 65536
        assert STANDARD.by_name(row.space, row.name) is row
        assert (row.type is OptionType.RECORD) == (len(row.fields) >= 2)
        assert not (row.array and row.encapsulates)
        assert row.type not in (OptionType.STRING, OptionType.BINARY, OptionType.EMPTY) or not row.array
        assert row.wide
        for field in row.fields[:-1]:
            assert field not in (OptionType.STRING, OptionType.BINARY)
    assert len(STANDARD) == len({(row.space, row.code) for row in STANDARD})


def test_spaces() -> None:
    undefined = {10, 35, 49, 50, 54, 55, 63, 68, 69, 70, 71, 72, 73, 75, 76, 77, 78, 81, 84, 85, 86, *range(89, 94)}
    undefined |= {*range(97, 103), *range(104, 135), *range(137, 143), 145, 146, 147}
    assert set(STANDARD.codes(DHCP6_SPACE)) == set(range(1, 149)) - undefined
    assert STANDARD.names(MAPE_SPACE) == ("s46-rule", "s46-br")
    assert STANDARD.names(MAPT_SPACE) == ("s46-rule", "s46-dmr")
    assert STANDARD.names(LW_SPACE) == ("s46-br", "s46-v4v6bind")
    assert STANDARD.names(NTP_SPACE) == ("ntp-server-address", "ntp-server-multicast", "ntp-server-fqdn")
    assert STANDARD.codes(DOCSIS_SPACE) == (1, 2, 10, 32, 33, 34, 36, 37, 38, 1026)
    assert STANDARD.codes(ISC_SPACE) == (60000, 60001, 60002)


def test_a_few_rows_that_users_know() -> None:
    servers = STANDARD.by_name("dhcp6", "dns-servers")
    assert servers is not None
    assert (servers.code, servers.type, servers.array) == (23, OptionType.IPV6, True)
    assert encode_csv(servers, "2001:db8::1, ::1").hex() == "20010db8" + "0" * 23 + "1" + "0" * 31 + "1"
    boot = STANDARD.by_name("dhcp6", "bootfile-param")
    assert boot is not None
    assert encode_csv(boot, "root=/dev/sda2, quiet") == b"\0\x0eroot=/dev/sda2\0\5quiet"
    assert decode_text(boot, b"\0\5quiet\0\1x") == "quiet, x"
    rule = STANDARD.by_name(MAPE_SPACE, "s46-rule")
    assert rule is not None
    assert encode_csv(rule, "128, 0, 24, 192.0.2.0, 2001:db8:1::/64").hex() == "800018c0000200" + "4020010db800010000"
    excluded = STANDARD.by_name("dhcp6", "pd-exclude")
    assert excluded is not None
    assert excluded.type is OptionType.IPV6_PREFIX


def test_constants_are_codes_of_the_table() -> None:
    names = {
        row.name.upper().replace("-", "_"): row.code
        for row in STANDARD
        if row.space not in (DOCSIS_SPACE, ISC_SPACE, NTP_SPACE)
    }
    constants = {name: value for name, value in vars(options).items() if name in names and isinstance(value, int)}
    assert len(constants) >= 45
    assert constants == {name: names[name] for name in constants}


def test_what_the_decoder_needs() -> None:
    assert len(MINIMUM_LENGTH) == len(LOOK_AT) == 256
    least = {code: MINIMUM_LENGTH[code] for code in range(256) if MINIMUM_LENGTH[code]}
    assert [least[code] for code in (3, 4, 5, 7, 8, 13, 25, 26, 32, 37, 44, 80, 135)] == [
        *(12, 4, 24, 1, 2, 2, 12, 25, 4, 4, 17, 16, 2),
    ]
    assert not set(least) & {1, 2, 6, 9, 11, 14, 15, 18, 23, 38, 53, 59, 79, 94, 144}
    assert all(LOOK_AT[code] in (0, least.get(code, 0), ALWAYS) for code in range(256))
