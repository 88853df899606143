"""Interpolation over time: the one place where missing joints and frames are filled."""

from __future__ import annotations

import numpy as np

from poselift import large
from poselift.errors import PoseliftError
from poselift.types import Track


def at_times(values: np.ndarray, known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`values` (N, ...) at the rising times `known` (N,), interpolated linearly at `wanted` (M,).

    Before the first and after the last time the first and the last value are held.

    >>> at_times(np.array([[0.0, 1], [4, 3]]), np.array([0, 2]), np.arange(4)).tolist()
    [[0.0, 1.0], [2.0, 2.0], [4.0, 3.0], [4.0, 3.0]]
    """
    columns = values.reshape(len(values), -1).T
    out = [np.interp(wanted, known, column) for column in columns]
    return np.stack(out, axis=1).reshape(len(wanted), *values.shape[1:])


def without_gaps(
    values: np.ndarray, known: np.ndarray, time: np.ndarray | None = None
) -> np.ndarray:
    """`values` (T, K, C) with the points that are not `known` (T, K) filled from those that are.

    Each of the K is filled by itself, linearly over `time` (T,), by default the frame number; one
    that is never known stays as it is. Known points keep their values. Returns float64.

    >>> values = np.array([[[0.0]], [[9.0]], [[4.0]]])
    >>> without_gaps(values, np.array([[True], [False], [True]]))[:, 0, 0].tolist()
    [0.0, 2.0, 4.0]
    """
    out = np.array(values, np.float64)
    time = np.arange(len(out)) if time is None else time
    for point in np.flatnonzero(known.any(axis=0) & ~known.all(axis=0)):
        here = known[:, point]
        out[~here, point] = at_times(out[here, point], time[here], time[~here])
    return out


def fill(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give every joint a place in every frame: (T, 17, 2), (T, 17) to the same shapes.

    A joint with score 0 (or a coordinate that is not a number) is put on the straight line between
    its neighbours in time, or where it was first or last seen at the ends. A joint that is never
    seen lies in the middle of those that are. Its score stays 0. The sequence must have been seen
    at all; where nothing is missing the arrays come back as they are.

    >>> xy = np.zeros((3, 17, 2)); xy[2] = 4
    >>> fill(xy, np.array([[1.0] * 17, [0.0] * 17, [1.0] * 17]))[0][1, 0].tolist()
    [2.0, 2.0]
    """
    xy, score = np.asarray(xy, np.float32), np.asarray(score, np.float32)
    seen = (score > 0) & np.isfinite(score) & np.isfinite(xy).all(axis=-1)
    if seen.all():
        return xy, score
    if not seen.any():
        raise PoseliftError(
            f"Nothing was seen in {len(xy)} frames: expected at least one joint with a score "
            "above 0 and a finite position.",
            "Check that xy and score belong together and that score is in 0..1.",
        )
    out = without_gaps(xy, seen).astype(np.float32)
    _place_unknown_joints(out, seen.any(axis=0))
    return out, np.where(seen, score, np.float32(0))


def _place_unknown_joints(xy: np.ndarray, known: np.ndarray) -> None:
    """Put joints that were never seen amid the others: any place will do, but not far away."""
    if not known.all():
        xy[:, ~known] = xy[:, known].mean(axis=1, keepdims=True)


def seen_frames(track: Track) -> np.ndarray:
    """(T,) bool: the frames in which anything of the person was seen."""
    out = np.zeros(len(track), bool)
    for block in large.blocks(len(track), track.xy, track.score):
        xy, score = track.xy[block], track.score[block]
        finite = np.isfinite(xy).all(axis=-1) & np.isfinite(score)
        out[block] = ((score > 0) & finite).any(axis=1)
    return out
