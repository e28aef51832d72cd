"""What a subnet or a network is worked out from: its own keywords, its network's, the global ones.

Law: inheritance and the checks of inherited values (config-common.md § 3), nothing else. Kea checks what a subnet
derives in the subnet: so a global mistake is told for the first subnet, and not at all where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from kead.config.errors import NOWHERE, ConfigError, Path
from kead.config.reader import Document
from kead.config.schema4 import Inherited
from kead.config.snapshot4 import Lifetime
from kead.wire.address import parse_ip4

Value = TypeVar("Value")

ALLOCATORS = ("iterative", "random", "flq")
UINT32 = 1 << 32


def nearest(*values: Value | None) -> Value:
    """The first that is set; the last one always is."""
    for value in values:
        if value is not None:
            return value
    raise AssertionError("the global level has a default")


def nearest_or_none(*values: Value | None) -> Value | None:
    """The first that is set, if any is."""
    return next((value for value in values if value is not None), None)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The inherited properties of one subnet or network, as `snapshot4.Subnet4` describes them."""

    valid: Lifetime
    renew_timer: int | None
    rebind_timer: int | None
    calculate_tee_times: bool
    t1_percent: float
    t2_percent: float
    match_client_id: bool
    authoritative: bool
    next_server: int
    server_hostname: bytes
    boot_file_name: bytes
    store_extended_info: bool
    cache_threshold: float
    cache_max_age: int | None
    offer_lifetime: int | None
    allocator: str
    reservations_global: bool
    reservations_in_subnet: bool
    reservations_out_of_pool: bool


