"""When the server waits for packets to gather: times are given, nothing is slept."""

from __future__ import annotations

import pytest

from kead.pace import BEGIN, ENOUGH, FULL, LONGEST, Pace

LONE = 0.00002
SOME = (BEGIN + FULL) / 2


def serve(pace: Pace, now: float, seconds: float, share: float, *, packets: int = 1, times: int = 1) -> float:
    """Packets for so long, which one by one would take that share of the core, in such batches; the time at the end."""
    end = now + seconds
    while now < end:
        now += packets * times * LONE / share
        pace.note(packets, now - LONE * packets, now, times)
    return now


def test_with_little_to_do_nobody_waits() -> None:
    pace = Pace()
    serve(pace, 100.0, 1.0, BEGIN / 2)
    assert pace.pause == 0
    assert pace.alone


def test_near_the_limit_packets_gather_longer_and_longer() -> None:
    pauses = []
    for share in (BEGIN, SOME - 0.03, SOME + 0.03, FULL, 1.2):
        pace = Pace()
        serve(pace, 100.0, 1.0, share)
        pauses.append(pace.pause)
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert 0 < pauses[1] < pauses[2] < pauses[3] == pauses[4] == LONGEST


def test_one_note_may_stand_for_several_packets() -> None:
    """As where only one lone packet in eight is timed."""
    one, eight = Pace(), Pace()
    serve(one, 100.0, 1.0, SOME)
    serve(eight, 100.0, 1.0, SOME, times=8)
    assert one.pause > 0
    assert eight.pause == pytest.approx(one.pause, rel=0.05)


def test_fuller_batches_do_not_undo_their_cause() -> None:
    pace = Pace()
    now = serve(pace, 100.0, 1.0, SOME)
    pause = pace.pause
    serve(pace, now, 1.0, SOME, packets=10)
    assert pace.pause == pytest.approx(pause, rel=0.05)
    assert not pace.alone


def test_a_full_batch_needs_no_waiting_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("kead.pace.time.sleep", slept.append)
    pace = Pace()
    pace.wait()
    now = serve(pace, 100.0, 1.0, 1.0)
    pace.wait()
    assert slept == [LONGEST]
    pace.note(ENOUGH, now, now, 1)
    pace.wait()
    assert slept == [LONGEST]


def test_a_single_slow_packet_changes_little() -> None:
    pace = Pace()
    now = serve(pace, 100.0, 1.0, BEGIN / 2)
    pace.note(1, now, now + 1.0, 1)
    serve(pace, now + 1.0, 0.5, BEGIN / 2)
    assert pace.pause == 0
