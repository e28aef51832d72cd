"""The client's name: what it says in option 39, made fit for a lease and an answer (RFC 4704).

Where names go is a matter of the subnet, or of the pool that the address is of (`Ddns`). A name that is to be made up
waits until the address is known; an ADVERTISE has none then. Where nobody updates DNS, a reply says S=0, N=1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kead.config.snapshot6 import NO_DDNS, Ddns
from kead.ddns.names import canonical, directions, from_labels, generated, qualified
from kead.dhcp6 import messages as log
from kead.dhcp6.options import CLIENT_FQDN
from kead.dhcp6.packet import SOLICIT, Packet6
from kead.dhcp6.reservations import host_of
from kead.dhcp6.values import encode_client_name, parse_client_name
from kead.wire.address import text_ip6
from kead.wire.client_names import ClientName
from kead.wire.names import partial_labels

if TYPE_CHECKING:
    from kead.config.snapshot6 import Pool6, Subnet6
    from kead.dhcp6.exchange import Exchange

FLAG_S, FLAG_O, FLAG_N = 1, 2, 4
_NO_NAME: Final = bytes((FLAG_S,))
"""Option 39 of a client that asks the server to update DNS and to make up its name."""
_REPLACED: Final = ("always", "when-present")


class Names:
    """How one configuration treats names."""

    __slots__ = ()

    async def choose(self, x: Exchange, ddns: Ddns) -> None:
        """Set the exchange's name where there is one to be; ddns6_update callouts may change it."""
        x.ddns = ddns
        x.hostname, x.name, x.generate_name = "", None, False
        x.fqdn_fwd = x.fqdn_rev = False
        updates = ddns.updates and x.service.updates
        value = x.query.first(CLIENT_FQDN)
        if value is None:
            if not updates or not ddns.makes_names:
                return
            value = _NO_NAME
        try:
            asked = parse_client_name(value)
            labels = partial_labels(value[1:])
        except ValueError:  # a callout's own packet: those from the network are sound
            return
        if log.FQDN_RECEIVED.on:
            log.FQDN_RECEIVED(x.label, f"flags={asked.flags:#04x}, domain-name='{asked.name}'")
        wishes = bool(asked.flags & FLAG_S), bool(asked.flags & FLAG_N)
        x.fqdn_fwd, x.fqdn_rev = directions(*wishes, ddns, updates=updates)
        host = host_of(x)
        if host is not None and host.hostname:
            hostname = qualified(host.hostname, ddns).removesuffix(".") + "."
        elif len(value) == 1 or ddns.replace_client_name in _REPLACED:
            hostname = ""
        else:
            hostname = from_labels(labels, ddns, complete=asked.complete)
            if not hostname:
                if log.FQDN_SCRUBBED_EMPTY.on:
                    log.FQDN_SCRUBBED_EMPTY(x.label, asked.name)
                return
        on = x.service.hooks
        if on.ddns6_update is not None:
            flags = _flags(wishes[0], x.fqdn_fwd, x.fqdn_rev)
            response = Packet6(x.kind, x.query.transaction_id)
            response.options[CLIENT_FQDN] = [encode_client_name(ClientName(flags, hostname[:-1], bool(hostname)))]
            c = await on.ddns6_update(
                x,
                query6=x.query,
                response6=response,
                subnet6=x.subnet,
                hostname=hostname,
                fwd_update=x.fqdn_fwd,
                rev_update=x.fqdn_rev,
                ddns_params=ddns,
            )
            hostname, x.fqdn_fwd, x.fqdn_rev = c.hostname, c.fwd_update, c.rev_update
        x.hostname = hostname
        x.generate_name = not hostname and x.query.type != SOLICIT  # only a REQUEST makes one up
        flags = _flags(wishes[0], x.fqdn_fwd, x.fqdn_rev)
        name = ClientName(flags, hostname.removesuffix(".").lower(), bool(hostname))
        try:
            encode_client_name(name)
        except ValueError:  # the lease has it, but no reply can say it
            return
        x.name = name

    async def settle(self, x: Exchange, subnet: Subnet6, pool: Pool6 | None) -> None:
        """The first address is known, and so are the rules: choose anew where they are others."""
        ddns = subnet.ddns if pool is None or pool.ddns is None else pool.ddns
        if ddns is not x.ddns:
            await self.choose(x, ddns)

    @staticmethod
    def made_up(x: Exchange, address: int) -> str:
        """A name for the lease of a client that wants one and has none; the reply says it too."""
        name = generated(text_ip6(address), x.ddns) + "."
        if not canonical(name):  # a prefix or suffix that no name can have
            return ""
        if x.name is not None:
            x.name = ClientName(x.name.flags, name[:-1].lower(), True)
        if log.FQDN_GENERATED.on:
            log.FQDN_GENERATED(x.label, name)
        return name


def rules(x: Exchange) -> Ddns:
    """Those of the subnet that was selected."""
    return x.subnet.ddns if x.subnet is not None else NO_DDNS


def _flags(asked: bool, forward: bool, reverse: bool) -> int:
    """Those of a reply to a client whose S bit is `asked`."""
    flags = FLAG_S if forward else 0 if reverse else FLAG_N
    return flags | FLAG_O if asked != forward else flags
