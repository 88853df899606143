"""What people wear, as far as it tells them apart: the colours of their trunks and thighs."""

from __future__ import annotations

import cv2
import numpy as np

from poselift.detectors.similarity import SEEN
from poselift.skeleton import H36M17
from poselift.types import Keypoints

#: Numbers of a look: lightness and two colours (Lab) of the trunk, and of the thighs.
LOOK = 6
#: Where the trunk is looked at, from one shoulder to the other and down to the hips, and a thigh
#: from hip to knee: not at their edges.
_ACROSS = np.linspace(0.25, 0.75, 4)
_DOWN = np.linspace(0.15, 0.8, 6)
_SHOULDERS, _HIPS, _KNEES = (
    [H36M17.index(f"{side} {joint}") for side in ("left", "right")]
    for joint in ("shoulder", "hip", "knee")
)
#: Light changes more than colour does: how much lightness counts, and colours.
_WEIGHTS = np.array([0.5, 1, 1], np.float32)
#: Colours of the same clothes differ by about this much from frame to frame.
_SPREAD = 12.0
#: How much of what is seen in a frame is taken into what is remembered.
_GAIN = 0.2


def looks_of(image: np.ndarray, joints: Keypoints) -> np.ndarray:
    """(N, 6) float32 colours of people; NaN where trunk or thighs are not seen.

    Args:
        image: BGR uint8.
        joints: of N people, in H36M-17.
    """
    looks = np.full((len(joints), LOOK), np.nan, np.float32)
    for look, xy, score in zip(looks, joints.xy, joints.score, strict=True):
        if (score[_SHOULDERS + _HIPS] > SEEN).all():
            (left, right), (low_left, low_right) = xy[_SHOULDERS], xy[_HIPS]
            upper = left + _ACROSS[:, None] * (right - left)  # (4, 2)
            lower = low_left + _ACROSS[:, None] * (low_right - low_left)
            look[:3] = colour_at(image, upper + _DOWN[:, None, None] * (lower - upper))
        thighs = [
            xy[hip] + _DOWN[:, None] * (xy[knee] - xy[hip])
            for hip, knee in zip(_HIPS, _KNEES, strict=True)
            if min(score[hip], score[knee]) > SEEN
        ]
        if thighs:
            look[3:] = colour_at(image, np.concatenate(thighs))
    return looks


def colour_at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(3,) the usual colour at points (..., 2), in Lab; NaN where all are beyond the picture."""
    column, row = points.reshape(-1, 2).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < image.shape[1]) & (row < image.shape[0])
    if not inside.any():
        return np.full(3, np.nan)
    pixels = image[row[inside], column[inside]][None]
    lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2Lab)[0]
    middle = len(lab) // 2
    colour: np.ndarray = np.partition(lab, middle, axis=0)[middle] * _WEIGHTS
    return colour


def alike(looks: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N, M) 0..1 how likely people of these looks (N, 6) and (M, 6) wear the same; 0.5 is unknown.

    >>> dark, red = np.zeros((1, 6)), np.array([[20, 60, 40, 20, 60, 40]])
    >>> alike(dark, np.concatenate([dark, red, red * np.nan])).round(1).tolist()
    [[1.0, 0.0, 0.5]]
    """
    fits = same_cloth(looks[:, None], others[None])
    return np.where(np.isnan(fits), 0.5, fits)


def same_cloth(colours: np.ndarray, others: np.ndarray) -> np.ndarray:
    """0..1 how likely colours (..., C) are those of the same cloth; NaN where none is known."""
    off = np.square(colours - others)
    known = np.isfinite(off)
    count = known.sum(-1)
    mean = 3 * np.where(known, off, 0).sum(-1) / np.maximum(count, 1)
    fits: np.ndarray = np.where(count > 0, np.exp(-mean / (2 * _SPREAD**2)), np.nan)
    return fits


def remembered(before: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The colours of somebody, NaN where unknown, with those of a frame taken in."""
    newer = before + _GAIN * (seen - before)
    return np.where(np.isnan(newer), np.where(np.isnan(before), seen, before), newer)
