"""What to keep in mind about a result, in plain words."""

from __future__ import annotations

import numpy as np

from poselift.result import ClipMotion
from poselift.skeleton import H36M17

_OFTEN = 0.1  # of the frames: less is not worth a word
_FAINT = 0.3  # scores below which a joint is a guess
_EDGE = 0.01  # of the picture's sides: joints so near to an edge are cut off by it


def caveats(motion: ClipMotion) -> list[str]:
    """A sentence for each thing that makes a result less sure than it looks."""
    if not motion.present.any():
        return ["Nobody was found in this clip."]
    found = []
    for row, number in enumerate(motion.ids):
        there = motion.present[row]
        if there.any():
            found += [f"Person {number} {what}" for what in _of_person(motion, row, there)]
    turned = _camera_turned(motion)
    if turned > 1:
        found.append(f"The camera turned by {turned:.0f} degrees: places are less sure than poses.")
    if not motion.placed:
        found.append("Everybody was left on the spot: their ways through the room are not shown.")
    return found


def _camera_turned(motion: ClipMotion) -> float:
    """Degrees by which the camera turned away from where it looked first."""
    rotation = np.asarray(motion.meta.get("camera", {}).get("rotation", np.eye(3)), float)
    if rotation.ndim < 3:
        return 0.0
    relative = rotation @ rotation[0].T  # (T, 3, 3)
    cosine = (np.trace(relative, axis1=1, axis2=2) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).max())


def _of_person(motion: ClipMotion, row: int, there: np.ndarray) -> list[str]:
    out = []
    filled = motion.filled[row][there]
    if filled.mean() > _OFTEN:
        out.append(
            f"was not seen in {filled.mean():.0%} of the frames; there the pose is interpolated "
            "and drawn faint."
        )
    seen = there & ~motion.filled[row]
    if not seen.any():
        return out
    guessed = (motion.score[row][seen] < _FAINT).mean(0) > 0.25  # (17,)
    names = [H36M17.names[joint] for joint in np.flatnonzero(guessed)]
    if names:
        listed = "several joints" if len(names) > 4 else ", ".join(names)
        out.append(f"was often hidden in part: {listed} are guessed there.")
    cut = _cut_off(motion, row)[seen].mean()
    if cut > _OFTEN:
        out.append(f"is cut off by the picture's edge in {cut:.0%} of the frames.")
    return out


def _cut_off(motion: ClipMotion, row: int) -> np.ndarray:
    """(T,) whether joints lie at the picture's edge or beyond it."""
    size = np.array(motion.size, float)
    share = motion.pose2d[row] / np.maximum(size, 1)  # (T, 17, 2)
    with np.errstate(invalid="ignore"):
        return ((share < _EDGE) | (share > 1 - _EDGE)).any((1, 2))
