"""Somebody whom the tracker knows: where they are expected, what they wear, who was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from poselift.detectors.looks import LOOK, alike
from poselift.detectors.similarity import SEEN, keypoint_boxes, person_size

#: Factor by which a velocity decays with each update without an observation.
_LASTING = 0.97
#: Least weight of a new observation in the running estimate of the velocity.
_GAIN = 0.15
#: Likeness of clothes from which a new person is one who was lost, and how far away that may be:
#: the body's size and so much of it more for each update, up to so many sizes.
_SAME_CLOTHES, _LOST_PACE, _LOST_REACH = 0.5, 0.1, 3.0


@dataclass
class Known:
    """A person as last seen, and how it moves."""

    xy: np.ndarray  # (17, 2) float64
    score: np.ndarray  # (17,) float32
    velocity: np.ndarray  # (2,) pixels per update
    id: int = -1  # -1 until confirmed
    hits: int = 1
    missed: int = 0
    look: np.ndarray = field(default_factory=lambda: np.full(LOOK, np.nan))

    def expected(self) -> np.ndarray:
        """(17, 2) where the joints should be in the coming update."""
        # Nobody keeps a velocity for long: it decays with each update without an observation.
        ahead = (1 - _LASTING ** (self.missed + 1)) / (1 - _LASTING)
        return self.xy + self.velocity * ahead

    def see(self, xy: np.ndarray, score: np.ndarray) -> None:
        """Take the person's joints of this update."""
        steps = self.missed + 1
        both = (self.score > SEEN) & (score > SEEN)
        if both.any():
            moved = np.median((xy - self.xy)[both], axis=0) / steps
            gain = max(1 / (self.hits + 1), _GAIN)
            self.velocity = self.velocity + gain * (moved - self.velocity)
        # A joint that is hidden now is expected to have come along with the rest.
        self.xy = np.where((score > SEEN)[:, None], xy, self.expected())
        self.score = np.where(score > SEEN, score, 0.8 * self.score)
        self.hits += 1
        self.missed = 0


def lost_in_same_clothes(everybody: Sequence[Known], new: Known) -> Known | None:
    """Who is missed near a new person and wears the same, most of all."""
    best, found = _SAME_CLOTHES, None
    place = middles(new.xy[None], new.score[None])
    for known in everybody:
        if known.id < 0 or known.missed == 0:
            continue
        size = float(person_size(known.xy[None], known.score[None])[0])
        away = np.linalg.norm(middles(known.xy[None], known.score[None]) - place)
        wears = float(alike(known.look[None], new.look[None])[0, 0])
        if wears > best and away < size * min(1 + _LOST_PACE * known.missed, _LOST_REACH):
            best, found = wears, known
    return found


def middles(xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(N, 2) the middle of each person's box."""
    boxes = keypoint_boxes(xy, score)
    return (boxes[:, :2] + boxes[:, 2:]) / 2
