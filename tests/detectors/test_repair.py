"""Swaps of left and right are undone, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poselift.detectors.repair import ARMS, LEGS, undo_swaps
from poselift.skeleton import H36M17
from poselift.types import Track
from tests.detectors.walkers import figure


def walk(turn: float, frames: int = 90, noise: float = 3.0, rate: float = 0.22) -> Track:
    rng = np.random.default_rng(0)
    xy = np.stack([figure(100 + 6 * t, 600, 400, rate * t, turn) for t in range(frames)])
    score = rng.uniform(0.6, 0.95, (frames, 17))
    return Track(1, np.arange(frames), xy + rng.normal(0, noise, xy.shape), score)


def swap(track: Track, frames: list[int], pairs: tuple) -> Track:
    xy, score = track.xy.copy(), track.score.copy()
    right, left = (list(side) for side in pairs)
    for frame in frames:
        for array in (xy, score):
            array[frame, right + left] = array[frame, left + right]
    return replace(track, xy=xy, score=score)


def test_a_walk_from_the_side_with_crossing_legs_is_left_alone() -> None:
    for rate in (0.15, 0.22, 0.35):
        track = walk(1.0, rate=rate)
        mended, changed = undo_swaps(track)
        assert not changed.any()
        assert np.array_equal(mended.xy, track.xy)


@pytest.mark.parametrize("pairs", [LEGS, ARMS], ids=["legs", "arms"])
@pytest.mark.parametrize("frames", [[20], [0], [89], [30, 31, 32, 33], [10, 50, 51]], ids=str)
def test_swapped_frames_are_found_and_undone(pairs: tuple, frames: list[int]) -> None:
    track = walk(0.0)
    mended, changed = undo_swaps(swap(track, frames, pairs))
    assert np.flatnonzero(changed).tolist() == frames
    assert np.array_equal(mended.xy, track.xy)
    assert np.array_equal(mended.score, track.score)


def test_a_leg_half_on_the_wrong_side() -> None:
    track = walk(1.0)
    apart = int(np.abs(track.xy[20:60, 3, 0] - track.xy[20:60, 6, 0]).argmax()) + 20
    ankles = swap(track, [apart], ((3,), (6,)))
    mended, changed = undo_swaps(ankles)
    assert np.flatnonzero(changed).tolist() == [apart]
    assert np.array_equal(mended.xy, track.xy)


def test_the_whole_body_swapped() -> None:
    track = walk(0.2)
    broken = swap(swap(track, [40, 41], LEGS), [40, 41], ARMS)
    assert np.array_equal(undo_swaps(broken)[0].xy, track.xy)


def test_a_swap_beside_a_gap() -> None:
    track = walk(0.0)
    track.score[40:45] = 0
    mended, changed = undo_swaps(swap(track, [45], LEGS))
    assert changed[45]
    assert np.array_equal(mended.xy[45:], track.xy[45:])


def test_who_turns_round_is_left_alone() -> None:
    frames = 60
    angle = np.linspace(0, np.pi, frames)
    standing = figure(0, 600, 400, 0, 0.0)
    xy = np.tile(standing, (frames, 1, 1))
    xy[..., 0] = 640 + standing[:, 0] * np.cos(angle)[:, None]
    track = Track(1, np.arange(frames), xy, np.full((frames, 17), 0.9))
    assert not undo_swaps(track)[1].any()


@pytest.mark.parametrize("length", [1, 2, 3])
def test_short_and_unseen_tracks(length: int) -> None:
    empty = Track(1, np.arange(length), np.zeros((length, 17, 2)), np.zeros((length, 17)))
    mended, changed = undo_swaps(empty)
    assert len(mended) == length
    assert not changed.any()
    assert len(H36M17) == mended.xy.shape[1]
