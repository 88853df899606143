"""Reads the joints of a frame's people: each in the crop that suits them, by the part that does."""

from __future__ import annotations

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
        boxes = cut_off.whole_bodies(boxes, cut)
        if plan.fine.all():
            return _ask(self.keypointer, frame, People(boxes, scores), hints, quarters)
        read: Keypoints = nothing_read(len(boxes), self.keypointer.skeleton)
        quick = cast("Keypointer", getattr(self.keypointer, "quick", None))
        for part, chosen in ((self.keypointer, plan.fine), (quick, plan.quick)):
            rows = np.flatnonzero(chosen)
            if len(rows):
                told = [hints[i] for i in rows]
                some = People(boxes[rows], scores[rows])
                read = put_rows(read, rows, _ask(part, frame, some, told, quarters[rows]))
        rows = np.flatnonzero(~(plan.fine | plan.quick))
        if len(rows):
            held = [follower.held(candidates, int(i)) for i in rows]
            xy, score = map(np.stack, zip(*held, strict=True))
            read = put_rows(read, rows, Keypoints(xy, score, self.keypointer.skeleton))
        return read

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
        anew = self.keypointer([frame.image], [People(boxes, candidates.people.scores[rows])])[0]
        sure = cut_off.surety_of(in_h36m(anew).score).reshape(-1, len(cut_off.TALL))
        best = sure.argmax(axis=1)
        good = np.flatnonzero(sure.max(axis=1) >= cut_off.NEW_SCORE)
        tall[np.flatnonzero(poor)[good]] = np.array(cut_off.TALL)[best[good]]
        chosen = good * len(cut_off.TALL) + best[good]
        return put_rows(read, again[poor][good], rows_of(anew, chosen)), tall

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


def _ask(
    part: Keypointer,
    frame: Frame,
    people: People,
    hints: list[Hint | None],
    quarters: np.ndarray,
) -> Keypoints:
    """The joints of people whose crops are turned by `quarters` (N,)."""
    turned = np.flatnonzero(quarters)
    if not len(turned):
        if getattr(part, "takes_hints", False) and any(hint is not None for hint in hints):
            return cast("MoveNet", part)([frame.image], [people], [hints])[0]
        return part([frame.image], [people])[0]
    read: Keypoints = nothing_read(len(people), part.skeleton)
    upright = np.flatnonzero(quarters == 0)
    if len(upright):
        some = People(people.boxes[upright], people.scores[upright])
        told = [hints[i] for i in upright]
        read = put_rows(read, upright, _ask(part, frame, some, told, quarters[upright]))
    some = People(people.boxes[turned], people.scores[turned])
    return put_rows(read, turned, read_turned(part, frame.image, some, quarters[turned].tolist()))
