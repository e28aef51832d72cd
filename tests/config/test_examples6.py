"""Whole DHCPv6 files: the one that is shipped, Kea's examples where they are at hand, and a very large one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from kead.config.reader import read_file
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.schema6 import KEYWORDS, Dhcp6, File6, PdPool, Pool, SharedNetwork, Subnet
from kead.dhcp6.options import STANDARD
from tests.config.some_configs6 import LOOPBACK, as_document

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT.parent / "shared" / "kea-examples" / "kea6"
PLAIN = (
    "advanced",
    "backends",
    "duid",
    "leases-expiration",
    "multiple-options",
    "several-subnets",
    "shared-network",
    "simple",
    "stateless",
    "tee-times",
)


def test_the_shipped_configuration_loads() -> None:
    document = read_file(str(ROOT / "etc" / "kea-dhcp6.json"), KEYWORDS)
    there = {**LOOPBACK, "eth0": (2,)}
    loaded = load6(document, STANDARD, context=Restrictions(interfaces=lambda: there))
    assert loaded.warnings == ()
    assert [choice.name for choice in loaded.interfaces.interfaces] == ["*"]
    (one,) = loaded.subnets
    assert one.interface == "eth0", "clients on the link are known by nothing else"
    assert one.text == "2001:db8:1::/64"
    assert one.pools
    assert one.pd_pools[0].size == 256
    assert one.preferred.default < one.valid.default
    assert one.renew_timer is not None
    assert one.rebind_timer is not None
    assert one.renew_timer < one.rebind_timer < one.preferred.default
    assert {23, 24} <= loaded.options.by_code.keys()
    assert loaded.lease_database.type == "memfile"
    assert loaded.control_sockets[0].type == "unix"


@pytest.mark.optional
def test_keas_examples_are_read() -> None:
    files = sorted(EXAMPLES.glob("*.json"))
    if not files:
        pytest.skip("Kea's example configurations are not here")
    for file in files:
        document = read_file(str(file), KEYWORDS)
        assert list(document.tree) == ["Dhcp6"]
        assert document.place(("Dhcp6",)).line >= 1


@pytest.mark.optional
@pytest.mark.parametrize("name", PLAIN)
def test_keas_plain_examples_load(name: str) -> None:
    file = EXAMPLES / f"{name}.json"
    if not file.exists():
        pytest.skip("Kea's example configurations are not here")
    loaded = load6(read_file(str(file), KEYWORDS), STANDARD, context=Restrictions(enforce=False))
    assert bool(loaded.subnets) == (name != "stateless")


def many_subnets(number: int) -> dict[str, Any]:
    subnets = []
    for n in range(number):
        net = f"2001:db8:{n:x}"
        subnets.append(
            {
                "id": n + 1,
                "subnet": f"{net}::/64",
                "pools": [{"pool": f"{net}::10 - {net}::1000"}],
                "pd-pools": [{"prefix": f"3000:db8:{n:x}::", "prefix-len": 48, "delegated-len": 64}],
                "interface-id": f"port {n}",
                "option-data": [{"name": "dns-servers", "data": f"{net}::1"}],
            }
        )
    return {"Dhcp6": {"subnet6": subnets}}


def test_ten_thousand_subnets() -> None:
    text = "// large\n" + json.dumps(many_subnets(10_000), indent=1)
    before = time.process_time()
    document = as_document(text)
    loaded = load6(document, STANDARD, context=Restrictions())
    assert time.process_time() - before < 3
    assert document._positioned is None  # nobody asked where anything stands
    assert len(loaded.by_id) == 10_000
    assert loaded.by_id[9_999].pools[0].size == 0xFF1
    assert loaded.by_id[9_999].pd_pools[0].size == 65536


def test_every_keyword_of_kea_is_known_where_it_belongs() -> None:
    """The keywords of config-common.md § 3 and § 5, by the map they stand in."""
    everywhere = {
        "valid-lifetime", "min-valid-lifetime", "max-valid-lifetime", "preferred-lifetime", "min-preferred-lifetime",
        "max-preferred-lifetime", "renew-timer", "rebind-timer", "calculate-tee-times", "t1-percent", "t2-percent",
        "store-extended-info", "cache-threshold", "cache-max-age", "adaptive-lease-time-threshold", "allocator",
        "pd-allocator", "reservations-global", "reservations-in-subnet", "reservations-out-of-pool", "option-data",
        "user-context", "comment", "ddns-send-updates", "ddns-override-no-update", "ddns-override-client-update",
        "ddns-replace-client-name", "ddns-generated-prefix", "ddns-qualifying-suffix", "ddns-update-on-renew",
        "ddns-conflict-resolution-mode", "ddns-ttl", "ddns-ttl-percent", "ddns-ttl-min", "ddns-ttl-max",
        "hostname-char-set", "hostname-char-replacement",
    }  # fmt: skip
    guards = {"client-classes", "evaluate-additional-classes"}
    link = {"interface", "interface-id", "rapid-commit", "relay"}
    assert everywhere | {
        "subnet6", "shared-networks", "interfaces-config", "lease-database", "hosts-databases", "client-classes",
        "host-reservation-identifiers", "option-def", "hooks-libraries", "expired-leases-processing", "loggers",
        "control-sockets", "dhcp-queue-control", "dhcp-ddns", "sanity-checks", "reservations", "config-control",
        "multi-threading", "compatibility", "decline-probation-period", "dhcp4o6-port", "server-tag",
        "early-global-reservations-lookup", "ip-reservations-unique", "reservations-lookup-first",
        "parked-packet-limit", "statistic-default-sample-count", "statistic-default-sample-age", "mac-sources",
        "relay-supplied-options", "server-id", "allow-address-registration", "data-directory",
    } <= Dhcp6.keywords()  # fmt: skip
    assert everywhere | guards | link | {"name", "subnet6"} <= SharedNetwork.keywords()
    assert everywhere | guards | link | {"id", "subnet", "pools", "pd-pools", "reservations"} <= Subnet.keywords()
    assert guards | {"pool", "pool-id", "option-data", "ddns-send-updates", "user-context"} <= Pool.keywords()
    assert guards | {
        "prefix", "prefix-len", "delegated-len", "excluded-prefix", "excluded-prefix-len", "pool-id", "option-data",
    } <= PdPool.keywords()  # fmt: skip


def test_the_schema_exports_for_editors() -> None:
    schema = File6.model_json_schema()
    assert "Dhcp6" in schema["properties"]
    pool = schema["$defs"]["PdPool"]
    assert pool["required"] == ["prefix", "prefix-len", "delegated-len"]
    assert not pool["additionalProperties"]
