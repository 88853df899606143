"""People whom the picture's lower border cuts: an upper body at a desk, a face close up.

Their boxes end at the border, and keypointers expect whole bodies: read in a crop that reaches as
far below the picture as the body would, the same head and shoulders score twice as high. With most
limbs out of the picture, head and shoulders decide whether somebody is there.
"""

from __future__ import annotations

import numpy as np

from poselift.skeleton import H36M17

#: Mean score of head and shoulders that a new person needs, and below which one is unread.
NEW_SCORE = 0.4
KNOWN_SCORE = 0.25
#: Mean limb score from which the whole body is in the picture again.
WHOLE_SCORE = 0.45
_HEAD_AND_SHOULDERS = tuple(
    H36M17.names.index(name) for name in ("neck", "head", "left shoulder", "right shoulder")
)
#: A body's height by the width of its box: of who sits or stands, and of a face close up, whose box
#: has the width of the head and some of the shoulders.
TALL = (2.3, 4.5)
_NEAR = 0.08  # of a box's height: how near the border its lower end is
_LARGE = 0.3  # of the picture's height: whoever is cut is near the camera
_FLAT = 2.2  # a box that is wider than this for its height holds somebody who lies


def may_be_cut(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(N,) bool: which of the boxes (N, 4) may hold an upper body; `size` is (width, height).

    >>> may_be_cut(np.array([[100, 100, 400, 479], [100, 100, 400, 300]]), (640, 480)).tolist()
    [True, False]
    """
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    ends = boxes[:, 3] >= size[1] - _NEAR * height
    upright = (width <= _FLAT * height) & (TALL[0] * width > height)
    possible: np.ndarray = ends & upright & (height >= _LARGE * size[1])
    return possible


def whole_bodies(boxes: np.ndarray, tall: np.ndarray) -> np.ndarray:
    """The boxes, reaching as far down as the bodies would, which are `tall` (N,) by their width.

    >>> whole_bodies(np.array([[100.0, 100, 200, 200]]), np.array([2.3])).tolist()
    [[100.0, 100.0, 200.0, 330.0]]
    """
    longer = boxes.copy()
    longer[:, 3] = np.maximum(boxes[:, 3], boxes[:, 1] + tall * (boxes[:, 2] - boxes[:, 0]))
    return longer


def upper_only(score: np.ndarray) -> np.ndarray:
    """The scores (N, 17) of H36M-17 with those of everything below the shoulders set to 0."""
    upper = np.zeros_like(score)
    upper[:, _HEAD_AND_SHOULDERS] = score[:, _HEAD_AND_SHOULDERS]
    return upper


def surety_of(score: np.ndarray) -> np.ndarray:
    """(N,) how sure head and shoulders are; `score` is (N, 17) of H36M-17."""
    mean: np.ndarray = score[:, _HEAD_AND_SHOULDERS].mean(axis=1)
    return mean
