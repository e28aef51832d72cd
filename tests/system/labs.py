"""Both labs, for tests that say the same of both families."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.system.lab import Lab
from tests.system.relayed import Lab as Lab4
from tests.system.relayed6 import Lab6

LABS: dict[int, Callable[..., Lab]] = {4: Lab4, 6: Lab6}
both_families = pytest.mark.parametrize("family", LABS, ids=["DHCPv4", "DHCPv6"])
