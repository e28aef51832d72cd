"""The tables of hook points in docs/hooks.md, made from the rows. Run it to write the page anew:

python -m tests.hooks.table
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path

from kead.dhcp4 import hook_points as points4
from kead.dhcp6 import hook_points as points6
from kead.hooks.point import Callout

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"
END = "<!-- end of points -->\n"
DIRECTIONS = {"In": "", "InOut": " ⇄", "Out": " →"}


def argument(name: str, kind: str) -> str:
    match = re.fullmatch(r"(In|InOut|Out)\[(.*)\]", kind)
    assert match is not None, f"{name}: {kind}"
    return f"`{name}`: {match[2].replace('|', 'or')}{DIRECTIONS[match[1]]}"


def line(row: type[Callout]) -> str:
    arguments = "<br>".join(argument(name, kind) for name, kind in row.signature.items()) or "none"
    effects = "<br>".join(f"{status.name}: {effect}" for status, effect in row.effects.items()) or "none"
    return f"| `{row.point}` | {inspect.getdoc(row)} | {arguments} | {effects} |\n"


def table(rows: Sequence[type[Callout]]) -> str:
    head = "| point | when | arguments | statuses |\n|---|---|---|---|\n"
    return head + "".join(line(row) for row in rows)


def with_tables(page: str) -> str:
    """The page, with both families' points as they are."""
    for family, rows in ((4, points4.ROWS), (6, points6.ROWS)):
        begin = f"<!-- points: from kead/dhcp{family}/hook_points.py -->\n"
        assert page.count(begin) == 1, begin
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(END)
        page = before + begin + table(rows) + END + after
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
