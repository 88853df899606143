"""Smoothing of joints over time: a causal One Euro filter for live, a zero-phase one for clips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from poselift.smoothing import smooth_series
from poselift.types import Track


class OneEuro:
    """The One Euro filter (Casiez, Roussel, Vogel, CHI 2012) on the joints of one person.

    It smooths much while little moves and hardly at all while much does, so that a fast hand does
    not lag. Speeds are in parts of the person's size, so that near and far people are treated
    alike, and joints of low score count less. Make one for each person.

    Args:
        min_cutoff: hertz, at rest; lower smooths more.
        beta: by how much the cutoff rises with speed, hertz for one size a second.
        derivative_cutoff: hertz, for the speed itself.

    >>> calm = OneEuro()
    >>> for n in range(20):
    ...     out = calm(np.full((17, 2), 100.0 + n % 2), np.ones(17), n / 30, size=200.0)
    >>> bool(np.all(np.abs(out - 100.5) < 0.5))
    True
    """

    def __init__(
        self, min_cutoff: float = 1.5, beta: float = 6.0, derivative_cutoff: float = 2.0
    ) -> None:
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.derivative_cutoff = derivative_cutoff
        self.reset()

    def reset(self) -> None:
        """Forget what was seen, as for a new person."""
        self._xy: np.ndarray | None = None
        self._speed = np.zeros(0)
        self._known = np.zeros(0, bool)
        self._time = 0.0

    def __call__(self, xy: np.ndarray, score: np.ndarray, time: float, size: float) -> np.ndarray:
        """Smooth one frame.

        Args:
            xy: (K, 2) pixels.
            score: (K,) in 0..1; a joint with 0 stays where it was.
            time: seconds; where it does not go on, the filter starts anew.
            size: of the person, in pixels.

        Returns:
            (K, 2) float32.
        """
        xy = np.asarray(xy, np.float64)
        seen = np.asarray(score) > 0
        step = time - self._time
        self._time = time
        if self._xy is None or step <= 0:
            self._xy, self._speed, self._known = xy.copy(), np.zeros_like(xy), seen.copy()
            return xy.astype(np.float32)
        speed = (xy - self._xy) / step
        new_speed = self._speed + _gain(self.derivative_cutoff, step) * (speed - self._speed)
        fast = np.linalg.norm(new_speed, axis=1) / max(size, 1.0)
        gain = _gain(self.min_cutoff + self.beta * fast, step) * np.clip(score, 0, 1) ** 0.5
        gain = np.where(self._known, gain, 1.0)[:, None]  # a first sight is taken as it is
        moves = seen[:, None]
        self._speed = np.where(moves & self._known[:, None], new_speed, self._speed)
        self._xy = np.where(moves, self._xy + gain * (xy - self._xy), self._xy)
        self._known |= seen
        return self._xy.astype(np.float32)


def _gain(min_cutoff: np.ndarray | float, step: float) -> np.ndarray:
    turn = 2 * np.pi * np.asarray(min_cutoff) * step
    return turn / (turn + 1)


def smooth_track(track: Track, fps: float, seconds: float = 0.04) -> Track:
    """A track with less jitter and no lag: zero-phase, so only for what is wholly known.

    Joints count by their score, and the frames in which one is not seen stay as they are.
    `seconds` is the standard deviation of the Gaussian window.
    """
    weight = np.repeat(track.score[..., None], 2, axis=-1)
    xy = smooth_series(track.xy, weight, seconds * fps)
    return replace(track, xy=np.where(weight > 0, xy, track.xy))
