"""From names to code: Kea's file names, modules, files, entry points; what is not allowed."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import kead.hooks
from kead.hooks import finding
from kead.hooks.errors import LibraryError
from kead.hooks.finding import FRAMEWORK, find_all
from tests.hooks.helpers import Entry

LIBRARY = "def pkt4_receive(callout): pass\n"


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hooks directory, as safe as one is."""
    where = tmp_path / "hooks"
    where.mkdir(mode=0o755)
    os.chmod(where, 0o755)
    monkeypatch.setenv("KEA_HOOKS_PATH", str(where))
    return where


def put(directory: Path, name: str = "mine.py", text: str = LIBRARY) -> Path:
    file = directory / name
    file.write_text(text)
    os.chmod(file, 0o644)
    return file


def found(name: str, confined: bool = True) -> finding.Source:
    [source] = find_all([Entry(name)], confined=confined)
    return source


def refusal(name: str, confined: bool = True) -> str:
    with pytest.raises(LibraryError) as caught:
        found(name, confined)
    return str(caught.value)


def test_a_file_in_the_hooks_directory_by_name_and_by_path(directory: Path) -> None:
    file = put(directory)
    for name in ("mine.py", str(file)):
        source = found(name)
        assert source.file == str(file)
        assert source.name == name


def test_the_directory_may_be_reached_by_another_name(directory: Path, tmp_path: Path) -> None:
    put(directory)
    (tmp_path / "alias").symlink_to(directory)
    assert found(str(tmp_path / "alias" / "mine.py"))


def test_nothing_is_run(directory: Path) -> None:
    put(directory, text="raise SystemExit(1)\n")
    assert found("mine.py")


@pytest.mark.parametrize(
    "name",
    [
        "/tmp/mine.py",
        "HOOKS/../hooks/mine.py",
        "HOOKS/./mine.py",
        "HOOKS//../hooks/mine.py",
        "./mine.py",
        "../hooks/mine.py",
        "HOOKS/sub/mine.py",
    ],
)
def test_paths_elsewhere_and_detours_are_refused_as_kea_does(directory: Path, name: str) -> None:
    put(directory)
    (directory / "sub").mkdir()
    put(directory / "sub")
    name = name.replace("HOOKS", str(directory))
    text = refusal(name)
    assert text == (
        f"hooks library configuration error: invalid path specified: '{name.rpartition('/')[0]}', "
        f"supported path is '{directory}'"
    )


def test_without_restrictions_any_place_will_do_with_a_warning(tmp_path: Path, directory: Path, capfd: Any) -> None:
    os.chmod(tmp_path, 0o777)
    file = put(tmp_path)
    os.chmod(file, 0o666)
    assert found(str(file), confined=False)
    assert "HOOKS_PATH_SECURITY_WARNING" in capfd.readouterr().out


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_write_is_refused(directory: Path, mode: int) -> None:
    os.chmod(put(directory), mode)
    assert "can be written by group or others" in refusal("mine.py")


def test_a_directory_that_others_may_write_is_refused(directory: Path) -> None:
    put(directory)
    os.chmod(directory, 0o775)
    assert "can be written by group or others" in refusal("mine.py")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("what", ["file", "directory", "hardlink"])
def test_what_belongs_to_somebody_else_is_refused(directory: Path, tmp_path: Path, what: str) -> None:
    file = put(directory)
    if what == "hardlink":
        file.unlink()
        os.link(put(tmp_path, "theirs.py"), file)
    os.chown(directory if what == "directory" else file, 12345, -1)
    assert "belongs to user 12345" in refusal("mine.py")


def test_a_symbolic_link_is_refused(directory: Path, tmp_path: Path) -> None:
    (directory / "mine.py").symlink_to(put(tmp_path))
    assert "is a symbolic link" in refusal("mine.py")


def test_a_fifo_is_refused_and_not_waited_for(directory: Path) -> None:
    os.mkfifo(directory / "mine.py", 0o644)
    assert "not a regular file" in refusal("mine.py")


@pytest.mark.parametrize("name", ["", "  ", "a\0.py", "a\n.py", "../../etc/passwd\0.py"])
def test_names_that_are_none(directory: Path, name: str) -> None:
    assert "printable and not blank" in refusal(name)


def test_what_is_not_there_says_what_is(directory: Path) -> None:
    put(directory, "other.py")
    text = refusal("mine.py")
    assert text.startswith("hooks libraries failed to validate - library or libraries in error are: mine.py; ")
    assert "available are: " in text
    assert "other.py" in text


def test_all_of_them_are_named(directory: Path) -> None:
    put(directory)
    with pytest.raises(LibraryError) as caught:
        find_all([Entry("a.py"), Entry("mine.py"), Entry("b.py")])
    assert [problem.position for problem in caught.value.problems] == [0, 2]
    assert "in error are: a.py (here 0), b.py (here 2); " in caught.value.text(lambda at: f" (here {at})")


