"""Placing people in the room: where each root was, from the size and place of its picture.

A lifter gives poses about the pelvis; where the pelvis was follows from which pixels the joints
fell on, if the focal length is known. It is not, so a field of view is assumed and stated in what
is written: the true one scales all distances from the camera and leaves the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poselift import large
from poselift.gaps import at_times
from poselift.scene.rays import FIELD_OF_VIEW, depths, focal_length, joint_weights, sides
from poselift.scene.world import rotate
from poselift.smoothing import smooth_series
from poselift.types import Motion

#: Standard deviations, in seconds, of the windows along time. Depth comes from the person's
#: apparent size, which trembles most; sideways and up and down are sharp in the picture, and a
#: jump must stay one.
DEPTH_SECONDS, SIDE_SECONDS = 0.35, 0.05
_FEET = (3, 6)
#: Metres: who seems to stand less than this above the others stands on their floor; the size of a
#: person and the tilt of the camera are not known so well. Who is higher stands on something.
_SAME_FLOOR = 0.6
_STEEPEST = 0.36  # metres up a metre along: about 20 degrees, more is no mistake of the tilt


def root_paths(
    motions: Sequence[Motion], size: tuple[int, int], field_of_view: float = FIELD_OF_VIEW
) -> list[np.ndarray]:
    """Where each person's pelvis was, (T, 3) metres in camera space (x right, y down, z away).

    Args:
        motions: lifted tracks, in camera space, relative to the pelvis.
        size: (width, height) of the picture in pixels.
        field_of_view: degrees across the longer side.

    Returns:
        One path a motion, with a row for each of its frames; through gaps it runs straight.
    """
    focal = focal_length(size, field_of_view)
    middle = np.array(size, np.float64) / 2
    return [_root_path(motion, focal, middle) for motion in motions]


def place(
    motions: Sequence[Motion],
    rotation: np.ndarray,
    size: tuple[int, int],
    field_of_view: float = FIELD_OF_VIEW,
) -> list[np.ndarray]:
    """World poses (T, 17, 3) of people who stand and move where the picture suggests.

    Camera and floor are the same through the clip and for everybody: the middle of the scene is
    above x = y = 0 and the lowest foot is on z = 0; people whose floors nearly agree share
    one. A floor that seems to rise or fall along the way of walkers is a mistake of the camera's
    tilt and is levelled; jumps and steps stay.

    Args:
        motions: in camera space.
        rotation: (3, 3), world from camera; `poselift.scene.world.upright` finds it.
        size: (width, height) of the picture in pixels.
        field_of_view: degrees across the longer side.
    """
    paths = root_paths(motions, size, field_of_view)
    poses = [
        rotate(motion.pose3d + path[:, None], rotation)
        for motion, path in zip(motions, paths, strict=True)
    ]
    if not any(len(pose) for pose in poses):
        return poses
    slope = _floor_slope(poses, [motion.fps for motion in motions])
    for pose in poses:
        pose[..., 2] -= pose[:, :1, :2] @ slope
    poses = _on_common_floor(poses)
    joined = np.concatenate(poses)
    roots = joined[:, 0, :2]
    origin = np.append((roots.min(axis=0) + roots.max(axis=0)) / 2, joined[..., 2].min())
    return [(pose - origin).astype(np.float32) for pose in poses]


def in_a_row(
    motions: Sequence[Motion], rotation: np.ndarray, spacing: float = 1.0
) -> list[np.ndarray]:
    """World poses of people who stay each above a spot of their own, `spacing` metres apart.

    The order from left to right is the picture's. Everybody's lowest foot is on z = 0.
    """
    across = []
    for motion in motions:
        across.append(np.median(motion.track.xy[:, 0, 0]) if len(motion) else 0.0)
        large.release(motion.track.xy)
    order = np.argsort(np.argsort(across, kind="stable"), kind="stable")
    poses = []
    for motion, place_in_row in zip(motions, order, strict=True):
        pose = large.zeros(motion.pose3d.shape, np.float32)
        lowest = np.inf
        for block in large.blocks(len(pose), pose, motion.pose3d):
            pose[block] = rotate(motion.pose3d[block], rotation)
            lowest = min(lowest, float(pose[block, :, 2].min()))
        side = (place_in_row - (len(motions) - 1) / 2) * spacing
        for block in large.blocks(len(pose), pose):
            pose[block] += np.array([side, 0, -lowest], np.float32)
        poses.append(pose)
    return poses


def _root_path(motion: Motion, focal: float, middle: np.ndarray) -> np.ndarray:
    weight = joint_weights(motion.track.xy, motion.track.score)
    rays = np.nan_to_num((motion.track.xy - middle) / focal).astype(np.float64)  # x/z, y/z
    points = motion.pose3d.astype(np.float64)
    known = np.asarray(weight.any(axis=1))
    if not known.any():
        # Nothing tells: three metres before the camera, where a person just fills a picture.
        return np.tile(np.array([0, 0, 3.0], np.float32), (len(motion), 1))

    depth, trust = depths(points, rays, weight)
    frames = np.arange(len(motion))
    apparent = at_times(np.log(depth[known]), frames[known], frames)
    trust = np.where(known, trust, 0.02 * trust[known].mean())
    depth = np.exp(_calm(apparent, trust, DEPTH_SECONDS * motion.fps))

    side = sides(points, rays, weight, depth)  # (T, 2)
    side = at_times(side[known], frames[known], frames)
    certain = np.repeat(np.where(known, weight.mean(axis=1), 0.02)[:, None], 2, axis=1)
    side = smooth_series(side, certain, SIDE_SECONDS * motion.fps)
    return np.concatenate([side, depth[:, None]], axis=1).astype(np.float32)


def _calm(values: np.ndarray, trust: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth a series against single wild values too: a second pass trusts what lies apart less."""
    first = smooth_series(values, trust, sigma)
    apart = np.abs(values - first)
    usual = 1.5 * np.median(apart) + 1e-6
    return smooth_series(values, trust / (1 + (apart / (2 * usual)) ** 2), sigma)


