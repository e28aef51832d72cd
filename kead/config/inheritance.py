"""What a subnet or a network is worked out from: its own keywords, its network's, the global ones.

Law: inheritance and the checks of inherited values (config-common.md § 3), nothing else. Kea checks what a subnet
derives in the subnet: so a global mistake is told for the first subnet, and not at all where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from kead.config.errors import ConfigError, Path
from kead.config.reader import Document
from kead.config.schema_base import Keywords
from kead.config.schema_common import Inherited
from kead.config.snapshot import Lifetime

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
    """The inherited properties that both families have, as the snapshots' subnets describe them."""

    valid: Lifetime
    renew_timer: int | None
    rebind_timer: int | None
    calculate_tee_times: bool
    t1_percent: float
    t2_percent: float
    store_extended_info: bool
    cache_threshold: float
    cache_max_age: int | None
    reservations_global: bool
    reservations_in_subnet: bool
    reservations_out_of_pool: bool


Written = TypeVar("Written", bound=Keywords)
Level = TypeVar("Level", bound=Inherited)


class Places(Generic[Written]):
    """Where a number or a lifetime may be set, the nearest place first, with the paths."""

    def __init__(self, document: Document, levels: Sequence[tuple[Written, Path]], warnings: list[str]) -> None:
        self.document = document
        self.levels = levels
        self.models = [model for model, _ in levels]
        self._warnings = warnings

    def refuse(self, name: str, text: str, remedy: str = "") -> NoReturn:
        """Refuse the nearest value of a field; the text is without position, as in Kea."""
        _, path = self.found(name)
        raise ConfigError(text, place=self.document.place(path), path=path, remedy=remedy)

    def found(self, name: str) -> tuple[int | str | None, Path]:
        """The nearest value of a field, and where it stands: None and () if it is set nowhere."""
        for model, path in self.levels:
            value = getattr(model, name)
            if value is not None:
                return value, (*path, model.keyword(name))
        return None, ()

    def integer(self, name: str) -> tuple[int | None, Path]:
        """The same for a field that is a number."""
        value, path = self.found(name)
        assert value is None or isinstance(value, int)
        return value, path

    def uint32(self, name: str) -> int | None:
        """A number of 32 bits; as in Kea one outside is taken modulo, which is worth a warning."""
        value, path = self.integer(name)
        if value is None or 0 <= value < UINT32:
            return value
        keyword = path[-1]
        warning = f"'{keyword}' {value} ({self.document.place(path)}) is taken as {value % UINT32}"
        if warning not in self._warnings:
            self._warnings.append(warning)
        return value % UINT32

    def lifetime(self, kind: str) -> Lifetime | None:
        """The "valid" or "preferred" lifetime; None if not one of the three keywords is set anywhere."""
        fields = f"{kind}_lifetime", f"min_{kind}_lifetime", f"max_{kind}_lifetime"
        value, least, most = (self.uint32(field) for field in fields)
        if value is None:
            if least is not None and most is not None:
                text = f"have min-{kind}-lifetime and max-{kind}-lifetime but no {kind}-lifetime (default)"
                nearest_place = self.levels[0][1]
                where = f" in {self.document.place(nearest_place)}" if len(nearest_place) > 1 else ""
                self.refuse(fields[1], text + where)
            value = least if most is None else most
            return None if value is None else Lifetime(value, value, value)
        text = ""
        if least is not None and most is not None:
            if least > most:
                text = f"min-{kind}-lifetime ({least}) is not less than max-{kind}-lifetime ({most})"
            elif not least <= value <= most:
                text = (
                    f"(default) {kind}-lifetime ({value}) is not between min-{kind}-lifetime ({least}) "
                    f"and max-{kind}-lifetime ({most})"
                )
        elif least is not None and value < least:
            text = f"min-{kind}-lifetime ({least}) is not less than (default) {kind}-lifetime ({value})"
        elif most is not None and value > most:
            text = f"(default) {kind}-lifetime ({value}) is not less than max-{kind}-lifetime ({most})"
        if text:
            remedy = f"min-{kind}-lifetime <= {kind}-lifetime <= max-{kind}-lifetime must hold"
            self.refuse(fields[2] if least is None else fields[1], f"the value of {text}", remedy)
        return Lifetime(value if least is None else least, value, value if most is None else most)


class Levels(Places[Level]):
    """The places that something inherits from, its own first, with their paths."""

    def resolve(self) -> Resolved:
        """What both families have, the allocators excepted. Raises ConfigError."""
        models = self.models
        wanted = [reservations(model) for model in models]
        valid, *timers = self.times()
        calculate = nearest(*(m.calculate_tee_times for m in models))
        percents = nearest(*(m.t1_percent for m in models)), nearest(*(m.t2_percent for m in models))
        if calculate:
            self._check_percents(*percents)
        threshold = nearest(*(m.cache_threshold for m in models))
        if not 0.0 <= threshold < 1.0:
            self.refuse(
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
            store_extended_info=nearest(*(m.store_extended_info for m in models)),
            cache_threshold=threshold,
            cache_max_age=self.uint32("cache_max_age"),
            reservations_global=nearest(*(r[0] for r in wanted)),
            reservations_in_subnet=nearest(*(r[1] for r in wanted)),
            reservations_out_of_pool=nearest(*(r[2] for r in wanted)),
        )

    def _check_percents(self, t1: float, t2: float) -> None:
        if not 0.0 < t1 < 1.0:
            self.refuse("t1_percent", f"t1-percent:  {t1:g} is invalid it must be greater than 0.0 and less than 1.0")
        if not 0.0 < t2 < 1.0:
            self.refuse("t2_percent", f"t2-percent:  {t2:g} is invalid, it must be greater than 0.0 and less than 1.0")
        if t1 >= t2:
            self.refuse("t1_percent", f"t1-percent:  {t1:g} is invalid, it must be less than t2-percent: {t2:g}")

    def _timer(self, name: str) -> int | None:
        value, path = self.integer(name)
        if value is not None and value < 0:
            self.refuse(name, f"the value of {path[-1]} ({value}) must be a positive number")
        return self.uint32(name)

    def times(self) -> tuple[Lifetime, int | None, int | None]:
        """The valid lifetime, renew-timer, rebind-timer: of a network Kea looks at them before its subnets."""
        valid = self.lifetime("valid")
        assert valid is not None
        return valid, self._timer("renew_timer"), self._timer("rebind_timer")

    def allocator(self, field: str) -> str:
        """The name of an allocator that exists."""
        name, path = self.found(field)
        if name not in ALLOCATORS:
            place = self.document.place(path)
            raise AllocatorError("supported allocators are: iterative, random and flq", place=place, path=path)
        assert isinstance(name, str)
        return name


class AllocatorError(ConfigError):
    """An allocator that does not exist: told without the place around it, as Kea does."""


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
