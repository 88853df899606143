"""Smoothing of series along time, with a weight for every value."""

from __future__ import annotations

import numpy as np

#: Frames that are smoothed in one go.
_BLOCK = 4096


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
    out = np.empty_like(values)
    # The sums take ten times as much memory as the values: block by block, a clip may be long.
    for start in range(0, length, _BLOCK):
        stop = min(start + _BLOCK, length)
        first, last = max(0, start - reach), min(length, stop + reach)
        around = _fitted(values[first:last], weight[first:last], sigma, reach)
        out[start:stop] = around[start - first : stop - first]
    return out


def _fitted(values: np.ndarray, weight: np.ndarray, sigma: float, reach: int) -> np.ndarray:
    length = len(values)
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
