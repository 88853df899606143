"""Who may be a person in a frame, and what their readings must score to be one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from poselift.detectors import cut_off
from poselift.detectors.regions import covered, shares
from poselift.detectors.similarity import limb_score, pose_similarity
from poselift.types import Keypoints, People

#: Mean limb score that a new person needs, and below which a followed one counts as unread.
NEW_SCORE = 0.3
KNOWN_SCORE = 0.2
HALF_HIDDEN_SCORE = 0.15
#: What a new person needs whose box has a score so low that most such boxes hold nobody.
_UNSURE_BOX, _UNSURE_SCORE = 0.25, 0.4
#: Two readings with a higher object keypoint similarity are the same person.
DUPLICATE = 0.7
_SAME_HEAD = 0.45  # the same over head and shoulders alone, of somebody new
_LIKELY_BOX = 0.35  # a box with this score holds somebody, more often than not
_PART = 0.85  # of a box that is inside another's: the two may be one person
#: A box with this score holds somebody, if head and shoulders score so much.
_SURE_BOX, _SURE_UPPER = 0.4, 0.5
_CLOSE = 0.1  # of a box that another covers: the crop shows both


@dataclass(frozen=True)
class Candidates:
    """Where to read joints in a frame: followed people first, then the newly detected.

    Attributes:
        people: the boxes and scores.
        known: for each the index among the followed, -1 for a new one.
    """

    people: People
    known: np.ndarray

    @cached_property
    def close(self) -> np.ndarray:
        """(N,) bool: whose crop also shows somebody else."""
        return close_to_others(self.people.boxes)

    @cached_property
    def others(self) -> list[np.ndarray]:
        """For each the boxes (M, 4) of everybody else who is likely to be there.

        Somebody new whose box is inside another's may be a part of that person.
        """
        boxes, is_known = self.people.boxes, self.known >= 0
        there = is_known | (self.people.scores >= _LIKELY_BOX)
        may_be_one = ~is_known[:, None] & (shares(boxes) > _PART)
        np.fill_diagonal(may_be_one, True)
        return [boxes[row] for row in there & ~may_be_one]

    @classmethod
    def all_new(cls, people: People) -> Candidates:
        """Everybody who was detected, where nobody is followed."""
        return cls(people, np.full(len(people), -1))

    def surety(self, joints: Keypoints, may_be_cut: np.ndarray) -> np.ndarray:
        """(N,) 0..1 how sure people in H36M-17 are: by all limbs, or where head and shoulders may
        be enough by those, if they are surer.
        """
        limbs, upper = limb_score(joints), cut_off.surety_of(joints.score)
        may_be_enough = np.isfinite(self._least_upper(may_be_cut))
        return np.where(may_be_enough, np.maximum(limbs, upper), limbs)

    def judged(
        self, joints: Keypoints, cut: np.ndarray, may_be_cut: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """How sure each reading in H36M-17 is, (N,) 0..1, and (N,) bool: whether it is a person's.

        Args:
            joints: as they were read.
            cut: (N,) above 0 of those whose lower part is out of the picture: head and shoulders
                count instead of limbs.
            may_be_cut: (N,) bool, of whom it may be: then head and shoulders are enough.
        """
        is_known = self.known >= 0
        unsure = ~is_known & (self.people.scores < _UNSURE_BOX)
        # Who is half hidden has fewer joints to show.
        least = np.where(self.close, HALF_HIDDEN_SCORE, KNOWN_SCORE)
        least = np.where(is_known, least, np.where(unsure, _UNSURE_SCORE, NEW_SCORE))
        least_cut = np.where(is_known, cut_off.KNOWN_SCORE, cut_off.NEW_SCORE)
        upper, limbs = cut_off.surety_of(joints.score), limb_score(joints)
        enough = upper >= np.where(unsure, np.inf, self._least_upper(may_be_cut))
        surety = np.where(cut > 0, upper, limbs)
        return surety, enough | (surety >= np.where(cut > 0, least_cut, least))

    def _least_upper(self, may_be_cut: np.ndarray) -> np.ndarray:
        """(N,) what head and shoulders must score to be enough; infinite where they never are."""
        least = np.where(may_be_cut, cut_off.NEW_SCORE, np.inf)
        # A desk, or somebody else, may hide the rest of those who are surely there.
        sure = (self.people.scores >= _SURE_BOX) & ~(self.close & (self.known >= 0))
        least = np.where(sure, np.minimum(least, _SURE_UPPER), least)
        known = np.isfinite(least) & (self.known >= 0)
        return np.where(known, cut_off.KNOWN_SCORE, least)


def close_to_others(boxes: np.ndarray) -> np.ndarray:
    """(N,) bool: whose crop, by the boxes (N, 4), also shows somebody else."""
    return covered(boxes, np.ones(len(boxes), bool), _CLOSE)


def doubles(joints: Keypoints, rank: np.ndarray, alive: np.ndarray, new: np.ndarray) -> np.ndarray:
    """(N,) bool: duplicate readings of somebody else of higher `rank`; joints in H36M-17.

    Of the `new` (N,), head and shoulders tell: two boxes of one person may show different limbs.
    """
    xy, score = joints.xy, joints.score
    alike = pose_similarity(xy, score, xy, score) > DUPLICATE
    upper = cut_off.upper_only(score)
    alike |= (pose_similarity(xy, upper, xy, upper) > _SAME_HEAD) & new[None]
    gone = np.zeros(len(xy), bool)
    for i in np.argsort(-rank, kind="stable"):
        if alive[i] and not gone[i]:
            others = alike[i].copy()
            others[i] = False
            gone |= others & (rank <= rank[i])
    return gone
