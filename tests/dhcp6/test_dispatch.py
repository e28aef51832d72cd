"""Batches of DHCPv6: who is served first when too much waits. What both families share is tested with DHCPv4."""

from __future__ import annotations

from kead.dhcp6.packet import REQUEST, SOLICIT, encode
from kead.dispatch import BATCH, NEWCOMERS, STALE
from tests.dhcp6.conversation import SERVER_DUID, Client, LogFile, ServerUnderTest, relay


async def test_a_batch_is_one_write(server: ServerUnderTest) -> None:
    server.configure(pools=[{"pool": "2001:db8:1::/80"}])
    clients = [Client(server, b"\0\3\0\1\2\0\0\0\2" + bytes((n,))) for n in range(8)]
    queries = [one.query(REQUEST, na=[], server_id=SERVER_DUID) for one in clients]
    replies = server.deliver(*map(server.datagram, queries))
    assert len({reply.address for reply in replies}) == len(server.rows()) == 8


async def test_overload(server: ServerUnderTest, client: Client) -> None:
    old = server.datagram(client.query(REQUEST, na=[], server_id=SERVER_DUID), arrived=server.now - STALE - 1)
    newcomers = [server.datagram(client.query(SOLICIT)) for _ in range(NEWCOMERS + 50)]
    request = server.datagram(client.query(REQUEST, na=[], server_id=SERVER_DUID))
    server.channel.waiting = [old, *newcomers, request]
    assert len(server.channel.waiting) > BATCH
    server.dispatcher.readable(server.channel)
    assert server.channel.sent[0].packet.transaction_id == client.transaction_id, "requests go first"
    assert len(server.channel.sent) == 1 + NEWCOMERS
    assert server.counted() == {"pkt6-queue-full": 51, "pkt6-receive-drop": 51}


async def test_who_only_begins(server: ServerUnderTest, client: Client) -> None:
    begins = server.dispatcher._begins
    for relays in ([], [relay()], [relay(options={18: b"port"}), relay(options={18: b"x"})]):
        assert begins(encode(client.query(SOLICIT, relays=relays)))
        assert not begins(encode(client.query(REQUEST, relays=relays)))
    assert not begins(b"")
    assert not begins(b"\x0c")
    assert not begins(b"\x0c" + bytes(40))


async def test_service_switched_off(server: ServerUnderTest, client: Client) -> None:
    server.dispatcher.disabled = True
    assert await client.send(SOLICIT) is None
    assert server.count("pkt6-service-disabled") == server.count("pkt6-received") == 1


async def test_a_socket_that_does_not_send(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    server.channel.broken = OSError(101, "Network is unreachable")
    assert await client.send(SOLICIT) is None
    assert "DHCP6_PACKET_SEND_FAIL" in log
    assert server.count("pkt6-sent") == 0


async def test_everything_is_logged(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    log.everything()
    await client.bind(relays=[relay(options={18: b"p\nrt"})], options={39: b"\1\4host\0"})
    for message in ("QUERY_LABEL", "PACKET_RECEIVED", "QUERY_DATA", "SUBNET_SELECTED", "PROCESS_IA_NA_SOLICIT"):
        assert f"DHCP6_{message}" in log
    for message in ("LEASE_ADVERT", "LEASE_ALLOC", "PACKET_SEND", "RESPONSE_DATA", "DDNS_RECEIVE_FQDN"):
        assert f"DHCP6_{message}" in log
    assert "duid=[00:03:00:01:02:00:00:00:00:01], [no hwaddr info], tid=0x100001" in log.text


async def test_a_reply_that_fits_into_no_datagram_costs_only_itself(
    server: ServerUnderTest, client: Client, other: Client, log: LogFile
) -> None:
    """An interface-id of 60 KB comes back with what is said of 200 associations: no outer relay's option holds it."""
    relays = [relay(), relay(options={18: bytes(60_000)})]
    many = client.query(REQUEST, nas={iaid: [] for iaid in range(200)}, server_id=SERVER_DUID, relays=relays)
    few = other.query(REQUEST, na=[], server_id=SERVER_DUID, relays=[relay()])
    (reply,) = server.deliver(server.datagram(many), server.datagram(few))
    assert reply.packet.duid == other.duid
    assert "DHCP6_PACKET_SEND_FAIL" in log
    assert len(await server.store.of_client(client.duid)) == 17  # as if it had been lost on its way
    assert server.counted() == {}
