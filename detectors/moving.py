"""How a followed person moves: where each joint is expected next, and how long the bones are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poselift.skeleton import Skeleton

#: Joints with a lower score say nothing about where the person is.
SURE = 0.15
#: Weight of the newest step in the running velocity of a joint.
_GAIN = 0.5
#: What is left of a velocity after a frame in which the person was not read.
_LASTING = 0.9
#: What is left of the trust in a joint's place after a frame in which it was not seen.
_FORGETTING = 0.8
#: What is left of the longest that a bone was seen after a frame: people come nearer and go.
_SHORTENING = 0.998
#: A joint moves no farther than this in a frame, in parts of the person's longer side; what does
#: was read wrongly before or now.
_FASTEST = 0.25
#: Spread of the joints about where they are expected, in the same parts.
_SPREAD = 0.08


@dataclass
class Moving:
    """The joints of a person in motion, in a keypointer's skeleton.

    Attributes:
        xy: (K, 2) where each joint was last seen, carried along with the body since.
        trust: (K,) 0..1, how well its place is known.
        step: (K, 2) pixels a frame.
        longest: (K,) pixels, the longest that the bone to each joint's parent was seen.
        readings: frames in which the person was read.
        held: frames since then in which nobody looked, as the person hardly moved.
    """

    xy: np.ndarray
    trust: np.ndarray
    step: np.ndarray
    longest: np.ndarray
    readings: int = 0
    held: int = 0

    @classmethod
    def begin(cls, xy: np.ndarray, score: np.ndarray, skeleton: Skeleton) -> Moving:
        """Somebody read for the first time."""
        trust = np.where(score >= SURE, score, 0).astype(np.float32)
        new = cls(
            np.where(trust[:, None] > 0, xy, 0).astype(np.float32),
            trust,
            np.zeros((len(xy), 2), np.float32),
            np.zeros(len(xy), np.float32),
        )
        new._measure(trust > 0, skeleton)
        new.readings = 1
        return new

    @property
    def expected(self) -> np.ndarray:
        """(K, 2) where the joints should be in the coming frame."""
        return self.xy + (self.held + 1) * self.step

    @property
    def size(self) -> float:
        """The longer side of the body, at least one pixel."""
        known = self.xy[self.trust > 0]
        return float(max(np.ptp(known, axis=0).max(), 1)) if len(known) > 1 else 1.0

    @property
    def body_step(self) -> np.ndarray:
        """(2,) how the body as a whole moves, pixels a frame."""
        known = self.trust > 0
        if not known.any():
            return np.zeros(2, np.float32)
        step: np.ndarray = np.median(self.step[known], axis=0)
        return step

    def see(self, xy: np.ndarray, score: np.ndarray, skeleton: Skeleton) -> None:
        """Take the joints of a frame."""
        seen = score >= SURE
        both = seen & (self.trust > 0)
        moved = (xy - self.xy) / (self.held + 1)
        far = np.linalg.norm(moved, axis=1, keepdims=True)
        moved *= np.minimum(1, _FASTEST * self.size / np.maximum(far, 1e-6))
        self.step[both] += _GAIN * (moved - self.step)[both]
        body = self.body_step
        fresh = seen & ~both
        self.step[fresh] = body
        # A joint that is hidden now is expected to come along with the rest.
        self.xy = np.where(seen[:, None], xy, self.xy + body).astype(np.float32)
        self.step[~seen] = body
        self.trust = np.where(seen, score, _FORGETTING * self.trust).astype(np.float32)
        self.trust[self.trust < 0.05] = 0
        self._measure(seen, skeleton)
        self.readings += 1
        self.held = 0

    def carry(self) -> None:
        """Go on for a frame without having been read."""
        body = self.body_step
        self.xy = (self.xy + body).astype(np.float32)
        self.trust *= np.float32(_LASTING)
        self.step = np.broadcast_to(_LASTING * body, self.step.shape).astype(np.float32)

    @property
    def speed(self) -> float:
        """How fast the joints move on average, in parts of the size a frame."""
        known = self.trust > 0
        if not known.any():
            return 0.0
        return float(np.linalg.norm(self.step[known], axis=1).mean()) / self.size

    def likeness(self, xy: np.ndarray, score: np.ndarray) -> float:
        """0..1, how well a reading of the coming frame fits what was expected; joints that are
        missing do not fit.
        """
        known = self.trust > 0
        away = np.linalg.norm(xy - self.expected, axis=1) / self.size
        fits = np.where(score >= SURE, np.exp(-((away / _SPREAD) ** 2) / 2), 0)
        return float(fits[known].mean()) if known.any() else 0.0

    def _measure(self, seen: np.ndarray, skeleton: Skeleton) -> None:
        """Remember the lengths of the bones that are seen whole."""
        self.longest *= np.float32(_SHORTENING)
        parents = np.array(skeleton.parents)
        whole = seen & (parents >= 0) & seen[parents]
        length = np.linalg.norm(self.xy - self.xy[parents], axis=1)
        self.longest = np.where(whole, np.maximum(self.longest, length), self.longest)
        self.longest = self.longest.astype(np.float32)
