"""The client's name: what it says in option 39, made fit for a lease and an answer (RFC 4704).

These are the rules without any ddns- parameter: names are cleaned of what does not belong into a host name and
lower-cased, nobody updates DNS (so a reply says S=0, N=1), no suffix is added, and no name is made up, except for a
client that asks for one by an empty option 39.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kead.dhcp6 import messages as log
from kead.dhcp6.options import CLIENT_FQDN
from kead.dhcp6.packet import Packet6
from kead.dhcp6.reservations import host_of
from kead.dhcp6.values import encode_client_name, parse_client_name
from kead.wire.address import text_ip6
from kead.wire.client_names import ClientName
from kead.wire.names import partial_labels

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange

FLAG_S, FLAG_O, FLAG_N = 1, 2, 4
GENERATED_PREFIX: Final = "myhost"
_UNFIT: Final = re.compile("[^A-Za-z0-9.-]")


class Names:
    """How one configuration treats names."""

    __slots__ = ()

    async def choose(self, x: Exchange) -> None:
        """Set the exchange's name where its client has sent one; ddns6_update callouts may change it."""
        value = x.query.first(CLIENT_FQDN)
        if value is None:
            return
        try:
            asked = parse_client_name(value)
            labels = partial_labels(value[1:])
        except ValueError:  # a callout's own packet: those from the network are sound
            return
        if log.FQDN_RECEIVED.on:
            log.FQDN_RECEIVED(x.label, f"flags={asked.flags:#04x}, domain-name='{asked.name}'")
        flags = FLAG_N | (FLAG_O if asked.flags & FLAG_S else 0)
        host = host_of(x)
        if host is not None and host.hostname:
            hostname = host.hostname.removesuffix(".") + "."
        elif len(value) == 1:
            hostname = ""
        else:
            hostname = _from_labels(labels)
            if not hostname:
                if log.FQDN_SCRUBBED_EMPTY.on:
                    log.FQDN_SCRUBBED_EMPTY(x.label, asked.name)
                return
        on = x.service.hooks
        if on.ddns6_update is not None:
            response = Packet6(x.kind, x.query.transaction_id)
            response.options[CLIENT_FQDN] = [encode_client_name(ClientName(flags, hostname[:-1], bool(hostname)))]
            c = await on.ddns6_update(
                x,
                query6=x.query,
                response6=response,
                subnet6=x.subnet,
                hostname=hostname,
                fwd_update=False,
                rev_update=False,
                ddns_params=None,
            )
            hostname, x.fqdn_fwd, x.fqdn_rev = c.hostname, c.fwd_update, c.rev_update
        x.hostname = hostname
        x.generate_name = not hostname
        name = ClientName(flags, hostname.removesuffix(".").lower(), bool(hostname))
        try:
            encode_client_name(name)
        except ValueError:  # a callout's own: the lease has it, but no reply can say it
            return
        x.name = name

    @staticmethod
    def made_up(x: Exchange, address: int) -> str:
        """A name for the lease of a client that wants one and has none; the reply says it too."""
        name = f"{GENERATED_PREFIX}-{text_ip6(address).replace(':', '-')}."
        if x.name is not None:
            x.name = ClientName(x.name.flags, name[:-1], True)
        if log.FQDN_GENERATED.on:
            log.FQDN_GENERATED(x.label, name)
        return name


def _from_labels(wire: list[bytes]) -> str:
    """The name of option 39, complete (with the final dot), "" when nothing fit is left of it or of a label."""
    labels = [_UNFIT.sub("", label.decode("latin-1")).lower() for label in wire]
    name = ".".join(labels) + "."
    return name if labels and all(labels) and ".." not in name else ""
