"""From frames to tracks: detect now and then, follow in between, read joints, number people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np

from poselift.detectors import cut_off
from poselift.detectors.border import in_both, in_picture, side_cuts
from poselift.detectors.cadence import Cadence
from poselift.detectors.candidates import Candidates, close_to_others
from poselift.detectors.far import FarPeople
from poselift.detectors.follow import Follower
from poselift.detectors.images import as_bgr
from poselift.detectors.looks import looks_of
from poselift.detectors.places import put_rows, rows_of
from poselift.detectors.protocols import Keypointer, PersonDetector, PoseFinder, Stateful
from poselift.detectors.reader import Reader
from poselift.detectors.registry import load_detector, load_keypointer
from poselift.detectors.similarity import SEEN, feet_in, in_h36m
from poselift.detectors.track import Tracker
from poselift.detectors.tracks import TrackBuilder
from poselift.detectors.turned import find_turned
from poselift.types import Frame, Keypoints, People, Track


@dataclass(frozen=True)
class Seen:
    """A frame and who is in it.

    Attributes:
        frame: the frame, its image as BGR uint8.
        people: their boxes, scores and numbers (-1: not yet sure to be somebody).
        joints: their joints in H36M-17, in the same order; finite, scores in 0..1.
        keypoints: the same people as the keypointer read them, in its own skeleton.
        detected: whether the detector ran in this frame.
    """

    frame: Frame
    people: People
    joints: Keypoints
    keypoints: Keypoints
    detected: bool


class See:
    """Finds, follows and reads people, frame by frame.

    >>> see = See()
    >>> black = Frame(0, 0.0, np.zeros((120, 160, 3), np.uint8))
    >>> [len(seen.people) for seen in see.frames([black])]
    [0]
    """

    def __init__(
        self,
        detector: PersonDetector | str | None = "auto",
        keypointer: Keypointer | str = "auto",
        tracker: Tracker | None = None,
        every: int | Literal["auto"] = "auto",
        device: str = "auto",
        batch: int = 1,
        deferred: bool = False,
        most: int | None = None,
        far: bool = True,
    ) -> None:
        """Put the parts together.

        Args:
            detector: a detector or the name of one; None for a `PoseFinder`.
            keypointer: a keypointer or the name of one; a `PoseFinder` needs no detector.
            tracker: numbers people; None makes one.
            every: detect every so many frames; "auto" waits up to 15 while all goes well and
                detects at once when it does not.
            device: where parts that are given by name run.
            batch: above 1, so many frames are detected and read together, each with a detection
                of its own: faster on a GPU, slower without.
            most: read at most so many people, the largest; None reads everybody.
            far: look for people who are far away, too; it takes a detection more now and then.
        """
        self.keypointer = (
            load_keypointer(keypointer, device) if isinstance(keypointer, str) else keypointer
        )
        self._finder = self.keypointer if isinstance(self.keypointer, PoseFinder) else None
        if isinstance(detector, str) and self._finder is None:
            detector = load_detector(detector, device)
        self.detector = detector
        self.tracker = tracker or Tracker()
        self._cadence = Cadence(every)
        self._follower = Follower(most)
        self._reader = Reader(self.keypointer)
        self._far = FarPeople() if far else None
        self._batch = max(batch, 1)
        self._deferred = deferred and self._finder is None
        self._last: Frame | None = None
        self._found: People | None = None  # in the last frame, for the next
        given: dict[str, object] = {"detector": self.detector, "keypointer": self.keypointer}
        for part in given.values():
            if hasattr(part, "forget"):  # of the clip before
                part.forget()
        self._stateful: dict[str, Stateful | Cadence | FarPeople | Follower | Tracker] = {
            "cadence": self._cadence,
            "follower": self._follower,
            "tracker": self.tracker,
            **({"far": self._far} if self._far is not None else {}),
            **{name: part for name, part in given.items() if isinstance(part, Stateful)},
        }

    def state(self) -> dict[str, np.ndarray]:
        """All that the coming frames depend on, as arrays by name.

        Take it between two frames. A new `See` with the same parts, after `restore`, goes on
        exactly as this one does; with `batch` above 1 only where a batch has ended.
        """
        return {
            f"{name}.{key}": value
            for name, part in self._stateful.items()
            for key, value in part.state().items()
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        for name, part in self._stateful.items():
            start = f"{name}."
            part.restore(
                {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}
            )

    def frames(self, frames: Iterable[Frame]) -> Iterator[Seen]:
        """Every frame in turn, with its people; none is left out."""
        if self._finder is not None or self._batch > 1:
            yield from self._in_blocks(frames)
            return
        for frame in frames:
            frame = replace(frame, image=as_bgr(frame.image))
            yield self._one(frame)

    def catch_up(self) -> None:
        """Detect in the last frame for the next one, if it is time to; only where `deferred`."""
        frame, self._last = self._last, None
        if frame is not None and self._cadence.due(frame.image, self._follower.boxes):
            self._found = self._look(frame)

    def _one(self, frame: Frame) -> Seen:
        if self._deferred:
            self._last, found, self._found = frame, self._found, None
        elif self._cadence.due(frame.image, self._follower.boxes):
            found = self._look(frame)
        else:
            found = None
        detect = found is not None
        candidates = self._follower.candidates(found)
        plan = self._reader.plan(self._follower, candidates)
        fresh, cut = plan.fine | plan.quick, self._follower.cut(candidates)
        turnings = self._follower.turnings(candidates)
        read = self._reader.read(frame, self._follower, candidates, plan, cut, turnings)
        may_be_cut = _may_be_cut(frame, candidates)
        again = np.flatnonzero(fresh & (cut == 0) & may_be_cut)
        if len(again):
            read, tall = self._reader.read_upper_bodies(frame, candidates, again, read)
            cut[again] = tall
        alone = (cut == 0) & ~candidates.close
        # Somebody half hidden is read poorly, too, but not because of the way up.
        rows = np.flatnonzero(plan.fine & alone)
        read, turnings = self._reader.turn(frame, candidates, read, turnings, rows)
        read = self._follower.settle(candidates, read)
        read = self._follower.own_limbs(frame.image, candidates, read)
        joints = in_h36m(read)
        kept, news = self._follower.take(candidates, read, joints, fresh, cut, turnings, may_be_cut)
        self._follower.remember_colours(frame.image, read.skeleton)
        if detect:
            self._cadence.detected(news)
        elif news:
            self._cadence.alarm()
        before = self._follower.numbers(kept)
        seen = self._numbered(frame, candidates, may_be_cut, joints, read, kept, detect, before)
        assert seen.people.ids is not None
        self._follower.number(seen.people.ids)
        # Only now: whoever is half out of the picture is a person all the same.
        upright = np.array([turning.quarters == 0 for turning in turnings], bool)
        inside = self._inside(seen, (alone & upright)[kept])
        return replace(seen, keypoints=inside, joints=in_h36m(inside))

    def _inside(self, seen: Seen, alone: np.ndarray) -> Keypoints:
        """The joints of those who were seen without what is invented for beyond the border.

        `alone` (N,) are those in whose crop, which is upright, nobody else is.
        """
        height, width = seen.frame.image.shape[:2]
        boxes = seen.people.boxes
        inside = in_picture(seen.keypoints, boxes, (width, height))
        # Of whom the border really cuts, some joints are beyond it for sure.
        lacking = (inside.score < SEEN).any(axis=1)
        rows = np.flatnonzero(alone & lacking & side_cuts(boxes, (width, height)))
        if not len(rows):
            return inside
        again = self._reader.in_mirror(seen.frame, People(boxes[rows], seen.people.scores[rows]))
        if again is None:
            return inside
        return put_rows(inside, rows, in_both(rows_of(inside, rows), again, boxes[rows]))

    def _in_blocks(self, frames: Iterable[Frame]) -> Iterator[Seen]:
        """Detect and read many frames at once, each by itself; only the tracker joins them."""
        source = iter(frames)
        while block := [replace(f, image=as_bgr(f.image)) for f in islice(source, self._batch)]:
            if self._finder is not None:
                found = [(Candidates.all_new(one), read) for one, read in self._finder.find(block)]
            else:
                everybody = list(map(Candidates.all_new, self._detect(block)))
                read = self._reader.read_many([f.image for f in block], everybody)
                found = list(zip(everybody, read, strict=True))
            for frame, (candidates, keypoints) in zip(block, found, strict=True):
                joints, cut = in_h36m(keypoints), _may_be_cut(frame, candidates)
                kept, _ = Follower().take(candidates, keypoints, joints, may_be_cut=cut)
                yield self._numbered(frame, candidates, cut, joints, keypoints, kept, True)

    def _look(self, frame: Frame) -> People:
        """The people of one frame; where nobody stands, those who lie or are upside down."""
        people = self._detect([frame])[0]
        if len(people) or self._follower.followed:
            return people
        assert self.detector is not None
        assert not isinstance(self.detector, str)
        return find_turned(self.detector, frame.image, 1 + frame.index // 3 % 3)

    def _detect(self, frames: list[Frame]) -> list[People]:
        # Only a PoseFinder goes without one.
        assert self.detector is not None
        assert not isinstance(self.detector, str)
        # Once, where nobody is known yet, many may be read of whom few are people.
        detect = self.detector
        if frames[0].index == 0 and len(frames) == 1:
            detect = getattr(self.detector, "generous", self.detector)
        found = detect([frame.image for frame in frames])
        if self._far is None:
            return found
        return [
            self._far.add(self.detector, frame, people)
            for frame, people in zip(frames, found, strict=True)
        ]

    def _numbered(
        self,
        frame: Frame,
        candidates: Candidates,
        may_be_cut: np.ndarray,
        joints: Keypoints,
        read: Keypoints,
        kept: np.ndarray,
        detected: bool,
        before: np.ndarray | None = None,
    ) -> Seen:
        people, boxes = candidates.people, candidates.people.boxes[kept]
        surety = candidates.surety(joints, may_be_cut)[kept]
        joints = rows_of(joints, kept)
        looks, apart = looks_of(frame.image, joints), ~close_to_others(boxes)
        ids = self.tracker.update(joints, before, looks, apart, surety)
        found = People(boxes, people.scores[kept], ids)
        return Seen(frame, found, joints, rows_of(read, kept), detected)


def _may_be_cut(frame: Frame, candidates: Candidates) -> np.ndarray:
    """(N,) bool: whom the picture's lower border may cut."""
    height, width = frame.image.shape[:2]
    return cut_off.may_be_cut(candidates.people.boxes, (width, height))


def find_tracks(
    frames: Iterable[Frame],
    detector: PersonDetector | str = "auto",
    keypointer: Keypointer | str = "auto",
    progress: Callable[[Seen], None] | None = None,
    every: int | Literal["auto"] = "auto",
    device: str = "auto",
) -> list[Track]:
    """The people of a clip as tracks in H36M-17.

    Args:
        frames: the clip's frames in order; they are read once and not kept.
        detector: a detector or the name of one.
        keypointer: a keypointer or the name of one.
        progress: called with what was seen in each frame.
        every: detect every so many frames, or "auto".
        device: where parts that are given by name run.
    """
    see = See(detector, keypointer, every=every, device=device)
    builder = TrackBuilder()
    for seen in see.frames(frames):
        assert seen.people.ids is not None
        builder.add(seen.frame.index, seen.people.ids, seen.joints, feet_in(seen.keypoints))
        if progress is not None:
            progress(seen)
    return builder.tracks()
