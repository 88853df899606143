"""Following people: which person of this frame is which person of the frames before.

`Tracker` gives numbers to people as the frames come; `tracks` makes `Track`s of them.
People are told apart by the position and velocity of their joints, and, where it is said, by what
they wear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from poselift.detectors.known import Known, lost_in_same_clothes, middles
from poselift.detectors.looks import LOOK, alike, remembered
from poselift.detectors.pairing import best_pairs
from poselift.detectors.similarity import (
    box_overlaps,
    keypoint_boxes,
    limb_score,
    person_size,
    pose_similarity,
)
from poselift.detectors.tracks import TrackBuilder
from poselift.skeleton import H36M17
from poselift.types import Keypoints

__all__ = ["TrackBuilder", "Tracker", "TrackerSettings"]


@dataclass(frozen=True)
class TrackerSettings:
    """What the tracker is tuned by. Lengths in time are in updates, that is in frames.

    Attributes:
        high: detections with this surety are matched first and may start a track.
        low: detections down to this one may continue a track, not start one; others are ignored.
        min_hits: updates in a row that confirm a track. Anybody there in the first update with
            somebody in it is a person at once, so that a single picture works too.
        survival: updates that a person may be missed before the number is given up.
        match: least similarity (0..1) of a person to what was expected of a known one.
        duplicate: two people of one frame that are more alike than this are one; the better
            stays, the other gets -1.
        tolerance: spread of the joints between frames, times that of COCO's labellers.
    """

    high: float = 0.35
    low: float = 0.12
    min_hits: int = 3
    survival: int = 60
    match: float = 0.25
    duplicate: float = 0.85
    tolerance: float = 1.0


#: What it adds to the similarity that somebody was followed from the same person.
_FOLLOWED = 0.3
#: What it adds to the similarity that somebody certainly wears the same, or takes off it for other
#: clothes.
_WEARS = 0.7
#: The same, where somebody is found again, and how much farther away if they wear the same.
_FOUND_IN, _FARTHER = 0.6, 1.0


class Tracker:
    """Numbers people so that each keeps its number from frame to frame.

    Feed it every frame in order, also those without anybody: time is counted in updates.

    >>> xy = np.random.default_rng(0).uniform(100, 300, (2, 17, 2)).astype(np.float32)
    >>> Tracker().update(Keypoints(xy, np.full((2, 17), 0.9, np.float32), H36M17)).tolist()
    [1, 2]
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self._known: list[Known] = []
        self._last_id = 0
        # Of the update in progress.
        self._before = np.zeros(0, int)
        self._looks = np.zeros((0, LOOK))
        self._clear = np.zeros(0, bool)

    def update(
        self,
        joints: Keypoints,
        before: np.ndarray | None = None,
        looks: np.ndarray | None = None,
        clear: np.ndarray | None = None,
        surety: np.ndarray | None = None,
    ) -> np.ndarray:
        """Number the people of the next frame.

        Args:
            joints: the N people's joints in H36M-17, as `similarity.in_h36m` gives them.
            before: (N,) the number of whom each was followed from; -1 or None for nobody.
            looks: (N, 6) what each wears, as `looks.looks_of` gives it; None for unknown.
            clear: (N,) bool, who stands apart from all others, so that a look is theirs; None is
                everybody.
            surety: (N,) 0..1 how sure it is that each is a person; None takes the mean limb score.

        Returns:
            (N,) int64: each person's number, from 1; -1 for people not (yet) confirmed.
        """
        if joints.skeleton.name != H36M17.name:
            raise ValueError(f"expected {H36M17.name}, got {joints.skeleton.name}")
        xy, score = joints.xy, joints.score
        self._before = np.full(len(xy), -1) if before is None else before
        self._looks = np.full((len(xy), LOOK), np.nan) if looks is None else looks
        self._clear = np.ones(len(xy), bool) if clear is None else clear
        first = not self._known and self._last_id == 0
        owner: list[Known | None] = [None] * len(xy)
        surety = limb_score(joints) if surety is None else surety
        wanted = (surety >= self.settings.low) & ~self._duplicates(xy, score, surety)

        free = list(self._known)
        sure = surety >= self.settings.high
        self._assign(free, owner, xy, score, np.flatnonzero(wanted & sure))
        self._assign(free, owner, xy, score, np.flatnonzero(wanted & ~sure))
        new = wanted & sure & np.array([o is None for o in owner], bool)
        self._find_again(free, owner, xy, score, np.flatnonzero(new))
        for known in free:
            known.missed += 1
        for i in np.flatnonzero(new):
            if owner[i] is None:
                owner[i] = self._born(xy[i], score[i])
        for found in owner:
            if (
                found is not None
                and found.id < 0
                and (first or found.hits >= self.settings.min_hits)
            ):
                lost = lost_in_same_clothes(self._known, found)
                self._known = [known for known in self._known if known is not lost]
                found.id = self._last_id + 1 if lost is None else lost.id
                self._last_id = max(self._last_id, found.id)
        for found, look, is_clear in zip(owner, self._looks, self._clear, strict=True):
            if found is not None and (is_clear or np.isnan(found.look).all()):
                found.look = remembered(found.look, look)
        # A track that is not confirmed yet ends with its first miss.
        self._known = [
            k for k in self._known if k.missed <= (self.settings.survival if k.id > 0 else 0)
        ]
        return np.array([-1 if o is None else o.id for o in owner], np.int64)

    def state(self) -> dict[str, np.ndarray]:
        """What is remembered from frame to frame, for `restore`."""
        known = self._known
        return {
            "last_id": np.array(self._last_id),
            "xy": np.array([k.xy for k in known], np.float64).reshape(-1, 17, 2),
            "score": np.array([k.score for k in known], np.float32).reshape(-1, 17),
            "velocity": np.array([k.velocity for k in known], np.float64).reshape(-1, 2),
            "looks": np.array([k.look for k in known], np.float64).reshape(-1, LOOK),
            "counts": np.array([(k.id, k.hits, k.missed) for k in known], np.int64).reshape(-1, 3),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        self._last_id = int(state["last_id"])
        self._known = [
            Known(xy, score, velocity, number, hits, missed, look)
            for xy, score, velocity, (number, hits, missed), look in zip(
                state["xy"],
                state["score"],
                state["velocity"],
                state["counts"].tolist(),
                state["looks"],
                strict=True,
            )
        ]

    def _born(self, xy: np.ndarray, score: np.ndarray) -> Known:
        # float64 from the start, not from the second frame on, so that `state` is exact.
        known = Known(xy.astype(np.float64), score.astype(np.float32), np.zeros(2))
        self._known.append(known)
        return known

    def _duplicates(self, xy: np.ndarray, score: np.ndarray, surety: np.ndarray) -> np.ndarray:
        """(N,) bool: people who are only a worse reading of another person of this frame."""
        alike = pose_similarity(xy, score, xy, score) > self.settings.duplicate
        gone = np.zeros(len(xy), bool)
        for i in np.argsort(-surety, kind="stable"):
            if not gone[i]:
                worse = alike[i] & (surety <= surety[i])
                worse[i] = False
                gone |= worse
        return gone

    def _assign(
        self,
        free: list[Known],
        owner: list[Known | None],
        xy: np.ndarray,
        score: np.ndarray,
        rows: np.ndarray,
    ) -> None:
        """Give each of `rows` the known person it is most like; takes those out of `free`."""
        if not free or not len(rows):
            return
        expected = np.stack([k.expected() for k in free])
        known_score = np.stack([k.score for k in free])
        missed = np.array([k.missed for k in free])
        # The longer a person is unseen, the less certain are position and pose.
        tolerance = self.settings.tolerance * (1 + 0.1 * np.minimum(missed, 10))
        joints = pose_similarity(expected, known_score, xy[rows], score[rows], tolerance)
        boxes = box_overlaps(
            keypoint_boxes(expected, known_score), keypoint_boxes(xy[rows], score[rows])
        )
        similarity = 0.7 * joints + 0.3 * boxes
        # Where people cover each other, who was followed here says more than the likeness.
        numbers = np.array([k.id for k in free])
        same = (numbers[:, None] == self._before[rows][None]) & (numbers[:, None] > 0)
        similarity = similarity + _FOLLOWED * same
        wears = self._wear(free, rows)
        # Of somebody close to others it may be the others' clothes that are seen.
        similarity = similarity + _WEARS * np.maximum(wears, np.where(self._clear[rows], -1, 0))
        # Recently seen tracks before lost ones, confirmed tracks before unconfirmed ones.
        order = 0.1 * np.minimum(missed, 3) + 0.1 * np.array([k.id < 0 for k in free])
        found = self._pair(free, owner, xy, score, rows, similarity, order)
        free[:] = [k for k in free if not any(k is f for f in found)]

    def _find_again(
        self,
        free: list[Known],
        owner: list[Known | None],
        xy: np.ndarray,
        score: np.ndarray,
        rows: np.ndarray,
    ) -> None:
        """Match new people to tracks lost nearby, whatever the pose is by now."""
        lost = [k for k in free if k.missed >= 1]
        if not lost or not len(rows):
            return
        known_xy = np.stack([k.xy for k in lost])
        known_score = np.stack([k.score for k in lost])
        expected = np.stack([k.expected() for k in lost])
        size = person_size(known_xy, known_score)[:, None]
        new_size = person_size(xy[rows], score[rows])[None]
        new = middles(xy[rows], score[rows])[None]
        away = np.minimum(
            np.linalg.norm(middles(expected, known_score)[:, None] - new, axis=-1),
            np.linalg.norm(middles(known_xy, known_score)[:, None] - new, axis=-1),
        )
        wears = self._wear(lost, rows)
        reach = size * (0.3 + 0.05 * np.array([k.missed for k in lost]))[:, None]
        reach = reach * (1 + _FARTHER * np.maximum(wears, 0))
        grown = np.abs(np.log(new_size / size))
        near = np.clip(1 - away / np.minimum(reach, 2 * size), 0, 1) * (grown < 0.5)
        # Any overlap of the reach will do, so lift what is positive over the threshold.
        similarity = np.where(near > 0, self.settings.match + near + _FOUND_IN * wears, 0)
        found = self._pair(lost, owner, xy, score, rows, similarity)
        free[:] = [k for k in free if not any(k is f for f in found)]

    def _wear(self, some: list[Known], rows: np.ndarray) -> np.ndarray:
        """(len(some), len(rows)) -1..1: who wears what is seen, rather than anybody else known."""
        fits = alike(np.stack([k.look for k in self._known]), self._looks[rows])
        own = np.array([next(i for i, k in enumerate(self._known) if k is one) for one in some])
        others = np.repeat(fits[None], len(own), axis=0)
        others[np.arange(len(own)), own] = -np.inf
        most = others.max(axis=1)
        return np.where(np.isfinite(most), fits[own] - most, 0)

    def _pair(
        self,
        free: list[Known],
        owner: list[Known | None],
        xy: np.ndarray,
        score: np.ndarray,
        rows: np.ndarray,
        similarity: np.ndarray,
        handicap: np.ndarray | float = 0.0,
    ) -> list[Known]:
        """Pair at most one of `free` with one of `rows`, the best way overall; who was found."""
        allowed = similarity >= self.settings.match  # (len(free), len(rows))
        worth = np.where(allowed, similarity - np.reshape(handicap, (-1, 1)), 0)
        found = []
        for i, j in best_pairs(worth):
            if allowed[i, j]:
                free[i].see(xy[rows[j]], score[rows[j]])
                owner[rows[j]] = free[i]
                found.append(free[i])
        return found
