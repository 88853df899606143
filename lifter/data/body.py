"""Taking bodies apart into limbs that can be turned, resized and recombined, and back together.

A pose becomes: where the pelvis is and how it is turned, and every bone as a vector in the frame
of what it hangs on (legs and trunk in the pelvis's frame; arms and head in the chest's). The axes
of a frame are forward, left, up.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

LEGS = (1, 2, 3, 4, 5, 6)  # right hip, knee, ankle, left hip, knee, ankle
TRUNK = (7, 8)
HEAD = (9, 10)
ARMS = (14, 15, 16, 11, 12, 13)  # right shoulder, elbow, wrist, left shoulder, elbow, wrist


@dataclass
class Parts:
    """Poses (..., 17, 3) taken apart; every field has the same leading shape.

    Attributes:
        root: (..., 3) the pelvis.
        pelvis: (..., 3, 3) the pelvis's axes as columns: forward, left, up.
        chest: (..., 3, 3) the chest's axes in the pelvis's frame.
        legs, trunk, head, arms: (..., n, 3) bone vectors, in the order of LEGS, TRUNK, HEAD, ARMS.
    """

    root: Tensor
    pelvis: Tensor
    chest: Tensor
    legs: Tensor
    trunk: Tensor
    head: Tensor
    arms: Tensor

    def map(self, change: object) -> Parts:
        """The parts with `change` applied to every tensor."""
        assert callable(change)
        return Parts(**{f.name: change(getattr(self, f.name)) for f in fields(self)})


def unit(vectors: Tensor) -> Tensor:
    """Vectors (..., 3) of length 1."""
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-8)


def frame_of(left: Tensor, up: Tensor) -> Tensor:
    """Axes (..., 3, 3) as columns forward, left, up: `left` is kept, `up` made square to it."""
    left = unit(left)
    up = unit(up - (up * left).sum(-1, keepdim=True) * left)
    return torch.stack([torch.linalg.cross(left, up), left, up], dim=-1)


def rotate(axes: Tensor, vectors: Tensor) -> Tensor:
    """(..., 3, 3) applied to each of (..., n, 3)."""
    return vectors @ axes.transpose(-1, -2)


def take_apart(joints: Tensor) -> Parts:
    """Poses (..., 17, 3), z up, to parts."""
    pelvis = frame_of(joints[..., 4, :] - joints[..., 1, :], joints[..., 7, :] - joints[..., 0, :])
    chest = frame_of(joints[..., 11, :] - joints[..., 14, :], joints[..., 8, :] - joints[..., 7, :])

    def bones(children: tuple[int, ...], parents: tuple[int, ...], axes: Tensor) -> Tensor:
        vectors = joints[..., list(children), :] - joints[..., list(parents), :]
        return vectors @ axes  # into the frame: the transpose of `rotate`

    return Parts(
        root=joints[..., 0, :],
        pelvis=pelvis,
        chest=pelvis.transpose(-1, -2) @ chest,
        legs=bones(LEGS, (0, 1, 2, 0, 4, 5), pelvis),
        trunk=bones(TRUNK, (0, 7), pelvis),
        head=bones(HEAD, (8, 9), chest),
        arms=bones(ARMS, (8, 14, 15, 8, 11, 12), chest),
    )


def put_together(parts: Parts) -> Tensor:
    """Parts to poses (..., 17, 3), the inverse of `take_apart`."""
    chest = parts.pelvis @ parts.chest
    legs = rotate(parts.pelvis, parts.legs)
    trunk = rotate(parts.pelvis, parts.trunk).cumsum(-2)
    head = rotate(chest, parts.head).cumsum(-2)
    arms = rotate(chest, parts.arms)
    root = parts.root[..., None, :]
    thorax = root + trunk[..., 1:, :]
    right_leg, left_leg = (legs[..., i : i + 3, :].cumsum(-2) + root for i in (0, 3))
    right_arm, left_arm = (arms[..., i : i + 3, :].cumsum(-2) + thorax for i in (0, 3))
    return torch.cat(
        [root, right_leg, left_leg, root + trunk, thorax + head, left_arm, right_arm], dim=-2
    )


def forward_of(joints: Tensor) -> Tensor:
    """The chest's axes (..., 3, 3) in world space: forward, left, up as columns."""
    return frame_of(joints[..., 11, :] - joints[..., 14, :], joints[..., 8, :] - joints[..., 7, :])


def axis_angle(vectors: Tensor) -> Tensor:
    """Rotation vectors (..., 3) to matrices (..., 3, 3), by Rodrigues."""
    angle = vectors.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    x, y, z = (vectors / angle).unbind(-1)
    sine, cosine = angle[..., 0].sin(), angle[..., 0].cos()
    rest = 1 - cosine
    return torch.stack(
        [
            cosine + x * x * rest, x * y * rest - z * sine, x * z * rest + y * sine,
            y * x * rest + z * sine, cosine + y * y * rest, y * z * rest - x * sine,
            z * x * rest - y * sine, z * y * rest + x * sine, cosine + z * z * rest,
        ],
        dim=-1,
    ).unflatten(-1, (3, 3))  # fmt: skip
