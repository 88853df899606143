"""What numbered people become."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.track import Tracker
from poselift.detectors.tracks import TrackBuilder
from poselift.skeleton import COCO17, H36M17
from poselift.types import Keypoints, Track
from tests.detectors.walkers import Shot, away, line, scene


def built(shots: list[Shot], start: int = 0) -> list[Track]:
    tracker, builder = Tracker(), TrackBuilder()
    for frame, shot in enumerate(shots, start):
        builder.add(frame, tracker.update(shot.keypoints), shot.keypoints)
    return builder.tracks()


def test_a_row_for_every_frame_and_score_0_in_gaps() -> None:
    shots = scene([away(line(200, 500, 400, 60), 20, 30)], 60, false=0, missed=0)
    (track,) = built(shots, start=100)
    assert track.frames.tolist() == list(range(100, 160))
    seen = track.score.any(axis=1)
    assert not seen[20:30].any()
    assert seen[:20].all()
    assert seen[30:].all()
    assert np.array_equal(track.xy[5], shots[5].keypoints.xy[0])
    middle = (track.xy[19] + track.xy[30]) / 2
    assert np.abs(track.xy[24:26].mean(axis=0) - middle).max() < 1


def test_the_frames_before_a_number_came_are_added() -> None:
    walkers = [line(200, 500, 400, 60), away(line(1000, 900, 380, 60), 0, 20)]
    tracks = built(scene(walkers, 60, false=0, missed=0))
    assert [(track.id, int(track.frames[0])) for track in tracks] == [(1, 0), (2, 20)]
    assert tracks[1].score.any(axis=1).all()


def test_ghosts_are_left_out() -> None:
    stays = line(200, 500, 400, 60)
    short = away(away(line(1000, 990, 380, 60), 0, 20), 24, 60)
    assert [track.id for track in built(scene([stays, short], 60, false=0, missed=0))] == [1]


def test_unsure_people_are_left_out() -> None:
    builder = TrackBuilder()
    xy = np.random.default_rng(0).uniform(0, 100, (1, 17, 2))
    for frame in range(10):
        builder.add(frame, np.array([1]), Keypoints(xy, np.full((1, 17), 0.2), H36M17))
    assert builder.tracks() == []


def test_a_clip_of_one_frame_has_its_person() -> None:
    (track,) = built(scene([line(200, 500, 400, 60)], 1, false=0, missed=0))
    assert len(track) == 1


def test_nobody() -> None:
    builder = TrackBuilder()
    assert builder.tracks() == []
    builder.add(0, np.zeros(0, int), Keypoints.none(H36M17))
    assert builder.tracks() == []


def test_another_skeleton_is_refused() -> None:
    with pytest.raises(ValueError, match="expected h36m17"):
        TrackBuilder().add(0, np.zeros(0, int), Keypoints.none(COCO17))
