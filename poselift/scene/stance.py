"""When feet stand, on what, and when somebody flies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from poselift.scene.smoothing import blurred

_STANDS = 0.5  # planted at least so
_SHORTEST = 0.1  # seconds of a stance
#: Metres above the floor up to which a foot that stands is on it, whatever is seen: the ankle of a
#: foot on its toes is as high.
_SURELY_FLOOR = 0.15
_SHORTEST_FLIGHT, _LONGEST_FLIGHT = 0.13, 1.1  # seconds
_FALLS = (3.5, 17.0)  # metres per second squared that a flight may seem to fall with
_PLANTED_IN_FLIGHT = 0.35
#: Seconds before and after in which feet must have been this many metres lower.
_AROUND, _OFF = 0.6, 0.06


@dataclass(frozen=True)
class Stance:
    """A foot (0 right, 1 left) that stands from frame `first` to before `end`."""

    side: int
    first: int
    end: int

    @property
    def frames(self) -> slice:
        """Its frames."""
        return slice(self.first, self.end)


def stances(planted: np.ndarray, fps: float) -> list[Stance]:
    """The stances in (T, 2) probabilities."""
    shortest = max(round(_SHORTEST * fps), 1)
    return [
        Stance(side, first, end)
        for side in range(2)
        for first, end in runs(planted[:, side] > _STANDS)
        if end - first >= min(shortest, len(planted))
    ]


def runs(flags: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and one past the last index of every run of True.

    >>> list(runs(np.array([True, False, True, True])))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def levels(
    ankles: np.ndarray, planted: np.ndarray, found: list[Stance], doubt: np.ndarray
) -> np.ndarray:
    """(T, 2) the height on which each foot stands while it does; NaN elsewhere.

    Args:
        ankles: (T, 2, 3) world metres of a first guess.
        planted: (T, 2).
        found: the stances.
        doubt: (T,) metres by which heights may be off.
    """
    out = np.full(planted.shape, np.nan)
    for stance in found:
        inside, side = stance.frames, stance.side
        high = float(np.median(ankles[inside, side, 2]))
        on_floor = high < _SURELY_FLOOR + 2.0 * float(np.median(doubt[inside]))
        if on_floor and not _over_other(ankles, planted, stance):
            out[inside, side] = 0.0
        elif not on_floor:
            out[inside, side] = high
    return out


def _over_other(ankles: np.ndarray, planted: np.ndarray, stance: Stance) -> bool:
    """Whether the foot rests in the air, well above the other one, which carries."""
    other = 1 - stance.side
    inside = stance.frames
    carried = planted[inside, other].mean() > _STANDS
    higher = np.median(ankles[inside, stance.side, 2] - ankles[inside, other, 2])
    return bool(carried and higher > _SURELY_FLOOR)


def lower_foot_stands(planted: np.ndarray, ankles: np.ndarray) -> np.ndarray:
    """Planted (T, 2) without feet that rest high above the other one while that one stands."""
    higher = ankles[..., 2] - ankles[:, ::-1, 2]
    lifted = 1 / (1 + np.exp((higher - 0.16) / 0.03))
    other = planted[:, ::-1]
    return np.asarray(planted * (1 - other * (1 - lifted)))


def in_the_air(lowest: np.ndarray, doubt: np.ndarray, fps: float) -> np.ndarray:
    """(T,) bool: where the lower foot is above where feet were just before and are just after.

    At the top of a jump feet rest in the picture as if they stood. On stairs they are above what
    was before or after, not above both.
    """
    from scipy.ndimage import minimum_filter1d

    calm = blurred(lowest, 0.03 * fps)
    half = max(round(_AROUND * fps), 1)
    before = minimum_filter1d(calm, half + 1, origin=half // 2, mode="nearest")
    after = minimum_filter1d(calm, half + 1, origin=-(half // 2), mode="nearest")
    return np.asarray(calm - np.maximum(before, after) > _OFF + 0.3 * doubt)


def flights(height: np.ndarray, lowest: np.ndarray, planted: np.ndarray, fps: float) -> np.ndarray:
    """(T,) bool: where somebody flies, judged by the height of their centre of mass.

    Both feet are off what they stood on, above where they stood, and the body falls.
    """
    out = np.zeros(len(height), bool)
    air = blurred(planted.max(axis=1), 0.02 * fps) < _PLANTED_IN_FLIGHT
    for first, end in runs(air):
        seconds = (end - first) / fps
        if not _SHORTEST_FLIGHT <= seconds <= _LONGEST_FLIGHT or end - first < 4:
            continue
        time = np.arange(end - first) / fps
        fall = -2 * float(np.polyfit(time, height[first:end], 2)[0])
        if _FALLS[0] < fall < _FALLS[1] and lowest[first:end].max() > 0.04:
            out[first:end] = True
    return out
