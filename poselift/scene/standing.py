"""One person stood into the room: upright, on their way, over what was seen, on planted feet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from poselift import gaps
from poselift.scene.balance import ANKLES, centre_of_mass, lines_of_balance
from poselift.scene.bones import constant_bones
from poselift.scene.camera import Camera, world_from_camera
from poselift.scene.estimate import Belief
from poselift.scene.feet import plant
from poselift.scene.picture import onto_picture
from poselift.scene.planted import Moves
from poselift.scene.rays import Sight
from poselift.scene.roots import Clues, way
from poselift.scene.smoothing import blurred
from poselift.scene.stance import flights, in_the_air, levels, lower_foot_stands, stances
from poselift.scene.subject import whole
from poselift.types import Motion

_NOBODY = np.array([0.0, 0.0, 3.0])  # before the camera, where a person just fills a picture
#: Radians: a lifter's poses are this share of their elevation too level, and off by this beside
#: that; the lines of balance are off by the last.
_LEVELS, _ASKEW, _BALANCE_SD = 0.12, 0.026, 0.07


def stand(
    motion: Motion, belief: Belief, camera: Camera, scale: float, moves: Moves | None
) -> tuple[np.ndarray, np.ndarray]:
    """One person in the room: (T, 17, 3) and which feet stand (T, 2)."""
    seen = whole(motion, moves)
    seen = replace(seen, pose=constant_bones(seen.pose, np.asarray(seen.weight.any(axis=1))))
    centre = np.array(camera.centre)
    sight = seen.look(belief.focal, centre)
    upright = _levelled(sight, seen.planted, belief.up)
    to_world = world_from_camera(belief.up)
    pose = upright @ to_world.T * scale
    known = sight.trust > 0
    root = _through_gaps(sight.root, known) @ to_world.T * scale
    eye = np.tile([0.0, 0.0, belief.height], (len(root), 1))
    if moves is not None and moves.way is not None:
        eye += moves.way[motion.track.frames] @ to_world.T
    root += eye
    ray = sight.ray @ to_world.T
    clues = Clues(
        motion.fps, root, np.where(known, _usual(sight.trust), 0.02), ray,
        np.linalg.norm(root - eye, axis=1), pose[:, ANKLES], seen.planted,
    )  # fmt: skip
    path = _placed(clues, pose)
    rays = seen.rays(belief.focal, centre) @ to_world.T
    world = onto_picture(pose + path[:, None], eye[:, None], rays, seen.weight, motion.fps)
    standing = stances(clues.rest, motion.fps)
    world, kept = plant(world, clues.rest, clues.level, standing, motion.fps)
    return world.astype(np.float32), kept


def _placed(clues: Clues, pose: np.ndarray) -> np.ndarray:
    """The way of one person: first without a floor, then on what the first way shows."""
    first = way(clues, 1)
    ankles = first[:, None] + clues.foot
    clues.rest = lower_foot_stands(clues.rest, ankles)
    doubt = 0.02 + 0.03 * clues.distance * np.abs(clues.ray[:, 2])
    lowest = ankles[..., 2].min(axis=1)
    clues.rest = clues.rest * ~in_the_air(lowest, doubt, clues.fps)[:, None]
    found = stances(clues.rest, clues.fps)
    clues.level = levels(ankles, clues.rest, found, doubt)
    rise = centre_of_mass(pose)[:, 2]
    clues.swing = blurred(rise, 0.04 * clues.fps)
    clues.fall = flights(first[:, 2] + clues.swing, lowest, clues.rest, clues.fps)
    return way(clues)


def _levelled(sight: Sight, planted: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Poses turned by how far their balance is from up, as far as lifters err that way.

    A lifter takes cameras as more level than they are, so its poses lean towards the camera or
    away. Who leans by themselves keeps most of it.
    """
    lines, sure = lines_of_balance(sight.pose, planted)
    total = sure.sum()
    if total < 3:
        return sight.pose
    line = (lines * sure[:, None]).sum(axis=0)
    line /= np.linalg.norm(line)
    ray = sight.ray.mean(axis=0)
    ray /= np.linalg.norm(ray)
    elevation = float(np.arcsin(np.clip(ray @ up, -1, 1)))
    apart = elevation - float(np.arcsin(np.clip(ray @ line, -1, 1)))
    prior = np.hypot(_LEVELS * elevation, _ASKEW) ** 2
    angle = float(np.clip(apart, -0.4, 0.4)) * prior / (prior + _BALANCE_SD**2)
    axis = np.cross(up, ray)
    long = float(np.linalg.norm(axis))
    if long < 1e-3:
        return sight.pose
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_rotvec(axis / long * angle).as_matrix()
    return np.asarray(sight.pose @ turn.T)


def _through_gaps(root: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Straight lines through the frames in which nothing was seen."""
    if not known.any():
        return np.tile(_NOBODY, (len(root), 1))
    frames = np.arange(len(root))
    return gaps.at_times(root[known], frames[known], frames)


def _usual(trust: np.ndarray) -> np.ndarray:
    """Trust against its own median, as information has to be, within bounds."""
    middle = float(np.median(trust[trust > 0])) if (trust > 0).any() else 1.0
    return np.clip(trust / middle, 0.1, 2.0)
