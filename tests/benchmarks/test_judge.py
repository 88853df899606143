from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks import judge, views
from benchmarks.real_views import Person, RealViews
from benchmarks.scores import Samples
from poselift.types import Motion, Track
from tests.lifter.synthetic_motion import motion

LOOK = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
FRAMES = 20


def scene() -> tuple[RealViews, np.ndarray]:
    """Two cameras, and the person's (T, 17, 3) in world space."""
    body = motion(FRAMES, 1).astype(np.float64)
    matrix = np.array([[1000.0, 0, 500], [0, 1000, 500], [0, 0, 1]])
    turns = [Rotation.from_euler("x", tilt, degrees=True).as_matrix() @ LOOK for tilt in (0, 25)]
    cameras = [views.View(turn, np.array([0.0, 0, 4]), matrix, np.zeros(4)) for turn in turns]
    track = Track(1, np.arange(FRAMES), np.ones((FRAMES, 17, 2)), np.full((FRAMES, 17), 0.7))
    people = [Person(track, (1000, 1000), 30.0)] * 2
    world = body[:, list(views.SEEN)]
    good = np.ones(FRAMES, bool)
    return RealViews([Path("a")] * 2, cameras, people, world, good, ([0.0] * 2, [0.0] * 2)), body


def lifted(pose: np.ndarray, track: Track, up: np.ndarray | None = None) -> Motion:
    said = None if up is None else np.repeat(up[None], len(pose), axis=0)
    sure = None if up is None else np.ones(len(pose))
    return Motion(track, pose, 30.0, "x", np.zeros(len(pose), bool), up=said, up_certainty=sure)


def test_a_turned_pose_is_wrong_by_n_mpjpe_alone() -> None:
    real, body = scene()
    frames = np.arange(FRAMES)
    for view, camera in enumerate(real.cameras):
        true = views.judged_joints(1.3 * body @ camera.rotation.T)  # the size does not count
        assert judge.errors(true, frames, real, view) == pytest.approx((0, 0), abs=1e-3)
        turned = true @ Rotation.from_euler("y", 30, degrees=True).as_matrix()
        aligned, scaled = judge.errors(turned, frames, real, view)
        assert aligned == pytest.approx(0, abs=1e-3)
        assert scaled > 50


def test_up_is_the_calibrations() -> None:
    real, body = scene()
    pose = (body - body[:, :1]) @ real.cameras[1].rotation.T
    askew = Rotation.from_euler("x", 10, degrees=True).apply(real.up(1))
    found = judge.up_errors(lifted(pose, real.people[1].track, askew), real, 1)
    assert found[", as it says itself"] == pytest.approx(10, abs=1e-6)
    assert set(judge.up_errors(lifted(pose, real.people[1].track), real, 1)) == {""}


def test_the_lens_is_the_calibrations() -> None:
    assert judge.true_fov(scene()[0], 0) == pytest.approx(2 * np.degrees(np.arctan(0.5)))


def test_one_score_keeps_what_is_not_seen() -> None:
    track = scene()[0].people[0].track
    track.score[3, 4] = 0
    score = judge.with_constant_score(track).score
    assert score[3, 4] == 0
    assert len(np.unique(score)) == 2


def test_what_scores_tell_is_measured() -> None:
    rng = np.random.default_rng(0)
    error, hidden = np.abs(rng.normal(0.02, 0.01, 5000)), rng.uniform(0, 1, 5000)
    telling = Samples(0.9 - 5 * error - 0.2 * hidden, error, hidden).row()
    assert float(telling[4]) == pytest.approx(1, abs=0.01)  # r² of both
    assert float(telling[2]) < -0.5
    mute = Samples(rng.uniform(0.5, 1, 5000), error, hidden).row()
    assert abs(float(mute[2])) < 0.05
    assert float(mute[4]) < 0.01
