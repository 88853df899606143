"""Rotation matrices from the angles that motion capture files hold."""

from __future__ import annotations

import numpy as np


def about(axis: str, angles: np.ndarray) -> np.ndarray:
    """Turns (T, 3, 3) of `angles` (T,) in radians about one axis: X, Y or Z."""
    first, second = {"X": (1, 2), "Y": (2, 0), "Z": (0, 1)}[axis]
    out = np.zeros((len(angles), 3, 3))
    out[:] = np.eye(3)
    cosine, sine = np.cos(angles), np.sin(angles)
    out[:, first, first] = out[:, second, second] = cosine
    out[:, first, second], out[:, second, first] = -sine, sine
    return out


def turned(axes: str, angles: np.ndarray) -> np.ndarray:
    """Turns (T, 3, 3) of `angles` (T, n) in radians about `axes`, the first one done first.

    Axes stay where they are. The same turn by axes that move along has the order reversed.

    >>> turned("ZX", np.radians([[90.0, 90.0]]))[0].round(6) @ [1, 0, 0]  # x to y, then y to z
    array([0., 0., 1.])
    """
    out = np.broadcast_to(np.eye(3), (len(angles), 3, 3))
    for column, axis in enumerate(axes):
        out = about(axis, angles[:, column]) @ out
    return out
