"""Whole files: the one that is shipped, Kea's examples where they are at hand, and a very large one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from kead.config.reader import read_file
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.schema4 import KEYWORDS, Dhcp4, File4, OptionData, Pool, SharedNetwork, Subnet
from kead.dhcp4.options import STANDARD
from tests.config.some_configs import LOOPBACK, as_document

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT.parent / "shared" / "kea-examples" / "kea4"


def test_the_shipped_configuration_loads() -> None:
    document = read_file(str(ROOT / "etc" / "kea-dhcp4.json"), KEYWORDS)
    loaded = load4(document, STANDARD, context=Restrictions(interfaces=lambda: LOOPBACK))
    assert loaded.warnings == ()
    assert [choice.name for choice in loaded.interfaces.interfaces] == ["*"]
    assert [one.text for one in loaded.subnets] == ["192.0.2.0/24"]
    assert loaded.subnets[0].pools
    assert {3, 6} <= loaded.options.by_code.keys() | loaded.subnets[0].options.by_code.keys()
    assert loaded.lease_database.type == "memfile"
    assert loaded.control_sockets[0].type == "unix"


@pytest.mark.optional
def test_keas_examples_are_read() -> None:
    files = sorted(EXAMPLES.glob("*.json"))
    if not files:
        pytest.skip("Kea's example configurations are not here")
    for file in files:
        document = read_file(str(file), KEYWORDS)
        assert list(document.tree) == ["Dhcp4"]
        assert document.place(("Dhcp4",)).line >= 1


@pytest.mark.optional
@pytest.mark.parametrize("name", ["single-subnet", "several-subnets", "shared-network", "leases-expiration"])
def test_keas_plain_examples_load(name: str) -> None:
    file = EXAMPLES / f"{name}.json"
    if not file.exists():
        pytest.skip("Kea's example configurations are not here")
    loaded = load4(read_file(str(file), KEYWORDS), STANDARD, context=Restrictions(enforce=False))
    assert loaded.subnets


def many_subnets(number: int) -> dict[str, Any]:
    subnets = []
    for n in range(number):
        net = f"10.{n >> 8}.{n & 255}"
        subnets.append(
            {
                "id": n + 1,
                "subnet": f"{net}.0/24",
                "pools": [{"pool": f"{net}.10 - {net}.200"}],
                "relay": {"ip-addresses": [f"{net}.1"]},
                "option-data": [{"name": "routers", "data": f"{net}.1"}],
            }
        )
    return {"Dhcp4": {"subnet4": subnets}}


def test_ten_thousand_subnets() -> None:
    text = "// large\n" + json.dumps(many_subnets(10_000), indent=1)
    before = time.process_time()
    document = as_document(text)
    loaded = load4(document, STANDARD, context=Restrictions())
    assert time.process_time() - before < 3
    assert document._positioned is None  # nobody asked where anything stands
    assert len(loaded.by_id) == 10_000
    assert loaded.by_id[9_999].pools[0].size == 191


def test_every_keyword_of_kea_is_known_where_it_belongs() -> None:
    """The keywords of config-common.md § 3 and § 5, by the map they stand in."""
    everywhere = {
        "valid-lifetime", "min-valid-lifetime", "max-valid-lifetime", "renew-timer", "rebind-timer",
        "calculate-tee-times", "t1-percent", "t2-percent", "match-client-id", "authoritative", "next-server",
        "server-hostname", "boot-file-name", "store-extended-info", "cache-threshold", "cache-max-age",
        "offer-lifetime", "allocator", "reservations-global", "reservations-in-subnet", "reservations-out-of-pool",
        "option-data", "user-context", "comment", "ddns-send-updates", "ddns-override-no-update",
        "ddns-override-client-update", "ddns-replace-client-name", "ddns-generated-prefix",
        "ddns-qualifying-suffix", "ddns-update-on-renew", "ddns-conflict-resolution-mode", "ddns-ttl",
        "ddns-ttl-percent", "ddns-ttl-min", "ddns-ttl-max", "hostname-char-set", "hostname-char-replacement",
    }  # fmt: skip
    guards = {"client-classes", "evaluate-additional-classes"}
    assert everywhere | {
        "subnet4", "shared-networks", "interfaces-config", "lease-database", "hosts-databases", "client-classes",
        "host-reservation-identifiers", "option-def", "hooks-libraries", "expired-leases-processing", "loggers",
        "control-sockets", "dhcp-queue-control", "dhcp-ddns", "sanity-checks", "reservations", "config-control",
        "multi-threading", "compatibility", "decline-probation-period", "dhcp4o6-port", "echo-client-id",
        "server-tag", "early-global-reservations-lookup", "ip-reservations-unique", "reservations-lookup-first",
        "stash-agent-options", "parked-packet-limit", "statistic-default-sample-count",
        "statistic-default-sample-age",
    } <= Dhcp4.keywords()  # fmt: skip
    assert everywhere | guards | {"name", "interface", "relay", "subnet4"} <= SharedNetwork.keywords()
    assert everywhere | guards | {
        "id", "subnet", "pools", "interface", "relay", "reservations", "4o6-interface", "4o6-interface-id",
        "4o6-subnet",
    } <= Subnet.keywords()  # fmt: skip
    assert guards | {"pool", "pool-id", "option-data", "ddns-send-updates", "user-context"} <= Pool.keywords()
    assert {"name", "code", "space", "data", "csv-format", "always-send", "never-send"} <= OptionData.keywords()


def test_the_schema_exports_for_editors() -> None:
    schema = File4.model_json_schema()
    assert "Dhcp4" in schema["properties"]
    subnet = schema["$defs"]["Subnet"]["properties"]
    assert subnet["4o6-interface"]["type"] == "string"
    assert "valid-lifetime" in subnet
    assert not schema["$defs"]["Subnet"]["additionalProperties"]
