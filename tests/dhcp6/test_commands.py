"""The server's own control commands: those of both families. (subnet6-select-test is none of Kea 3.0's.)"""

from __future__ import annotations

from tests.commands_contract import *  # noqa: F403 - the tests of both families
from tests.dhcp6.test_server import running, up

__all__ = ("running", "up")  # fixtures
