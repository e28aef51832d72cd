"""The statistic-* commands (control.md § 5), for every daemon.

Law: arguments in, kead.statistics does it, an answer out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from kead.control.answers import Answer, CommandError
from kead.control.envelope import Argument, Kind, Request
from kead.control.registry import Command
from kead.statistics import Samples, StatisticError, Statistics

NAME = Argument("name", Kind.STRING)
DURATION = Argument("duration", Kind.INTEGER, wrong="intValue() called on non-integer Element in ({place})")
MAX_SAMPLES = Argument("max-samples", Kind.INTEGER)

PAUSE_AFTER = 500
"""Statistics put into an answer between two turns of the loop."""


def statistic_commands(statistics: Statistics) -> Iterable[Command]:
    """The commands, ready to be registered."""
    s = statistics

    def get(request: Request) -> Answer:
        return Answer(arguments=dict(s.get(request.string("name"))))

    async def get_all(_: Request) -> Answer:
        return Answer(arguments=await _gather(s.all()))

    async def global_get_all(_: Request) -> Answer:
        return Answer(arguments=await _gather(s.all_global()))

    return (
        Command("statistic-get", get, (NAME,)),
        Command("statistic-get-all", get_all),
        Command("statistic-global-get-all", global_get_all),
        Command("statistic-reset", _says(lambda request: s.reset(request.string("name"))), (NAME,)),
        Command("statistic-reset-all", _says(lambda _: s.reset_all())),
        Command("statistic-remove", _says(lambda request: s.remove(request.string("name"))), (NAME,)),
        Command("statistic-remove-all", _says(lambda _: s.remove_all())),
        Command(
            "statistic-sample-age-set",
            _says(lambda request: s.sample_age_set(request.string("name"), request.integer("duration"))),
            (NAME, DURATION),
        ),
        Command(
            "statistic-sample-age-set-all",
            _says(lambda request: s.sample_age_set_all(request.integer("duration"))),
            (DURATION,),
        ),
        Command(
            "statistic-sample-count-set",
            _says(lambda request: s.sample_count_set(request.string("name"), request.integer("max-samples"))),
            (NAME, MAX_SAMPLES),
        ),
        Command(
            "statistic-sample-count-set-all",
            _says(lambda request: s.sample_count_set_all(request.integer("max-samples"))),
            (MAX_SAMPLES,),
        ),
    )


def _says(act: Callable[[Request], str]) -> Callable[[Request], Answer]:
    """A handler that answers with the text that ``act`` returns or fails with."""

    def handler(request: Request) -> Answer:
        try:
            return Answer(text=act(request))
        except StatisticError as error:
            raise CommandError(str(error)) from error

    return handler


async def _gather(statistics: Iterator[tuple[str, Samples]]) -> dict[str, Samples]:
    gathered: dict[str, Samples] = {}
    for name, samples in statistics:
        gathered[name] = samples
        if len(gathered) % PAUSE_AFTER == 0:
            await asyncio.sleep(0)
    return gathered
