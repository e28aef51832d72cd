"""Broken DHCPv6 packets: the codec refuses or understands them, and nothing else happens."""

from __future__ import annotations

from itertools import islice

from tests.corpus.make6 import PACKETS
from tests.fuzz import mutate6


def test_the_codec_survives_twenty_thousand_mutations() -> None:
    result = mutate6.run(mutate6.corpus(), 20_000, seed=6)
    assert result["accepted"] > 5_000, "too few are understood to mean anything"
    assert result["refused"] > 2_000, "too few are broken to mean anything"


def test_a_seed_says_which_mutations_come() -> None:
    packets = mutate6.corpus()
    first = list(islice(mutate6.mutations(packets, 7), 300))
    assert first == list(islice(mutate6.mutations(packets, 7), 300))
    assert first != list(islice(mutate6.mutations(packets, 8), 300))
    assert len(set(first)) > 250


def test_the_corpus_is_what_its_maker_says() -> None:
    assert {path.stem: path.read_bytes() for path in mutate6.CORPUS.glob("*.bin")} == PACKETS
