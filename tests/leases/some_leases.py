"""Leases for tests, and hypothesis strategies for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson
from hypothesis import strategies as st

from kead.leases.csv4 import HEADER
from kead.leases.lease4 import INFINITE, Lease4

NOW = 1_800_000_000
NET = 0x0A000000


def lease(number: int = 1, **fields: object) -> Lease4:
    """A plain lease of 10.0.0.number, renewed at NOW for an hour, with changes."""
    made = Lease4(
        NET + number, b"\2\0\0\0" + number.to_bytes(2, "big"), b"\1\2\0" + number.to_bytes(2, "big"), 3600, NOW, 1
    )
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def changed(of: Lease4, **fields: object) -> Lease4:
    """A copy with changes."""
    made = of.copy()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def text(*rows: str) -> str:
    """A lease file with these rows."""
    return HEADER + "".join(row + "\n" for row in rows)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until it is so; TimeoutError after some seconds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # what is waited for are files and leases, which tell nobody
            await asyncio.sleep(0.005)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
contexts = st.one_of(
    st.just(""),
    st.dictionaries(st.text(min_size=1, max_size=5), _JSON, min_size=1, max_size=3).map(
        lambda value: orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    ),
)
hostnames = st.one_of(
    st.just(""),
    st.binary(max_size=24).map(lambda data: data.decode("utf-8", "surrogateescape").lower()),
    st.sampled_from(["host.example.org", "a,b", "a&#x2cb", "&", "line\nbreak", "nul\0byte", "\xff", "grüße"]),
).filter(lambda name: name == name.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape").lower())
hwaddrs = st.binary(max_size=20)
client_ids = st.just(b"") | st.binary(min_size=2, max_size=255)


@st.composite
def leases(draw: st.DrawFn, addresses: st.SearchStrategy[int] | None = None) -> Lease4:
    """Any lease that a file can hold."""
    state = draw(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 7, 300]))
    hwaddr, client_id = draw(hwaddrs), draw(client_ids)
    if not hwaddr and not client_id:
        state = 1
    return Lease4(
        draw(addresses if addresses is not None else st.integers(0, 2**32 - 1)),
        hwaddr,
        client_id,
        draw(st.integers(1, INFINITE) | st.just(INFINITE)),
        draw(st.integers(0, 2**32 - 1) | st.integers(-(2**40), 2**40)),
        draw(st.integers(0, 2**32 - 1)),
        pool_id=draw(st.sampled_from([0, 0, 1, 2**32 - 1])),
        fqdn_fwd=draw(st.booleans()),
        fqdn_rev=draw(st.booleans()),
        hostname=draw(hostnames),
        state=state,
        user_context=draw(contexts),
    )
