"""From camera space to the world."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.scene import world
from poselift.types import Motion, Track

#: A standing person in the world: x across, y away, z up; the pelvis at the origin.
STANDING = np.array(
    [
        [0, 0, 0], [-0.1, 0, 0], [-0.1, 0, -0.42], [-0.1, 0, -0.84], [0.1, 0, 0],
        [0.1, 0, -0.42], [0.1, 0, -0.84], [0, 0, 0.25], [0, 0, 0.5], [0, -0.05, 0.6], [0, 0, 0.7],
        [0.17, 0, 0.45], [0.2, 0, 0.15], [0.2, 0, -0.1], [-0.17, 0, 0.45], [-0.2, 0, 0.15],
        [-0.2, 0, -0.1],
    ]
)  # fmt: skip


def turn(axis: int, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = [k for k in range(3) if k != axis]
    out = np.eye(3)
    out[i, i] = out[j, j] = c
    out[i, j], out[j, i] = -s, s
    return out


def seen_from(tilt: float, roll: float = 0, frames: int = 60, sway: float = 3) -> np.ndarray:
    """People who turn and sway, in the space of a camera that looks `tilt` degrees down."""
    rng = np.random.default_rng(0)
    poses = []
    for angle in np.linspace(0, 360, frames):
        lean = turn(0, rng.normal() * sway) @ turn(1, rng.normal() * sway)
        poses.append(STANDING @ (lean @ turn(2, angle)).T)
    camera = turn(2, roll) @ turn(0, tilt) @ world.LEVEL.T
    return (np.stack(poses) @ camera.T).astype(np.float32)


def degrees_off(rotation: np.ndarray, camera: np.ndarray) -> float:
    up = rotation[2]  # the world's z in camera space
    return float(np.degrees(np.arccos(np.clip(up @ camera[:, 2], -1, 1))))


@pytest.mark.parametrize("tilt", [-15, 0, 10, 30, 45])
@pytest.mark.parametrize("roll", [0, 8])
def test_the_tilt_is_found_from_people_who_stand(tilt: float, roll: float) -> None:
    camera = turn(2, roll) @ turn(0, tilt) @ world.LEVEL.T
    found = world.upright([seen_from(tilt, roll)])
    assert degrees_off(found.rotation, camera) < 1.5
    assert np.degrees(found.tilt) == pytest.approx(tilt, abs=2)
    assert np.allclose(found.rotation @ found.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_a_bow_in_between_does_not_tilt_the_room() -> None:
    pose = seen_from(20)
    pose[20:30, 7:] = pose[20:30, 7:] @ turn(0, 60).T.astype(np.float32)
    camera = turn(0, 20) @ world.LEVEL.T
    assert degrees_off(world.upright([pose]).rotation, camera) < 2


def test_a_camera_held_askew_is_believed_only_of_people_who_stand_for_long() -> None:
    askew = seen_from(0, roll=30)
    camera = turn(2, 30) @ world.LEVEL.T
    assert degrees_off(world.upright([askew]).rotation, camera) < 1.5
    bent = seen_from(0)[:, :, [0, 2, 1]]  # far from upright: these frames tell nothing
    balancing = np.concatenate([askew[:14], np.repeat(bent[:1], 86, axis=0)])
    assert np.allclose(world.upright([balancing]).rotation, world.LEVEL)


def test_nobody_upright_means_a_level_camera() -> None:
    sitting = np.repeat(STANDING[None], 40, axis=0)
    sitting[:, [2, 5]] = sitting[:, [1, 4]] + [0, -0.42, 0]
    sitting[:, [3, 6]] = sitting[:, [2, 5]] + [0, 0, -0.42]
    found = world.upright([sitting @ world.LEVEL])
    assert np.array_equal(found.rotation, world.LEVEL)
    assert "level" in found.how


def test_somebody_who_lies_is_not_stood_up() -> None:
    lying = np.repeat(STANDING[None], 40, axis=0) @ turn(1, 90).T
    assert np.array_equal(world.upright([lying @ world.LEVEL]).rotation, world.LEVEL)


def test_one_rotation_and_one_floor_for_the_clip() -> None:
    pose = np.repeat(STANDING[None] @ world.LEVEL, 30, axis=0)
    crouched = pose.copy()
    crouched[10:20] *= 0.5  # feet 0.42 below the pelvis for a while
    out = world.to_world(crouched, "level")
    assert out[:, :, 2].min() == pytest.approx(0, abs=1e-6)
    assert out[0, 3, 2] == pytest.approx(0, abs=1e-6)
    assert out[15, 3, 2] == pytest.approx(0.42, abs=1e-6)  # the floor did not follow
    assert np.allclose(np.diff(out[:, 0], axis=0), 0)
    assert out[0, 10, 2] == pytest.approx(0.84 + 0.7, abs=1e-5)


def test_people_share_the_rotation() -> None:
    poses = [seen_from(25), np.repeat(seen_from(25)[:1], 5, axis=0)]
    motions = [
        Motion(
            Track(i, np.arange(len(p)), np.zeros((len(p), 17, 2)), np.ones((len(p), 17))),
            p, 30, "test", np.zeros(len(p), bool),
        )
        for i, p in enumerate(poses)
    ]  # fmt: skip
    out, found = world.motions_to_world(motions)
    assert "25 degrees down" in found.how
    for before, after in zip(motions, out, strict=True):
        assert after.track is before.track
        assert after.pose3d.dtype == np.float32
        assert np.allclose(after.pose3d, world.to_world(before.pose3d, found.rotation))
    assert out[1].pose3d[0, 10, 2] == pytest.approx(1.54, abs=0.05)


def test_the_published_rotation_is_a_rotation() -> None:
    rotation = world.upright([], "h36m").rotation
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
    assert rotation[2] @ [0, -1, 0] > 0.9  # the image's up stays up, more or less


def test_nobody_at_all() -> None:
    assert world.motions_to_world([])[0] == []


def test_unknown_ways_are_refused() -> None:
    with pytest.raises(PoseliftError, match="'sideways'"):
        world.to_world(np.zeros((1, 17, 3)), "sideways")  # type: ignore[arg-type]
