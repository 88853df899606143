"""From numbered people, frame by frame, to `Track`s."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from poselift.detectors.similarity import LIMBS, pose_similarity
from poselift.gaps import at_times
from poselift.skeleton import FEET4, H36M17
from poselift.types import Extra, Keypoints, Track


@dataclass
class _Rows:
    frames: list[int] = field(default_factory=list)
    xy: list[np.ndarray] = field(default_factory=list)  # each (17, 2)
    score: list[np.ndarray] = field(default_factory=list)  # each (17,)
    feet: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)  # by frame

    def add(self, frame: int, xy: np.ndarray, score: np.ndarray) -> None:
        self.frames.append(frame)
        self.xy.append(xy)
        self.score.append(score)


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
        self._rows: dict[int, _Rows] = {}
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
            if number not in self._rows:
                self._rows[number] = self._before(xy[row], score[row])
            self._rows[number].add(frame, xy[row].copy(), score[row].copy())
            if feet is not None:
                self._rows[number].feet[frame] = feet.xy[row].copy(), feet.score[row].copy()
        self._unnumbered.append((frame, xy[ids < 0], score[ids < 0]))
        self._frames += 1

    def tracks(self) -> list[Track]:
        """The people so far, by number; can be called at any time, also again.

        In a gap `xy` runs straight from the last observation to the next, with score 0.
        """
        enough = min(self.least_frames, (self._frames + 1) // 2)
        return [
            _track(number, rows)
            for number, rows in sorted(self._rows.items())
            if len(rows.frames) >= enough and self._sure(rows)
        ]

    def _sure(self, rows: _Rows) -> bool:
        limbs = np.stack(rows.score)[:, LIMBS]
        return float(limbs[limbs > 0].mean() if (limbs > 0).any() else 0) >= self.least_score

    def _before(self, xy: np.ndarray, score: np.ndarray) -> _Rows:
        """The rows of a newly numbered person from when it had no number yet."""
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
        rows = _Rows()
        for step in reversed(steps):
            rows.add(*step)
        return rows


def _track(number: int, rows: _Rows) -> Track:
    seen = np.array(rows.frames)
    frames = np.arange(seen[0], seen[-1] + 1)
    xy = at_times(np.stack(rows.xy), seen, frames)
    score = np.zeros((len(frames), len(H36M17)), np.float32)
    score[seen - seen[0]] = np.stack(rows.score)
    return Track(number, frames, xy, score, _feet(rows, frames))


def _feet(rows: _Rows, frames: np.ndarray) -> Extra | None:
    """Heels and toes in the same frames; not interpolated, as a foot turns too quickly for that."""
    if not rows.feet:
        return None
    xy = np.zeros((len(frames), len(FEET4), 2), np.float32)
    score = np.zeros((len(frames), len(FEET4)), np.float32)
    for frame, (points, scores) in rows.feet.items():
        xy[frame - frames[0]], score[frame - frames[0]] = points, scores
    return Extra(FEET4.names, xy, score)
