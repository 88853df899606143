"""Which feet stand still on what carries them, from the motion alone."""

from __future__ import annotations

import torch
from torch import Tensor

from poselift.skeleton import H36M17

_ANKLES = [H36M17.index("right ankle"), H36M17.index("left ankle")]
#: The ankle of a planted foot moves no faster than this, in m/s on the nominal body. When
#: the heel lifts, the ankle moves while the toes are still planted; that is no longer counted.
_SLOW = 0.35
#: How far above the lowest ankle of the window a standing foot's ankle may be, metres.
_LOW = 0.07
#: How far the lowest joint may be below that ankle: who lies or kneels rests on other joints, too.
_CARRIED = 0.15


def planted_feet(joints: Tensor, fps: Tensor | float) -> Tensor:
    """(B, T, 2) 1 where the right, left foot stands, else 0, of (B, T, 17, 3) metres, z up.

    The floor is the height of the lowest ankle of the window, so that it does not matter where a
    capture put its floor, nor whether its feet sink in. `fps` is the rate of the motion, one number
    or (B,). Only for people under true gravity.
    """
    ankles = joints[:, :, _ANKLES]
    rate = torch.as_tensor(fps, dtype=joints.dtype).expand(len(joints))
    height = ankles[..., 2]
    low = height - height.amin((1, 2), keepdim=True) < _LOW
    carried = height - joints[..., 2].amin((1, 2))[:, None, None] < _CARRIED
    return (low & carried & (_speeds(ankles, rate) < _SLOW)).to(joints.dtype)


def _speeds(places: Tensor, rate: Tensor) -> Tensor:
    """(B, T, K) metres per second of (B, T, K, 3), between the frames before and after each."""
    if places.shape[1] < 2:
        return torch.zeros(places.shape[:-1], dtype=places.dtype)
    steps = places.diff(dim=1).norm(dim=-1) * rate[:, None, None]
    before = torch.cat([steps[:, :1], steps], 1)
    after = torch.cat([steps, steps[:, -1:]], 1)
    return torch.maximum(before, after)
