"""Known people before a known camera: they must be found where they were."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from poselift.scene.place import _on_common_floor, in_a_row, place, root_paths
from poselift.scene.rays import focal_length
from poselift.scene.world import LEVEL, rotate
from poselift.types import Motion, Track

SIZE = (1280, 720)
FOCAL = focal_length(SIZE)

# Standing, metres about the pelvis, in camera space, turned half to the side.
STANDING = np.array(
    [[0, 0, 0], [-.12, 0, 0], [-.12, .42, -.02], [-.12, .84, 0], [.12, 0, 0], [.12, .42, -.02],
     [.12, .84, 0], [0, -.25, 0], [0, -.5, 0], [0, -.6, -.05], [0, -.72, 0], [.17, -.48, 0],
     [.22, -.2, .02], [.22, .02, 0], [-.17, -.48, 0], [-.22, -.2, .02], [-.22, .02, 0]]
) @ np.array([[.8, 0, .6], [0, 1, 0], [-.6, 0, .8]])  # fmt: skip


def stride(frames: int) -> np.ndarray:
    """(T, 17, 3) walking on the spot, one foot always down."""
    pose = np.tile(STANDING, (frames, 1, 1))
    swing = 0.25 * np.sin(np.arange(frames) * 0.22)
    for joint, part in ((2, 0.5), (3, 1.0), (5, -0.5), (6, -1.0), (13, 0.6), (16, -0.6)):
        pose[:, joint, 0] += part * swing
    return pose


def film(
    pose: np.ndarray,
    root: np.ndarray,
    *,
    noise_px: float = 0.0,
    noise_pose: float = 0.0,
    number: int = 1,
    fps: float = 30.0,
    seed: int = 0,
) -> Motion:
    """What a keypointer and a lifter would make of a person whose pelvis goes along `root`."""
    rng = np.random.default_rng(seed)
    there = pose + root[:, None]
    xy = FOCAL * there[..., :2] / there[..., 2:] + np.array(SIZE) / 2
    xy = xy + rng.normal(0, noise_px, xy.shape)
    # A lifter's error is slow: it trembles less than it is wrong.
    slow = 2.5 * gaussian_filter1d(rng.normal(0, noise_pose, pose.shape), 2, axis=0)
    lifted = pose + slow
    lifted -= lifted[:, :1]
    length = len(pose)
    track = Track(number, np.arange(length), xy, np.full((length, 17), 0.8))
    return Motion(track, lifted.astype(np.float32), fps, "test", np.zeros(length, bool))


def way(start: tuple[float, ...], end: tuple[float, ...], frames: int) -> np.ndarray:
    return np.linspace(start, end, frames)


def test_without_noise_the_root_is_found_to_the_centimetre() -> None:
    root = way((-1.5, 0.1, 4.0), (1.5, 0.1, 6.0), 90)
    (found,) = root_paths([film(stride(90), root)], SIZE)
    assert found.shape == (90, 3)
    assert found.dtype == np.float32
    assert np.abs(found - root).max() < 0.01


@pytest.mark.parametrize("end", [(1.5, 0.0, 5.0), (-1.5, 0.0, 8.0)])
def test_a_walk_of_three_metres_is_three_metres_long(end: tuple[float, ...]) -> None:
    root = way((-1.5, 0.0, 5.0), end, 90)
    (found,) = root_paths([film(stride(90), root, noise_px=3, noise_pose=0.03)], SIZE)
    assert np.linalg.norm(found[-1] - found[0]) == pytest.approx(3.0, rel=0.15)
    assert np.abs(found - root).max() < 0.3


def test_who_stands_stays() -> None:
    root = np.tile([0.3, 0.0, 4.0], (120, 1))
    motion = film(np.tile(STANDING, (120, 1, 1)), root, noise_px=2, noise_pose=0.02)
    (found,) = root_paths([motion], SIZE)
    assert np.linalg.norm(found - np.median(found, axis=0), axis=1).max() < 0.05
    assert np.linalg.norm(np.diff(found, axis=0), axis=1).max() < 0.015


def test_people_stand_at_their_depths() -> None:
    pose = np.tile(STANDING, (60, 1, 1))
    near = film(pose, np.tile([-1.0, 0, 3.0], (60, 1)), noise_px=2)
    far = film(pose, np.tile([1.0, 0, 7.0], (60, 1)), noise_px=2, number=2)
    first, second = place([near, far], LEVEL, SIZE)
    assert np.median(second[:, 0, 1] - first[:, 0, 1]) == pytest.approx(4.0, rel=0.1)
    assert np.median(second[:, 0, 0] - first[:, 0, 0]) == pytest.approx(2.0, rel=0.1)
    feet = [pose[:, [3, 6], 2].min() for pose in (first, second)]
    assert min(feet) == pytest.approx(0, abs=1e-5)
    assert max(feet) < 0.15


def test_a_jump_stays_a_jump() -> None:
    root = np.tile([0.0, 0.0, 4.0], (90, 1))
    flight = np.arange(18) / 17
    root[40:58, 1] -= 0.5 * 4 * flight * (1 - flight)  # half a metre up, 0.6 s long
    (world,) = place([film(np.tile(STANDING, (90, 1, 1)), root, noise_px=2)], LEVEL, SIZE)
    feet = world[:, [3, 6], 2].min(axis=1)
    assert feet[40:58].max() == pytest.approx(0.5, abs=0.08)
    assert np.percentile(feet[:35], 95) < 0.08


def test_a_wrong_tilt_does_not_make_walkers_climb() -> None:
    tilt = np.radians(6)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    root = way((0.0, 0.0, 4.0), (0.0, 0.0, 9.0), 150)
    motion = film(stride(150), root, noise_px=1)
    (world,) = place([motion], LEVEL @ turn, SIZE)
    feet = world[:, [3, 6], 2].min(axis=1)
    assert feet.max() < 0.2
    untreated = rotate(motion.pose3d + root[:, None].astype(np.float32), LEVEL @ turn)
    assert np.ptp(untreated[:, [3, 6], 2].min(axis=1)) > 0.4


def test_gaps_are_crossed_straight() -> None:
    root = way((-1.0, 0.0, 5.0), (1.0, 0.0, 5.0), 90)
    motion = film(stride(90), root)
    motion.track.score[30:60] = 0
    motion.track.xy[30:60] = np.nan
    (found,) = root_paths([motion], SIZE)
    assert np.isfinite(found).all()
    assert np.abs(found - root).max() < 0.05


def test_who_is_never_seen_is_somewhere() -> None:
    motion = film(stride(5), np.tile([0, 0, 4.0], (5, 1)))
    motion.track.score[:] = 0
    (found,) = root_paths([motion], SIZE)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("length", [1, 2])
def test_the_shortest_clips(length: int) -> None:
    motion = film(stride(length), np.tile([0.5, 0, 4.0], (length, 1)))
    (found,) = root_paths([motion], SIZE)
    assert np.abs(found - (0.5, 0, 4.0)).max() < 0.02
    (world,) = place([motion], LEVEL, SIZE)
    assert world[..., 2].min() == pytest.approx(0, abs=1e-5)


def test_nobody() -> None:
    assert place([], LEVEL, SIZE) == []
    assert in_a_row([], LEVEL) == []


def test_in_a_row_keeps_everybody_above_their_spot() -> None:
    pose = stride(40)
    right = film(pose, way((1.0, 0, 5), (2.0, 0, 5), 40))
    left = film(pose, way((-1.0, 0, 5), (-2.0, 0, 5), 40), number=2)
    first, second = in_a_row([right, left], LEVEL)
    assert np.allclose(first[:, 0, 0], 0.5)
    assert np.allclose(second[:, 0, 0], -0.5)
    assert first[..., 2].min() == pytest.approx(0, abs=1e-6)


def test_people_on_nearly_one_floor_share_it_and_who_is_on_a_roof_does_not() -> None:
    floors = (0.1, 0.45, 2.4)
    poses = [np.full((4, 17, 3), low) for low in floors]
    moved = [float(pose[..., 2].min()) for pose in _on_common_floor(poses)]
    np.testing.assert_allclose(moved, [0.1, 0.1, 2.4])


def test_who_climbs_a_stair_is_not_put_on_a_level_floor() -> None:
    """Steps as steep as a stair's are no mistake of the camera's tilt."""
    frames = 180
    up = film(stride(frames), way((-1.5, 1.0, 6.0), (1.5, -0.8, 6.0), frames))
    [pose] = place([up], LEVEL, SIZE)
    climbed = pose[-1, 0, 2] - pose[0, 0, 2]
    assert climbed == pytest.approx(1.8, abs=0.3)
