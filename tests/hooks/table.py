"""The table of hook points in docs/hooks.md, made from the rows. Run it to write the page anew:

python -m tests.hooks.table
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from kead.dhcp4.hook_points import ROWS
from kead.hooks.point import Callout

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"
BEGIN, END = "<!-- points: from kead/dhcp4/hook_points.py -->\n", "<!-- end of points -->\n"
DIRECTIONS = {"In": "", "InOut": " ⇄", "Out": " →"}


def argument(name: str, kind: str) -> str:
    match = re.fullmatch(r"(In|InOut|Out)\[(.*)\]", kind)
    assert match is not None, f"{name}: {kind}"
    return f"`{name}`: {match[2].replace('|', 'or')}{DIRECTIONS[match[1]]}"


def line(row: type[Callout]) -> str:
    arguments = "<br>".join(argument(name, kind) for name, kind in row.signature.items()) or "none"
    effects = "<br>".join(f"{status.name}: {effect}" for status, effect in row.effects.items()) or "none"
    return f"| `{row.point}` | {inspect.getdoc(row)} | {arguments} | {effects} |\n"


def table() -> str:
    head = "| point | when | arguments | statuses |\n|---|---|---|---|\n"
    return head + "".join(line(row) for row in ROWS)


def with_table(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
