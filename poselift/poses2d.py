"""2D joints of your own, as arrays, into tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poselift.errors import PoseliftError
from poselift.skeleton import Skeleton, find_skeleton, to_h36m
from poselift.types import Track


@dataclass(frozen=True)
class Poses2D:
    """2D poses of a clip: tracks, and the clip's rate and picture where they are known."""

    tracks: list[Track]
    fps: float | None = None
    image_size: tuple[int, int] | None = None

    def picture(self, given: Sequence[int] | None) -> tuple[int, int]:
        """Width and height: `given` if it is, else what the file says."""
        if given:
            return given[0], given[1]
        if self.image_size is None:
            raise PoseliftError(
                "The file of 2D poses does not say how large the picture is.",
                "Give its width and height (`size`).",
            )
        return self.image_size


def tracks_from_arrays(
    xy: np.ndarray,
    score: np.ndarray | None = None,
    joints: str | Skeleton = "coco17",
    ids: Sequence[int] | np.ndarray | None = None,
    *,
    called: tuple[str, str] = ("xy", "score"),
) -> list[Track]:
    """One track for each person of some arrays, from their first to their last seen frame.

    Args:
        xy: (T, K, 2) or (P, T, K, 2) pixels; a third channel is taken as the score. A point that is
            not a number was not seen.
        score: (T, K) or (P, T, K) in 0..1; None is 1 for every point that is there.
        joints: the skeleton of the K joints, or its name.
        ids: the people's numbers; None counts from 1.
        called: what error messages call the two arrays.

    >>> [track] = tracks_from_arrays(np.ones((5, 17, 2)))
    >>> len(track), track.id
    (5, 1)
    """
    skeleton = find_skeleton(joints)
    points, seen = _points_and_score(np.asarray(xy), score, skeleton, called)
    points, seen = to_h36m(points, seen, skeleton)
    numbers = np.arange(1, len(points) + 1) if ids is None else np.asarray(ids).reshape(-1)
    if len(numbers) != len(points):
        raise PoseliftError(
            f"There are {len(points)} people and {len(numbers)} ids.", "Give one id per person."
        )
    return [
        _track(int(number), *person) for number, *person in zip(numbers, points, seen, strict=True)
    ]


def _points_and_score(
    xy: np.ndarray, score: np.ndarray | None, skeleton: Skeleton, called: tuple[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    """(P, T, K, 2) and (P, T, K), checked."""
    joints = len(skeleton)
    points = xy[None] if xy.ndim == 3 else xy
    if points.ndim != 4 or points.shape[2] != joints or points.shape[3] not in (2, 3):
        raise PoseliftError(
            f"{called[0]}: expected (T, {joints}, 2) or (P, T, {joints}, 2) for {skeleton.name}, "
            f"got {xy.shape}.",
            "Name the skeleton of the joints (`joints`): h36m17, coco17, blazepose33.",
        )
    points = points.astype(np.float32)
    if score is not None:
        scores = np.asarray(score, np.float32)
        scores = scores[None] if scores.ndim == 2 else scores
    else:
        scores = points[..., 2] if points.shape[3] == 3 else np.ones(points.shape[:3], np.float32)
    if scores.shape != points.shape[:3]:
        raise PoseliftError(
            f"{called[1]}: expected {points.shape[:3]}, got {scores.shape}.",
            "There is one score for each point.",
        )
    seen = np.isfinite(points).all(axis=-1) & np.isfinite(scores)
    return np.where(seen[..., None], points[..., :2], 0), np.where(seen, scores, 0)


def _track(person: int, xy: np.ndarray, score: np.ndarray) -> Track:
    """A track from the first to the last frame in which the person was seen."""
    seen = np.flatnonzero((score > 0).any(axis=1))
    if len(seen) == 0:
        raise PoseliftError(f"Person {person} was never seen.", "Leave them out.")
    rows = slice(seen[0], seen[-1] + 1)
    return Track(person, np.arange(rows.start, rows.stop), xy[rows], score[rows])
