"""The documentation says what there is: every keyword has a place in docs/configuration.md, every link an end."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kead import command_line
from kead.config import schema4, schema6
from kead.config.reader import read_text
from kead.config.resolve4 import load4
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.schema4 import File4
from kead.config.schema6 import File6
from kead.config.schema_base import Keywords
from kead.dhcp4 import options as options4
from kead.dhcp6 import options as options6

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ROOT / "docs" / "configuration.md"
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
UNITS = sorted(ROOT.glob("systemd/*.service"))
EVERYWHERE = {"user-context", "comment"}
# what only an SQL database or an HTTP socket needs, known so that it can be refused by name
CONNECTIONS = {"Database", "ControlSocketEntry", "ConfigControl"}


def models(model: type[Keywords], seen: set[type[Keywords]]) -> Iterator[type[Keywords]]:
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        stack = [field.annotation]
        while stack:
            part = stack.pop()
            if isinstance(part, type) and issubclass(part, Keywords):
                yield from models(part, seen)
            stack += getattr(part, "__args__", ())


def explained(file: type[Keywords]) -> dict[str, str]:
    """The keywords that the page has to explain, each with a map that has it."""
    return {
        model.keyword(name): model.__name__
        for model in models(file, set())
        if model.__name__ not in CONNECTIONS and model is not file
        for name in model.model_fields
        if name not in model.marked and model.keyword(name) not in EVERYWHERE
    }


FAMILIES = {4: explained(File4), 6: explained(File6)}


@pytest.mark.parametrize("family", [4, 6])
def test_every_keyword_is_explained(family: int) -> None:
    page = set(re.findall(r"`([a-z0-9_-]+)`", CONFIGURATION.read_text()))
    assert FAMILIES[family].keys() - page == set()


@pytest.mark.parametrize(("family", "other"), [(4, schema6.KEYWORDS), (6, schema4.KEYWORDS)], ids=["4", "6"])
def test_what_only_one_family_has_is_marked(family: int, other: frozenset[str]) -> None:
    """In its row, before it or where it is explained."""
    rows = [line for line in CONFIGURATION.read_text().splitlines() if line.startswith("| `")]
    for keyword in FAMILIES[family].keys() - other:
        about = [row for row in rows if f"`{keyword}`" in row]
        assert about, keyword
        assert any(f"**{family}**" in row for row in about), keyword


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of_configurations_are_accepted_as_they_are(page: Path) -> None:
    """Whole ones, that is; and none is spelled in an older way."""
    for text in re.findall(r"^```json\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
        if '"Dhcp4"' in text:
            document = read_text(text, page.name, schema4.KEYWORDS)
            assert load4(document, options4.STANDARD, context=Restrictions()).warnings == ()
        if '"Dhcp6"' in text:
            document = read_text(text, page.name, schema6.KEYWORDS)
            assert load6(document, options6.STANDARD, context=Restrictions()).warnings == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_unit_s_directories_are_those_of_the_page(unit: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    table = page.partition("| variable | what lies there | the unit's value |")[2].partition("\n\n")[0]
    documented = dict(re.findall(r"^\| `(KEA_\w+)` \| .* \| `(/[\w/]+)` \|$", table, re.MULTILINE))
    assert len(documented) >= 6
    assert dict(re.findall(r"^Environment=(KEA_\w+)=(.*)$", unit.read_text(), re.MULTILINE)) == documented


def test_what_is_to_be_installed_is_there_and_has_a_place_to_go() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    steps = [line.split("#")[0].split() for line in page.partition("## Install")[2].splitlines() if line[:4] == "    "]
    made = {"/usr/local/sbin", "/etc/systemd/system"}  # every Debian has these
    for words in steps:
        if words[:2] == ["install", "-d"]:
            made |= {word for word in words if word.startswith("/")}
        elif words[0] in ("install", "cp"):
            paths = [word for word in words[1 : words.index("&&") if "&&" in words else None] if "/" in word]
            assert all(list(ROOT.glob(path.removesuffix("/."))) for path in paths[:-1]), words
            target = paths[-1] if paths[-1].endswith("/") else paths[-1].rpartition("/")[0]
            assert "-D" in words or target.rstrip("/") in made, words
        if words[:1] == ["systemctl"]:
            break
    assert {unit.stem for unit in UNITS} == {"kead-dhcp4", "kead-dhcp6"}
    for unit in UNITS:
        assert any(f"systemd/{unit.name}" in words or "systemd/*.service" in words for words in steps), unit
        for file in re.findall(r"^Documentation=file:(.*)$", unit.read_text(), re.MULTILINE):
            assert file == "/usr/local/share/doc/kead/operations.md"
            assert ["cp", "-r", "docs/.", "/usr/local/share/doc/kead/"] in steps


@pytest.mark.parametrize("program", ["kead-dhcp4", "kead-dhcp6", "kead-lfc"])
def test_every_program_has_a_manual_page_with_its_switches(program: str) -> None:
    page = (ROOT / "man" / f"{program}.8").read_text()
    switches = set("46xiofpcdvVh") if program == "kead-lfc" else set(command_line.SWITCHES) - {":"}
    shown = re.findall(r"^\.(?:It |Op )?Fl (.*)", page, re.MULTILINE)
    assert switches == {word for words in shown for word in words.split() if len(word) == 1 and word != "|"}


def test_there_are_no_other_programs() -> None:
    programs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert {path.stem for path in ROOT.glob("man/*.8")} == set(programs)


def test_the_manual_pages_are_well_formed() -> None:
    if shutil.which("groff") is None:
        pytest.skip("needs groff")
    for page in ROOT.glob("man/*.8"):
        done = subprocess.run(
            ["groff", "-mandoc", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True, check=True
        )
        assert done.stderr == "", page
