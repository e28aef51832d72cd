"""The server's DUID: what is kept of the stored one, what is made anew, and the file. Answers are Kea 3.0.4's."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.config.snapshot6 import ServerId
from kead.dhcp6 import duid, server_id
from kead.dhcp6.server_id import FILE_NAME, ServerIdError, choose, establish
from kead.network.interfaces import Interface

UP, LOOPBACK = 0x1, 0x8
NOW = duid.EPOCH + 0x3298F2F8
MAC = bytes.fromhex("a277964ba93e")
OLD = "00:01:00:01:32:98:00:00:02:00:00:00:00:01"
LL = "00:03:00:01:02:00:00:00:00:01"
EN = "00:02:00:00:09:bf:01:02:03:04:05:06"
UUID = "00:04:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f"
FRESH = "00:01:00:01:32:98:f2:f8:a2:77:96:4b:a9:3e"
INTERFACES = (
    Interface("lo", 1, 772, UP | LOOPBACK, bytes(6), ()),
    Interface("down", 2, 1, 0, b"\2\0\0\0\0\2", ()),
    Interface("tun0", 3, 65534, UP, b"", ()),
    Interface("dummy", 4, 1, UP, bytes(6), ()),
    Interface("eth0", 5, 1, UP, MAC, ()),
    Interface("eth1", 6, 1, UP, b"\2\0\0\0\0\3", ()),
)


def interfaces() -> Iterable[Interface]:
    return INTERFACES


def chosen(wanted: ServerId, stored: str = "") -> str:
    made = choose(wanted, bytes.fromhex(stored.replace(":", "")), interfaces, NOW, lambda size: b"\xab" * size)
    return duid.text(made)


@pytest.mark.parametrize(
    ("wanted", "stored", "answer"),
    [
        (ServerId(), "", FRESH),
        (ServerId(), OLD, OLD),
        (ServerId(), LL, FRESH),
        (ServerId(), EN, FRESH),
        (ServerId(), UUID, FRESH),
        (ServerId(), "00:09:00:01:02:03", FRESH),
        (ServerId(), "00:01:00:01:32:98", FRESH),
        (ServerId(), "00:00:00", FRESH),
        (ServerId(), "00:01:00:01" + ":aa" * 126, "00:01:00:01" + ":aa" * 126),
        (ServerId("LL"), "", "00:03:00:01:a2:77:96:4b:a9:3e"),
        (ServerId("LL"), OLD, "00:03:00:01:a2:77:96:4b:a9:3e"),
        (ServerId("LL"), LL, LL),
        (ServerId("LL", htype=8), LL, LL),
        (ServerId("LL", identifier=b"\x0a"), "", "00:03:00:01:0a"),
        (ServerId("EN"), "", "00:02:00:00:09:bf:ab:ab:ab:ab:ab:ab"),
        (ServerId("EN"), EN, EN),
        (ServerId("EN", enterprise_id=1234), EN, "00:02:00:00:04:d2:01:02:03:04:05:06"),
        (ServerId("EN", identifier=b"\xaa\xbb"), EN, "00:02:00:00:09:bf:aa:bb"),
        (ServerId(identifier=b"\x0a\x0b\x0c"), OLD, "00:01:00:01:32:98:00:00:0a:0b:0c"),
        (ServerId(identifier=b"\x0a\x0b\x0c"), "", "00:01:00:01:32:98:f2:f8:0a:0b:0c"),
        (ServerId(identifier=b"\x0a\x0b\x0c"), LL, "00:01:00:01:32:98:f2:f8:0a:0b:0c"),
        (ServerId(identifier=b"\x0a", htype=8), OLD, "00:01:00:08:32:98:00:00:0a"),
        (ServerId(htype=8), OLD, OLD),
        (ServerId(htype=8), "", FRESH),
        (ServerId(time=1000), OLD, "00:01:00:01:00:00:03:e8:02:00:00:00:00:01"),
        (ServerId(time=1000), "", "00:01:00:01:00:00:03:e8:a2:77:96:4b:a9:3e"),
    ],
)
def test_what_is_left_open_comes_from_the_stored_one(wanted: ServerId, stored: str, answer: str) -> None:
    assert chosen(wanted, stored) == answer


def test_without_a_suitable_interface_only_en_can_be_made() -> None:
    for wanted in (ServerId(), ServerId("LL")):
        with pytest.raises(ServerIdError) as caught:
            choose(wanted, b"", lambda: INTERFACES[:4], NOW)
        assert str(caught.value) == (
            "unable to configure server identifier: unable to find suitable interface for generating a DUID-LLT"
        )
        assert caught.value.remedy
    assert len(choose(ServerId("EN"), b"", lambda: INTERFACES[:4], NOW)) == 12
    assert choose(ServerId("LL", b"\1"), b"", lambda: INTERFACES[:4], NOW) == b"\0\3\0\1\1"


@given(st.binary(max_size=140), st.sampled_from([ServerId(), ServerId("LL"), ServerId("EN")]))
def test_whatever_is_stored_a_duid_is_chosen_and_then_kept(stored: bytes, wanted: ServerId) -> None:
    if len(stored) > duid.MAXIMUM_LENGTH:
        return
    made = choose(wanted, stored, interfaces, NOW)
    assert duid.complaint(made) == ""
    if made != stored and int.from_bytes(made[4:8], "big"):
        assert choose(wanted, made, interfaces, NOW + 1) == made


def kept(directory: Path, wanted: ServerId | None = None, now: int = NOW) -> str:
    return duid.text(establish(wanted or ServerId(), directory, interfaces, now))


def test_a_new_one_is_stored_as_kea_stores_it(tmp_path: Path) -> None:
    assert kept(tmp_path) == FRESH
    file = tmp_path / FILE_NAME
    assert file.read_bytes() == FRESH.encode()
    assert stat.S_IMODE(file.stat().st_mode) & 0o137 == 0
    assert list(tmp_path.iterdir()) == [file]
    assert kept(tmp_path, now=NOW + 1000) == FRESH


@pytest.mark.parametrize(
    "text", [OLD, OLD.upper(), OLD.replace(":", ""), OLD.replace(":", " "), f" {OLD}\n", OLD.replace(":0", ":")]
)
def test_what_kea_or_an_editor_wrote_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert kept(tmp_path) == OLD
    assert (tmp_path / FILE_NAME).read_text() == OLD


@pytest.mark.parametrize("text", ["hello world", "", "\n", "00:01", f"{OLD}\n{LL}\n", "00:01:00:01" + ":aa" * 127, "é"])
def test_a_broken_file_is_replaced_and_told(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(server_id, "UNREADABLE", lambda *words: told.append(words))
    (tmp_path / FILE_NAME).write_text(text)
    assert kept(tmp_path) == FRESH
    assert (tmp_path / FILE_NAME).read_text() == FRESH
    assert bool(told) is bool(text.strip())


def test_a_configured_one_takes_the_place_of_the_stored_one(tmp_path: Path) -> None:
    assert kept(tmp_path, ServerId("EN", b"\1\2\3", enterprise_id=77)) == "00:02:00:00:00:4d:01:02:03"
    assert kept(tmp_path, ServerId("EN")) == "00:02:00:00:00:4d:01:02:03"
    assert kept(tmp_path) == FRESH
    assert (tmp_path / FILE_NAME).read_text() == FRESH


def test_without_persist_the_file_is_not_looked_at(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(OLD)
    wanted = ServerId(persist=False)
    first = establish(wanted, tmp_path, interfaces, NOW)
    assert duid.text(first) == FRESH
    assert file.read_text() == OLD
    assert establish(wanted, tmp_path, interfaces, NOW + 9, current=first) == first
    assert establish(wanted, tmp_path, interfaces, NOW + 9) != first
    assert establish(wanted, tmp_path / "nowhere", interfaces, NOW) == first


def test_one_in_use_is_stored_again_where_its_file_is_gone(tmp_path: Path) -> None:
    wanted = ServerId("EN")
    first = establish(wanted, tmp_path, interfaces, NOW)
    (tmp_path / FILE_NAME).unlink()
    assert establish(wanted, tmp_path, interfaces, NOW + 9, current=first) == first
    assert (tmp_path / FILE_NAME).read_text() == duid.text(first)


def test_what_cannot_be_stored_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(ServerIdError, match=r"unable to open DUID file .*nowhere.* for writing: No such file"):
        kept(tmp_path / "nowhere")
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(ServerIdError, match="for reading: Is a directory"):
        kept(tmp_path)


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / FILE_NAME
    real.write_text("broken")
    link.symlink_to(real)
    assert kept(tmp_path) == FRESH
    assert link.is_symlink()
    assert real.read_text() == FRESH
