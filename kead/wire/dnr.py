"""Encrypted DNS resolvers (RFC 9463): the text of options 162 (DHCPv4) and 144 (DHCPv6), and their bytes.

A resolver is `priority, name[, address address …[, key=value key=value …]]`. A comma that belongs to a value is
escaped with a backslash. Service parameters go out in the order of their numbers (RFC 9460), whatever the order of
the text. An instance of option 162 holds resolvers each with its length before it, separated by `|` in text; one of
option 144 holds one resolver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kead.wire.address import parse_ip4, parse_ip6, text_ip4, text_ip6
from kead.wire.names import DomainNameError, decode_name, encode_name
from kead.wire.values import OptionTextError

_ALPN, _PORT, _DOHPATH = 1, 3, 7
_KEYS = {"alpn": _ALPN, "port": _PORT, "dohpath": _DOHPATH}
_UNSUPPORTED = frozenset(("mandatory", "no-default-alpn", "ech", "ohttp"))
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


@dataclass(frozen=True, slots=True)
class _Family:
    """What differs between the options: `lengths` is how many bytes a length field of a resolver has."""

    option: str
    addresses: str
    lengths: int
    size: int
    parse: Callable[[str], int]
    show: Callable[[int], str]


_V4 = _Family("DHCPv4 Encrypted DNS Option (162)", "IPv4", 1, 4, parse_ip4, text_ip4)
_V6 = _Family("DHCPv6 Encrypted DNS Option (144)", "IPv6", 2, 16, parse_ip6, text_ip6)


class _Wrong(Exception):
    """What is wrong, before it is known in which option."""


def _named(family: _Family, why: object) -> OptionTextError:
    return OptionTextError(f"{family.option} malformed: {why}")


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
    """The bytes of resolvers as a DHCPv4 configuration has them. OptionTextError says which part is wrong."""
    if not text.strip():
        raise OptionTextError("no option value specified")
    try:
        return encode_resolvers([_read_resolver(part, _V4) for part in _split(text, "|")])
    except _Wrong as error:
        raise _named(_V4, error) from None


def read_resolver6(text: str) -> bytes:
    """The bytes of the resolver that a DHCPv6 configuration has. OptionTextError says which part is wrong."""
    if not text.strip():
        raise OptionTextError("no option value specified")
    try:
        return encode_resolver6(_read_resolver(text, _V6))
    except _Wrong as error:
        raise _named(_V6, error) from None


def _read_resolver(text: str, family: _Family) -> Resolver:
    fields = [field.strip() for field in _split(text, ",")]
    if not fields[-1]:
        fields.pop()
    if len(fields) > 4:
        raise _Wrong(
            "Option config supports maximum 4 comma separated fields: Service Priority, ADN, resolver IP"
            " address(es) and SvcParams"
        )
    if len(fields) < 2:
        raise _Wrong("Option config requires at least comma separated Service Priority and ADN")
    priority = _number(fields[0], "Service priority")
    try:
        encode_name(fields[1])
    except DomainNameError as error:
        raise _Wrong(f"Cannot parse ADN FQDN from given value: {fields[1]}. Error: {error}") from None
    addresses: tuple[int, ...] = ()
    if len(fields) > 2:
        addresses = tuple(_address(part, family) for part in fields[2].split())
        if not addresses:
            raise _Wrong("Option config requires at least one valid IP address.")
    return Resolver(priority, fields[1], addresses, _read_parameters(fields[3]) if len(fields) > 3 else ())


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) < 1 << 16):
        raise _Wrong(f"Cannot parse uint_16 integer {what} from given value: {text}. Error: it must be 0 to 65535")
    return int(text)


def _address(text: str, family: _Family) -> int:
    plain = text.partition("%")[0] if family is _V6 else text
    try:
        return family.parse(plain)
    except ValueError:
        why = f"Failed to convert string to address '{text}': Invalid argument"
    if family is _V6 and _is_ip4(text):
        why = "Given address is not IPv6 address."
    raise _Wrong(f"Cannot parse {family.addresses} address from given value: {text}. Error: {why}")


def _is_ip4(text: str) -> bool:
    try:
        parse_ip4(text)
    except ValueError:
        return False
    return True


def _read_parameters(text: str) -> tuple[tuple[int, bytes], ...]:
    syntax = "Wrong Svc Params syntax - "
    found: dict[int, bytes] = {}
    needs_path = False
    for pair in text.split():
        key, _, value = pair.partition("=")
        if not value or not key or ("=" in value and key != "dohpath"):
            raise _Wrong(f"{syntax}SvcParamKey=SvcParamValue pair syntax must be used")
        if key in _FORBIDDEN:
            raise _Wrong(f"{syntax}key {key} must not be used")
        if key in _UNSUPPORTED:
            raise _Wrong(f"{syntax}key {key} not supported in DNR option SvcParams")
        number = _KEYS.get(key)
        if number is None:
            raise _Wrong(f"{syntax}key {key} not found in SvcParamKeys registry")
        if number in found:
            raise _Wrong(f"{syntax}key {key} is duplicated.")
        if number == _PORT:
            found[number] = _number(value, "port nr").to_bytes(2, "big")
        elif number == _DOHPATH:
            if "{?dns" not in value:
                raise _Wrong(f"{syntax}dohpath SvcParamValue URI Template MUST contain a 'dns' variable.")
            found[number] = value.encode()
        else:
            names = value.split(",")
            for name in names:
                if name not in _ALPN_IDS:
                    raise _Wrong(f"{syntax}alpn-id {name} not found in ALPN-IDs registry")
            found[number] = b"".join(bytes((len(name),)) + name.encode() for name in names)
            needs_path = not _HTTP.isdisjoint(names)
    if needs_path and _DOHPATH not in found:
        raise _Wrong(
            f"{syntax}dohpath SvcParam missing. When alpn SvcParam indicates support for HTTP, dohpath must be present."
        )
    return tuple(sorted(found.items()))


def encode_resolvers(resolvers: list[Resolver]) -> bytes:
    """The bytes of resolvers in option 162. OptionTextError: one is longer than its length fields can say."""
    parts = []
    for resolver in resolvers:
        body = _encode(resolver, _V4)
        parts.append(len(body).to_bytes(2, "big") + body)
    return b"".join(parts)


def encode_resolver6(resolver: Resolver) -> bytes:
    """The bytes of a resolver in option 144. OptionTextError: longer than its length fields can say."""
    return _encode(resolver, _V6)


def _encode(resolver: Resolver, family: _Family) -> bytes:
    name = encode_name(resolver.name)
    body = resolver.priority.to_bytes(2, "big") + len(name).to_bytes(family.lengths, "big") + name
    if resolver.addresses:
        length = family.size * len(resolver.addresses)
        if length >> 8 * family.lengths:
            raise _named(family, f"more addresses than have room in one instance: {len(resolver.addresses)}")
        body += length.to_bytes(family.lengths, "big")
        body += b"".join(address.to_bytes(family.size, "big") for address in resolver.addresses)
        for number, value in resolver.parameters:
            body += number.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
    if len(body) > 0xFFFF:
        raise _named(family, "an instance is longer than 65535 bytes")
    return body


def decode_resolvers(data: bytes) -> list[Resolver]:
    """The resolvers in option 162. OptionTextError: one is cut short or its parts do not fit in it."""
    resolvers: list[Resolver] = []
    at = 0
    while at < len(data):
        start = at + 2
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data) or start > len(data):
            raise _named(_V4, "an instance is truncated")
        resolvers.append(_decode(data[start:end], _V4))
        at = end
    return resolvers


def decode_resolver6(data: bytes) -> Resolver:
    """The resolver in option 144. OptionTextError: cut short, or its parts do not fit."""
    return _decode(data, _V6)


def _decode(data: bytes, family: _Family) -> Resolver:
    try:
        return _decode_resolver(data, family)
    except _Wrong as error:
        raise _named(family, error) from None


def _decode_resolver(data: bytes, family: _Family) -> Resolver:
    name_at = 2 + family.lengths
    name_end = name_at + int.from_bytes(data[2:name_at], "big")
    if not name_at < name_end <= len(data):
        raise _Wrong("an instance has no authentication domain name")
    try:
        name, end = decode_name(data[name_at:name_end])
    except DomainNameError as error:
        raise _Wrong(f"the authentication domain name is broken: {error}") from None
    if end != name_end - name_at and family is _V4:  # Kea looks away here in DHCPv6
        raise _Wrong("bytes follow the authentication domain name")
    priority = int.from_bytes(data[:2], "big")
    if name_end == len(data):
        return Resolver(priority, name)
    start = name_end + family.lengths
    length = int.from_bytes(data[name_end:start], "big")
    end = start + length
    if length % family.size or not length or end > len(data):
        raise _Wrong(f"the length of the addresses is {length}")
    addresses = tuple(int.from_bytes(data[i : i + family.size], "big") for i in range(start, end, family.size))
    return Resolver(priority, name, addresses, _decode_parameters(data[end:]))


def _decode_parameters(data: bytes) -> tuple[tuple[int, bytes], ...]:
    found = []
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 4 > len(data) or end > len(data):
            raise _Wrong("a service parameter is truncated")
        found.append((int.from_bytes(data[at : at + 2], "big"), data[at + 4 : end]))
        at = end
    return tuple(found)


def show_resolvers(data: bytes) -> str:
    """The text of option 162. OptionTextError as `decode_resolvers`."""
    return " | ".join(_show(resolver, _V4).replace("|", "\\|") for resolver in decode_resolvers(data))


def show_resolver6(data: bytes) -> str:
    """The text of option 144. OptionTextError as `decode_resolver6`."""
    return _show(decode_resolver6(data), _V6)


def _show(resolver: Resolver, family: _Family) -> str:
    fields = [str(resolver.priority), resolver.name]
    if resolver.addresses:
        fields.append(" ".join(map(family.show, resolver.addresses)))
    if resolver.parameters:
        fields.append(" ".join(_show_parameter(number, value) for number, value in resolver.parameters))
    return ", ".join(field.replace(",", "\\,") for field in fields)


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
