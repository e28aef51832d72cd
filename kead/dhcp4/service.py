"""What an exchange works with: one configuration, its hook libraries, and the leases.

A reload makes a new `Service4`; exchanges that run under the old one finish with it. What outlives configurations (the
store, the statistics, the addresses and clients in flight) is handed from one to the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from kead.allocation.allocator import Allocator, make_allocator
from kead.allocation.pools import first_or_last_of_24
from kead.allocation.recent import Recent
from kead.config.snapshot4 import NO_DDNS, Config4, Ddns, Subnet4
from kead.dhcp4 import messages as log
from kead.dhcp4.classes import Classification, matter
from kead.dhcp4.express import Express
from kead.dhcp4.guard import ClientGuard
from kead.dhcp4.hook_points import Hooks4
from kead.dhcp4.names import Names
from kead.dhcp4.options import V6_ONLY_PREFERRED, VENDOR_CLASS_IDENTIFIER
from kead.dhcp4.reply import Templates
from kead.dhcp4.reservations import avoid
from kead.dhcp4.subnets import make_selector
from kead.dhcp4.tally import NO_POOL, Tally4
from kead.hooks.chain import Chain
from kead.hooks.loading import Loaded
from kead.hooks.status import SKIP
from kead.hosts.configured import ConfiguredHosts
from kead.leases.lease4 import Lease4, State
from kead.leases.store4 import LeaseStore4, LocalStore4

if TYPE_CHECKING:
    from kead.ddns.changes import NameChanges
    from kead.dhcp4.exchange import Exchange

SERVER_PORT = 67
CLIENT_PORT = 68


class Service4:
    """The surroundings of exchanges under one configuration.

    in_flight   addresses that running exchanges are about to give out, and to which exchange each belongs
    server_ids  values of option 54 that mean this server
    durable     waits until all that was accepted so far is durable
    changes     where changes of names are noted, None where nobody hears of them
    lot_full    asks whether a packet would find the parking lot full, for this exchange at this point
    """

    def __init__(
        self,
        config: Config4,
        store: LeaseStore4,
        tally: Tally4,
        libraries: Loaded,
        *,
        guard: ClientGuard,
        in_flight: dict[int, Exchange],
        recent: Recent[Subnet4],
        server_port: int = SERVER_PORT,
        client_port: int = CLIENT_PORT,
        relay_port: int = SERVER_PORT,
        is_lot_full: Callable[[Exchange], bool] = lambda x: False,
        durable: Callable[[], Awaitable[None]] | None = None,
        changes: NameChanges[Lease4] | None = None,
    ) -> None:
        self.config = config
        self.store = store
        self.tally = tally
        hooks = self.hooks = Hooks4(libraries.chains)
        self.occasion = libraries.occasion
        self.asks_about_subnets = hooks.subnet4_select is not None or hooks.host4_identifier is not None
        self.shows_replies = hooks.pkt4_send is not None or hooks.buffer4_send is not None
        self._asks_about_expiry = hooks.lease4_expire is not None or hooks.lease4_recover is not None
        self.guard = guard
        self.in_flight = in_flight
        self.recent = recent
        self.server_port = server_port
        self.client_port = client_port
        self.relay_port = relay_port
        self.names = Names()
        self.echo_client_id = config.echo_client_id
        self.lenient = config.compatibility.lenient_option_parsing
        self.avoids = config.compatibility.exclude_first_last_24
        self.hosts = ConfiguredHosts(config.hosts, lambda host: (host.address,) if host.address else ())
        self.host_identifiers = tuple(
            kind for kind in config.host_identifiers if kind in {*self.hosts.kinds, "flex-id"}
        )
        self.classification = Classification(config) if libraries.chains or matter(config) else None
        self.express: Express | None = None
        usual = self.classification is None and not libraries.chains and not config.stash_agent_options
        if usual and isinstance(store, LocalStore4):
            self.express = Express(self, store)
        self.templates = Templates()
        self.selector = make_selector(
            config.subnets, ignore_link_selection=config.compatibility.ignore_rai_link_selection
        )
        self.pools_have_options = any(
            pool.options.by_code or pool.options.vendor for subnet in config.subnets for pool in subnet.pools
        )
        self.offers_v6_only = any(
            V6_ONLY_PREFERRED in scope.by_code
            for subnet in config.subnets
            for scope in (subnet.options, *((subnet.network.options,) if subnet.network is not None else ()))
        )
        self.identifies_flexibly = "flex-id" in config.host_identifiers
        self.configured_server_ids = {s.server_id for s in config.subnets if s.server_id is not None}
        self.configured_server_ids.add(0)  # 0.0.0.0 names no other server
        if config.server_id is not None:
            self.configured_server_ids.add(config.server_id)
        self.server_ids: set[int] = set(self.configured_server_ids)
        self.durable: Callable[[], Awaitable[None]] = durable if durable is not None else store.durable
        self._is_lot_full = is_lot_full
        self.changes = changes
        self._allocators: dict[int, Allocator] = {}

    def listen_on(self, addresses: set[int]) -> None:
        """The sockets' addresses: a server identifier that names one of them means this server."""
        self.server_ids = self.configured_server_ids | addresses

    @property
    def updates(self) -> bool:
        """Whether changes of names can be sent, as far as that is known."""
        return self.changes is None or not self.changes.suspended

    def ddns_of(self, lease: Lease4) -> Ddns:
        """The rules for names of the pool or subnet that the lease is of."""
        subnet = self.config.by_id.get(lease.subnet_id)
        if subnet is None:
            return NO_DDNS
        for pool in subnet.pools:
            if pool.ddns is not None and pool.first <= lease.address <= pool.last:
                return pool.ddns
        return subnet.ddns

    def pool_id_of(self, lease: Lease4) -> int:
        """The id of the pool that has the lease's address, by which it counts; NO_POOL if none has it."""
        subnet = self.config.by_id.get(lease.subnet_id)
        if subnet is not None:
            for pool in subnet.pools:
                if pool.first <= lease.address <= pool.last:
                    return pool.pool_id
        return NO_POOL

    def allocator(self, subnet: Subnet4) -> Allocator:
        """The subnet's allocator, which remembers where it is."""
        allocator = self._allocators.get(subnet.id)
        if allocator is None:
            allocator = self._allocators[subnet.id] = make_allocator(
                subnet.allocator, subnet.pools, self.store.occupancy
            )
        return allocator

    def take_over(self, before: Service4) -> None:
        """Begin where the service before this one is: what it has just offered shall not be offered to others at once.

        Its allocators go on where their pools are the same; the others are closed. It must start no exchange any more.
        """
        before.express = None  # which refers to it: so it goes without the garbage collector
        for subnet_id, allocator in before._allocators.items():
            old, new = before.config.by_id[subnet_id], self.config.by_id.get(subnet_id)
            if new is not None and self.store is before.store and _same_pools(old, new):
                self._allocators[subnet_id] = allocator
            else:
                allocator.close()
        before._allocators = {}

    def avoid(self, subnet: Subnet4) -> Callable[[int], bool] | None:
        """Addresses that the allocator passes over though they are free."""
        reserved = avoid(self, subnet) if self.hosts else None
        if not self.avoids or subnet.length > 24:
            return reserved
        if reserved is None:
            return first_or_last_of_24
        return lambda address: first_or_last_of_24(address) or reserved(address)

    def lot_full(self, x: Exchange, chain: Chain[Any]) -> bool:
        """Whether a packet might have to wait at this point, and could not: then it is counted and dropped."""
        if not self._is_lot_full(x):
            return False
        self.tally.dropped(self.tally.packets.pkt4_queue_full)
        if log.PACKET_LOT_FULL.on:
            log.PACKET_LOT_FULL(x.label, chain.point, self.config.parked_packet_limit)
        return True

    async def reclaim(self, lease: Lease4, *, remove: bool = False) -> bool:
        """What an expired lease passes before the store is changed, which is up to the caller; it counts as reclaimed.

        False: a callout kept it, or it has changed while callouts took their time.
        """
        if not await self.ask_before_reclaiming(lease, remove=remove):
            return False
        if self._asks_about_expiry and await self.store.get(lease.address) != lease:
            return False
        self.tally.reclaimed(lease)
        if self.changes is not None:
            self.changes.remove(lease, self.ddns_of(lease))
        return True

    async def ask_before_reclaiming(self, lease: Lease4, *, remove: bool = False) -> bool:
        """lease4_expire, and lease4_recover for a declined lease. False: a callout wants the server to do nothing."""
        if not self._asks_about_expiry:
            return True
        on = self.hooks
        async with self.occasion() as occasion:
            if on.lease4_expire is not None:
                c = await on.lease4_expire(occasion, lease4=lease, remove_lease=remove)
                if c.status is SKIP:
                    return False
            if on.lease4_recover is not None and lease.state == State.DECLINED:
                recovering = await on.lease4_recover(occasion, lease4=lease)
                if recovering.status is SKIP:
                    return False
        return True

    def allocation_failed(self, x: Exchange, subnet: Subnet4, tried: int, without_pools: int, subnets: int) -> None:
        """No address could be picked: say so in the log and the statistics, as Kea does."""
        network = subnet.network
        self.tally.allocation_failed(
            subnet.id, shared=network is not None, tried=tried > 0, no_pools=without_pools == subnets, classes=True
        )
        if not log.ALLOC_FAIL.on:
            return
        who = x.label
        if network is not None:
            log.ALLOC_FAIL_SHARED_NETWORK(who, network.name, subnets - without_pools, without_pools)
        else:
            log.ALLOC_FAIL_SUBNET(who, subnet.text, subnet.id, "(none)")
        if tried:
            log.ALLOC_FAIL(who, tried)
        else:
            log.ALLOC_FAIL_NO_POOLS(who)
        log.ALLOC_FAIL_CLASSES(who, x.query.classes or ", ".join(_built_in_classes(x)))


def _same_pools(one: Subnet4, other: Subnet4) -> bool:
    ranges = [[(pool.first, pool.last) for pool in subnet.pools] for subnet in (one, other)]
    return one.allocator == other.allocator and ranges[0] == ranges[1]


def _built_in_classes(x: Exchange) -> list[str]:
    classes = ["ALL"]
    vendor = x.query.options.get(VENDOR_CLASS_IDENTIFIER)
    if vendor:
        classes.append("VENDOR_CLASS_" + vendor.decode("latin-1"))
    classes.append("UNKNOWN")
    return classes
