"""Less trembling: a causal One Euro filter for live, a zero-phase smoother for files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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
    """A track with less trembling and no lag: zero-phase, so only for what is wholly known.

    Joints count by their score, and the frames in which one is not seen stay as they are.
    `seconds` is the standard deviation of the Gaussian window.
    """
    weight = np.repeat(track.score[..., None], 2, axis=-1)
    xy = smooth_series(track.xy, weight, seconds * fps)
    return replace(track, xy=np.where(weight > 0, xy, track.xy))


def smooth_series(values: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth (T, ...) along time by a line fitted in a Gaussian window around every frame.

    A fitted line, unlike a mean, neither lags nor bends at the ends. `weight` has the shape of
    `values`; what has none is ignored, and where nothing in reach has any the value is kept.
    `sigma` is the window's standard deviation in frames; 0 changes nothing.

    >>> ramp = np.arange(9.0)
    >>> bool(np.allclose(smooth_series(ramp, np.ones(9), 2.0), ramp, atol=0.01))
    True
    """
    length = len(values)
    reach = min(int(np.ceil(3 * sigma)), length - 1)
    if reach < 1:
        return np.array(values)
    origin = np.nan_to_num(values)
    sums = np.zeros((5, *values.shape))  # of w, w d, w d d, w x, w d x, with d the time offset
    for offset in range(-reach, reach + 1):
        to = slice(max(0, -offset), min(length, length - offset))
        fro = slice(max(0, offset), min(length, length + offset))
        w = np.exp(-0.5 * (offset / sigma) ** 2) * weight[fro]
        x = origin[fro] - origin[to]  # about the value itself, for precision
        for row, term in enumerate((w, w * offset, w * offset**2, w * x, w * offset * x)):
            sums[row, to] += term
    w, wd, wdd, wx, wdx = sums
    # A little stiffness on the slope: a joint seen once gives a mean, not a wild line.
    wdd = wdd + 1e-4 * w * sigma**2
    bottom = w * wdd - wd * wd
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(bottom > 1e-9, (wx * wdd - wdx * wd) / bottom, 0.0)
    out: np.ndarray = np.where(w > 1e-6, values + change, values)
    return out.astype(values.dtype)
