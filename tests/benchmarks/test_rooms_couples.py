from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rooms_cameras import MadeCamera, looking
from benchmarks.rooms_couples import couples_of, hidden_by, judged
from benchmarks.rooms_made import MadePerson, MadeRoom
from poselift.lifter.data.mocap import Clip
from tests.scene.made import stander


@pytest.fixture
def room() -> MadeRoom:
    """Two who stand one behind the other before a level camera at (0, 0, 1)."""
    frames = 6
    turn = np.repeat(looking(0.0, 0.0, 0.0)[None], frames, axis=0)
    position = np.repeat([[0.0, 0.0, 1.0]], frames, axis=0)
    camera = MadeCamera(turn, position, np.full(frames, 900.0), 0.0, 0.0)
    people = [
        MadePerson(
            stander((ahead, 0.0), 0.0, 0.2), np.zeros((frames, 17, 2), np.float32),
            np.ones((frames, 17), np.float32), 1.0, "stand",
        )
        for ahead in (3.0, 4.0)
    ]  # fmt: skip
    return MadeRoom("two", "still", camera, tuple(people))


def test_who_stands_behind_is_hidden_and_who_stands_in_front_is_not(room: MadeRoom) -> None:
    front, behind = hidden_by(room, 0, 1), hidden_by(room, 1, 0)
    assert (front.score > 0).all()
    assert (behind.score[:, [0, 7, 8]] == 0).all()
    aside = replace(room.people[1], world=room.people[1].world + np.array([0, 1.5, 0]))
    beside = replace(room, people=(room.people[0], aside))
    assert (hidden_by(beside, 1, 0).score > 0).all()


def test_the_error_in_depth_is_what_one_is_moved_by(room: MadeRoom) -> None:
    worlds = [person.world.copy() for person in room.people]
    assert judged(room, worlds).place == pytest.approx(0, abs=1e-9)
    worlds[1][..., 0] += 0.4
    moved = judged(room, worlds)
    assert moved.depth == pytest.approx(0.4, abs=1e-6)
    assert moved.place == pytest.approx(0.4, abs=1e-6)


def test_couples_are_trials_that_both_have() -> None:
    def clip(name: str, frames: int = 90) -> Clip:
        return Clip(name, np.zeros((frames, 17, 3), np.float32), 60.0, "salsa")

    clips = [clip("cmu/60/60_01"), clip("cmu/61/61_01"), clip("cmu/60/60_02"), clip("cmu/9/09_01")]
    ((one, other),) = couples_of(clips)
    assert one.shape == other.shape == (45, 17, 3)
    assert couples_of([clip("cmu/60/60_01"), clip("cmu/61/61_01", 80)]) == []
