"""The client's name: what it says in option 12 or 81, made fit for a lease and an answer (RFC 4702).

These are the rules without any ddns- parameter: names are cleaned of what does not belong into a host name and
lower-cased, nobody updates DNS (so a reply says S=0, N=1), no suffix is added, and no name is made up, except for a
client that asks for one by an empty option 81.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kead.dhcp4.checks import client_labels
from kead.dhcp4.options import FQDN, HOST_NAME
from kead.dhcp4.packet import Packet4
from kead.dhcp4.reservations import host_of
from kead.dhcp4.values import ClientName, encode_client_name
from kead.wire.address import text_ip4
from kead.wire.names import MAXIMUM_LABEL, MAXIMUM_NAME, DomainNameError, split_text, text_labels

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange

FLAG_S, FLAG_O, FLAG_E, FLAG_N = 1, 2, 4, 8
_UNFIT: Final = re.compile("[^A-Za-z0-9.-]")
FQDN_HEAD: Final = 3
"""Bytes of option 81 before the name: flags and two result codes."""
GENERATED_PREFIX: Final = "myhost"


class Names:
    """How one configuration treats names."""

    __slots__ = ()

    async def choose(self, x: Exchange) -> None:
        """Set `x.hostname`; ddns4_update callouts may change it."""
        query = x.query
        x.named_in = x.subnet
        x.hostname, x.generate_name = "", False
        host = host_of(x)
        if host is not None and host.hostname:
            x.hostname = _reserved(host.hostname, complete=FQDN in query.options)
        elif FQDN in query.options:
            value = query.options[FQDN]
            x.hostname = _from_fqdn(client_labels(value))
            x.generate_name = len(value) == FQDN_HEAD
        elif HOST_NAME in query.options:
            x.hostname, x.generate_name = from_host_name(query.options[HOST_NAME])
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
                ddns_params=None,
            )
            x.hostname, x.fqdn_fwd, x.fqdn_rev = c.hostname, c.fwd_update, c.rev_update

    @staticmethod
    def settle(x: Exchange, address: int) -> None:
        """The address is known: make up a name where the client wants one and has none."""
        if x.generate_name:
            x.hostname = f"{GENERATED_PREFIX}-{text_ip4(address).replace('.', '-')}"
            if FQDN in x.query.options:
                x.hostname += "."

    @staticmethod
    def answer(x: Exchange, response: Packet4) -> None:
        """Put the name into a reply, in the option in which the client sent one."""
        if not x.hostname:
            return
        asked = x.query.options.get(FQDN)
        if asked is None:
            response.options[HOST_NAME] = x.hostname.encode("latin-1", "replace")
            return
        flags = asked[0] & FLAG_E | FLAG_N | (FLAG_O if asked[0] & FLAG_S else 0)
        response.options[FQDN] = encode_client_name(
            ClientName(flags, x.hostname.removesuffix("."), True), asked[1], asked[2]
        )


def _reserved(hostname: str, *, complete: bool) -> str:
    """A reserved name for option 12, or `complete` for option 81: then "" if it is none that DNS could have."""
    name = hostname.lower().removesuffix(".")
    if not complete:
        return name
    try:
        return text_labels(split_text(name + ".")).removesuffix(".") + "."
    except DomainNameError:
        return ""


def _from_fqdn(wire: list[bytes]) -> str:
    """The name of option 81, complete (with the final dot), "" when nothing fit is left of it."""
    labels = [_clean(label.decode("latin-1")) for label in wire]
    name = ".".join(labels) + "."
    return name if labels and all(labels) and ".." not in name else ""


@lru_cache(4096)
def from_host_name(value: bytes) -> tuple[str, bool]:
    """The name of option 12, and whether the client asks for a made-up one by sending a mere dot."""
    text = value.decode("latin-1").strip(" \t\r\n\0")
    if text == ".":
        return "", True
    name, dot, after = text.partition(".")
    if dot and not after:
        text = name  # one label stays one, a longer name keeps the dot that makes it complete
    labels = [_clean(label) for label in text.split(".")]
    if any(len(label) > MAXIMUM_LABEL for label in labels) or ".." in text or text.startswith(".") or not any(labels):
        return "", False
    if len(text) > MAXIMUM_NAME - 2:  # on the wire: a length byte more, and the root
        return "", False
    return ".".join(labels), False


def _clean(label: str) -> str:
    return _UNFIT.sub("", label).lower()
