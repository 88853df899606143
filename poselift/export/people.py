"""What the files with one person each have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from poselift.result import ClipMotion


def each_person(result: ClipMotion, path: Path) -> Iterator[tuple[Path, np.ndarray]]:
    """A file's path and the gapless poses (T, 17, 3) of each person who is there at all.

    One person's file is called `path`; of several, each has the person's number in its name.
    """
    there = [person for person in range(len(result.ids)) if result.present[person].any()]
    for person in there:
        target = path
        if len(result.ids) > 1:
            target = path.with_name(f"{path.stem}_{int(result.ids[person])}{path.suffix}")
        yield target, without_gaps(result.pose3d[person], result.time)


def without_gaps(pose: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(T, 17, 3) with NaN interpolated over time, and held before the first and after the last.

    >>> pose = np.full((4, 17, 3), np.nan); pose[1], pose[3] = 1, 3
    >>> without_gaps(pose, np.arange(4.0))[:, 0, 0].tolist()
    [1.0, 1.0, 2.0, 3.0]
    """
    flat = np.array(pose, np.float64).reshape(len(pose), -1)
    for column in flat.T:
        known = np.isfinite(column)
        if known.any() and not known.all():
            column[~known] = np.interp(time[~known], time[known], column[known])
    return flat.reshape(pose.shape)


def y_up(points: np.ndarray) -> np.ndarray:
    """World points (..., 3) with z up to the same with y up, right-handed still.

    >>> y_up(np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 3.0, -2.0]
    """
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)
