"""Following people from frame to frame: where to look for each next, and which are ghosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from poselift.detectors import cut_off
from poselift.detectors.candidates import (
    KNOWN_SCORE,
    Candidates,
    close_to_others,
    doubles,
)
from poselift.detectors.claims import settle
from poselift.detectors.company import Plan, largest, plan
from poselift.detectors.followed import Followed, as_arrays, from_arrays
from poselift.detectors.limb_colours import limb_colours, without_others_limbs
from poselift.detectors.looks import remembered
from poselift.detectors.movenet import Hint
from poselift.detectors.moving import Moving
from poselift.detectors.places import places_of, rows_of
from poselift.detectors.regions import box_of_joints, covered, longer_side, not_smaller, one_to_one
from poselift.detectors.similarity import box_overlaps, limb_score
from poselift.detectors.turned import Turning
from poselift.skeleton import Skeleton
from poselift.types import Keypoints, People

#: Least overlap (IoU) of a detection with the followed box of the same person,
SAME_BOX = 0.3
#: of somebody who was hidden,
COME_OUT = 0.1
#: and the overlap from which the followed box, which is steadier, is kept.
TRUSTED_BOX = 0.6
#: Frames that somebody who is hidden behind another is carried on: two seconds at 30 a second.
HIDDEN_FRAMES = 60
_LEAP = 1.15  # a box that grows faster than this a frame has probably caught another person
_PATIENCE = 4  # frames in a row that a followed person may be unreadable where nobody is in front
_COVERED = 0.3  # of a box that another covers: somebody is in front
_ACQUAINTED = 3  # readings after which it is known where the joints will be
_ESTABLISHED = 5  # readings after which somebody is worth being carried on
_UNDETECTED = 12  # detections in a row that may miss a person whose joints score low
_SURE = 0.5  # limb score from which a person is kept without being detected
_COME_BACK = 0.25  # what a lost person must score: less is often a part of who hides them
_ASK_AGAIN = 5  # frames after which the detector is asked again for somebody who is not read


class Follower:
    """Keeps the boxes of people between detections, from their joints.

    Args:
        most: follow at most so many people, the largest; None follows everybody.
    """

    def __init__(self, most: int | None = None) -> None:
        self.followed: list[Followed] = []
        self._most = most

    def state(self) -> dict[str, np.ndarray]:
        """What is remembered from frame to frame, for `restore`."""
        return as_arrays(self.followed)

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        self.followed = from_arrays(state)

    @property
    def boxes(self) -> np.ndarray:
        """(N, 4) where the followed people are looked for."""
        return np.array([one.box for one in self.followed], np.float32).reshape(-1, 4)

    def numbers(self, kept: np.ndarray) -> np.ndarray:
        """(N,) the tracker's numbers, so far, of those whom `take` kept."""
        seen = [one.number for one in self.followed if not one.unread]
        assert len(seen) == len(kept)
        return np.array(seen, np.int64)

    def number(self, ids: np.ndarray) -> None:
        """Remember the numbers (N,) that the tracker gave to those whom `take` kept."""
        seen = [one for one in self.followed if not one.unread]
        for one, number in zip(seen, ids.tolist(), strict=True):
            one.number = number if number > 0 else one.number
        # Whoever was found again is no longer looked for where they were lost.
        found = {one.number for one in seen if one.number > 0}
        self.followed = [one for one in self.followed if not (one.unread and one.number in found)]

    def candidates(self, detected: People | None) -> Candidates:
        """Whose joints to read in this frame; `detected` is None if the detector did not run."""
        boxes = self.boxes
        scores = np.array([one.score for one in self.followed], np.float32)
        known = np.arange(len(boxes))
        if detected is None:
            return Candidates(People(boxes, scores), known)
        overlaps = box_overlaps(boxes, detected.boxes)
        # Whoever comes out from behind another is who went there, if roughly in the place.
        hidden = np.array([one.unread > 0 for one in self.followed], bool)
        pairs = one_to_one(overlaps, np.where(hidden, COME_OUT, SAME_BOX))
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
        boxes = np.concatenate([boxes, detected.boxes[new]]).astype(np.float32)
        scores = np.concatenate([scores, detected.scores[new]]).astype(np.float32)
        known = np.concatenate([known, np.full(int(new.sum()), -1)])
        rows = largest(boxes, known >= 0, self._most)
        return Candidates(People(boxes[rows], scores[rows]), known[rows])

    def plan(self, candidates: Candidates) -> Plan:
        """Which of the candidates to read, and how well."""
        before = [self._before(candidates, i) for i in range(len(candidates.known))]
        unread = np.array([0 if one is None else one.unread for one in before], int)
        moving = [None if one is None else one.moving for one in before]
        return plan(candidates.people.boxes, moving, unread)

    def cut(self, candidates: Candidates) -> np.ndarray:
        """(N,) how tall those are by their width whom the lower border cuts; 0 for the others."""
        before = [self._before(candidates, i) for i in range(len(candidates.known))]
        return np.array([0.0 if one is None else one.tall for one in before], np.float64)

    def turnings(self, candidates: Candidates) -> list[Turning]:
        """How each candidate's crop is turned."""
        before = [self._before(candidates, i) for i in range(len(candidates.known))]
        return [Turning() if one is None else one.turning for one in before]

    def held(self, candidates: Candidates, i: int) -> tuple[np.ndarray, np.ndarray]:
        """(K, 2) and (K,) the joints of a candidate who is followed, as last read."""
        return self.followed[candidates.known[i]].read

    def hints(self, candidates: Candidates) -> list[Hint | None]:
        """Where the joints of those are expected whose box another box covers in part."""
        close = candidates.close
        told: list[Hint | None] = []
        for i in range(len(candidates.known)):
            one = self._before(candidates, i)
            known = one is not None and one.moving.readings >= _ACQUAINTED
            told.append(
                Hint(one.moving.expected, one.moving.trust)
                if one is not None and known and close[i]
                else None
            )
        return told

    def settle(self, candidates: Candidates, read: Keypoints) -> Keypoints:
        """The readings, each limb with one person: the others' joints get score 0."""
        close = np.flatnonzero(candidates.close)
        if len(close) < 2:
            return read
        before = [self._before(candidates, int(i)) for i in close]
        moving = [None if one is None else one.moving for one in before]
        xy, score = read.xy.copy(), read.score.copy()
        places, scores = places_of(rows_of(read, close))
        xy[close], score[close] = settle(places, scores, moving, read.skeleton)
        return Keypoints(xy, score, read.skeleton)

    def own_limbs(self, image: np.ndarray, candidates: Candidates, read: Keypoints) -> Keypoints:
        """The readings without limbs in the colours of somebody else close by."""
        before = [self._before(candidates, i) for i in range(len(read))]
        colours = [None if one is None else one.colours for one in before]
        close = np.flatnonzero(candidates.close)
        return without_others_limbs(image, candidates.people.boxes, read, colours, close)

    def remember_colours(self, image: np.ndarray, skeleton: Skeleton) -> None:
        """Look at the arms and legs of those who were read in this picture apart from others."""
        close = close_to_others(self.boxes)
        for one, is_close in zip(self.followed, close, strict=True):
            if not one.unread and not is_close:
                seen = limb_colours(image, *one.read, skeleton)
                one.colours = remembered(one.colours, seen)

    def take(
        self,
        candidates: Candidates,
        read: Keypoints,
        joints: Keypoints,
        fresh: np.ndarray | None = None,
        cut: np.ndarray | None = None,
        turnings: Sequence[Turning] | None = None,
        may_be_cut: np.ndarray | None = None,
    ) -> tuple[np.ndarray, bool]:
        """Follow the candidates whose joints could be read.

        Args:
            candidates: of this frame.
            read: their keypoints as the keypointer gave them; they span the next boxes.
            joints: the same in H36M-17; they decide who is a person.
            fresh: (N,) bool, who was read in this frame; the joints of the others are those that
                `held` gives. None is everybody.
            cut: (N,) of those whose lower part is out of the picture how tall they are by their
                width, as their crops said; 0 for the others. None is nobody.
            turnings: how each crop was turned. None is not at all.
            may_be_cut: (N,) bool, of whom head and shoulders are enough. None is nobody.

        Returns:
            The indices of the candidates who are people, and whether somebody appeared,
            disappeared or is in doubt.
        """
        fresh = np.ones(len(read), bool) if fresh is None else fresh
        before = [self._before(candidates, i) for i in range(len(read))]
        cut = np.zeros(len(read)) if cut is None else cut
        may_be_cut = np.zeros(len(read), bool) if may_be_cut is None else may_be_cut
        cut = np.where(limb_score(joints) < cut_off.WHOLE_SCORE, cut, 0)
        surety, alive = candidates.judged(joints, cut, may_be_cut)
        lost = np.array([one is not None and one.unread > 0 for one in before], bool)
        best = np.maximum(surety, candidates.surety(joints, may_be_cut))
        alive &= ~lost | (best >= _COME_BACK)
        # Of two readings of one person, the one who was expected there is meant.
        rank = np.array(
            [
                surety[i] if one is None else 1 + one.moving.likeness(read.xy[i], read.score[i])
                for i, one in enumerate(before)
            ]
        )
        double = doubles(joints, rank, alive, candidates.known < 0)
        alive &= ~double
        # Whose crop shows only the joints of somebody else is behind them.
        hidden = double | covered(candidates.people.boxes, alive, _COVERED)
        followed: list[Followed] = []
        kept: list[int] = []
        news = False
        for i, one in enumerate(before):
            if alive[i] and not self._is_ghost(one, surety[i]):
                after = self._next(one, read, candidates, i, bool(fresh[i]), float(cut[i]))
                after.turning = Turning() if turnings is None else turnings[i]
                news |= one is None or longer_side(after.box) > _LEAP * longer_side(one.box)
                followed.append(after)
                kept.append(i)
            elif one is not None:
                news |= one.unread < _PATIENCE or one.unread % _ASK_AGAIN == 0
                if self._is_missed(one, surety[i], bool(hidden[i])):
                    followed.append(one.carried())
        self.followed = followed
        return np.array(kept, int), bool(news)

    def _before(self, candidates: Candidates, i: int) -> Followed | None:
        row = int(candidates.known[i])
        return self.followed[row] if row >= 0 else None

    @staticmethod
    def _is_ghost(before: Followed | None, surety: float) -> bool:
        return before is not None and before.undetected > _UNDETECTED and surety < _SURE

    @staticmethod
    def _is_missed(one: Followed, surety: float, covered: bool) -> bool:
        """Whether somebody who was not read is still looked for."""
        if covered and one.number > 0 and one.moving.readings >= _ESTABLISHED:
            return one.unread < HIDDEN_FRAMES
        least = _COME_BACK if one.unread else KNOWN_SCORE
        return surety < least and one.unread < _PATIENCE

    @staticmethod
    def _next(
        before: Followed | None,
        read: Keypoints,
        candidates: Candidates,
        i: int,
        fresh: bool,
        tall: float,
    ) -> Followed:
        xy, score = read.xy[i], read.score[i]
        if before is None:
            moving = Moving.begin(xy, score, read.skeleton)
            undetected = 0
        else:
            moving, undetected = before.moving, before.undetected
            if fresh:
                moving.see(xy, score, read.skeleton)
            else:
                moving.held += 1
        box = box_of_joints(xy, score, candidates.people.boxes[i], moving.step)
        if before is not None:
            box = not_smaller(box, before.box)
        if tall:  # the joints end above the border, the body does not
            box[3] = max(box[3], candidates.people.boxes[i, 3])
        read_now = xy.astype(np.float32), score.astype(np.float32)
        number = -1 if before is None else before.number
        sure = float(candidates.people.scores[i])
        after = Followed(box, sure, moving, read_now, 0, undetected, number, tall)
        return after if before is None else replace(after, colours=before.colours)
