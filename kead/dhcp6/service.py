"""What an exchange works with: one configuration, its hook libraries, and the leases.

A reload makes a new `Service6`; exchanges that run under the old one finish with it. What outlives configurations (the
store, the statistics, the addresses and clients in flight) is handed from one to the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from kead.allocation.allocator import Allocator, make_allocator
from kead.allocation.prefix_allocator import PrefixAllocator
from kead.allocation.recent import Recent
from kead.config.snapshot6 import NO_DDNS, Config6, Ddns, PdPool6, Subnet6
from kead.dhcp6 import messages as log
from kead.dhcp6.classes import Classification, matter
from kead.dhcp6.express import Express
from kead.dhcp6.guard import ClientGuard
from kead.dhcp6.hook_points import Hooks6
from kead.dhcp6.names import Names
from kead.dhcp6.options import VENDOR_CLASS
from kead.dhcp6.reply import Templates
from kead.dhcp6.reservations import avoid
from kead.dhcp6.subnets import SubnetSelector
from kead.dhcp6.tally import NO_POOL, UNCOUNTED, Tally6
from kead.dhcp6.values import vendor_classes
from kead.dhcp6.wishes import NA, AnyPool, pool_of
from kead.hooks.chain import Chain
from kead.hooks.loading import Loaded
from kead.hooks.status import SKIP
from kead.hosts.configured import GLOBAL, ConfiguredHosts
from kead.leases.lease6 import Lease6, State
from kead.leases.store6 import LeaseStore6, LocalStore6

if TYPE_CHECKING:
    from kead.ddns.changes import NameChanges
    from kead.dhcp6.exchange import Exchange

SERVER_PORT = 547
CLIENT_PORT = 546


class Service6:
    """The surroundings of exchanges under one configuration.

    duid        the server's: option 2
    in_flight   addresses and prefixes that running exchanges are about to give out, and to which each belongs
    durable     waits until all that was accepted so far is durable
    changes     where changes of names are noted, None where nobody hears of them
    lot_full    asks whether a packet would find the parking lot full, for this exchange at this point
    """

    def __init__(
        self,
        config: Config6,
        store: LeaseStore6,
        tally: Tally6,
        libraries: Loaded,
        *,
        duid: bytes,
        guard: ClientGuard,
        in_flight: dict[int, Exchange],
        recent: Recent[Subnet6],
        server_port: int = SERVER_PORT,
        client_port: int = CLIENT_PORT,
        relay_port: int = SERVER_PORT,
        is_lot_full: Callable[[Exchange], bool] = lambda x: False,
        durable: Callable[[], Awaitable[None]] | None = None,
        changes: NameChanges[Lease6] | None = None,
    ) -> None:
        self.config = config
        self.store = store
        self.tally = tally
        hooks = self.hooks = Hooks6(libraries.chains)
        self.occasion = libraries.occasion
        self.asks_about_subnets = hooks.subnet6_select is not None or hooks.host6_identifier is not None
        self.shows_replies = hooks.pkt6_send is not None or hooks.buffer6_send is not None
        self._asks_about_expiry = hooks.lease6_expire is not None or hooks.lease6_recover is not None
        self.duid = duid
        self.guard = guard
        self.in_flight = in_flight
        self.recent = recent
        self.server_port = server_port
        self.client_port = client_port
        self.relay_port = relay_port
        self.names = Names()
        self.lenient = config.compatibility.lenient_option_parsing
        self.templates = Templates()
        self.hosts = ConfiguredHosts(
            config.hosts, lambda host: (*host.addresses, *(prefix for prefix, _ in host.prefixes))
        )
        self.classification = Classification(config) if libraries.chains or matter(config) else None
        self.looks_early = self.classification is not None and self.classification.early and bool(self.hosts)
        self.express: Express | None = None
        if isinstance(store, LocalStore6) and not libraries.chains and not self.hosts and self.classification is None:
            self.express = Express(self, store)
        self.selector = SubnetSelector(config.subnets)
        scopes = [pool.options for subnet in config.subnets for pool in subnet.pools]
        scopes += [pool.options for subnet in config.subnets for pool in subnet.pd_pools]
        self.pools_have_options = any(scope.by_code or scope.vendor for scope in scopes)
        self.identifies_flexibly = "flex-id" in config.host_identifiers
        self.durable: Callable[[], Awaitable[None]] = durable if durable is not None else store.durable
        self._is_lot_full = is_lot_full
        self.changes = changes
        self._allocators: dict[int, Allocator] = {}
        self._prefix_allocators: dict[int, PrefixAllocator[PdPool6]] = {}

    @property
    def updates(self) -> bool:
        """Whether changes of names can be sent, as far as that is known."""
        return self.changes is None or not self.changes.suspended

    def ddns_of(self, lease: Lease6) -> Ddns:
        """The rules for names of the pool or subnet that the lease is of."""
        subnet = self.config.by_id.get(lease.subnet_id)
        if subnet is None:
            return NO_DDNS
        for pool in subnet.pools:
            if pool.ddns is not None and pool.first <= lease.address <= pool.last:
                return pool.ddns
        return subnet.ddns

    def pool_id_of(self, lease: Lease6) -> int:
        """The id of the pool that has the lease's address, by which it counts; NO_POOL if none has it."""
        subnet = self.config.by_id.get(lease.subnet_id)
        pool = pool_of(subnet, lease.type, lease.address) if subnet is not None else None
        if pool is not None:
            return pool.pool_id
        hosts, address = self.hosts, lease.address
        return UNCOUNTED if hosts.holders(lease.subnet_id, address) or hosts.holders(GLOBAL, address) else NO_POOL

    def pick(self, subnet: Subnet6, kind: int, pools: Sequence[AnyPool]) -> int | None:
        """A free address or prefix of these pools of a subnet, as its allocator chooses; None if there is none."""
        occupancy = self.store.occupancy
        if kind == NA:
            allocator = self._allocators.get(subnet.id)
            if allocator is None:
                allocator = make_allocator(subnet.allocator, subnet.pools, occupancy.addresses)
                self._allocators[subnet.id] = allocator
            return allocator.pick(pools, occupancy.addresses, self.in_flight, avoid(self, subnet, kind))
        prefixes = self._prefix_allocators.get(subnet.id)
        if prefixes is None:
            prefixes = PrefixAllocator(subnet.pd_allocator, subnet.pd_pools, occupancy.prefixes)
            self._prefix_allocators[subnet.id] = prefixes
        reserved = avoid(self, subnet, kind)
        found = prefixes.pick(
            cast(Sequence[PdPool6], pools),
            self.in_flight,
            None if reserved is None else lambda address, length: reserved(address),
        )
        return found[0] if found is not None else None

    def overlaps(self, prefix: int, length: int) -> bool:
        """Whether a prefix that is delegated already shares addresses with this one."""
        return self.store.occupancy.prefixes.taken(prefix, length)

    def take_over(self, before: Service6) -> None:
        """Begin where the service before this one is: what it has just offered shall not be offered to others at once.

        Its allocators go on where their pools are the same; the others are closed. It must start no exchange any more.
        """
        before.express = None  # which refers to it: so it goes without the garbage collector
        same_store = self.store is before.store
        for subnet_id, allocator in before._allocators.items():
            old, new = before.config.by_id[subnet_id], self.config.by_id.get(subnet_id)
            if same_store and new is not None and old.allocator == new.allocator and _ranges(old) == _ranges(new):
                self._allocators[subnet_id] = allocator
            else:
                allocator.close()
        for subnet_id, prefixes in before._prefix_allocators.items():
            old, new = before.config.by_id[subnet_id], self.config.by_id.get(subnet_id)
            same = new is not None and old.pd_allocator == new.pd_allocator and _delegated(old) == _delegated(new)
            if same_store and same:
                self._prefix_allocators[subnet_id] = prefixes
            else:
                prefixes.close()
        before._allocators = {}
        before._prefix_allocators = {}

    def lot_full(self, x: Exchange, chain: Chain[Any]) -> bool:
        """Whether a packet might have to wait at this point, and could not: then it is counted and dropped."""
        if not self._is_lot_full(x):
            return False
        self.tally.dropped(self.tally.packets.pkt6_queue_full)
        if log.PACKET_LOT_FULL.on:
            log.PACKET_LOT_FULL(x.label, chain.point, self.config.parked_packet_limit)
        return True

    async def reclaim(self, lease: Lease6, *, remove: bool = False) -> bool:
        """What an expired lease passes before the store is changed, which is up to the caller; it counts as reclaimed.

        False: a callout kept it, or it has changed while callouts took their time.
        """
        if not await self.ask_before_reclaiming(lease, remove=remove):
            return False
        if self._asks_about_expiry and await self.store.get(lease.type, lease.address) != lease:
            return False
        self.tally.reclaimed(lease)
        if self.changes is not None and lease.type == NA:
            self.changes.remove(lease, self.ddns_of(lease))
        return True

    async def ask_before_reclaiming(self, lease: Lease6, *, remove: bool = False) -> bool:
        """lease6_expire, and lease6_recover for a declined lease. False: a callout wants the server to do nothing."""
        if not self._asks_about_expiry:
            return True
        on = self.hooks
        async with self.occasion() as occasion:
            if on.lease6_expire is not None:
                c = await on.lease6_expire(occasion, lease6=lease, remove_lease=remove)
                if c.status is SKIP:
                    return False
            if on.lease6_recover is not None and lease.state == State.DECLINED:
                recovering = await on.lease6_recover(occasion, lease6=lease)
                if recovering.status is SKIP:
                    return False
        return True

    def allocation_failed(self, x: Exchange, subnet: Subnet6, tried: int, full: int, without_pools: int) -> None:
        """Nothing could be picked: say so in the log and the statistics, as Kea does.

        `tried` addresses or prefixes in vain, in so many subnets; so many had no pools for it.
        """
        network = subnet.network
        self.tally.allocation_failed(subnet.id, shared=network is not None, tried=tried > 0, classes=True)
        if not log.ALLOC_FAIL.on:
            return
        who = x.label
        if network is not None:
            log.ALLOC_FAIL_SHARED_NETWORK(who, network.name, full, without_pools)
        else:
            log.ALLOC_FAIL_SUBNET(who, subnet.text, subnet.id, "(none)")
        if tried:
            log.ALLOC_FAIL(who, tried)
        else:
            log.ALLOC_FAIL_NO_POOLS(who)
        classes = x.query.classes or _built_in_classes(x)
        log.ALLOC_FAIL_CLASSES(who, ", ".join(classes))


def _ranges(subnet: Subnet6) -> list[tuple[int, int]]:
    return [(pool.first, pool.last) for pool in subnet.pools]


def _delegated(subnet: Subnet6) -> list[tuple[int, int, int]]:
    return [(pool.first, pool.last, pool.delegated_length) for pool in subnet.pd_pools]


def _built_in_classes(x: Exchange) -> list[str]:
    classes = ["ALL"]
    for vendors in vendor_classes(x.query.options.get(VENDOR_CLASS, ())).values():
        classes += ["VENDOR_CLASS_" + vendor.decode("latin-1") for vendor in vendors[:1]]
    classes.append("UNKNOWN")
    return classes
