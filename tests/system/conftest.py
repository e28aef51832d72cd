"""System tests: real namespaces, real clients, the real Kea. They need root and Debian's packages.

`script/test` installs what they need; elsewhere they are skipped, visibly. KEAD_SYSTEM_SERVER=kea runs them
against kea-dhcp4 instead of kead, which proves the tests rather than the server.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.sandbox import Sandbox
from bench.server import KEAD

PROGRAMS = (
    *("ip", "kea-dhcp4", "kea-dhcp6", "perfdhcp", "dhclient", "dhcrelay", "udhcpc", "dhcpcd"),
    *("dibbler-client", "dibbler-relay", "kea-dhcp-ddns", "named", "dig"),
)
RESOLV_CONF = Path("/etc/resolv.conf")
HERE = Path(__file__).parent


def missing() -> list[str]:
    """What this machine lacks for system tests."""
    path = "/usr/sbin:/sbin:" + os.environ.get("PATH", "")
    lacking = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    return lacking if os.geteuid() == 0 else ["root", *lacking]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    lacking = missing()
    for item in items:
        if HERE not in item.path.parents:
            continue
        item.add_marker(pytest.mark.system)
        if lacking:
            item.add_marker(pytest.mark.skip(reason="needs " + ", ".join(lacking)))


@pytest.fixture(autouse=True, scope="session")
def _machine_untouched() -> Iterator[None]:
    """Clients' scripts like to rewrite resolv.conf; the machine's own must be as it was."""
    before = RESOLV_CONF.read_bytes() if RESOLV_CONF.exists() else None
    yield
    assert (RESOLV_CONF.read_bytes() if RESOLV_CONF.exists() else None) == before


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def flavour() -> str:
    """Which server is tested: kead, unless KEAD_SYSTEM_SERVER says kea."""
    return os.environ.get("KEAD_SYSTEM_SERVER", KEAD)
