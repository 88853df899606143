"""A clip at another frame rate: for networks that were trained at one rate."""

from __future__ import annotations

import numpy as np

#: Rates this close are taken as they are: people move faster and slower by more than that.
NEAR = 1.25
#: New frames for each frame of a clip, at most.
MOST = 16


def needs_resampling(fps: float, rate: float | None) -> bool:
    """Whether a clip of `fps` is too fast or too slow for a network trained at `rate`.

    >>> needs_resampling(25, 30), needs_resampling(60, 30), needs_resampling(60, None)
    (False, True, False)
    """
    return rate is not None and not 1 / NEAR <= fps / rate <= NEAR


def positions(frames: int, fps: float, rate: float) -> np.ndarray:
    """(M,) where the frames at `rate` lie between `frames` frames at `fps`, in those frames.

    The first and the last frame are kept; the rate is met as nearly as that allows. Pictures that
    are far apart get at most `MOST` new frames each: nothing is known of the time between them.

    >>> positions(5, 60, 30).tolist()
    [0.0, 2.0, 4.0]
    """
    count = 1 + max(round((frames - 1) * min(rate / fps, MOST)), min(frames - 1, 1))
    return np.linspace(0, frames - 1, count)


def linear(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """`values` (T, ...) at the fractional frames `at` (M,), along straight lines."""
    before = np.clip(np.floor(at).astype(int), 0, max(len(values) - 2, 0))
    after = np.minimum(before + 1, len(values) - 1)
    share = (at - before).astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1))
    return values[before] * (1 - share) + values[after] * share


def smooth(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """`values` (T, ...) at the fractional frames `at` (M,), along a Catmull-Rom spline.

    It passes through every value, and unlike straight lines it has no kinks there.
    """
    last = len(values) - 1
    if last < 2:
        return linear(values, at)
    one = np.clip(np.floor(at).astype(int), 0, last - 1)
    share = (at - one).astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1))
    v1, v2 = values[one], values[one + 1]
    # Beyond the ends the line goes on straight, so that constant velocity stays constant.
    inner_before, inner_after = (one > 0), (one < last - 1)
    shape = share.shape
    v0 = np.where(inner_before.reshape(shape), values[np.maximum(one - 1, 0)], 2 * v1 - v2)
    v3 = np.where(inner_after.reshape(shape), values[np.minimum(one + 2, last)], 2 * v2 - v1)
    square, cube = share**2, share**3
    return 0.5 * (
        2 * v1
        + (v2 - v0) * share
        + (2 * v0 - 5 * v1 + 4 * v2 - v3) * square
        + (3 * v1 - v0 - 3 * v2 + v3) * cube
    )
