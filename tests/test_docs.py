"""The documentation says what there is: every keyword has a place in docs/configuration.md, every link an end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kead.config.reader import read_text
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.schema4 import KEYWORDS, File4
from kead.config.schema_base import Keywords
from kead.dhcp4.options import STANDARD

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
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


def test_every_keyword_is_explained() -> None:
    page = set(re.findall(r"`([a-z0-9_-]+)`", (ROOT / "docs" / "configuration.md").read_text()))
    missing = {
        f"{model.__name__}.{model.keyword(name)}"
        for model in models(File4, set())
        if model.__name__ not in CONNECTIONS and model is not File4
        for name in model.model_fields
        if name not in model.marked and model.keyword(name) not in page | EVERYWHERE
    }
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of_configurations_are_accepted_as_they_are(page: Path) -> None:
    """Whole ones, that is; and none is spelled in an older way."""
    for text in re.findall(r"^```json\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
        if '"Dhcp4"' in text:
            loaded = load4(read_text(text, page.name, KEYWORDS), STANDARD, context=Restrictions())
            assert loaded.warnings == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_unit_s_directories_are_those_of_the_page() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    unit = (ROOT / "systemd" / "kead-dhcp4.service").read_text()
    table = page.partition("| variable | what lies there | the unit's value |")[2].partition("\n\n")[0]
    documented = dict(re.findall(r"^\| `(KEA_\w+)` \| .* \| `(/[\w/]+)` \|$", table, re.MULTILINE))
    assert len(documented) >= 6
    assert dict(re.findall(r"^Environment=(KEA_\w+)=(.*)$", unit, re.MULTILINE)) == documented


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
    unit = (ROOT / "systemd" / "kead-dhcp4.service").read_text()
    for file in re.findall(r"^Documentation=file:(.*)$", unit, re.MULTILINE):
        assert file == "/usr/local/share/doc/kead/operations.md"
        assert ["cp", "-r", "docs/.", "/usr/local/share/doc/kead/"] in steps
