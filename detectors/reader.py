"""Reads the joints of a frame's people: each in the crop that suits them, by the part that does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from poselift.detectors import cut_off
from poselift.detectors.candidates import KNOWN_SCORE, NEW_SCORE, Candidates
from poselift.detectors.company import Plan
from poselift.detectors.follow import Follower
from poselift.detectors.movenet import Hint, MoveNet
from poselift.detectors.places import nothing_read, put_rows, rows_of
from poselift.detectors.protocols import Keypointer
from poselift.detectors.similarity import in_h36m, limb_score
from poselift.detectors.turned import Turning, read_turned, try_other_ways
from poselift.types import Frame, Keypoints, People


@dataclass(frozen=True)
class _Wanted:
    """Whose joints to read in a frame.

    Attributes:
        people: the boxes and scores.
        hints: where the joints of each are expected; None where that is not known.
        quarters: (N,) how each crop is turned.
        others: for each the boxes of everybody else.
    """

    people: People
    hints: list[Hint | None]
    quarters: np.ndarray
    others: list[np.ndarray]

    def some(self, rows: np.ndarray) -> _Wanted:
        """Those of these rows (indices)."""
        return _Wanted(
            People(self.people.boxes[rows], self.people.scores[rows]),
            [self.hints[i] for i in rows],
            self.quarters[rows],
            [self.others[i] for i in rows],
        )

    @property
    def in_company(self) -> bool:
        """Whether more than the boxes is known."""
        return any(map(len, self.others)) or any(hint is not None for hint in self.hints)


class Reader:
    """Asks a keypointer, and its quick companion in company, for joints."""

    def __init__(self, keypointer: Keypointer) -> None:
        self.keypointer = keypointer
        self._reads_crops = getattr(keypointer, "reads_crops", False)

    def plan(self, follower: Follower, candidates: Candidates) -> Plan:
        """Who is read: everybody, if the keypointer has no quick companion."""
        if getattr(self.keypointer, "quick", None) is not None:
            return follower.plan(candidates)
        everybody = np.ones(len(candidates.people), bool)
        return Plan(everybody, ~everybody)

    def read(
        self,
        frame: Frame,
        follower: Follower,
        candidates: Candidates,
        plan: Plan,
        cut: np.ndarray,
        turnings: list[Turning],
    ) -> Keypoints:
        """The joints of all candidates: read by one or the other, or as they were."""
        hints = follower.hints(candidates)
        quarters = np.array([turning.quarters for turning in turnings], int)
        # Whoever is cut by the border is read as the whole body would be.
        boxes, scores = candidates.people.boxes, candidates.people.scores
        bodies = People(cut_off.whole_bodies(boxes, cut), scores)
        wanted = _Wanted(bodies, hints, quarters, candidates.others)
        if plan.fine.all():
            return _ask(self.keypointer, frame, wanted)
        read: Keypoints = nothing_read(len(boxes), self.keypointer.skeleton)
        quick = cast("Keypointer", getattr(self.keypointer, "quick", None))
        for part, chosen in ((self.keypointer, plan.fine), (quick, plan.quick)):
            rows = np.flatnonzero(chosen)
            if len(rows):
                read = put_rows(read, rows, _ask(part, frame, wanted.some(rows)))
        rows = np.flatnonzero(~(plan.fine | plan.quick))
        if len(rows):
            held = [follower.held(candidates, int(i)) for i in rows]
            xy, score = map(np.stack, zip(*held, strict=True))
            read = put_rows(read, rows, Keypoints(xy, score, self.keypointer.skeleton))
        return read

    def read_many(
        self, images: list[np.ndarray], candidates: list[Candidates]
    ) -> Sequence[Keypoints]:
        """The joints of everybody in many pictures of which each stands by itself."""
        people = [everybody.people for everybody in candidates]
        if not getattr(self.keypointer, "takes_hints", False):
            return self.keypointer(images, people)
        others = [everybody.others for everybody in candidates]
        return cast("MoveNet", self.keypointer)(images, people, None, others)

    def read_upper_bodies(
        self, frame: Frame, candidates: Candidates, again: np.ndarray, read: Keypoints
    ) -> tuple[Keypoints, np.ndarray]:
        """Whoever was read poorly, read as an upper body or a face.

        Args:
            frame: the picture.
            candidates: whom to read.
            again: (M,) the rows of those whose box may hold an upper body.
            read: the joints so far.

        Returns:
            The joints, and (M,) how tall the bodies are by their width; 0 for whole ones.
        """
        known = candidates.known[again] >= 0
        poor = limb_score(in_h36m(rows_of(read, again))) < np.where(known, KNOWN_SCORE, NEW_SCORE)
        tall = np.zeros(len(again))
        if not poor.any():
            return read, tall
        rows = np.repeat(again[poor], len(cut_off.TALL))
        guesses = np.tile(cut_off.TALL, int(poor.sum()))
        boxes = cut_off.whole_bodies(candidates.people.boxes[rows], guesses)
        wanted = _Wanted(
            People(boxes, candidates.people.scores[rows]),
            [None] * len(rows),
            np.zeros(len(rows), int),
            [candidates.others[i] for i in rows],
        )
        anew = _ask(self.keypointer, frame, wanted)
        sure = cut_off.surety_of(in_h36m(anew).score).reshape(-1, len(cut_off.TALL))
        best = sure.argmax(axis=1)
        good = np.flatnonzero(sure.max(axis=1) >= cut_off.NEW_SCORE)
        tall[np.flatnonzero(poor)[good]] = np.array(cut_off.TALL)[best[good]]
        chosen = good * len(cut_off.TALL) + best[good]
        return put_rows(read, again[poor][good], rows_of(anew, chosen)), tall

    def in_mirror(self, frame: Frame, people: People) -> Keypoints | None:
        """The joints as read in the mirror image, back in the picture; None if that cannot be."""
        if not self._reads_crops:
            return None
        import cv2

        width = frame.image.shape[1]
        boxes = people.boxes.copy()
        boxes[:, [0, 2]] = width - 1 - people.boxes[:, [2, 0]]
        image = cv2.flip(frame.image, 1)
        read = self.keypointer([image], [People(boxes, people.scores)])[0]
        back = list(read.skeleton.mirror)
        xy = read.xy[:, back]
        xy[..., 0] = width - 1 - xy[..., 0]
        return Keypoints(xy, read.score[:, back], read.skeleton)

    def turn(
        self,
        frame: Frame,
        candidates: Candidates,
        read: Keypoints,
        turnings: list[Turning],
        rows: np.ndarray,
    ) -> tuple[Keypoints, list[Turning]]:
        """Whoever among `rows` (M,) may be upside down or lie, read in turned crops as well."""
        if not self._reads_crops:
            return read, turnings
        return try_other_ways(self.keypointer, frame.image, candidates.people, read, turnings, rows)


def _ask(part: Keypointer, frame: Frame, wanted: _Wanted) -> Keypoints:
    """The joints of people, told what is known of them if the keypointer can make use of it."""
    turned = np.flatnonzero(wanted.quarters)
    if not len(turned):
        images, people = [frame.image], [wanted.people]
        if getattr(part, "takes_hints", False) and wanted.in_company:
            return cast("MoveNet", part)(images, people, [wanted.hints], [wanted.others])[0]
        return part(images, people)[0]
    read: Keypoints = nothing_read(len(wanted.people), part.skeleton)
    upright = np.flatnonzero(wanted.quarters == 0)
    if len(upright):
        read = put_rows(read, upright, _ask(part, frame, wanted.some(upright)))
    some = wanted.some(turned)
    anew = read_turned(part, frame.image, some.people, some.quarters.tolist())
    return put_rows(read, turned, anew)