def _on_common_floor(poses: Sequence[np.ndarray]) -> list[np.ndarray]:
    """People moved down as one whole motion each, where their floors are nearly the same."""
    lowest = [float(pose[..., 2].min()) if len(pose) else np.inf for pose in poses]
    floor = min(lowest)
    return [
        pose - np.array([0, 0, low - floor if low - floor < _SAME_FLOOR else 0])
        for pose, low in zip(poses, lowest, strict=True)
    ]


def _floor_slope(poses: Sequence[np.ndarray], rates: Sequence[float]) -> np.ndarray:
    """(2,) metres up a metre along x and y, of the plane on which the feet of all people step.

    From the lowest foot of every second. Only ways walked count: each person stands on a level of
    their own, so stairs between people, or a wrong size of one, tilt nothing.
    """
    along: list[np.ndarray] = []
    up: list[np.ndarray] = []
    for pose, fps in zip(poses, rates, strict=True):
        feet = pose[:, _FEET].reshape(-1, 3)
        count = max(round(len(pose) / fps), 1)
        lows = np.array(
            [part[part[:, 2].argmin()] for part in np.array_split(feet, count) if len(part)]
        )
        if len(lows) < 3:
            continue
        along.append(lows[:, :2] - lows[:, :2].mean(axis=0))
        up.append(lows[:, 2] - lows[:, 2].mean())
    if not along:
        return np.zeros(2)
    ways, heights = np.concatenate(along), np.concatenate(up)
    weight = np.ones(len(ways))
    slope = np.zeros(2)
    for _ in range(5):
        # The ridge keeps people level who hardly move: half a metre of way is worth nothing.
        normal = (weight[:, None] * ways).T @ ways + 0.5 * np.eye(2)
        slope = np.linalg.solve(normal, (weight[:, None] * ways).T @ heights)
        weight = 1 / (1 + ((heights - ways @ slope) / 0.1) ** 2)
    steep = float(np.linalg.norm(slope))
    return slope if steep <= _STEEPEST else np.zeros(2)
