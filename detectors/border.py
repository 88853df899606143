"""Joints beyond the picture's border, which nobody can see: they are unseen, not invented inside.

Keypointers put some of what is beyond the border where it is, and the rest at the border or on
whatever is near it, with a lower score than usual. So a joint of somebody whom the border cuts
needs a higher score the nearer it lies to that border. And a joint that is invented is invented
elsewhere in a mirrored picture. `benchmarks/cropped.py` judges both.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from poselift.detectors.regions import longer_sides
from poselift.skeleton import Skeleton
from poselift.types import Keypoints

#: A joint is beyond the border if it is read so far outside, in parts of the body's longer side:
#: what readings are commonly off by.
_OUTSIDE = 0.01
#: A box is cut by the border if it ends so near to it, in the same parts.
_TOUCHES = 0.03
#: The score that a joint needs at the border that cuts the body, and how much less for each body's
#: length away from it: elbows, wrists, knees, ankles and feet; all others.
_LIMBS, _OTHERS = (0.5, 2.0), (0.4, 4.0)
#: Readings of a picture and of its mirror image agree on a joint that is no farther off than this,
#: in parts of the body's longer side, and is this sure in the mirror image, too.
_AGREE, _SURE_TWICE = 0.07, 0.3
_LIMB_NAMES = ("elbow", "wrist", "knee", "ankle", "heel", "toe")


def in_picture(keypoints: Keypoints, boxes: np.ndarray, size: tuple[int, int]) -> Keypoints:
    """The keypoints, with score 0 for joints that are beyond the border or seem to be.

    Args:
        keypoints: of N people.
        boxes: (N, 4) where they are: x0, y0, x1, y1.
        size: (width, height) of the picture.
    """
    reach = np.ptp(keypoints.xy, axis=1).max(axis=1, initial=0)
    body = np.maximum(reach, np.maximum(longer_sides(boxes), 1))[:, None]
    end = np.array(size)
    # (N, K, 4): how far inside each border a joint is, in parts of the body.
    inside = np.concatenate([keypoints.xy, end - 1 - keypoints.xy], axis=2) / body[..., None]
    cuts = np.concatenate([boxes[:, :2], end - boxes[:, 2:]], axis=1) < _TOUCHES * body  # (N, 4)
    limbs = np.array(_are_limbs(keypoints.skeleton))[None, :, None]
    needs = np.where(
        limbs, _LIMBS[0] - _LIMBS[1] * np.abs(inside), _OTHERS[0] - _OTHERS[1] * np.abs(inside)
    )
    needed = np.where(cuts[:, None], needs, 0).max(axis=2, initial=0)
    seen = (inside >= -_OUTSIDE).all(axis=2) & (keypoints.score >= needed)
    return replace(keypoints, score=np.where(seen, keypoints.score, np.float32(0)))


def side_cuts(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(N,) bool: whose box (N, 4) the left or right border of a picture of this size cuts.

    >>> side_cuts(np.array([[0, 50, 60, 200], [100, 50, 160, 200]]), (640, 480)).tolist()
    [True, False]
    """
    near = _TOUCHES * np.maximum(longer_sides(boxes), 1)
    cut: np.ndarray = (boxes[:, 0] < near) | (size[0] - boxes[:, 2] < near)
    return cut


def in_both(keypoints: Keypoints, mirrored: Keypoints, boxes: np.ndarray) -> Keypoints:
    """The keypoints, with score 0 for joints that the reading of the mirror image puts elsewhere.

    Where the two agree on less than half of what is seen, the mirror image is not believed.

    Args:
        keypoints: of N people.
        mirrored: of the same in the mirror image, back in the picture.
        boxes: (N, 4) where they are.
    """
    seen = keypoints.score > 0
    body = np.maximum(longer_sides(boxes), 1)[:, None]
    alike = np.linalg.norm(keypoints.xy - mirrored.xy, axis=2) / body <= _AGREE
    believed = (alike & seen).sum(axis=1) * 2 >= seen.sum(axis=1)
    kept = (alike & (mirrored.score >= _SURE_TWICE)) | ~believed[:, None]
    return replace(keypoints, score=np.where(kept, keypoints.score, np.float32(0)))


@lru_cache(maxsize=8)
def _are_limbs(skeleton: Skeleton) -> tuple[bool, ...]:
    return tuple(any(part in name for part in _LIMB_NAMES) for name in skeleton.names)
