"""From numbered people, frame by frame, to `Track`s."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from poselift import large
from poselift.detectors.similarity import LIMBS, pose_similarity
from poselift.skeleton import FEET4, H36M17
from poselift.types import Extra, Keypoints, Track

#: What is kept of a person in a frame. One file for everybody: a clip may have hundreds of people.
_ROW = np.dtype([
    ("person", np.int64), ("frame", np.int64), ("xy", np.float32, (17, 2)),
    ("score", np.float32, 17), ("feet", np.bool_), ("feet_xy", np.float32, (len(FEET4), 2)),
    ("feet_score", np.float32, len(FEET4)),
])  # fmt: skip
_IN_MEMORY = 2 << 20  # bytes of rows, before they go to a file
_AT_ONCE = 2000  # rows that are read back together


@dataclass
class _Known:
    """What is known of a person without reading the rows."""

    first: int
    last: int
    count: int = 0
    limbs: float = 0.0  # the sum of the scores of the limbs that were seen, and how many
    seen_limbs: int = 0
    feet: bool = False


class TrackBuilder:
    """Collects what a `Tracker` numbers into `Track`s in H36M-17.

    People get their number only after some frames; when it comes, the frames before are found
    among the unnumbered by similarity, walking back, and added. What is left out as a ghost: a
    track seen in fewer than `least_frames` frames (in a clip of less than twice that, in fewer than
    half of its frames), and one whose limbs score less than `least_score` on average where seen.

    >>> builder = TrackBuilder()
    >>> one = Keypoints(np.ones((1, 17, 2), np.float32), np.ones((1, 17), np.float32), H36M17)
    >>> nobody = Keypoints.none(H36M17)
    >>> for frame, seen in enumerate([one, nobody, one]):
    ...     builder.add(frame, np.ones(len(seen), int), seen)
    >>> [(track.id, len(track), track.score[:, 0].tolist()) for track in builder.tracks()]
    [(1, 3, [1.0, 0.0, 1.0])]
    """

    def __init__(
        self, *, least_frames: int = 5, least_score: float = 0.25, look_back: int = 8
    ) -> None:
        self.least_frames = least_frames
        self.least_score = least_score
        self._people: dict[int, _Known] = {}
        # Closed, and gone, with this object.
        self._rows = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=large.folder())  # noqa: SIM115
        # (frame, xy (N, 17, 2), score (N, 17)) of the unnumbered of the latest frames.
        self._unnumbered: deque[tuple[int, np.ndarray, np.ndarray]] = deque(maxlen=look_back)
        self._frames = 0

    def add(
        self, frame: int, ids: np.ndarray, joints: Keypoints, feet: Keypoints | None = None
    ) -> None:
        """Take the people of one frame; frames come in rising order, empty ones included.

        Args:
            frame: the frame's number in the clip.
            ids: (N,) each person's number; negative for people without one.
            joints: their joints in H36M-17.
            feet: their heels and toes in FEET4, where they are read. The frames before somebody
                has a number go without.
        """
        if joints.skeleton.name != H36M17.name:
            raise ValueError(f"expected {H36M17.name}, got {joints.skeleton.name}")
        xy, score = joints.xy, joints.score
        ids = np.asarray(ids)
        for row in np.flatnonzero(ids >= 0):
            number = int(ids[row])
            if number not in self._people:
                for step in self._before(xy[row], score[row]):
                    self._keep(number, *step)
            seen = None if feet is None else (feet.xy[row], feet.score[row])
            self._keep(number, frame, xy[row], score[row], seen)
        self._unnumbered.append((frame, xy[ids < 0], score[ids < 0]))
        self._frames += 1

    def tracks(self) -> list[Track]:
        """The people so far, by number; can be called at any time, also again.

        In a gap `xy` runs straight from the last observation to the next, with score 0.
        """
        enough = min(self.least_frames, (self._frames + 1) // 2)
        found = {
            number: _Unfilled(known)
            for number, known in sorted(self._people.items())
            if known.count >= enough and self._sure(known)
        }
        for rows in self._kept():
            for number in np.unique(rows["person"]).tolist():
                if number in found:
                    found[number].take(rows[rows["person"] == number])
        return [one.track(number) for number, one in found.items()]

    def _sure(self, known: _Known) -> bool:
        return known.limbs >= self.least_score * max(known.seen_limbs, 1)

    def _keep(
        self,
        number: int,
        frame: int,
        xy: np.ndarray,
        score: np.ndarray,
        feet: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        row = np.zeros(1, _ROW)
        row["person"], row["frame"], row["xy"], row["score"] = number, frame, xy, score
        if feet is not None:
            row["feet"], row["feet_xy"], row["feet_score"] = True, *feet
        self._rows.write(row.tobytes())
        known = self._people.setdefault(number, _Known(frame, frame))
        known.last, known.count = frame, known.count + 1
        limbs = row["score"][0, LIMBS]
        known.limbs += float(limbs[limbs > 0].sum())
        known.seen_limbs += int((limbs > 0).sum())
        known.feet |= feet is not None

    def _kept(self) -> Iterator[np.ndarray]:
        """All rows in the order in which they came, some at a time."""
        self._rows.seek(0)
        while data := self._rows.read(_AT_ONCE * _ROW.itemsize):
            yield np.frombuffer(data, _ROW)

    def _before(
        self, xy: np.ndarray, score: np.ndarray
    ) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """Frame, xy and score of a newly numbered person from when it had no number yet."""
        steps = []
        for back, (frame, others, other_scores) in enumerate(reversed(self._unnumbered)):
            if not len(others):
                break
            alike = pose_similarity(xy[None], score[None], others, other_scores, 2.0)[0]
            best = int(alike.argmax())
            if alike[best] < 0.3:
                break
            xy, score = others[best].copy(), other_scores[best].copy()
            steps.append((frame, xy, score))
            # Each unnumbered person is claimed once.
            index = len(self._unnumbered) - 1 - back
            rest = np.arange(len(others)) != best
            self._unnumbered[index] = (frame, others[rest], other_scores[rest])
        return steps[::-1]


class _Unfilled:
    """A track whose rows are still being put in."""

    def __init__(self, known: _Known) -> None:
        self._first, count = known.first, known.last + 1 - known.first
        self._xy = large.zeros((count, len(H36M17), 2), np.float32)
        self._score = large.zeros((count, len(H36M17)), np.float32)
        self._seen = np.zeros(count, bool)
        self._feet: Extra | None = None
        if known.feet:
            # Not interpolated: a foot turns too quickly for that.
            feet_xy = large.zeros((count, len(FEET4), 2), np.float32)
            self._feet = Extra(FEET4.names, feet_xy, large.zeros((count, len(FEET4)), np.float32))

    def take(self, rows: np.ndarray) -> None:
        at = rows["frame"] - self._first
        self._xy[at], self._score[at], self._seen[at] = rows["xy"], rows["score"], True
        if self._feet is not None:
            read = rows["feet"]
            self._feet.xy[at[read]] = rows["feet_xy"][read]
            self._feet.score[at[read]] = rows["feet_score"][read]
            large.release(self._feet.xy, self._feet.score)
        large.release(self._xy, self._score)

    def track(self, number: int) -> Track:
        large.bridge(self._xy, self._seen)
        frames = np.arange(self._first, self._first + len(self._seen))
        return Track(number, frames, self._xy, self._score, self._feet)
