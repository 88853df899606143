"""Following boxes from frame to frame: where to look for each person next, and which are ghosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from poselift.detectors.similarity import LIMBS, box_overlaps, pose_similarity
from poselift.types import Keypoints, People

#: Mean limb score that a new person needs, and below which a followed one counts as unread.
NEW_SCORE = 0.3
KNOWN_SCORE = 0.2
#: Two readings with a higher object keypoint similarity are the same person.
DUPLICATE = 0.7
#: Overlap (IoU) of two boxes from which the detector runs more often.
CROWDED = 0.15
#: Least overlap (IoU) of a detection with the followed box of the same person,
SAME_BOX = 0.3
#: and the overlap from which the followed box, which is steadier, is kept.
TRUSTED_BOX = 0.6
#: Joints with a lower score are left out of the box.
_JOINT = 0.15
_PAD = 0.1  # of the longer side, on each side: joints are inside the body
_SHRINK = 0.95  # a box shrinks no faster than this a frame
_LEAP = 1.3  # a box that grows faster than this per frame has probably caught another person
_PATIENCE = 4  # frames in a row that a followed person may be unreadable
_UNDETECTED = 12  # detections in a row that may miss a person whose joints score low
_SURE = 0.5  # limb score from which a person is kept without being detected


@dataclass
class Followed:
    """Somebody who was in the last frame."""

    box: np.ndarray  # (4,) where to look in the next frame
    score: float
    unread: int = 0  # frames in a row that the joints were not readable
    undetected: int = 0  # detections in a row that did not find them


@dataclass(frozen=True)
class Candidates:
    """Where to read joints in a frame: followed people first, then the newly detected.

    Attributes:
        people: the boxes and scores.
        known: for each the index among the followed, -1 for a new one.
    """

    people: People
    known: np.ndarray


class Follower:
    """Keeps the boxes of people between detections, from their joints."""

    def __init__(self) -> None:
        self.followed: list[Followed] = []

    def state(self) -> dict[str, np.ndarray]:
        """What is remembered from frame to frame, for `restore`."""
        counts = [(one.unread, one.undetected) for one in self.followed]
        return {
            "boxes": self.boxes,
            "scores": np.array([one.score for one in self.followed], np.float64),
            "counts": np.array(counts, np.int64).reshape(-1, 2),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        self.followed = [
            Followed(box, score, unread, undetected)
            for box, score, (unread, undetected) in zip(
                state["boxes"], state["scores"].tolist(), state["counts"].tolist(), strict=True
            )
        ]

    @property
    def boxes(self) -> np.ndarray:
        """(N, 4) where the followed people are looked for."""
        return np.array([one.box for one in self.followed], np.float32).reshape(-1, 4)

    @property
    def crowded(self) -> bool:
        """Whether people stand so close that one may be taken for the other."""
        overlaps = box_overlaps(self.boxes, self.boxes)
        np.fill_diagonal(overlaps, 0)
        return bool((overlaps > CROWDED).any())

    def candidates(self, detected: People | None) -> Candidates:
        """Whose joints to read in this frame; `detected` is None if the detector did not run."""
        boxes = self.boxes
        scores = np.array([one.score for one in self.followed], np.float32)
        known = np.arange(len(boxes))
        if detected is None:
            return Candidates(People(boxes, scores), known)
        overlaps = box_overlaps(boxes, detected.boxes)
        pairs = _one_to_one(overlaps)
        for i, one in enumerate(self.followed):
            one.undetected = 0 if i in pairs else one.undetected + 1
            if i in pairs:
                one.score = float(detected.scores[pairs[i]])
                if overlaps[i, pairs[i]] < TRUSTED_BOX:  # the joints have strayed
                    boxes[i] = detected.boxes[pairs[i]]
        new = np.ones(len(detected), bool)
        new[list(pairs.values())] = False
        # Not a second box of a followed person; another person close by overlaps less.
        new &= ~(overlaps >= TRUSTED_BOX).any(axis=0)
        return Candidates(
            People(
                np.concatenate([boxes, detected.boxes[new]]).astype(np.float32),
                np.concatenate([scores, detected.scores[new]]).astype(np.float32),
            ),
            np.concatenate([known, np.full(int(new.sum()), -1)]),
        )

    def take(
        self, candidates: Candidates, read: Keypoints, joints: Keypoints
    ) -> tuple[np.ndarray, bool]:
        """Follow the candidates whose joints could be read.

        Args:
            candidates: of this frame.
            read: their keypoints as the keypointer gave them; they span the next boxes.
            joints: the same in H36M-17; they decide who is a person.

        Returns:
            The indices of the candidates who are people, and whether somebody appeared,
            disappeared or is in doubt.
        """
        xy, score = joints.xy, joints.score
        surety = score[:, LIMBS].mean(axis=1) if len(score) else np.zeros(0)
        least = np.where(candidates.known >= 0, KNOWN_SCORE, NEW_SCORE)
        alive = surety >= least
        alive &= ~doubles(xy, score, surety, candidates.known >= 0, alive)
        followed, kept, news = [], [], False
        for i in range(len(alive)):
            before = self.followed[candidates.known[i]] if candidates.known[i] >= 0 else None
            news |= (before is None) == bool(alive[i])
            if alive[i] and not self._is_ghost(before, surety[i]):
                after = self._next(before, read.xy[i], read.score[i], candidates, i)
                news |= before is not None and _area(after.box) > _LEAP * _area(before.box)
                followed.append(after)
                kept.append(i)
            elif before is not None and surety[i] < KNOWN_SCORE and before.unread < _PATIENCE:
                before.unread += 1
                followed.append(before)
        self.followed = followed
        return np.array(kept, int), news

    @staticmethod
    def _is_ghost(before: Followed | None, surety: float) -> bool:
        return before is not None and before.undetected > _UNDETECTED and surety < _SURE

    @staticmethod
    def _next(
        before: Followed | None,
        xy: np.ndarray,
        score: np.ndarray,
        candidates: Candidates,
        i: int,
    ) -> Followed:
        box = box_of_joints(xy, score, candidates.people.boxes[i])
        if before is not None:
            box = _not_smaller(box, before.box)
        undetected = before.undetected if before is not None else 0
        return Followed(box, float(candidates.people.scores[i]), 0, undetected)


def doubles(
    xy: np.ndarray, score: np.ndarray, surety: np.ndarray, known: np.ndarray, alive: np.ndarray
) -> np.ndarray:
    """(N,) bool: duplicate readings of another person; joints in H36M-17. Followed people win."""
    alike = pose_similarity(xy, score, xy, score) > DUPLICATE
    gone = np.zeros(len(xy), bool)
    for i in np.argsort(-(surety + known), kind="stable"):
        if alive[i] and not gone[i]:
            others = alike[i].copy()
            others[i] = False
            gone |= others & (surety + known <= surety[i] + known[i])
    return gone


def box_of_joints(xy: np.ndarray, score: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """(4,) the box that the body of these joints (K, 2), (K,) fills, padded."""
    seen = xy[score >= _JOINT]
    if len(seen) < 4:
        return np.asarray(fallback, np.float32)
    low, high = seen.min(axis=0), seen.max(axis=0)
    pad = _PAD * (high - low).max()
    return np.concatenate([low - pad, high + pad]).astype(np.float32)


def _one_to_one(overlaps: np.ndarray) -> dict[int, int]:
    """Which row belongs to which column, at most one each, the greatest overlaps first."""
    pairs: dict[int, int] = {}
    for flat in np.argsort(-overlaps, axis=None, kind="stable"):
        row, column = (int(place) for place in divmod(flat, overlaps.shape[1]))
        if overlaps[row, column] < SAME_BOX:
            break
        if row not in pairs and column not in pairs.values():
            pairs[row] = column
    return pairs


def _area(box: np.ndarray) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _not_smaller(box: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The box, grown about its middle so that it is hardly smaller than the one before.

    A hidden ankle must not make the crop jump.
    """
    middle = (box[:2] + box[2:]) / 2
    size = np.maximum(box[2:] - box[:2], _SHRINK * (before[2:] - before[:2]))
    return np.concatenate([middle - size / 2, middle + size / 2]).astype(np.float32)
