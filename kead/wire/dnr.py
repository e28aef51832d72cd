"""Encrypted DNS resolvers (RFC 9463): the text of option 162 and its bytes.

A resolver is `priority, name[, address address …[, key=value key=value …]]`; resolvers are separated by `|`. A
comma or bar that belongs to a value is escaped with a backslash. Service parameters go out in the order of their
numbers (RFC 9460), whatever the order of the text.
"""

from __future__ import annotations

from dataclasses import dataclass

from kead.wire.address import parse_ip4, text_ip4
from kead.wire.names import DomainNameError, decode_name, encode_name
from kead.wire.values import OptionTextError

_ALPN, _PORT, _DOHPATH = 1, 3, 7
_KEYS = {"alpn": _ALPN, "port": _PORT, "dohpath": _DOHPATH}
_UNSUPPORTED = frozenset(("mandatory", "no-default-alpn", "ech"))
_FORBIDDEN = frozenset(("ipv4hint", "ipv6hint"))
_HTTP = frozenset(("http/0.9", "http/1.0", "http/1.1", "h2c", "h2", "h3"))
# fmt: off
_ALPN_IDS = _HTTP | frozenset((  # IANA: TLS ALPN protocol ids
    "spdy/1", "spdy/2", "spdy/3", "stun.turn", "stun.nat-discovery", "webrtc", "c-webrtc", "ftp", "imap", "pop3",
    "managesieve", "coap", "co", "xmpp-client", "xmpp-server", "acme-tls/1", "mqtt", "dot", "ntske/1", "sunrpc",
    "smb", "irc", "nntp", "nnsp", "doq", "sip/2", "tds/8.0", "dicom", "postgresql", "radius/1.0", "radius/1.1"
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Resolver:
    """One resolver. `parameters` are the service parameters as they are sent, by number."""

    priority: int
    name: str
    addresses: tuple[int, ...] = ()
    parameters: tuple[tuple[int, bytes], ...] = ()


def _wrong(why: str) -> OptionTextError:
    return OptionTextError(f"DHCPv4 Encrypted DNS Option (162) malformed: {why}")


def _split(text: str, separator: str) -> list[str]:
    """The fields between separators, those with a backslash before them excepted; these lose the backslash."""
    fields = [""]
    at = 0
    while at < len(text):
        if text.startswith("\\" + separator, at):
            fields[-1] += separator
            at += 2
        elif text[at] == separator:
            fields.append("")
            at += 1
        else:
            fields[-1] += text[at]
            at += 1
    return fields


def read_resolvers(text: str) -> bytes:
    """The bytes of resolvers as a configuration has them. OptionTextError says which part is wrong."""
    if not text.strip():
        raise OptionTextError("no option value specified")
    return encode_resolvers([_read_resolver(part) for part in _split(text, "|")])


def _read_resolver(text: str) -> Resolver:
    fields = [field.strip() for field in _split(text, ",")]
    if len(fields) > 4:
        raise _wrong(
            "Option config supports maximum 4 comma separated fields: Service Priority, ADN, resolver IP"
            " address(es) and SvcParams"
        )
    if len(fields) < 2:
        raise _wrong("Option config requires at least comma separated Service Priority and ADN")
    priority = _number(fields[0], "Service priority")
    try:
        encode_name(fields[1])
    except DomainNameError as error:
        raise _wrong(f"Cannot parse ADN FQDN from given value: {fields[1]}. Error: {error}") from None
    addresses: tuple[int, ...] = ()
    if len(fields) > 2:
        addresses = tuple(map(_address, fields[2].split()))
        if not addresses:
            raise _wrong("Option config requires at least one valid IP address.")
    return Resolver(priority, fields[1], addresses, _read_parameters(fields[3]) if len(fields) > 3 else ())


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) < 1 << 16):
        raise _wrong(f"Cannot parse uint_16 integer {what} from given value: {text}. Error: it must be 0 to 65535")
    return int(text)


def _address(text: str) -> int:
    try:
        return parse_ip4(text)
    except ValueError:
        raise _wrong(
            f"Cannot parse IPv4 address from given value: {text}."
            f" Error: Failed to convert string to address '{text}': Invalid argument"
        ) from None


