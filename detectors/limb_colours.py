"""The colours of people's arms and legs, by which a limb is known for somebody else's.

A crop of somebody who is half hidden shows the limbs of whoever is in front, too. A leg in other
colours than the person's own, and in those of a neighbour, is the neighbour's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from poselift.detectors.looks import colour_at, same_cloth
from poselift.detectors.similarity import box_overlaps
from poselift.skeleton import Skeleton
from poselift.types import Keypoints

#: The far ends of bones of which a colour is remembered, and their number with both sides.
_ENDS = ("elbow", "wrist", "knee", "ankle")
LIMBS = 2 * len(_ENDS)
#: Where a bone is looked at: its farther part, as its joint is what is judged.
_ALONG = np.linspace(0.35, 0.85, 6)
#: Least score of both ends.
_SEEN = 0.15
#: A limb is somebody else's if it fits its own colours less, and the other's more than this.
_NOT_OWN, _ANOTHERS = 0.15, 0.5


def limb_colours(
    image: np.ndarray, xy: np.ndarray, score: np.ndarray, skeleton: Skeleton
) -> np.ndarray:
    """(8, 3) colours along one person's arms and legs, in Lab; NaN where they are not seen."""
    colours = np.full((LIMBS, 3), np.nan, np.float32)
    for row, (near, far) in enumerate(_bones(skeleton)):
        if min(score[near], score[far]) > _SEEN:
            points = xy[near] + _ALONG[:, None] * (xy[far] - xy[near])
            colours[row] = colour_at(image, points)
    return colours


def without_others_limbs(
    image: np.ndarray,
    boxes: np.ndarray,
    read: Keypoints,
    colours: Sequence[np.ndarray | None],
    rows: np.ndarray,
) -> Keypoints:
    """The readings of people (boxes (N, 4)) without limbs that are a neighbour's.

    `colours` are what is remembered of each, None of somebody new; `rows` are those to look at.
    """
    score = read.score.copy()
    for i in rows.tolist():
        own = colours[i]
        if own is None:
            continue
        beside = np.flatnonzero(box_overlaps(boxes[[i]], boxes)[0] > 0)
        others = [one for j in beside.tolist() if j != i and (one := colours[j]) is not None]
        seen = limb_colours(image, read.xy[i], read.score[i], read.skeleton)
        score[i, others_limbs(seen, own, others, read.skeleton)] = 0
    return replace(read, score=score)


def others_limbs(
    seen: np.ndarray, own: np.ndarray, others: Sequence[np.ndarray], skeleton: Skeleton
) -> list[int]:
    """The joints at the ends of limbs that are somebody else's.

    Args:
        seen: (8, 3) the colours where one person's limbs were read.
        own: (8, 3) those that are known of that person.
        others: those of the people close by.
        skeleton: of the joints.
    """
    bones = _bones(skeleton)
    if not others or not bones:
        return []
    # Left and right are worn alike, and may be read for each other.
    mirrored = own.reshape(-1, 2, 3)[:, ::-1].reshape(LIMBS, 3)
    fits = np.fmax(same_cloth(seen, own), same_cloth(seen, mirrored))
    anybody = np.concatenate(others)
    theirs = np.nanmax(np.nan_to_num(same_cloth(seen[:, None], anybody[None])), axis=1, initial=0)
    return [
        far
        for (_, far), mine, another in zip(bones, fits, theirs, strict=True)
        if mine < _NOT_OWN and another > _ANOTHERS
    ]


@lru_cache(maxsize=8)
def _bones(skeleton: Skeleton) -> list[tuple[int, int]]:
    """(near, far) joints of upper arms, forearms, thighs and shins, left and right in turn."""
    far = [f"{side} {joint}" for joint in _ENDS for side in ("left", "right")]
    if not all(name in skeleton.names for name in far):
        return []
    return [(skeleton.parents[joint], joint) for joint in map(skeleton.index, far)]