def test_broken_python_says_where(directory: Path) -> None:
    put(directory, text="x = 1\ndef f(:\n")
    assert "mine.py:2: " in refusal("mine.py")
    put(directory, "nul.py", "x = '\0'")
    assert "nul.py" in refusal("nul.py")


# Kea's names


@pytest.fixture
def own_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of kead's own, called something_new."""
    where = tmp_path / "own"
    where.mkdir()
    put(where, "something_new.py")
    monkeypatch.setattr(kead.hooks, "__path__", [*kead.hooks.__path__, str(where)])


@pytest.mark.parametrize(
    "name",
    [
        "libdhcp_something_new.so",
        "/usr/lib/x86_64-linux-gnu/kea/hooks/libdhcp_something_new.so",
        "/usr/local/lib64/kea/hooks/libdhcp_something_new.so",
        "HOOKS/libdhcp_something_new.so",
    ],
)
@pytest.mark.usefixtures("own_library")
def test_keas_file_name_means_kead_s_own_library(directory: Path, name: str) -> None:
    source = found(name.replace("HOOKS", str(directory)))
    assert source.module == "kead.hooks.something_new"


def test_a_kea_library_that_kead_has_not(directory: Path) -> None:
    text = refusal("/usr/lib/x86_64-linux-gnu/kea/hooks/libdhcp_no_such.so")
    assert "kead has no hook library no_such (yet); available are: " in text


@pytest.mark.parametrize("name", ["libdhcp_point.so", "kead.hooks.point", "kead.hooks.chain"])
def test_parts_of_the_framework_are_no_libraries(directory: Path, name: str) -> None:
    assert "available are" in refusal(name)


def test_compiled_libraries_cannot_be_loaded(directory: Path) -> None:
    assert "only Python ones" in refusal("user_chk.so")
    assert "invalid path specified: '/tmp'" in refusal("/tmp/libdhcp_flex_id.so")


def test_the_list_of_the_framework_s_modules_is_right() -> None:
    here = {file.stem for file in Path(kead.hooks.__file__).parent.glob("*.py")} - {"__init__"}
    assert here >= FRAMEWORK
    for name in here - FRAMEWORK:
        text = (Path(kead.hooks.__file__).parent / f"{name}.py").read_text()
        assert "(callout" in text or "def load" in text, f"{name} is neither a library nor listed in FRAMEWORK"


# Modules and entry points


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = tmp_path / "site"
    where.mkdir()
    monkeypatch.syspath_prepend(str(where))
    return where


def test_a_dotted_module(importable: Path, directory: Path) -> None:
    (importable / "acme_hooks").mkdir()
    put(importable / "acme_hooks", "__init__.py", "")
    put(importable / "acme_hooks", "inventory.py")
    source = found("acme_hooks.inventory")
    assert source.module == "acme_hooks.inventory"
    assert not source.package
    assert found("acme_hooks").package


def test_a_module_that_others_may_write_is_refused(importable: Path, directory: Path) -> None:
    os.chmod(put(importable, "acme_open.py"), 0o666)
    assert "can be written by group or others" in refusal("acme_open")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("acme_missing", "there is no module acme_missing"),
        ("acme.missing.deep", "there is no module"),
        ("antigravity", "belongs to Python itself"),
        ("os.path", "belongs to Python itself"),
        ("no module!", "neither a Python file nor the name of a module"),
        ("orjson.orjson", "not a module of Python source"),
        ("HOOKS/noextension", "not a Python file"),
    ],
)
def test_names_that_lead_nowhere(directory: Path, name: str, reason: str) -> None:
    assert reason in refusal(name.replace("HOOKS", str(directory)))


def test_a_parent_package_that_fails(importable: Path, directory: Path) -> None:
    (importable / "acme_broken").mkdir()
    put(importable / "acme_broken", "__init__.py", "1 / 0")
    assert "ZeroDivisionError" in refusal("acme_broken.library")


def test_an_entry_point(importable: Path, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(importable, "acme_library.py")
    points = [
        EntryPoint("acme-inventory", "acme_library", "kead.hooks"),
        EntryPoint("acme-odd", "acme_library:thing", "kead.hooks"),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
    source = found("acme-inventory")
    assert (source.name, source.module) == ("acme-inventory", "acme_library")
    assert "is not a module" in refusal("acme-odd")
    assert "acme-inventory" in refusal("acme-other")


def test_installed_entry_points_are_asked(directory: Path, importable: Path) -> None:
    information = importable / "acme-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[kead.hooks]\nacme = acme_installed\n")
    put(importable, "acme_installed.py")
    assert found("acme").module == "acme_installed"
