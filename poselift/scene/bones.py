"""Bodies of one size: constant bones, and legs that reach for the ground."""

from __future__ import annotations

import numpy as np

from poselift.skeleton import H36M17

#: Metres that a body is tall whose legs and spine (ankle to hip, pelvis to head) add up to `_SPAN`:
#: feet below the ankles and the skull above the head joint come on top.
NOMINAL_STATURE, _SPAN = 1.75, 1.59
_LEGS = ((1, 2, 3), (4, 5, 6))
_LEG = (2, 3, 5, 6)
_SPINE = (7, 8, 9, 10)
#: Of a leg's length: a leg that is quite straight has no side to bend to, and a millimetre more or
#: less of it moves the knee by a centimetre.
_STRETCH = 0.997


def constant_bones(
    pose: np.ndarray, weight: np.ndarray | None = None, lengths: np.ndarray | None = None
) -> np.ndarray:
    """Poses (T, 17, 3) with bones of `lengths`, by default their medians, alike left and right."""
    if lengths is None:
        lengths = bone_lengths(pose if weight is None or not weight.any() else pose[weight > 0])
    out = np.zeros_like(pose)
    out[:, 0] = pose[:, 0]
    for parent, joint in H36M17.bones:
        bone = pose[:, joint] - pose[:, parent]
        long = np.maximum(np.linalg.norm(bone, axis=1, keepdims=True), 1e-6)
        out[:, joint] = out[:, parent] + bone * (lengths[joint] / long)
    return out


def bone_lengths(pose: np.ndarray) -> np.ndarray:
    """(17,) metres from each joint's parent: medians over time and both sides; 0 for the root."""
    lengths = np.zeros(len(H36M17))
    for parent, joint in H36M17.bones:
        lengths[joint] = np.median(np.linalg.norm(pose[:, joint] - pose[:, parent], axis=1))
    return (lengths + lengths[list(H36M17.mirror)]) / 2


def stature(pose: np.ndarray) -> float:
    """Metres from sole to crown of a body with these poses (T, 17, 3), if it stood."""
    lengths = bone_lengths(pose)
    return float(
        NOMINAL_STATURE / _SPAN * (lengths[list(_LEG)].sum() / 2 + lengths[list(_SPINE)].sum())
    )


def reach(pose: np.ndarray, side: int, wanted: np.ndarray) -> np.ndarray:
    """Poses (T, 17, 3) with one leg bent so that its ankle comes to `wanted` (T, 3).

    Hips stay, thigh and shin keep their lengths and the knee the plane in which it bends. What is
    out of reach is approached as far as the leg goes.
    """
    hip, knee, ankle = _LEGS[side]
    out = pose.copy()
    top = pose[:, hip]
    thigh = np.linalg.norm(pose[:, knee] - top, axis=1)
    shin = np.linalg.norm(pose[:, ankle] - pose[:, knee], axis=1)
    aim = wanted - top
    far = np.maximum(np.linalg.norm(aim, axis=1), 1e-6)
    length = np.clip(far, abs(thigh - shin) + 1e-4, (thigh + shin) * _STRETCH)
    aim = aim / far[:, None]
    along = (thigh**2 - shin**2 + length**2) / (2 * np.maximum(length, 1e-6))
    aside = np.sqrt(np.maximum(thigh**2 - along**2, 0))
    side_of = _bend_side(pose, hip, knee, ankle, aim)
    out[:, knee] = top + along[:, None] * aim + aside[:, None] * side_of
    out[:, ankle] = top + length[:, None] * aim
    return out


def _bend_side(pose: np.ndarray, hip: int, knee: int, ankle: int, aim: np.ndarray) -> np.ndarray:
    """(T, 3) unit vectors towards which the knee bends, square to `aim`.

    Where the leg is nearly straight the knee points ahead: a side that is hardly there trembles.
    """
    old = pose[:, ankle] - pose[:, hip]
    old /= np.maximum(np.linalg.norm(old, axis=1, keepdims=True), 1e-6)
    bent = pose[:, knee] - pose[:, hip]
    bent = bent - (bent * old).sum(axis=1, keepdims=True) * old
    across = pose[:, _LEGS[1][0]] - pose[:, _LEGS[0][0]]
    ahead = np.cross(across, -old)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
    towards = bent + 0.02 * ahead
    towards = towards - (towards * aim).sum(axis=1, keepdims=True) * aim
    unit: np.ndarray = towards / np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-6)
    return unit
