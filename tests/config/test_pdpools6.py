"""Pools of prefixes: what is in them, and what is left out of each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.config.errors import ConfigError
from kead.config.snapshot6 import PdPool6
from kead.wire.address import parse_ip6, text_ip6
from tests.config.some_configs6 import PD_POOL, subnet


def pools(*written: dict[str, Any]) -> tuple[PdPool6, ...]:
    return subnet(pd_pools=list(written)).pd_pools


def test_what_is_in_one() -> None:
    (pool,) = pools({**PD_POOL, "pool-id": 3, "comment": "routers"})
    assert (pool.prefix, pool.length, pool.delegated_length) == (parse_ip6("2001:db8:8000::"), 48, 56)
    assert (pool.size, pool.step) == (256, 1 << 72)
    assert (text_ip6(pool.first), text_ip6(pool.last)) == ("2001:db8:8000::", "2001:db8:8000:ffff:ffff:ffff:ffff:ffff")
    assert (pool.excluded, pool.pool_id, pool.text) == (None, 3, "2001:db8:8000::/48")
    assert pool.user_context == {"comment": "routers"}


def test_they_need_not_lie_in_the_subnet_and_come_in_address_order() -> None:
    found = subnet(pd_pools=[{**PD_POOL, "prefix": "3000::", "pool-id": 7}, PD_POOL])
    assert [pool.text for pool in found.pd_pools] == ["2001:db8:8000::/48", "3000::/48"]
    assert found.pd_pool_ids == (0, 7)
    assert found.pool_ids == (0,)


def test_the_excluded_prefix_loses_its_host_bits() -> None:
    (pool,) = pools({**PD_POOL, "excluded-prefix": "2001:db8:8000:ab:cdef::1", "excluded-prefix-len": 72})
    assert pool.excluded == (parse_ip6("2001:db8:8000:ab:cd00::"), 72)


def test_no_excluded_prefix_can_be_written_out() -> None:
    (pool,) = pools({**PD_POOL, "excluded-prefix": "::", "excluded-prefix-len": 0})
    assert pool.excluded is None


@pytest.mark.parametrize(("length", "delegated"), [(1, 128), (128, 128), (16, 64), (48, 48)])
def test_sizes_at_the_edges(length: int, delegated: int) -> None:
    prefix = "::" if length == 1 else "2001::" if length == 16 else "2001:db8:8000::"
    (pool,) = subnet(pools=[], pd_pools=[{"prefix": prefix, "prefix-len": length, "delegated-len": delegated}]).pd_pools
    assert pool.size == 1 << (delegated - length)
    assert pool.last - pool.first + 1 == 1 << (128 - length)


@given(st.integers(0, 2**128 - 1), st.integers(1, 128), st.integers(0, 128))
def test_any_prefix_is_cut_into_its_parts(address: int, length: int, more: int) -> None:
    delegated = min(length + more, 128)
    prefix = address >> (128 - length) << (128 - length)
    written = {"prefix": text_ip6(prefix), "prefix-len": length, "delegated-len": delegated}
    (pool,) = subnet(pools=[], pd_pools=[written]).pd_pools
    assert pool.first == prefix
    assert pool.first + pool.size * pool.step - 1 == pool.last
    assert pool.last >> (128 - length) == prefix >> (128 - length)


@given(st.integers(0, 2**128 - 1), st.integers(0, 140))
def test_an_excluded_prefix_is_part_of_the_first_delegated_one_or_refused(address: int, length: int) -> None:
    written = {**PD_POOL, "excluded-prefix": text_ip6(address), "excluded-prefix-len": length}
    right = 56 < length <= 128 and address >> 72 == parse_ip6("2001:db8:8000::") >> 72
    if right or (address, length) == (0, 0):
        assert pools(written)
    else:
        with pytest.raises(ConfigError):
            pools(written)


def test_a_pool_of_prefixes_beside_one_of_addresses() -> None:
    inside = {"prefix": "2001:db8:1::", "prefix-len": 64, "delegated-len": 80}
    with pytest.raises(ConfigError, match=r"a pool of type IA_PD, .* overlaps with an existing pool") as caught:
        subnet(pd_pools=[PD_POOL, inside])
    assert caught.value.path == "Dhcp6.subnet6[0].pd-pools[1].prefix"
    assert subnet(pd_pools=[{**inside, "prefix": "2001:db8:1:0:8000::", "prefix-len": 65}]).pd_pools[0].size == 1 << 15
