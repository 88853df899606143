"""What a run of the demo ends with: everybody's motion through one clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ClipMotion:
    """P people over the T frames of one clip, ready to be drawn and written.

    Attributes:
        name: the clip's name, from which file names are made.
        time: (T,) float64 seconds, from the container's timestamps.
        fps: the mean rate of the frames.
        size: (width, height) of the upright picture, in pixels.
        ids: (P,) int, each person's number.
        pose3d: (P, T, 17, 3) float32 world metres, z up, right-handed, the lowest foot of the clip
            on z = 0; NaN in frames in which the person is not there.
        pose2d: (P, T, 17, 2) float32 pixels; NaN where pose3d is.
        score: (P, T, 17) float32 in 0..1; 0 where a joint was not seen.
        filled: (P, T) bool, True where the person was not seen and was interpolated.
        placed: True if people stand and move where the picture suggests; False if every pelvis
            stays above its own fixed spot.
        lifter: the name of the lifter.
        meta: what made this: versions, weights and their sha256, options.
    """

    name: str
    time: np.ndarray
    fps: float
    size: tuple[int, int]
    ids: np.ndarray
    pose3d: np.ndarray
    pose2d: np.ndarray
    score: np.ndarray
    filled: np.ndarray
    placed: bool
    lifter: str
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def present(self) -> np.ndarray:
        """(P, T) bool: where each person is there, seen or filled."""
        return np.isfinite(self.pose3d[:, :, 0, 0])
