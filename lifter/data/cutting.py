"""Motion capture without its glitches, and at another rate."""

from __future__ import annotations

import numpy as np

from poselift.lifter.resample import linear

#: Metres per second that no joint moves: 0.25 m from one frame to the next at 60 frames per second.
FASTEST = 15.0
#: What lies between two jumps is a glitch itself when it is shorter than this.
_GLITCH_SECONDS = 1.0
#: A person who leaves a T-pose of their own moves no joint faster than this, metres per second, in
#: the very first frames; a conversion's way out of it lasts no longer than this.
_RUNNING, _REST_SECONDS = 4.0, 0.1


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


def after_rest_pose(joints: np.ndarray, fps: float) -> int:
    """The first frame of (T, 17, 3) metres, z up, after a T-pose that a conversion put before it.

    The Daz release's files run out of it in three or four frames, each too slow for a jump. A
    person who was captured standing like that begins slowly, and is left alone.
    """
    if not _is_t_pose(joints[0]):
        return 0
    length = max(round(_REST_SECONDS * fps), 2)
    steps = np.linalg.norm(np.diff(joints[: length + 1], axis=0), axis=-1).max(axis=1)
    fast = steps * fps > _RUNNING
    return int(np.argmin(fast)) if fast[0] and not fast.all() else 0


def _is_t_pose(pose: np.ndarray) -> bool:
    """Whether both arms of (17, 3) are stretched out level to the sides."""
    for shoulder, wrist in ((11, 13), (14, 16)):
        arm = pose[wrist] - pose[shoulder]
        bones = np.linalg.norm(np.diff(pose[shoulder : wrist + 1], axis=0), axis=-1).sum()
        if np.linalg.norm(arm) < 0.95 * bones or abs(arm[2]) > 0.2 * bones:
            return False
    return True


def resampled(joints: np.ndarray, fps: float, rate: float) -> np.ndarray:
    """(T, 17, 3) at `fps` as (M, 17, 3) at `rate`, beginning with the first frame."""
    step = fps / rate
    count = int((len(joints) - 1) / step + 1e-6) + 1
    at = np.arange(count) * step
    whole = np.round(at).astype(int)
    return joints[whole] if np.abs(at - whole).max() < 1e-6 else linear(joints, at)
