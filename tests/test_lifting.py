"""Lifting whole clips: gaps of the clock, and cuts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poselift.lifting import lift_clip
from poselift.progress import Silent
from poselift.scene.steps import CameraSteps
from poselift.settings import Settings
from poselift.types import Motion, SeenClip, Track


class Recording:
    """Notes what it is given; the pose says which frame it is of."""

    name = "recording"

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.fps = 0.0

    def __call__(self, tracks, *, image_size, fps, progress=None):
        self.tracks, self.fps = list(tracks), fps
        poses = [np.tile(t.frames[:, None, None], (1, 17, 3)).astype(np.float32) for t in tracks]
        return [
            Motion(t, p, fps, self.name, np.zeros(len(t), bool), up_certainty=np.ones(len(t)))
            for t, p in zip(tracks, poses, strict=True)
        ]


class Listening(Silent):
    """Notes what is said."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def say(self, text: str, **_: object) -> None:
        self.told.append(text)


def clip(time, unseen=()):
    rng = np.random.default_rng(1)
    xy = rng.normal(100, 30, (len(time), 17, 2))
    score = np.ones((len(time), 17))
    score[list(unseen)] = 0
    return SeenClip(np.asarray(time), (200, 200), [Track(3, np.arange(len(time)), xy, score)])


def lifted(seen):
    lifter = Recording()
    settings = Settings(smooth="off", up="level", place=False)
    return lifter, lift_clip("clip", seen, lifter, settings, Silent(), {})


def test_pieces_between_gaps_are_lifted_by_themselves():
    time = np.arange(40) / 30 + (np.arange(40) >= 15) * 100
    lifter, motion = lifted(clip(time))
    assert [len(track) for track in lifter.tracks] == [15, 25]
    assert lifter.fps == pytest.approx(30)
    assert motion.present.all()
    assert not motion.filled.any()
    assert motion.ids.tolist() == [3]


def test_nobody_is_there_in_a_piece_in_which_they_were_not_seen():
    time = np.arange(40) / 30 + (np.arange(40) >= 15) * 100 + (np.arange(40) >= 25) * 100
    lifter, motion = lifted(clip(time, range(15, 25)))
    assert [track.frames[0] for track in lifter.tracks] == [0, 25]
    assert motion.present[0].tolist() == [not 15 <= frame < 25 for frame in range(40)]
    assert not motion.filled.any()


def test_who_is_lost_at_a_cut_is_gone_until_they_are_seen_again():
    """Lost at frame 18, cut at 22, there again from 27; lost from 31 to 33 within the shot."""
    seen = clip(np.arange(40) / 30, [*range(18, 27), *range(31, 34)])
    nothing = np.zeros(40)
    steps = CameraSteps(np.zeros((40, 2)), nothing, nothing, lost=(22,), cuts=(22,))
    lifter = Recording()
    motion = lift_clip("clip", seen, lifter, Settings(smooth="off"), Silent(), {}, steps=steps)
    assert [(t.frames[0], len(t)) for t in lifter.tracks] == [(0, 18), (27, 13)]
    assert motion.present[0].tolist() == [not 18 <= frame < 27 for frame in range(40)]


def test_who_goes_away_is_gone_and_who_is_lost_for_a_moment_is_not():
    """At 30 a second: not seen for 50 frames, and later for 70."""
    lifter, motion = lifted(clip(np.arange(240) / 30, [*range(30, 80), *range(120, 190)]))
    assert [(t.frames[0], len(t)) for t in lifter.tracks] == [(0, 120), (190, 50)]
    assert motion.present[0].tolist() == [not 120 <= frame < 190 for frame in range(240)]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(max_people=1), "people: 3 of 2 (`max_people`)"),
        (Settings(people="4"), "people: 4 of 2 (`people`)"),
    ],
)
def test_it_says_who_is_left_out_and_by_which_setting(settings, told):
    seen = clip(np.arange(40) / 30)
    [third] = seen.tracks
    fourth = replace(third, id=4, xy=third.xy / 2)
    reporter = Listening()
    lift_clip("clip", replace(seen, tracks=[third, fourth]), Recording(), settings, reporter, {})
    assert told in reporter.told


def test_slides_an_hour_apart_are_one_piece():
    lifter, motion = lifted(clip(np.arange(10) * 3600.0))
    assert len(lifter.tracks) == 1
    assert len(motion.time) == 10


def test_what_two_cameras_filmed_is_lifted_apart():
    seen = clip(np.arange(40) / 30)
    nothing = np.zeros(40)
    steps = CameraSteps(np.zeros((40, 2)), nothing, nothing, lost=(22,), cuts=(22,))
    lifter = Recording()
    motion = lift_clip("clip", seen, lifter, Settings(smooth="off"), Silent(), {}, steps=steps)
    assert [len(track) for track in lifter.tracks] == [22, 18]
    assert np.shape(motion.meta["camera"]["rotation"]) == (40, 3, 3)


def test_the_lens_of_the_file_reaches_the_room():
    seen, lifter = clip(np.arange(40) / 30), Recording()
    settings = Settings(smooth="off")
    told = lift_clip("clip", seen, lifter, settings, Silent(), {}, focal=170.0)
    assert "the lens that the file tells of" in told.meta["upright"]
    assert "the file" not in lift_clip("clip", seen, lifter, settings, Silent(), {}).meta["upright"]
