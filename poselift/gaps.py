"""What was not seen, filled from what was: missing joints and missing frames."""

from __future__ import annotations

import numpy as np

from poselift.errors import PoseliftError
from poselift.types import Track


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
    out = np.array(xy)
    times = np.arange(len(xy))
    for joint in np.flatnonzero(~seen.all(axis=0)):
        known = seen[:, joint]
        if known.any():
            for axis in range(2):
                out[~known, joint, axis] = np.interp(
                    times[~known], times[known], xy[known, joint, axis]
                )
    _place_unknown_joints(out, seen.any(axis=0))
    return out, np.where(seen, score, np.float32(0))


def _place_unknown_joints(xy: np.ndarray, known: np.ndarray) -> None:
    """Put joints that were never seen amid the others: any place will do, but not far away."""
    if not known.all():
        xy[:, ~known] = xy[:, known].mean(axis=1, keepdims=True)


def seen_frames(track: Track) -> np.ndarray:
    """(T,) bool: the frames in which anything of the person was seen."""
    finite = np.isfinite(track.xy).all(axis=-1) & np.isfinite(track.score)
    return ((track.score > 0) & finite).any(axis=1)
