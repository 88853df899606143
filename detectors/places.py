"""Readings of several people: with further places of each joint, some of them, and put back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from poselift.skeleton import Skeleton
from poselift.types import Keypoints

#: Places for a joint of somebody who stands close to others.
CANDIDATES = 3


@dataclass(frozen=True)
class SeveralPlaces(Keypoints):
    """Keypoints with further places where each joint may be.

    Attributes:
        all_xy: (N, K, C, 2) pixels, the best first.
        all_score: (N, K, C) in 0..1; 0 where there are fewer.
    """

    all_xy: np.ndarray
    all_score: np.ndarray


def nothing_read(count: int, skeleton: Skeleton) -> SeveralPlaces:
    """Readings of so many people without a single joint, to be filled with `put_rows`."""
    shape = (count, len(skeleton), CANDIDATES)
    places, sure = np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32)
    return SeveralPlaces(places[:, :, 0], sure[:, :, 0], skeleton, places, sure)


def rows_of(read: Keypoints, rows: np.ndarray) -> Keypoints:
    """The people of these rows: indices, or (N,) bool."""
    some = replace(read, xy=read.xy[rows], score=read.score[rows])
    if isinstance(some, SeveralPlaces):
        some = replace(some, all_xy=some.all_xy[rows], all_score=some.all_score[rows])
    return some


def places_of(read: Keypoints) -> tuple[np.ndarray, np.ndarray]:
    """All places of each joint, (N, K, C, 2) and (N, K, C); one where no others are given."""
    if isinstance(read, SeveralPlaces):
        return read.all_xy, read.all_score
    return read.xy[:, :, None], read.score[:, :, None]


def put_rows(read: Keypoints, rows: np.ndarray, new: Keypoints) -> Keypoints:
    """A copy in which the people of these rows (indices) are read as in `new`."""
    xy, score = read.xy.copy(), read.score.copy()
    xy[rows], score[rows] = new.xy, new.score
    if not isinstance(read, SeveralPlaces):
        return replace(read, xy=xy, score=score)
    all_xy, all_score = read.all_xy.copy(), read.all_score.copy()
    all_xy[rows], all_score[rows] = 0, 0
    new_xy, new_score = places_of(new)
    most = min(new_xy.shape[2], all_xy.shape[2])
    all_xy[rows, :, :most], all_score[rows, :, :most] = new_xy[:, :, :most], new_score[:, :, :most]
    return replace(read, xy=xy, score=score, all_xy=all_xy, all_score=all_score)
