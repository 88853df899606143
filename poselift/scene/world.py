"""From camera space to the world: z up, metres, the clip's lowest joint on z = 0.

A clip does not tell how its camera was tilted. `estimate_up` finds it from the people, under one
stated assumption: for most of the time in which somebody is upright (legs straight, trunk in line
with the legs), the line from the ankles to the head is vertical in the mean. People lean forwards
and backwards and to both sides, but not all one way; a camera that looks down tilts everybody the
same way. Where hardly anybody stands upright, or the answer is beyond what cameras are held at, the
camera is taken as level; that it was held askew is believed only where people stand for half of the
time. It is one rotation for the whole clip and for everybody in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from poselift.errors import PoseliftError
from poselift.skeleton import H36M17

if TYPE_CHECKING:
    from poselift.types import Motion

Up = Literal["auto", "level", "h36m"]

#: (world from camera) of a level camera: its x stays x, away from it is y, and up, its -y, is z.
LEVEL = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float64)
#: The one rotation of the published demos, (w, x, y, z): a camera of Human3.6M.
PUBLISHED = (0.14070565, -0.15007018, -0.75524080, 0.62232804)

_UPRIGHT_BEND = np.radians(35)  # a knee, hip or trunk bent further is not standing
_ENOUGH_FRAMES = 10  # of upright people, before their mean is believed
_STEEPEST = np.radians(50)  # a camera tilted further is taken for a wrong estimate
_SPREAD = np.radians(15)  # upright people whose directions differ more than this prove nothing
_ROLLED = np.radians(12)  # few cameras are held more askew: somebody who balances looks just so
_MOST_FRAMES = 0.5  # of people who stand, before a camera is believed to be held askew

_FEET = (H36M17.index("right ankle"), H36M17.index("left ankle"))
_HIPS = (H36M17.index("right hip"), H36M17.index("left hip"))
_KNEES = (H36M17.index("right knee"), H36M17.index("left knee"))
_HEAD, _PELVIS, _THORAX = (H36M17.index(name) for name in ("head", "pelvis", "thorax"))


@dataclass(frozen=True)
class Upright:
    """How a clip was turned into the world.

    Attributes:
        rotation: (3, 3), world from camera.
        tilt: radians that the camera looks down (negative: up), as far as is known.
        how: where the rotation comes from, in words.
    """

    rotation: np.ndarray
    tilt: float
    how: str


def motions_to_world(motions: Sequence[Motion], up: Up = "auto") -> tuple[list[Motion], Upright]:
    """All motions of a clip turned by the same rotation, and that rotation.

    Everybody stays above a spot of their own, on the lowest joint of their whole motion. To place
    people by paths of their roots, take `upright` and `rotate`, and `on_floor` for all together.
    """
    found = upright([motion.pose3d for motion in motions], up)
    turned = [rotate(motion.pose3d, found.rotation) for motion in motions]
    return [
        replace(motion, pose3d=on_floor(pose)) for motion, pose in zip(motions, turned, strict=True)
    ], found


def to_world(pose3d: np.ndarray, up: Up | np.ndarray = "auto") -> np.ndarray:
    """One clip (T, 17, 3) from camera space to the world, standing on its lowest foot.

    `up` is how to find the rotation, or a (3, 3) rotation, world from camera.

    >>> pose = np.zeros((1, 17, 3)); pose[0, 3] = 0.25, 0.75, 0.5  # an ankle below the pelvis
    >>> world = to_world(pose, "level")
    >>> world[0, 0].tolist(), world[0, 3].tolist()
    ([0.0, 0.0, 0.75], [0.25, 0.5, 0.0])
    """
    rotation = upright([pose3d], up).rotation if isinstance(up, str) else np.asarray(up)
    return on_floor(rotate(pose3d, rotation))


def rotate(points: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Points (..., 3) by a rotation (3, 3), in float32."""
    return (np.asarray(points) @ rotation.T).astype(np.float32)


def on_floor(pose3d: np.ndarray) -> np.ndarray:
    """World poses (..., T, 17, 3) moved as one so that the lowest joint is on z = 0."""
    lowest = np.nanmin(pose3d[..., 2]) if np.isfinite(pose3d).any() else 0
    return pose3d - np.array([0, 0, lowest], np.float32)


