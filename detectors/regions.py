"""Boxes of followed people: around their joints, against detections, and one in another."""

from __future__ import annotations

import numpy as np

from poselift.detectors.moving import SURE

_PAD = 0.1  # of the longer side, on each side: joints are inside the body
_SHRINK = 0.95  # a box shrinks no faster than this a frame


def shares(boxes: np.ndarray) -> np.ndarray:
    """(N, N) 0..1, which part of each box (N, 4) is inside each other one; 0 for itself."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    np.fill_diagonal(shared, 0)
    area = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=-1), 1e-9)
    inside: np.ndarray = shared / area[:, None]
    return inside


def covered(boxes: np.ndarray, alive: np.ndarray, least: float) -> np.ndarray:
    """(N,) bool: whose box (N, 4) is covered to `least` by that of somebody who is `alive`."""
    is_covered: np.ndarray = (shares(boxes) * alive > least).any(axis=1)
    return is_covered


def box_of_joints(
    xy: np.ndarray, score: np.ndarray, fallback: np.ndarray, step: np.ndarray | float = 0.0
) -> np.ndarray:
    """(4,) the box that the body of these joints (K, 2), (K,) fills, padded.

    It holds the joints where they are and, moved by `step` (K, 2), where they are expected next.
    """
    seen = score >= SURE
    if seen.sum() < 4:
        return np.asarray(fallback, np.float32)
    places = np.concatenate([xy[seen], (xy + step)[seen]])
    low, high = places.min(axis=0), places.max(axis=0)
    pad = _PAD * (high - low).max()
    return np.concatenate([low - pad, high + pad]).astype(np.float32)


def one_to_one(overlaps: np.ndarray, least: np.ndarray) -> dict[int, int]:
    """Which row belongs to which column, at most one each, the greatest overlaps first.

    `least` (M,) is what each of the rows needs.
    """
    pairs: dict[int, int] = {}
    for flat in np.argsort(-overlaps, axis=None, kind="stable"):
        row, column = (int(place) for place in divmod(flat, overlaps.shape[1]))
        if overlaps[row, column] < least.min(initial=1):
            break
        enough = overlaps[row, column] >= least[row]
        if enough and row not in pairs and column not in pairs.values():
            pairs[row] = column
    return pairs


def longer_sides(boxes: np.ndarray) -> np.ndarray:
    """(N,) of boxes (N, 4), in pixels."""
    longer: np.ndarray = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0)
    return longer


def longer_side(box: np.ndarray) -> float:
    """Of a box (4,), in pixels."""
    return float(longer_sides(box[None])[0])


def not_smaller(box: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The box, grown about its middle so that it is hardly smaller than the one before.

    A hidden ankle must not make the crop jump.
    """
    middle = (box[:2] + box[2:]) / 2
    size = np.maximum(box[2:] - box[:2], _SHRINK * (before[2:] - before[:2]))
    return np.concatenate([middle - size / 2, middle + size / 2]).astype(np.float32)
