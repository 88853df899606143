"""Smoothing along time, quickly."""

from __future__ import annotations

import numpy as np


def blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """(T, ...) along its first axis by a Gaussian of `sigma` frames; ends repeat.

    >>> blurred(np.ones((5, 2)), 2.0).round(6).tolist()[0]
    [1.0, 1.0]
    """
    if sigma <= 0 or len(values) < 2:
        return np.array(values, np.float64)
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(np.asarray(values, np.float64), sigma, 0, mode="nearest"))
