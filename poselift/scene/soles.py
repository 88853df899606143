"""Where feet point: toes that were seen in the picture, put into the room by the foot's length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poselift.scene.bones import stature
from poselift.scene.camera import Camera
from poselift.scene.smoothing import blurred
from poselift.skeleton import H36M17
from poselift.types import Extra

SIDES = ("left", "right")
_SEEN = 0.3
#: From the ankle to the tip of the big toe, as a share of somebody's height: usually and at most.
_LENGTH, _LONGEST = 0.12, 0.15
#: The cosine of the angle between shin and foot of somebody who stands, and how far it may differ;
#: how far a foot may turn from where the leg faces, as one minus the cosine.
_BEND, _BEND_SD, _TURN_SD = 0.3, 0.4, 0.5
#: Metres that toes lie below the ankle of a foot on the floor, with what that may differ, and up to
#: which height of the ankle a foot counts as on the floor.
_DROP, _DROP_SD, _ON_FLOOR = 0.06, 0.06, 0.05
_STEP_SD = 0.25  # radians that a foot may turn in a frame
_CALM_SECONDS = 0.06


@dataclass(frozen=True)
class Toes:
    """Where one person's feet point, T frames at `fps`.

    Attributes:
        along: by side, (T, 3) unit vectors in the room from the ankle to the tip of the big toe;
            NaN where it was not seen.
        length: metres between the two.
        fps: frames per second.
    """

    along: dict[str, np.ndarray]
    length: float
    fps: float


def toes_of(
    pose: np.ndarray, xy: np.ndarray, extra: Extra, camera: Camera, fps: float
) -> Toes | None:
    """Where the toes of one person are; None if they were never seen.

    A toe lies on its line of sight, a foot's length away from the ankle. Of the two places where
    that is, one fits the leg, the floor and the moment before.

    Args:
        pose: (T, 17, 3) metres in the camera's room; NaN where the person is absent.
        xy: (T, 17, 2) their pixels.
        extra: heels and toes in the same frames.
        camera: of these T frames.
        fps: frames per second.
    """
    sides = [side for side in SIDES if f"{side} toe" in extra.names]
    there = np.isfinite(pose).all(axis=(1, 2))
    if not sides or not there.any():
        return None
    pose = np.asarray(pose, np.float64)
    camera = camera.through(len(pose))
    tall = stature(pose[there])
    sights = {side: _sight(side, pose, xy, extra, camera) for side in sides}
    if not any(seen.any() for *_, seen in sights.values()):
        return None
    widest = np.concatenate([wide[seen] for _, wide, seen in sights.values()])
    length = float(np.clip(np.percentile(widest, 90), _LENGTH * tall, _LONGEST * tall))
    along = {}
    for side, (ray, _, seen) in sights.items():
        out = np.full((len(pose), 3), np.nan)
        if seen.any():
            eye = camera.position[seen]
            both = _both_places(pose[seen], side, eye, ray[seen], length)
            unit = _likeliest(both, pose[seen], side, length, np.flatnonzero(seen))
            out[seen] = _calmed(unit, fps)
        along[side] = out
    return Toes(along, length, fps)


def _joint(pose: np.ndarray, name: str) -> np.ndarray:
    return pose[:, H36M17.index(name)]


def _sight(
    side: str, pose: np.ndarray, xy: np.ndarray, extra: Extra, camera: Camera
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lines of sight to the toe (T, 3), how wide (T,) metres it seems to be from the ankle there,
    and (T,) bool where it was seen.
    """
    toe = extra.names.index(f"{side} toe")
    foot = H36M17.index(f"{side} ankle")
    ankle = _joint(pose, f"{side} ankle")
    frames = np.arange(len(pose))
    # From the ankle as it was placed: the picture's own ankle may be some pixels beside it.
    aside = extra.xy[:, toe].astype(np.float64) - xy[:, foot]
    at = camera.project(ankle[:, None], frames)[:, 0] + aside
    flat = (at - np.asarray(camera.centre)) / camera.focal[:, None]
    ray = np.concatenate([flat, np.ones((len(flat), 1))], axis=1)
    ray = np.einsum("tab,ta->tb", camera.rotation, ray)
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    depth = camera.in_camera(ankle[:, None], frames)[:, 0, 2]
    wide = np.linalg.norm(aside, axis=1) / camera.focal * depth
    seen = (extra.score[:, toe] > _SEEN) & np.isfinite(at).all(axis=1) & (depth > 0)
    return ray, wide, seen


def _both_places(
    pose: np.ndarray, side: str, eye: np.ndarray, ray: np.ndarray, length: float
) -> np.ndarray:
    """(T, 2, 3) unit vectors from the ankle to both points of the line of sight that are `length`
    away; where none is so near, twice to the nearest.
    """
    from_ankle = eye - _joint(pose, f"{side} ankle")
    along = (from_ankle * ray).sum(axis=1)
    under_root = np.square(along) - np.square(from_ankle).sum(axis=1) + length**2
    half = np.sqrt(np.maximum(under_root, 0))
    far = np.stack([-along - half, -along + half], axis=1)
    foot = from_ankle[:, None] + far[..., None] * ray[:, None]
    return np.asarray(foot / np.linalg.norm(foot, axis=-1, keepdims=True))


def _likeliest(
    both: np.ndarray, pose: np.ndarray, side: str, length: float, frames: np.ndarray
) -> np.ndarray:
    """(T, 3): of both places in every frame those that fit best, all together (Viterbi)."""
    cost = _oddity(both, pose, side, length)
    back = np.zeros(cost.shape, int)
    total = cost[0]
    for t in range(1, len(cost)):
        turn = np.arccos(np.clip(both[t] @ both[t - 1].T, -1, 1))  # (now, before)
        jump = np.square(turn / (_STEP_SD * (frames[t] - frames[t - 1])))
        reached = total[None] + np.minimum(jump, 9.0)
        back[t] = reached.argmin(axis=1)
        total = cost[t] + reached.min(axis=1)
    chosen = np.zeros(len(cost), int)
    chosen[-1] = total.argmin()
    for t in range(len(cost) - 1, 0, -1):
        chosen[t - 1] = back[t, chosen[t]]
    return both[np.arange(len(both)), chosen]


def _oddity(both: np.ndarray, pose: np.ndarray, side: str, length: float) -> np.ndarray:
    """(T, 2) how odd a foot would look there: by the shin, by where the leg faces, by the floor."""
    ankle = _joint(pose, f"{side} ankle")
    shin = _unit(ankle - _joint(pose, f"{side} knee"))
    across = _joint(pose, "left hip") - _joint(pose, "right hip")
    facing = np.cross(across, _joint(pose, "spine") - _joint(pose, "pelvis"))
    facing = _unit(facing - (facing * shin).sum(axis=1, keepdims=True) * shin)
    bend = (both * shin[:, None]).sum(axis=-1)
    ahead = (both * facing[:, None]).sum(axis=-1)
    cost = np.square((bend - _BEND) / _BEND_SD) + np.square((1 - ahead) / _TURN_SD)
    drop = np.square((length * both[..., 2] + _DROP) / _DROP_SD)
    return np.asarray(cost + np.where(ankle[:, None, 2] < _ON_FLOOR, np.minimum(drop, 9.0), 0.0))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _calmed(unit: np.ndarray, fps: float) -> np.ndarray:
    return _unit(blurred(unit, _CALM_SECONDS * fps))
