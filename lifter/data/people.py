"""Windows of moving people in world space, before any camera sees them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from poselift.lifter.data.planted import planted_feet


@dataclass(frozen=True)
class MovingPeople:
    """People under no camera yet.

    Attributes:
        joints: (B, T, 17, 3) metres, z up.
        fps: (B,) frames per second of the motion itself.
        upright: (B,) bool: gravity pulls along -z, as it did when the motion was captured; not so
            for bodies that were turned over, of which neither "up" nor "planted" means anything.
    """

    joints: Tensor
    fps: Tensor
    upright: Tensor

    def planted(self) -> Tensor:
        """(B, T, 2) 1 where the right, left foot stands, 0 where not, NaN where unknown."""
        feet = planted_feet(self.joints, self.fps)
        return torch.where(self.upright[:, None, None], feet, torch.nan)