def _read_parameters(text: str) -> tuple[tuple[int, bytes], ...]:
    syntax = "Wrong Svc Params syntax - "
    found: dict[int, bytes] = {}
    needs_path = False
    for pair in text.split():
        key, _, value = pair.partition("=")
        if not value or not key or ("=" in value and key != "dohpath"):
            raise _wrong(f"{syntax}SvcParamKey=SvcParamValue pair syntax must be used")
        if key in _FORBIDDEN:
            raise _wrong(f"{syntax}key {key} must not be used")
        if key in _UNSUPPORTED:
            raise _wrong(f"{syntax}key {key} not supported in DNR option SvcParams")
        number = _KEYS.get(key)
        if number is None:
            raise _wrong(f"{syntax}key {key} not found in SvcParamKeys registry")
        if number in found:
            raise _wrong(f"{syntax}key {key} is duplicated.")
        if number == _PORT:
            found[number] = _number(value, "port nr").to_bytes(2, "big")
        elif number == _DOHPATH:
            if "{?dns" not in value:
                raise _wrong(f"{syntax}dohpath SvcParamValue URI Template MUST contain a 'dns' variable.")
            found[number] = value.encode()
        else:
            names = value.split(",")
            for name in names:
                if name not in _ALPN_IDS:
                    raise _wrong(f"{syntax}alpn-id {name} not found in ALPN-IDs registry")
            found[number] = b"".join(bytes((len(name),)) + name.encode() for name in names)
            needs_path = not _HTTP.isdisjoint(names)
    if needs_path and _DOHPATH not in found:
        raise _wrong(
            f"{syntax}dohpath SvcParam missing. When alpn SvcParam indicates support for HTTP, dohpath must be present."
        )
    return tuple(sorted(found.items()))


def encode_resolvers(resolvers: list[Resolver]) -> bytes:
    """The bytes of resolvers. OptionTextError: one is longer than its length fields can say."""
    parts = []
    for resolver in resolvers:
        name = encode_name(resolver.name)
        body = resolver.priority.to_bytes(2, "big") + bytes((len(name),)) + name
        if resolver.addresses:
            if len(resolver.addresses) > 63:
                raise _wrong("more than 63 addresses in one instance")
            body += bytes((4 * len(resolver.addresses),))
            body += b"".join(address.to_bytes(4, "big") for address in resolver.addresses)
            for number, value in resolver.parameters:
                body += number.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
        if len(body) > 0xFFFF:
            raise _wrong("an instance is longer than 65535 bytes")
        parts.append(len(body).to_bytes(2, "big") + body)
    return b"".join(parts)


def decode_resolvers(data: bytes) -> list[Resolver]:
    """The resolvers in bytes. OptionTextError: one is cut short or its parts do not fit in it."""
    resolvers: list[Resolver] = []
    at = 0
    while at < len(data):
        start = at + 2
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data) or start > len(data):
            raise _wrong("an instance is truncated")
        resolvers.append(_decode_resolver(data[start:end]))
        at = end
    return resolvers


def _decode_resolver(data: bytes) -> Resolver:
    name_end = 3 + data[2] if len(data) > 3 else 0
    if not 3 < name_end <= len(data):
        raise _wrong("an instance has no authentication domain name")
    try:
        name, end = decode_name(data[3:name_end])
    except DomainNameError as error:
        raise _wrong(f"the authentication domain name is broken: {error}") from None
    if end != name_end - 3:
        raise _wrong("bytes follow the authentication domain name")
    priority = int.from_bytes(data[:2], "big")
    if name_end == len(data):
        return Resolver(priority, name)
    addresses_end = name_end + 1 + data[name_end]
    if data[name_end] % 4 or not data[name_end] or addresses_end > len(data):
        raise _wrong(f"the length of the addresses is {data[name_end]}")
    addresses = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(name_end + 1, addresses_end, 4))
    return Resolver(priority, name, addresses, _decode_parameters(data[addresses_end:]))


def _decode_parameters(data: bytes) -> tuple[tuple[int, bytes], ...]:
    found = []
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 4 > len(data) or end > len(data):
            raise _wrong("a service parameter is truncated")
        found.append((int.from_bytes(data[at : at + 2], "big"), data[at + 4 : end]))
        at = end
    return tuple(found)


def show_resolvers(data: bytes) -> str:
    """The text of resolvers. OptionTextError as `decode_resolvers`."""
    return " | ".join(map(_show_resolver, decode_resolvers(data)))


def _show_resolver(resolver: Resolver) -> str:
    fields = [str(resolver.priority), resolver.name]
    if resolver.addresses:
        fields.append(" ".join(map(text_ip4, resolver.addresses)))
    if resolver.parameters:
        fields.append(" ".join(_show_parameter(number, value) for number, value in resolver.parameters))
    return ", ".join(field.replace(",", "\\,").replace("|", "\\|") for field in fields)


def _show_parameter(number: int, value: bytes) -> str:
    if number == _PORT and len(value) == 2:
        return f"port={int.from_bytes(value, 'big')}"
    if number == _DOHPATH:
        return f"dohpath={value.decode('utf-8', 'replace')}"
    if number == _ALPN:
        names = []
        at = 0
        while at < len(value):
            names.append(value[at + 1 : at + 1 + value[at]].decode("latin-1"))
            at += 1 + value[at]
        return f"alpn={','.join(names)}"
    return f"key{number}={value.hex()}"
