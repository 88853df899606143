"""Where a keypointer sees a body: COCO's 17 points put on the 17 joints of motion capture."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import smooth
from poselift.lifter.data.body import axis_angle, forward_of, rotate, unit
from poselift.skeleton import COCO17, H36M17

#: Forward, left, up from the upper end of the neck-head line (about the height of the eyes), in
#: metres on a body of 1.75 m.
_FACE = torch.tensor(
    [
        [0.105, 0.0, -0.035],  # nose
        [0.085, 0.032, 0.0],  # left eye
        [0.085, -0.032, 0.0],
        [0.0, 0.075, -0.015],  # left ear
        [0.0, -0.075, -0.015],
    ]
)
#: From thorax to head of that body, metres.
_HEAD_HEIGHT = 0.2
_LIMBS = [H36M17.index(name) for name in COCO17.names[5:]]


def coco_points(joints: Tensor, rng: Generator | None) -> Tensor:
    """(B, T, 17, 3) joints to (B, T, 17, 3) COCO points, z up.

    With a generator each window gets its own face, head turns and offsets of hips and shoulders;
    without one, the mean person looking ahead.
    """
    batch, frames = joints.shape[:2]
    chest = forward_of(joints)
    up = unit(joints[..., 10, :] - joints[..., 8, :])
    left = unit(chest[..., 1] - (chest[..., 1] * up).sum(-1, keepdim=True) * up)
    skull = torch.stack([torch.linalg.cross(left, up), left, up], -1)
    # Large heads, as children have them, have large faces.
    height = (joints[..., 10, :] - joints[..., 8, :]).norm(dim=-1).mean(1)
    face = _FACE * (height / _HEAD_HEIGHT).clamp(1.0, 1.8)[:, None, None, None]
    limbs = joints[:, :, _LIMBS]
    if rng is not None:
        # Pitch about the left axis mostly down, yaw about up; roll is in the neck already.
        spread = torch.tensor([0.06, 0.2, 0.4])
        turns = smooth(batch, frames, 3, 0.7, rng) * spread + torch.tensor([0.0, 0.05, 0.0])
        skull = skull @ axis_angle(turns)
        size = 1 + 0.08 * torch.randn((batch, 1, 1, 1), generator=rng)
        shift = torch.tensor([0.02, 0.0, 0.02]) * torch.randn((batch, 1, 1, 3), generator=rng)
        face = face * size + shift
        limbs = limbs + _offsets(joints, chest, rng)
    return torch.cat([joints[..., 10:11, :] + rotate(skull, face), limbs], dim=2)


def _offsets(joints: Tensor, chest: Tensor, rng: Generator) -> Tensor:
    """(B, T, 12, 3): a keypointer's hips and shoulders lie beside the joints, and up or down."""
    batch = joints.shape[0]

    def amount(spread: float, mean: float = 0.0) -> Tensor:
        return (mean + spread * torch.randn((batch, 1, 1), generator=rng))[..., None]

    across = unit(joints[..., 4, :] - joints[..., 1, :])[..., None, :]
    rise = unit(joints[..., 8, :] - joints[..., 0, :])[..., None, :]
    side = torch.tensor([1.0, -1.0])[None, None, :, None]  # left, right
    hips = across * side * amount(0.02) + rise * amount(0.015)
    shoulders = chest[..., None, :, 1] * side * amount(0.012) + rise * amount(0.015)
    rest = torch.zeros(*joints.shape[:2], 4, 3)
    legs = torch.zeros(*joints.shape[:2], 4, 3)
    return torch.cat([shoulders, rest, hips, legs], dim=2)
