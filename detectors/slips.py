"""Undoing slips: joints that were read elsewhere for one frame and came back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from poselift.detectors.similarity import person_size
from poselift.types import Track

#: Least distance of a slip from where the frames around say that the joint was, in parts of the
#: person's size,
_FAR = 0.12
#: in parts of the way from the frame before to the one after: who moves so fast goes on, or turns,
_WAY = 1.5
#: and in parts of what the joint is off by in the frames before and after those, where a quick
#: movement is seen as well.
_USUAL = 4.0
#: What is left of the surety of a joint whose place is not read but between its neighbours.
_BETWEEN = 0.5


def undo_slips(track: Track) -> tuple[Track, np.ndarray]:
    """Put joints that were elsewhere in a single frame back between the frames around it.

    Movements that are quick but go on, or turn round over several frames, are left as they are:
    nothing is smoothed.

    Returns:
        The track, and (T, 17) bool: the joints that were put back.
    """
    slipped = np.zeros(track.score.shape, bool)
    if len(track) < 7:
        return track, slipped
    xy, seen = np.asarray(track.xy, np.float64), track.score > 0
    size = person_size(track.xy, track.score)[:, None]
    between = (xy[:-2] + xy[2:]) / 2  # of frame t + 1
    off = np.zeros(track.score.shape)
    off[1:-1] = np.linalg.norm(xy[1:-1] - between, axis=-1) / size[1:-1]
    way = np.zeros(track.score.shape)
    way[1:-1] = np.linalg.norm(xy[2:] - xy[:-2], axis=-1) / size[1:-1]
    # Frames right beside a slip are off by half of it, because of it.
    usual = np.maximum(_shifted(off, 2), _shifted(off, -2))
    slipped = seen & _shifted(seen, 1) & _shifted(seen, -1)
    slipped &= (off > _FAR) & (off > _WAY * way) & (off > _USUAL * usual)
    slipped[[0, -1]] = False
    if not slipped.any():
        return track, slipped
    new_xy, score = track.xy.copy(), track.score.copy()
    row, joint = np.nonzero(slipped)
    new_xy[row, joint] = between[row - 1, joint]
    sure = np.minimum(track.score[row - 1, joint], track.score[row + 1, joint])
    score[row, joint] = _BETWEEN * sure
    return replace(track, xy=new_xy, score=score), slipped


def _shifted(values: np.ndarray, by: int) -> np.ndarray:
    """What is `by` rows before; nothing beyond the ends."""
    out = np.zeros_like(values)
    if by > 0:
        out[by:] = values[:-by]
    else:
        out[:by] = values[-by:]
    return out
