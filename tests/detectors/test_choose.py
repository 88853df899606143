"""Whom to lift."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.choose import choose, choose_at, choose_main
from poselift.errors import PoseliftError
from poselift.types import Track
from tests.detectors.walkers import figure


def person(number: int, x: float, height: float, frames: int, start: int = 0) -> Track:
    xy = np.tile(figure(x, 650, height, 0, 0.3), (frames, 1, 1))
    return Track(number, np.arange(start, start + frames), xy, np.full((frames, 17), 0.8))


TRACKS = [person(1, 200, 150, 100), person(2, 600, 400, 90), person(3, 1000, 420, 10, start=50)]


def ids(tracks: list[Track]) -> list[int]:
    return [track.id for track in tracks]


def test_all_up_to_a_limit_the_greatest() -> None:
    assert ids(choose(TRACKS)) == [1, 2, 3]
    assert ids(choose(TRACKS, "all", limit=2)) == [1, 2]
    assert ids(choose(TRACKS, "all", limit=1)) == [2]


def test_the_limit_counts_who_is_there_at_a_time() -> None:
    passers_by = [person(n, 300, 200, 50, start=50 * n) for n in range(1, 31)]
    resident = person(31, 900, 400, 1600)
    assert ids(choose([*passers_by, resident], limit=2)) == list(range(1, 32))
    assert ids(choose([*passers_by, resident], limit=1)) == [31]
    late = person(32, 600, 150, 40, start=90)  # while the first and the second are there
    assert ids(choose([*passers_by, resident, late], limit=2)) == list(range(1, 32))


def test_of_a_very_long_clip_no_more_than_data_files_can_hold() -> None:
    hours = 800_000  # of frames: no array in them, as everybody is there for ten frames
    passers_by = [person(n, 300, 200 + n, 10, start=n * 20_000) for n in range(1, 40)]
    last = person(40, 300, 400, 10, start=hours)
    assert ids(choose([*passers_by, last], limit=1)) == [38, 39, 40]
    assert len(choose([*passers_by, last], limit=10)) == 10


def test_the_main_one_is_long_and_large() -> None:
    assert ids(choose(TRACKS, "main")) == [2]
    hidden = Track(4, np.arange(100), np.zeros((100, 17, 2)), np.zeros((100, 17)))
    assert ids(choose_main([hidden, TRACKS[0]])) == [1]
    assert choose_main([]) == []


def test_by_number() -> None:
    assert ids(choose(TRACKS, "3")) == [3]
    with pytest.raises(PoseliftError) as caught:
        choose(TRACKS, "8")
    assert "1, 2, 3" in caught.value.hint


def test_by_a_point() -> None:
    assert ids(choose(TRACKS, "600,500@3")) == [2]
    assert ids(choose(TRACKS, "1000,400@55")) == [3]
    with pytest.raises(PoseliftError, match="Nobody is at"):
        choose(TRACKS, "1000,400@3")


def test_of_two_under_the_point_the_nearer() -> None:
    pair = [person(1, 600, 400, 5), person(2, 650, 400, 5)]
    assert ids(choose_at(pair, 655, 330, 2)) == [2]
    assert ids(choose_at(pair, 595, 330, 2)) == [1]


def test_nonsense() -> None:
    with pytest.raises(PoseliftError, match="who is meant"):
        choose(TRACKS, "the tall one")
