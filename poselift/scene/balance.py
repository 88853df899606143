"""What bodies tell about up: whoever does not fall has the centre of mass above the support.

Frame by frame people lean, reach and swing; over a second or two the centre of mass stays above the
feet that carry it, or they would fall. So the line from the carrying foot to the centre of mass
points up in the mean, for people who stand on one leg or bow as well as for those who walk.
"""

from __future__ import annotations

import numpy as np

from poselift.scene.smoothing import blurred
from poselift.skeleton import H36M17

ANKLES = (H36M17.index("right ankle"), H36M17.index("left ankle"))
#: Metres per second below which a foot may be planted; ankles of planted feet still roll.
_SLOW = 0.4
#: Seconds of the window over which a foot's speed is judged.
_SPEED_SECONDS = 0.05
#: Ankles are behind the middle of the support: the line leans forwards by this, fitted to motion
#: capture (python -m benchmarks.room --balance).
_FORWARD = 0.097
#: Metres from support to centre of mass of a nominal body: below the first the legs are folded or
#: something else carries the person, above the second the feet surely do.
_FOLDED, _STRAIGHT = 0.62, 0.85
#: Metres from support to pelvis: below the first somebody sits, above the second they stand.
_SITS, _STANDS = 0.62, 0.72
_LIFTED = 0.14  # metres above the other: such a foot carries nobody


def centre_of_mass(pose: np.ndarray) -> np.ndarray:
    """(..., 17, 3) joints to (..., 3), with the segment masses of Winter's tables."""
    mass = np.zeros(17)

    def segment(weight: float, near: str, far: str, share: float) -> None:
        mass[H36M17.index(near)] += weight * (1 - share)
        mass[H36M17.index(far)] += weight * share

    segment(0.081, "thorax", "head", 0.6)
    segment(0.497, "pelvis", "thorax", 0.5)
    for side in ("left", "right"):
        segment(0.028, f"{side} shoulder", f"{side} elbow", 0.436)
        segment(0.022, f"{side} elbow", f"{side} wrist", 0.6)
        segment(0.1, f"{side} hip", f"{side} knee", 0.433)
        segment(0.061, f"{side} knee", f"{side} ankle", 0.6)
    return np.einsum("...jc,j->...c", pose, mass / mass.sum())


def planted_from_picture(xy: np.ndarray, metre: np.ndarray, fps: float) -> np.ndarray:
    """(T, 2) how likely the right and left foot is planted: its ankle rests in the picture.

    Args:
        xy: (T, 17, 2) pixels of a camera that stands still, or made as if it did.
        metre: (T,) pixels that a metre takes at the person's distance.
        fps: frames per second.
    """
    if len(xy) < 3:
        return np.ones((len(xy), 2))
    ankles = blurred(xy[:, ANKLES].astype(np.float64), _SPEED_SECONDS * fps)
    speed = np.linalg.norm(np.gradient(ankles, axis=0), axis=-1) * fps / metre[:, None]
    return np.asarray(np.exp(-((speed / _SLOW) ** 2)))


def metre_in_pixels(pose: np.ndarray, xy: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(T,) pixels that a metre of the body takes, from the spread of its joints."""
    weight = np.where(weight.any(axis=1, keepdims=True), weight, 1.0)[..., None]

    def spread(points: np.ndarray) -> np.ndarray:
        middle = (weight * points).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
        total: np.ndarray = (weight * (points - middle) ** 2).sum(axis=(1, 2))
        return total

    return np.asarray(np.sqrt(spread(xy) / np.maximum(spread(pose[..., :2]), 1e-6)) + 1e-6)


def lines_of_balance(pose: np.ndarray, planted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, 3) unit vectors that point up in the mean, and (T,) 0..1 how far they may be believed.

    `planted` is (T, 2), 0..1. Nobody is believed whose feet do not carry them: who flies, sits,
    lies or kneels.
    """
    mass, ankles = centre_of_mass(pose), pose[:, ANKLES]
    carry = planted + 0.1
    for _ in range(2):
        support = (carry[..., None] * ankles).sum(axis=1) / carry.sum(axis=1)[:, None]
        line = mass - support
        carry = (planted + 0.1) * _not_lifted(ankles, line)
    long = np.linalg.norm(line, axis=1)
    up = line / np.maximum(long, 1e-6)[:, None] - _FORWARD * ahead(pose)
    up = up / np.maximum(np.linalg.norm(up, axis=1), 1e-6)[:, None]
    straight = np.clip((long - _FOLDED) / (_STRAIGHT - _FOLDED), 0, 1)
    legs = np.linalg.norm(pose[:, 0] - support, axis=1)
    upright = np.clip((legs - _SITS) / (_STANDS - _SITS), 0, 1)
    return up, straight * upright * planted.max(axis=1)


def _not_lifted(ankles: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(T, 2) 0..1: near 0 for a foot that is held well above the other one."""
    unit = up / np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-6)
    height = np.einsum("tsc,tc->ts", ankles, unit)
    above = height - height[:, ::-1]
    return np.asarray(1 / (1 + np.exp(np.clip((above - _LIFTED) / 0.03, -50, 50))))


def ahead(pose: np.ndarray) -> np.ndarray:
    """(T, 3) unit vectors out of the chest."""
    left = pose[:, H36M17.index("left hip")] - pose[:, H36M17.index("right hip")]
    trunk = pose[:, H36M17.index("thorax")] - pose[:, 0]
    ahead = np.cross(left, trunk)
    unit: np.ndarray = ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    return unit
