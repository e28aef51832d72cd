"""Name change requests: their bytes, whose name it is (RFC 4701 section 3.6 has the vectors), how long it is kept."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kead.config.snapshot import Ddns
from kead.ddns.request import ADD, REMOVE, dhcid, request4, request6, ttl
from kead.leases.lease4 import Lease4
from kead.leases.lease6 import Lease6
from kead.wire.address import parse_ip4, parse_ip6
from kead.wire.names import DomainNameError


@pytest.mark.parametrize(
    ("kind", "identifier", "name", "expected"),
    [
        (
            2,
            "00010006412df166010203040506",
            "chi6.example.com.",
            "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
        ),
        (1, "010708090a0b0c", "chi.example.com.", "AAEBOSD+XR3Os/0LozeXVqcNc7FwCfQdWL3b/NaiUDlW2No="),
        (0, "01010203040506", "client.example.com.", "AAABxLmlskllE0MVjd57zHcWmEH3pCQ6VytcKD//7es/deY="),
    ],
    ids=["DUID", "client identifier", "hardware address"],
)
def test_vectors(kind: int, identifier: str, name: str, expected: str) -> None:
    assert dhcid(kind, bytes.fromhex(identifier), name) == base64.b64decode(expected)
    assert dhcid(kind, bytes.fromhex(identifier), name.upper()) == base64.b64decode(expected)


def lease4(**fields: Any) -> Lease4:
    usual: dict[str, Any] = {"hostname": "chi.example.com", "fqdn_fwd": True, "fqdn_rev": True, "client_id": b""}
    fields = usual | fields
    return Lease4(parse_ip4("192.0.2.1"), bytes.fromhex("010203040506"), fields.pop("client_id"), 3600, 1, 1, **fields)


@pytest.mark.parametrize(
    ("client_id", "kind", "identifier"),
    [
        ("", 0, "01010203040506"),
        ("010708090a0b0c", 1, "010708090a0b0c"),
        ("ff0000000100030001aabb", 2, "00030001aabb"),
        ("ff0000000100", 2, "00"),
        ("ff00000001", 1, "ff00000001"),
        ("ff" + "00" * 135, 1, "ff" + "00" * 135),
    ],
)
def test_who_has_a_dhcpv4_lease(client_id: str, kind: int, identifier: str) -> None:
    request = request4(ADD, lease4(client_id=bytes.fromhex(client_id)), Ddns())
    assert request.dhcid == dhcid(kind, bytes.fromhex(identifier), "chi.example.com.")


def test_bytes() -> None:
    mode = Ddns(conflict_resolution_mode="no-check-with-dhcid", ttl=1200)
    data = request4(REMOVE, lease4(fqdn_rev=False, client_id=bytes.fromhex("010708090a0b0c")), mode).encode(0)
    text = (
        b'{"change-type":1,"forward-change":true,"reverse-change":false,"fqdn":"chi.example.com.",'
        b'"ip-address":"192.0.2.1","dhcid":"0001013920FE5D1DCEB3FD0BA3379756A70D73B17009F41D58BDDBFCD6A2503956D8DA",'
        b'"lease-expires-on":"19700101002000","lease-length":1200,"conflict-resolution-mode":"no-check-with-dhcid"}'
    )
    assert data == len(text).to_bytes(2, "big") + text


def test_of_a_dhcpv6_lease() -> None:
    duid = bytes.fromhex("00010006412df166010203040506")
    lease = Lease6(
        0, parse_ip6("2001:db8::1"), 128, duid, 1, 1, 3600, 1, 1, hostname="chi6.example.com.", fqdn_rev=True
    )
    request = request6(ADD, lease, Ddns())
    assert (request.forward, request.reverse, request.address) == (False, True, "2001:db8::1")
    assert request.dhcid == base64.b64decode("AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=")


def test_escapes_are_json() -> None:
    data = request4(ADD, lease4(hostname="a\\032b.example.org."), Ddns()).encode(0)
    assert b'"fqdn":"a\\\\032b.example.org."' in data


def test_no_name() -> None:
    with pytest.raises(DomainNameError):
        request4(ADD, lease4(hostname="a..b"), Ddns())


@pytest.mark.parametrize(
    ("valid", "rules", "expected"),
    [
        (300, {}, 600),
        (6000, {}, 2000),
        (300, {"ttl_max": 100}, 600),
        (6000, {"ttl_max": 700}, 700),
        (4294967295, {}, 1431641448),
        (6000, {"ttl": 7, "ttl_max": 5}, 7),
        (6000, {"ttl_percent": 0.5}, 3000),
        (6000, {"ttl_percent": -1.0}, 2000),
        (100, {"ttl_percent": 0.5, "ttl_min": 20}, 50),
        (100, {"ttl_percent": 0.5, "ttl_min": 60}, 60),
    ],
)
def test_time_to_live(valid: int, rules: dict[str, Any], expected: int) -> None:
    assert ttl(valid, Ddns(**rules)) == expected
