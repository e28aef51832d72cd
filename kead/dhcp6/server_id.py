"""The server's own DUID: made once, kept in Kea's file, the same ever after (RFC 8415 section 11).

Law: whoever has leases knows the server by its DUID, so as much of the stored one is kept as the configuration allows,
even when the interface that it was made from is gone. `choose` decides, from bytes and a time; the rest is the file.

The file is Kea's (`kea-dhcp6-serverid`: pairs of hexadecimal digits with colons between, no newline at the end), so
that either server goes on with the identity of the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from kead.config.snapshot6 import ServerId
from kead.dhcp6 import duid
from kead.dhcp6.duid import Duid
from kead.logs import INFO, WARN, Message
from kead.network.interfaces import Interface

FILE_NAME: Final = "kea-dhcp6-serverid"

ISC: Final = 2495
"""The enterprise whose number an EN has if nobody says another: as in Kea, ISC."""

_TYPES: Final = {"LLT": duid.LLT, "EN": duid.EN, "LL": duid.LL}
_RANDOM: Final = 6
_SHORTEST_MAC: Final = 6
_LONGEST_TEXT: Final = 1000

CONFIGURED = Message(
    "DHCPSRV_CFGMGR_CONFIGURE_SERVERID",
    "dhcpsrv",
    WARN,
    "server configuration includes specification of a server identifier",
)
STORED = Message("DHCP6_USING_SERVERID", "dhcp6", INFO, "server is using server-id %s and stores in the file %s")
# kead's own: Kea names a file that it does not use, and says nothing of one that it cannot make sense of
NOT_STORED = Message("DHCP6_USING_SERVERID_NOT_STORED", "dhcp6", INFO, "server is using server-id %s, stored nowhere")
REPLACED = Message(
    "DHCP6_SERVERID_REPLACED",
    "dhcp6",
    WARN,
    "the server-id %s is no longer used, as the configuration asks for another",
)
UNREADABLE = Message(
    "DHCP6_SERVERID_UNREADABLE",
    "dhcp6",
    WARN,
    "the file %s holds no DUID (%s): its place is taken by a new server-id, which clients have to get to know",
)


class ServerIdError(Exception):
    """The server cannot have a DUID: the text is Kea's where Kea has one, `remedy` says what to do."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(f"unable to configure server identifier: {why}")
        self.remedy = remedy


def establish(
    wanted: ServerId,
    directory: str | Path,
    interfaces: Callable[[], Iterable[Interface]],
    now: int,
    *,
    current: bytes = b"",
) -> bytes:
    """The DUID to use from now on; a new or changed one is stored in `directory` first, unless `persist` is off.

    interfaces   called if a new one needs a link-layer address
    now          seconds since 1970
    current      the one in use, at a reload: goes on being used as far as possible where none is stored

    Raises ServerIdError: no interface is suitable, or the file can be neither read nor written.
    """
    if wanted != ServerId():
        CONFIGURED()
    path = Path(directory, FILE_NAME)
    text = _read(path) if wanted.persist else ""
    stored, why = _parse(text or duid.text(current))
    if why:
        UNREADABLE(path, why)
    chosen = choose(wanted, stored, interfaces, now)
    if stored and chosen != stored:
        REPLACED(duid.text(stored))
    if not wanted.persist:
        NOT_STORED(duid.text(chosen))
        return chosen
    if text != duid.text(chosen):
        try:
            _write(path, duid.text(chosen))
        except OSError as error:
            if chosen != stored:
                raise ServerIdError(
                    f"unable to open DUID file {path} for writing: {error.strerror}",
                    'the server has to be allowed to write there, or "persist": false in server-id',
                ) from error
    STORED(duid.text(chosen), path)
    return chosen


def keep(wanted: ServerId, directory: str | Path, current: bytes) -> None:
    """Have the file say again what this server is known by, after another DUID was stored and did not come into use."""
    path = Path(directory, FILE_NAME)
    if wanted.persist and _read(path) != duid.text(current):
        _write(path, duid.text(current))
        STORED(duid.text(current), path)


def choose(
    wanted: ServerId,
    stored: bytes,
    interfaces: Callable[[], Iterable[Interface]],
    now: int,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """The DUID that the configuration asks for: what it leaves open is as in the stored one if that is of the same
    type (b"": none is stored), else chosen anew. Raises ServerIdError if no interface is suitable.
    """
    had = duid.parse(stored)
    if had.type != _TYPES[wanted.type]:
        had = Duid(0, b"")
    if wanted.type == "EN":
        return duid.make_en(
            wanted.enterprise_id or had.enterprise or ISC, wanted.identifier or had.identifier or random(_RANDOM)
        )
    if wanted.identifier:
        htype, address = wanted.htype or had.hardware_type or duid.ETHERNET, wanted.identifier
    elif had.identifier:
        htype, address = had.hardware_type, had.identifier
    else:
        htype, address = _link_layer_address(interfaces())
    if wanted.type == "LL":
        return duid.make_ll(htype, address)
    since = wanted.time or max(had.time - duid.EPOCH, 0)
    return duid.make_llt(htype, address, since + duid.EPOCH if since else now)


def _link_layer_address(interfaces: Iterable[Interface]) -> tuple[int, bytes]:
    """Hardware type and address of the first interface that makes a good name: a real one, that is up."""
    for interface in interfaces:
        if interface.up and not interface.loopback and len(interface.mac) >= _SHORTEST_MAC and any(interface.mac):
            return interface.kind, interface.mac
    raise ServerIdError(
        "unable to find suitable interface for generating a DUID-LLT",
        "an interface with a MAC has to be up, or server-id needs an identifier, or the type EN",
    )


def _parse(text: str) -> tuple[bytes, str]:
    """The DUID in the file, or b"" and why it holds none. Blank space around it is no harm (in Kea it is)."""
    text = text.strip()
    if not text:
        return b"", ""
    if len(text.splitlines()) > 1:
        return b"", "more than one line"
    try:
        return duid.from_text(text), ""
    except ValueError as error:
        return b"", str(error)


def _read(path: Path) -> str:
    """What the file holds, "" if there is none. ServerIdError if it cannot be told: better no server than one that its
    clients do not know.
    """
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            return file.read(_LONGEST_TEXT)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ServerIdError(
            f"unable to open DUID file {path} for reading: {error.strerror}", "the server has to be allowed to read it"
        ) from error


def _write(path: Path, text: str) -> None:
    """Store it: wholly or not at all, where the system allows that. OSError."""
    path = path.resolve()
    fresh = path.with_name(path.name + ".new")
    try:
        _write_through(fresh, text)
        os.replace(fresh, path)
    except OSError:  # a file that is mounted by itself, or whose directory is not ours
        with suppress(OSError):
            fresh.unlink()
        _write_through(path, text)


def _write_through(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
