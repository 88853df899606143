"""What a network with heads says of a frame beside its pose, packed into one vector.

All parts are in the form in which they may be averaged over windows and mirror images: directions
as vectors whose length is their concentration, chances as logits, lengths as logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from poselift.skeleton import H36M17

POSE, UP, PLANTED, SPREAD = slice(0, 51), slice(51, 54), slice(54, 56), slice(56, 73)
SIZE = 73

_FLIP = torch.tensor([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Heads:
    """What is beside the pose.

    Attributes:
        up: (..., 3) where up is; the length is the concentration of a von Mises-Fisher
            distribution, about 1 / variance in radians.
        planted: (..., 2) logits of the right, left foot standing still.
        spread: (..., 17) logarithm of each joint's expected error in metres.
    """

    up: Tensor
    planted: Tensor
    spread: Tensor


def pack(pose: Tensor, heads: Heads) -> Tensor:
    """(..., 17, 3) and the heads to (..., 73)."""
    return torch.cat([pose.flatten(-2), heads.up, heads.planted, heads.spread], dim=-1)


def pose_of(packed: Tensor) -> Tensor:
    """(..., 51 or 73) to (..., 17, 3)."""
    return packed[..., POSE].unflatten(-1, (17, 3))


def heads_of(packed: Tensor) -> Heads | None:
    """(..., 51 or 73) to what is beside the pose; None for networks without heads."""
    if packed.shape[-1] < SIZE:
        return None
    return Heads(packed[..., UP], packed[..., PLANTED], packed[..., SPREAD])


def mirrored(packed: Tensor) -> Tensor:
    """What (..., 51 or 73) says of the mirrored person."""
    flip = _FLIP.to(packed)
    pose = pose_of(packed)[..., list(H36M17.mirror), :] * flip
    heads = heads_of(packed)
    if heads is None:
        return pose.flatten(-2)
    spread = heads.spread[..., list(H36M17.mirror)]
    return pack(pose, Heads(heads.up * flip, heads.planted.flip(-1), spread))


def turned(packed: Tensor, axes: Tensor) -> Tensor:
    """(B, T, 51 or 73) in the frames of `axes` (B, 3, 3), back in the axes these came from."""
    pose = (packed[..., POSE].unflatten(-1, (-1, 3)).flatten(1, 2) @ axes).reshape(
        *packed.shape[:-1], -1
    )
    heads = heads_of(packed)
    if heads is None:
        return pose
    return torch.cat([pose, heads.up @ axes, packed[..., PLANTED.start :]], dim=-1)


@dataclass(frozen=True)
class Said:
    """What the heads say of T frames, in plain units; as in `poselift.types.Motion`.

    Attributes:
        up: (T, 3) unit vectors.
        up_certainty: (T,) 0..1.
        planted: (T, 2) chances.
        spread: (T, 17) metres.
    """

    up: np.ndarray
    up_certainty: np.ndarray
    planted: np.ndarray
    spread: np.ndarray


def said(packed: np.ndarray) -> Said | None:
    """(T, 73) in plain units; None for (T, 51)."""
    if packed.shape[-1] < SIZE:
        return None
    up = packed[:, UP].astype(np.float64)
    concentration = np.linalg.norm(up, axis=-1).clip(1e-6)
    # The mean resultant length of a von Mises-Fisher distribution, coth(k) - 1 / k.
    k = concentration
    certainty = np.where(k < 1e-2, k / 3, 1 / np.tanh(k.clip(1e-2)) - 1 / k.clip(1e-2))
    return Said(
        (up / concentration[:, None]).astype(np.float32),
        certainty.astype(np.float32),
        (1 / (1 + np.exp(-packed[:, PLANTED].clip(-30, 30)))).astype(np.float32),
        np.exp(packed[:, SPREAD].clip(-7, 2)).astype(np.float32),
    )
