"""Motion capture without its glitches, and at another rate."""

from __future__ import annotations

import numpy as np

from poselift.lifter.resample import linear

#: Metres a second that no joint moves: 0.25 m from one frame to the next at 60 frames a second.
FASTEST = 15.0
#: What lies between two jumps is a glitch itself when it is shorter than this.
_GLITCH_SECONDS = 1.0


def sound_stretches(joints: np.ndarray, fps: float) -> list[tuple[int, int]]:
    """(first, end) of the stretches of (T, 17, 3) metres in which nothing jumps.

    Frames with joints that are nowhere are left out, as is a first frame from which everything
    jumps: some conversions begin with a pose of their own.
    """
    known = np.isfinite(joints).all(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1).max(axis=1)
    joined = known[1:] & known[:-1] & (steps * fps <= FASTEST)
    ends = [*(np.flatnonzero(~joined) + 1).tolist(), len(joints)]
    starts = [0, *ends[:-1]]
    stretches = [(a, b) for a, b in zip(starts, ends, strict=True) if b > a and known[a]]
    first_jump, last_jump = ends[0], starts[-1]
    return [
        (a, b)
        for a, b in stretches
        if not (a >= first_jump and b <= last_jump and b - a < _GLITCH_SECONDS * fps)
        and not (a == 0 and b == 1 < len(joints))
    ]


def resampled(joints: np.ndarray, fps: float, rate: float) -> np.ndarray:
    """(T, 17, 3) at `fps` as (M, 17, 3) at `rate`, beginning with the first frame."""
    step = fps / rate
    count = int((len(joints) - 1) / step + 1e-6) + 1
    at = np.arange(count) * step
    whole = np.round(at).astype(int)
    return joints[whole] if np.abs(at - whole).max() < 1e-6 else linear(joints, at)
