"""The client's name: what it says in option 12 or 81, made fit for a lease and an answer (RFC 4702).

Where names go is a matter of the subnet, or of the pool that the address is of (`Ddns`). A name that is to be made up
waits until the address is known. Where nobody updates DNS, a reply to option 81 says S=0, N=1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kead.config.snapshot4 import NO_DDNS, Ddns
from kead.ddns.names import canonical, directions, from_labels, generated, qualified
from kead.dhcp4.checks import client_labels
from kead.dhcp4.options import FQDN, HOST_NAME
from kead.dhcp4.packet import Packet4
from kead.dhcp4.reservations import host_of
from kead.dhcp4.values import ClientName, encode_client_name, parse_client_name
from kead.wire.address import text_ip4
from kead.wire.charset import cleaner
from kead.wire.names import MAXIMUM_LABEL, MAXIMUM_NAME

if TYPE_CHECKING:
    from kead.config.snapshot4 import Pool4, Subnet4
    from kead.dhcp4.exchange import Exchange

FLAG_S, FLAG_O, FLAG_E, FLAG_N = 1, 2, 4, 8
FQDN_HEAD: Final = 3
"""Bytes of option 81 before the name: flags and two result codes."""
_REPLACED: Final = ("always", "when-present")
_LONGEST: Final = MAXIMUM_NAME - 2
"""Characters of a name: on the wire it has a length byte more, and the root."""


class Names:
    """How one configuration treats names."""

    __slots__ = ()

    async def choose(self, x: Exchange, ddns: Ddns) -> None:
        """Set `x.hostname` and who updates DNS; ddns4_update callouts may change it."""
        query = x.query
        x.named_in, x.ddns = x.subnet, ddns
        updates = ddns.updates and x.service.updates
        host = host_of(x)
        reserved = host.hostname if host is not None else ""
        asked = query.options.get(FQDN)
        if asked is not None:
            flags = asked[0]
            x.hostname, x.generate_name = _from_fqdn(asked, reserved, ddns)
            x.fqdn_fwd, x.fqdn_rev = directions(bool(flags & FLAG_S), bool(flags & FLAG_N), ddns, updates=updates)
        else:
            sent = query.options.get(HOST_NAME)
            if reserved:
                x.hostname, x.generate_name = qualified(reserved, ddns).lower().removesuffix("."), False
            elif sent is None:
                x.hostname, x.generate_name = "", ddns.makes_names
            else:
                x.hostname, x.generate_name = from_host_name(sent, ddns)
            x.fqdn_fwd = x.fqdn_rev = updates
        if not x.hostname and not x.generate_name:
            x.fqdn_fwd = x.fqdn_rev = False
        on = x.service.hooks
        if on.ddns4_update is not None:
            c = await on.ddns4_update(
                x,
                query4=query,
                response4=None,
                subnet4=x.subnet,
                hostname=x.hostname,
                fwd_update=x.fqdn_fwd,
                rev_update=x.fqdn_rev,
                ddns_params=ddns,
            )
            if c.hostname:
                x.generate_name = False
            x.hostname, x.fqdn_fwd, x.fqdn_rev = c.hostname, c.fwd_update, c.rev_update

    async def settle(self, x: Exchange, subnet: Subnet4, pool: Pool4 | None, address: int) -> bool:
        """The address is known, and so are the rules: choose anew where they are others, make up a name if need be.

        Whether another name was chosen.
        """
        ddns = subnet.ddns if pool is None or pool.ddns is None else pool.ddns
        before = x.hostname
        if ddns is not x.ddns or (x.hosts and x.named_in is not subnet):
            await self.choose(x, ddns)
        renamed = x.hostname != before
        if x.generate_name:
            name = generated(text_ip4(address), ddns)
            if not canonical(name):  # a prefix or suffix that no name can have
                name = ""
            x.hostname = name + "." if name and FQDN in x.query.options else name
        return renamed

    @staticmethod
    def answer(x: Exchange, response: Packet4) -> None:
        """Put the name into a reply, in the option in which the client sent one."""
        if not x.hostname:
            return
        asked = x.query.options.get(FQDN)
        if asked is None:
            response.options[HOST_NAME] = x.hostname.encode("latin-1", "replace")
            return
        flags = asked[0] & FLAG_E
        if x.fqdn_fwd:
            flags |= FLAG_S
        elif not x.fqdn_rev:
            flags |= FLAG_N
        if bool(asked[0] & FLAG_S) != x.fqdn_fwd:
            flags |= FLAG_O
        response.options[FQDN] = encode_client_name(
            ClientName(flags, x.hostname.lower().removesuffix("."), True), asked[1], asked[2]
        )


def _from_fqdn(value: bytes, reserved: str, ddns: Ddns) -> tuple[str, bool]:
    """The complete name that option 81 gives the client, "" if none, and whether one is to be made up."""
    if reserved:
        return canonical(qualified(reserved, ddns)), False
    if ddns.replace_client_name in _REPLACED or len(value) == FQDN_HEAD:
        return "", True
    labels = client_labels(value)
    return from_labels(labels, ddns, complete=bool(labels) and parse_client_name(value).complete), False


@lru_cache(4096)
def from_host_name(value: bytes, ddns: Ddns = NO_DDNS) -> tuple[str, bool]:
    """The name that option 12 gives the client, and whether one is to be made up: for a mere dot, or by the rules."""
    text = value.decode("latin-1").strip(" \t\r\n\0")
    if text == ".":
        return "", True
    name, dot, after = text.partition(".")
    if dot and not after:
        text = name  # one label stays one, a longer name keeps the dot that makes it complete
    if not text or ".." in text or text.startswith(".") or len(text) > _LONGEST:
        return "", False
    if any(len(label) > MAXIMUM_LABEL for label in text.split(".")):
        return "", False
    alone = "." not in text
    if ddns.replace_client_name in _REPLACED:
        return "", True
    clean = cleaner(ddns.char_set, ddns.char_replacement)
    if clean is not None:
        text = clean(text)  # whole, as in Kea, while the other options' names are cleaned label by label
    if not text.strip("."):
        return "", False
    text = text.lower()
    if alone:
        text = qualified(text, ddns).removesuffix(".")
    return (text, False) if len(text) <= _LONGEST else ("", False)
