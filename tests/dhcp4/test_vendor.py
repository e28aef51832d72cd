"""Options 124 and 125 in replies: an entry an enterprise (RFC 3925)."""

from __future__ import annotations

from typing import Any

from tests.dhcp4.conversation import Client, ServerUnderTest, option

CABLELABS = 4491
OTHER = 9


def sub(enterprise: int, code: int, data: str, **more: Any) -> dict[str, Any]:
    """One sub-option of a vendor space, as hexadecimal."""
    return option("", data, space=f"vendor-{enterprise}", code=code, csv_format=False, **more) | {"name": f"sub-{code}"}


def asks(enterprise: int, *codes: int) -> bytes:
    """Option 125 with a DOCSIS option request."""
    return enterprise.to_bytes(4, "big") + bytes((2 + len(codes), 1, len(codes), *codes))


def entry(enterprise: int, data: bytes) -> bytes:
    return enterprise.to_bytes(4, "big") + bytes((len(data),)) + data


def definition(enterprise: int, code: int) -> dict[str, Any]:
    return {"name": f"sub-{code}", "code": code, "space": f"vendor-{enterprise}", "type": "binary"}


async def vendor(server: ServerUnderTest, client: Client, *data: dict[str, Any], **options: Any) -> bytes | None:
    """Option 125 of the offer."""
    definitions = [definition(enterprise, code) for enterprise in (CABLELABS, OTHER) for code in (200, 201)]
    server.configure(option_def=definitions, option_data=list(data))
    offer = await client.discover(**options)
    assert offer is not None
    return offer.options.get(125)


async def test_nobody_knows_the_enterprise(server: ServerUnderTest, client: Client) -> None:
    data = sub(OTHER, 200, "0102", always_send=True)
    assert await vendor(server, client, data) is None
    assert await vendor(server, client, data, options={125: asks(CABLELABS, 200)}) is None


async def test_always_send_to_who_names_the_enterprise(server: ServerUnderTest, client: Client) -> None:
    data = sub(OTHER, 200, "0102", always_send=True)
    for code in (124, 125):
        named = {code: entry(OTHER, b"\1\1" + b"\7" if code == 125 else b"\2ab")}
        assert await vendor(server, client, data, options=named) == entry(OTHER, b"\xc8\2\1\2")


async def test_not_without_always_send(server: ServerUnderTest, client: Client) -> None:
    data = sub(OTHER, 200, "0102")
    assert await vendor(server, client, data, options={125: asks(OTHER, 200)}) is None


async def test_a_cable_modem_asks_in_its_own_way(server: ServerUnderTest, client: Client) -> None:
    data = [sub(CABLELABS, 200, "0102"), sub(CABLELABS, 201, "03")]
    assert await vendor(server, client, *data, options={125: asks(CABLELABS, 201)}) == entry(CABLELABS, b"\xc9\1\3")
    both = entry(CABLELABS, b"\xc8\2\1\2\xc9\1\3")
    assert await vendor(server, client, *data, options={125: asks(CABLELABS, 201, 200)}) == both


async def test_never_send(server: ServerUnderTest, client: Client) -> None:
    data = [sub(CABLELABS, 200, "0102", never_send=True), sub(CABLELABS, 201, "03")]
    assert await vendor(server, client, *data, options={125: asks(CABLELABS, 200)}) is None


async def test_two_enterprises(server: ServerUnderTest, client: Client) -> None:
    data = [sub(OTHER, 200, "01", always_send=True), sub(CABLELABS, 200, "02", always_send=True)]
    named = {125: entry(OTHER, b"") + entry(CABLELABS, b"")}
    found = await vendor(server, client, *data, options=named)
    assert found == entry(OTHER, b"\xc8\1\1") + entry(CABLELABS, b"\xc8\1\2")


async def test_broken_ones_are_no_reason_for_silence(server: ServerUnderTest, client: Client) -> None:
    data = sub(OTHER, 200, "01", always_send=True)
    for broken in (b"\0", b"\0\0\0\x09", b"\0\0\0\x09\xff", b"\0\0\0\x09\5\1\xff"):
        offer = await vendor(server, client, data, options={125: broken})
        assert offer in (None, entry(OTHER, b"\xc8\1\1"))
