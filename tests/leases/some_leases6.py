"""DHCPv6 leases for tests, and hypothesis strategies for them."""

from __future__ import annotations

from hypothesis import strategies as st

from kead.leases.csv6 import HEADER
from kead.leases.lease6 import EMPTY_DUID, INFINITE, Lease6
from kead.wire.address import parse_ip6
from tests.leases.some_leases import NOW, contexts, hwaddrs

NET = parse_ip6("2001:db8::")
PREFIXES = parse_ip6("2001:db8:8000::")


def lease(number: int = 1, **fields: object) -> Lease6:
    """A plain lease of 2001:db8::number, renewed at NOW for an hour, with changes."""
    made = Lease6(0, NET + number, 128, duid(number), number, 2250, 3600, NOW, 1)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def prefix(number: int = 1, **fields: object) -> Lease6:
    """As `lease`, of the prefix of that number among the /56s of 2001:db8:8000::/40."""
    return lease(number, **{"type": 2, "address": PREFIXES + (number << 72), "prefix_length": 56, **fields})


def duid(number: int) -> bytes:
    """A DUID-LLT."""
    return b"\0\1\0\1\x2a\x2b\x2c\x2d\2\0\0\0" + number.to_bytes(2, "big")


def changed(of: Lease6, **fields: object) -> Lease6:
    """A copy with changes."""
    made = of.copy()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def text(*rows: str) -> str:
    """A lease file with these rows."""
    return HEADER + "".join(row + "\n" for row in rows)


hostnames = st.one_of(
    st.just(""),
    st.binary(max_size=24).map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.sampled_from(["host.example.org", "Host", "a,b", "a&#x2cb", "&", "line\nbreak", "nul\0byte", "\xff", "grüße"]),
)
duids = st.binary(min_size=3, max_size=130).filter(lambda value: value != EMPTY_DUID)
lifetimes = st.integers(1, INFINITE) | st.just(INFINITE)


@st.composite
def leases(draw: st.DrawFn, addresses: st.SearchStrategy[int] | None = None) -> Lease6:
    """Any lease that a file can hold."""
    state = draw(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 7, 300]))
    kind = draw(st.sampled_from([0, 0, 0, 1, 2, 2, 2, 7, 300, -1]))
    hwaddr = draw(hwaddrs)
    return Lease6(
        kind,
        draw(addresses if addresses is not None else st.integers(0, 2**128 - 1)),
        draw(st.integers(0, 255)) if kind == 2 else 128,
        EMPTY_DUID if state == 1 and draw(st.booleans()) else draw(duids),
        draw(st.integers(0, 2**32 - 1)),
        draw(lifetimes | st.just(0)),
        draw(lifetimes),
        draw(st.integers(0, 2**32 - 1) | st.integers(-(2**40), 2**40)),
        draw(st.integers(0, 2**32 - 1)),
        pool_id=draw(st.sampled_from([0, 0, 1, 2**32 - 1])),
        hwaddr=hwaddr,
        htype=draw(st.integers(0, 65535)) if hwaddr else 0,
        hwaddr_source=draw(st.integers(0, 2**32 - 1)) if hwaddr else 0,
        fqdn_fwd=draw(st.booleans()),
        fqdn_rev=draw(st.booleans()),
        hostname=draw(hostnames),
        state=state,
        user_context=draw(contexts),
    )
