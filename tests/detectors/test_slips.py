"""Slips of single frames are put back, and quick movements are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poselift.detectors.slips import undo_slips
from poselift.skeleton import H36M17
from poselift.types import Track
from tests.detectors.test_repair import walk

WRIST, ANKLE = H36M17.index("left wrist"), H36M17.index("right ankle")


@pytest.mark.parametrize("rate", [0.15, 0.35, 0.7])
def test_a_walk_is_left_alone_however_fast(rate: float) -> None:
    track = walk(1.0, rate=rate)
    mended, slipped = undo_slips(track)
    assert not slipped.any()
    assert mended is track


def test_a_joint_that_was_elsewhere_for_a_frame_is_put_back() -> None:
    track = walk(1.0)
    xy = track.xy.copy()
    xy[30, WRIST] += [120, -40]
    xy[50, ANKLE] += [0, -150]
    mended, slipped = undo_slips(replace(track, xy=xy))
    assert np.argwhere(slipped).tolist() == [[30, WRIST], [50, ANKLE]]
    assert np.linalg.norm(mended.xy - track.xy, axis=-1).max() < 25
    assert np.array_equal(mended.xy[~slipped], xy[~slipped])
    assert (mended.score[slipped] < track.score[slipped]).all()


def test_a_jump_to_somewhere_else_stays() -> None:
    track = walk(1.0)
    xy = track.xy.copy()
    xy[40:, WRIST] += [0, -150]
    assert not undo_slips(replace(track, xy=xy))[1].any()


def test_a_joint_that_was_not_seen_around_it_stays() -> None:
    track = walk(1.0)
    xy, score = track.xy.copy(), track.score.copy()
    xy[30, WRIST] += [120, -40]
    score[29, WRIST] = 0
    assert not undo_slips(replace(track, xy=xy, score=score))[1].any()


@pytest.mark.parametrize("frames", [1, 2, 6])
def test_short_tracks_stay(frames: int) -> None:
    track = walk(0.0)
    short = Track(1, track.frames[:frames], track.xy[:frames], track.score[:frames])
    assert undo_slips(short)[0] is short
