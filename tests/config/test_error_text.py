"""What people read when a configuration is refused: Kea's words, then where it is and what would be right."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from kead.config.errors import NOWHERE, ConfigError, Place
from kead.config.reader import from_wire, read_text
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.schema4 import KEYWORDS
from kead.dhcp4.options import STANDARD

POOL_OUTSIDE = """\
{ "Dhcp4": {
    "subnet4": [
        { "id": 1,
          "subnet": "192.0.2.0/24",
          "pools": [
              { "pool": "10.0.2.1 - 10.0.2.9" } ] } ] } }
"""


def refused(text: str, **context: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load4(read_text(text, "F", KEYWORDS), STANDARD, context=Restrictions(**context))
    return str(caught.value)


def test_a_pool_outside_its_subnet_is_pointed_at() -> None:
    """Kea points at the subnet's brace."""
    assert refused(POOL_OUTSIDE).endswith(
        "subnet: 192.0.2.0/24 to which it is being added (F:3:9) [at Dhcp4.subnet4[0].pools[0].pool (F:6:25)]"
    )


@pytest.mark.parametrize(
    "sockets", ['"control-sockets": [ %s ]', '"control-socket": %s'], ids=["control-sockets", "control-socket"]
)
def test_a_socket_outside_its_directory_has_a_place(sockets: str) -> None:
    text = '{ "Dhcp4": { ' + sockets % '{ "socket-type": "unix",\n"socket-name": "/opt/x" }' + " } }"
    said = refused(text, socket_directory="/run/kea")
    assert said.startswith(
        "'socket-name' is invalid: invalid path specified: '/opt', supported path is '/run/kea' [at "
    )
    assert said.endswith(".socket-name (F:2:16)]")


def test_a_position_is_not_repeated() -> None:
    said = refused('{ "Dhcp4": { "option-data": [ { "name": "routers", "data": "x" } ] } }')
    assert said.count("F:1:") == 1


def test_too_few_values_are_counted() -> None:
    said = refused(
        '{ "Dhcp4": { "option-data": [ { "name": "o", "data": "1, 2" } ], "option-def": [ '
        '{ "name": "o", "code": 231, "type": "record", "record-types": "uint8, uint16, string" } ] } }'
    )
    assert "for the option type '231' is greater than number of values provided. (F:1:" in said
    assert said.endswith("[at Dhcp4.option-data[0].data; 3 values are needed (uint8, uint16, string), 2 given]")


def test_a_command_s_error_says_where_in_it() -> None:
    for between, kea, where in (
        (" ", "<wire>:0:70", "line 1, column 71"),
        ("\n", "<wire>:1:39", "line 2, column 39"),
    ):
        command = (
            '{"command": "x", "arguments": {%s"Dhcp4": { "option-data": [ { "data": "x", "name": "routers" } ] } } }'
        ).replace("%s", between)
        with pytest.raises(ConfigError) as caught:
            load4(from_wire(json.loads(command)["arguments"], command), STANDARD, context=Restrictions())
        said = str(caught.value)
        assert f"({kea}) [at Dhcp4.option-data[0].data ({where} of the command)]" in said
        row, column = re.findall(r"line (\d+), column (\d+)", said)[0]
        assert command.split("\n")[int(row) - 1][int(column) - 1 :].startswith('"x"')


def test_parts_that_are_not_known_are_left_out() -> None:
    assert str(ConfigError("bad")) == "bad"
    assert str(ConfigError("bad", place=Place("F", 1, 2))) == "bad [F:1:2]"
    assert str(ConfigError("bad", path=("a",), place=NOWHERE, remedy="mend it")) == "bad [at a; mend it]"