class Levels:
    """The places that something inherits from, its own first, with their paths."""

    def __init__(self, document: Document, levels: Sequence[tuple[Inherited, Path]], warnings: list[str]) -> None:
        self._document = document
        self._levels = levels
        self._warnings = warnings
        self._models = [model for model, _ in levels]

    def resolve(self) -> Resolved:
        models = self._models
        wanted = [reservations(model) for model in models]
        valid = self._lifetime()
        timers = self._timer("renew_timer"), self._timer("rebind_timer")
        calculate = nearest(*(m.calculate_tee_times for m in models))
        percents = nearest(*(m.t1_percent for m in models)), nearest(*(m.t2_percent for m in models))
        if calculate:
            self._check_percents(*percents)
        threshold = nearest(*(m.cache_threshold for m in models))
        if not 0.0 <= threshold < 1.0:
            self._refuse(
                "cache_threshold",
                f"cache-threshold: {threshold:g} is invalid, it must be greater than or equal to 0.0 and less than 1.0",
            )
        return Resolved(
            valid=valid,
            renew_timer=timers[0],
            rebind_timer=timers[1],
            calculate_tee_times=calculate,
            t1_percent=percents[0],
            t2_percent=percents[1],
            match_client_id=nearest(*(m.match_client_id for m in models)),
            authoritative=nearest(*(m.authoritative for m in models)),
            next_server=self._next_server(),
            server_hostname=self._header_text("server_hostname", 63, 63),
            boot_file_name=self._header_text("boot_file_name", 128, 127),
            store_extended_info=nearest(*(m.store_extended_info for m in models)),
            cache_threshold=threshold,
            cache_max_age=self._uint32("cache_max_age"),
            offer_lifetime=self._offer_lifetime(),
            allocator=self._allocator(),
            reservations_global=nearest(*(r[0] for r in wanted)),
            reservations_in_subnet=nearest(*(r[1] for r in wanted)),
            reservations_out_of_pool=nearest(*(r[2] for r in wanted)),
        )

    def _check_percents(self, t1: float, t2: float) -> None:
        if not 0.0 < t1 < 1.0:
            self._refuse("t1_percent", f"t1-percent:  {t1:g} is invalid it must be greater than 0.0 and less than 1.0")
        if not 0.0 < t2 < 1.0:
            self._refuse("t2_percent", f"t2-percent:  {t2:g} is invalid, it must be greater than 0.0 and less than 1.0")
        if t1 >= t2:
            self._refuse("t1_percent", f"t1-percent:  {t1:g} is invalid, it must be less than t2-percent: {t2:g}")

    def _refuse(self, name: str, text: str, remedy: str = "") -> NoReturn:
        """Refuse the nearest value of a field; the text is without position, as in Kea."""
        _, path = self._found(name)
        raise ConfigError(text, place=self._document.place(path), path=path, remedy=remedy)

    def _found(self, name: str) -> tuple[int | str | None, Path]:
        """The nearest value of a field, and where it stands."""
        for model, path in self._levels:
            value = getattr(model, name)
            if value is not None:
                return value, (*path, model.keyword(name))
        return None, ()

    def _integer(self, name: str) -> tuple[int | None, Path]:
        value, path = self._found(name)
        assert value is None or isinstance(value, int)
        return value, path

    def _uint32(self, name: str) -> int | None:
        """A number of 32 bits; as in Kea one outside is taken modulo, which is worth a warning."""
        value, path = self._integer(name)
        if value is None or 0 <= value < UINT32:
            return value
        keyword = path[-1]
        warning = f"'{keyword}' {value} ({self._document.place(path)}) is taken as {value % UINT32}"
        if warning not in self._warnings:
            self._warnings.append(warning)
        return value % UINT32

    def _timer(self, name: str) -> int | None:
        value, path = self._integer(name)
        if value is not None and value < 0:
            self._refuse(name, f"the value of {path[-1]} ({value}) must be a positive number")
        return self._uint32(name)

    def _offer_lifetime(self) -> int | None:
        value, path = self._integer("offer_lifetime")
        if value is not None and value < 0:
            place = self._document.place(path)
            self._refuse("offer_lifetime", f"the value of offer-lifetime '{value}' must be a positive number ({place})")
        return self._uint32("offer_lifetime")

    def _lifetime(self) -> Lifetime:
        value = self._uint32("valid_lifetime")
        assert value is not None
        least, most = self._uint32("min_valid_lifetime"), self._uint32("max_valid_lifetime")
        text = ""
        if least is not None and most is not None:
            if least > most:
                text = f"min-valid-lifetime ({least}) is not less than max-valid-lifetime ({most})"
            elif not least <= value <= most:
                text = (
                    f"(default) valid-lifetime ({value}) is not between min-valid-lifetime ({least}) "
                    f"and max-valid-lifetime ({most})"
                )
        elif least is not None and value < least:
            text = f"min-valid-lifetime ({least}) is not less than (default) valid-lifetime ({value})"
        elif most is not None and value > most:
            text = f"(default) valid-lifetime ({value}) is not less than max-valid-lifetime ({most})"
        if text:
            field = "min_valid_lifetime" if least is not None else "max_valid_lifetime"
            remedy = "min-valid-lifetime <= valid-lifetime <= max-valid-lifetime must hold"
            self._refuse(field, f"the value of {text}", remedy)
        return Lifetime(value if least is None else least, value, value if most is None else most)

    def _next_server(self) -> int:
        for model, path in self._levels:
            if model.next_server:
                return next_server(self._document, model.next_server, (*path, "next-server"))
        return 0

    def _header_text(self, name: str, most: int, told: int) -> bytes:
        """A text for a field of the packet's header; an empty one says nothing."""
        for model, path in self._levels:
            text: str | None = getattr(model, name)
            if text:
                return header_text(self._document, text, (*path, model.keyword(name)), most, told)
        return b""

    def _allocator(self) -> str:
        name, path = self._found("allocator")
        if name not in ALLOCATORS:
            place = self._document.place(path)
            raise AllocatorError("supported allocators are: iterative, random and flq", place=place, path=path)
        assert isinstance(name, str)
        return name


class AllocatorError(ConfigError):
    """An allocator that does not exist: told without the place around it, as Kea does."""


def next_server(document: Document, text: str, path: Path) -> int:
    try:
        return parse_ip4(text)
    except ValueError:
        place = document.place(path)
        raise ConfigError(
            f"invalid parameter next-server : {text}({place})",
            place=place,
            path=path,
            remedy="an IPv4 address expected",
        ) from None


def header_text(document: Document, text: str, path: Path, most: int, told: int) -> bytes:
    place = document.place(path) if len(text) > most or not text.isascii() else NOWHERE
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError as error:
        wrong = text[error.start]
        why = f"{path[-1]} holds the character {wrong!r}, which has no single byte ({place})"
        raise ConfigError(why, place=place, path=path) from None
    if len(data) > most:
        text = f"{path[-1]} must be at most {told} bytes long, it is {len(data)} ({place})"
        raise ConfigError(text, place=place, path=path)
    return data


_MODES = {
    "disabled": (False, False, False),
    "off": (False, False, False),
    "out-of-pool": (False, True, True),
    "global": (True, False, False),
    "all": (False, True, False),
}


def reservations(model: Inherited) -> tuple[bool | None, bool | None, bool | None]:
    """reservations-global, -in-subnet, -out-of-pool; `reservation-mode` is how Kea before 2.4 said it."""
    if model.reservation_mode is not None:
        return _MODES[model.reservation_mode]
    return model.reservations_global, model.reservations_in_subnet, model.reservations_out_of_pool
