"""The DHCPv6 side of a DHCPv4 server: it has no subnet and no lease, and none can be added.

Kea registers both families' commands in both servers. So they are the same commands here, asking a server that has
nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NoReturn, cast

from kead.allocation.occupancy6 import Occupancy6
from kead.config.reader import read_text
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.schema6 import KEYWORDS
from kead.config.snapshot6 import Config6, Subnet6
from kead.leases.memfile6 import Memfile6
from kead.leases.store6 import LeaseStore6
from kead.leases.table6 import LeaseTable6
from kead.wire.definitions import OptionTable

if TYPE_CHECKING:
    from kead.dhcp6.public import PublicServer6
    from kead.leases.lease6 import Lease6


class _Nothing6:
    """A `PublicServer6` that stays empty."""

    restricted = True

    def __init__(self, config: Config6) -> None:
        self.config = config
        self.store: LeaseStore6 = Memfile6(LeaseTable6(Occupancy6(), 0), None)

    @property
    def tally(self) -> NoReturn:
        raise LookupError("without leases none is counted")

    def subnet_of(self, address: int) -> Subnet6 | None:
        return None

    def is_busy(self, address: int) -> bool:
        return False

    def name_changed(self, lease: Lease6, *, added: bool) -> None:
        """There is no lease."""

    async def durable(self) -> None:
        await self.store.durable()


@cache
def nothing6() -> PublicServer6:
    """It never changes, so one is enough."""
    nothing = read_text('{ "Dhcp6": { "subnet6": [ ] } }', "", KEYWORDS)
    return cast("PublicServer6", _Nothing6(load6(nothing, OptionTable(), context=Restrictions(enforce=False))))