def upright(poses: Sequence[np.ndarray], up: Up = "auto") -> Upright:
    """The rotation for a clip with these people, (T, 17, 3) each, in camera space."""
    if up == "h36m":
        return Upright(_from_quaternion(PUBLISHED), 0.0, "the rotation of the published demos")
    if up == "level":
        return Upright(LEVEL, 0.0, "a level camera, as set")
    if up != "auto":
        raise PoseliftError(
            f"There is no way to find up called {up!r}.", "Use auto, level or h36m."
        )
    direction = estimate_up(poses)
    if direction is None:
        return Upright(LEVEL, 0.0, "a level camera: people stand too little to estimate its tilt")
    rotation = rotation_for(direction)
    tilt = float(np.arctan2(-direction[2], -direction[1]))
    return Upright(rotation, tilt, f"from standing people: the camera looks {_words(tilt)}")


def estimate_up(poses: Sequence[np.ndarray]) -> np.ndarray | None:
    """The unit vector that points up, in camera space; None if nobody stands for long."""
    lines = [_standing_lines(np.asarray(pose, np.float64)) for pose in poses]
    directions = np.concatenate(lines) if lines else np.zeros((0, 3))
    if len(directions) < _ENOUGH_FRAMES:
        return None
    # The spherical median: a few frames of a bow or a handstand do not move it.
    middle = directions.mean(axis=0)
    for _ in range(20):
        distance = np.linalg.norm(directions - middle, axis=1)
        weight = 1 / np.maximum(distance, 1e-3)
        middle = (directions * weight[:, None]).sum(axis=0) / weight.sum()
    middle /= max(np.linalg.norm(middle), 1e-9)
    angles = np.arccos(np.clip(directions @ middle, -1, 1))
    tilted = np.arccos(np.clip(-middle[1], -1, 1))
    if np.median(angles) > _SPREAD or tilted > _STEEPEST:
        return None
    rolled = abs(np.arctan2(middle[0], -middle[1]))
    if rolled > _ROLLED and len(directions) < _MOST_FRAMES * sum(map(len, poses)):
        return None
    return middle


def rotation_for(up: np.ndarray) -> np.ndarray:
    """The rotation, world from camera, that makes `up` z and keeps the camera's right level.

    >>> np.allclose(rotation_for(np.array([0, -1.0, 0])), LEVEL)
    True
    """
    z = np.asarray(up, np.float64) / np.linalg.norm(up)
    forward = np.array([0.0, 0, 1]) - z[2] * z
    y = forward / np.linalg.norm(forward)
    return np.stack([np.cross(y, z), y, z])


def _standing_lines(pose: np.ndarray) -> np.ndarray:
    """(N, 3) unit vectors from the ankles to the head, of the frames in which somebody stands."""
    pose = pose[np.isfinite(pose).all(axis=(1, 2))]
    feet, hips = pose[:, _FEET], pose[:, _HIPS]
    shins, thighs = pose[:, _KNEES] - feet, hips - pose[:, _KNEES]
    trunk = pose[:, _THORAX] - pose[:, _PELVIS]
    straight = (_angle(shins, thighs) < _UPRIGHT_BEND).all(axis=1)
    straight &= _angle(thighs.mean(axis=1), trunk) < _UPRIGHT_BEND
    lines = pose[straight, _HEAD] - feet[straight].mean(axis=1)
    return lines / np.maximum(np.linalg.norm(lines, axis=1, keepdims=True), 1e-9)


def _angle(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return np.arccos(np.clip((one * other).sum(-1) / np.maximum(lengths, 1e-9), -1, 1))


def _words(tilt: float) -> str:
    degrees = round(np.degrees(tilt))
    return f"{abs(degrees)} degrees {'down' if degrees >= 0 else 'up'}"


def _from_quaternion(quaternion: tuple[float, float, float, float]) -> np.ndarray:
    """(w, x, y, z) to (3, 3)."""
    w, *axis = quaternion
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + 2 * w * cross + 2 * cross @ cross
