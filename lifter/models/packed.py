"""What a network with heads says of a frame beside its pose, packed into one vector.

All parts are in the form in which they may be averaged over windows and mirror images: directions
as vectors whose length is their concentration, chances as logits, lengths as logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from poselift.skeleton import H36M17

POSE, UP, PLANTED, SPREAD = slice(0, 51), slice(51, 54), slice(54, 56), slice(56, 73)
CLOSENESS, VELOCITY = slice(73, 75), slice(75, 79)
#: With heads; and with those, too, that tell of the room: closeness and velocity.
SIZE, SIZE_WITH_ROOM = 73, 79

_FLIP = torch.tensor([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Heads:
    """What is beside the pose.

    Attributes:
        up: (..., 3) where up is; the length is the concentration of a von Mises-Fisher
            distribution, about 1 / variance in radians.
        planted: (..., 2) logits of the right, left foot standing still.
        spread: (..., 17) logarithm of each joint's expected error in metres.
        closeness: (..., 2) 1 / metres from the camera to the pelvis of a body of nominal size,
            which is how strong perspective is, and the logarithm of its standard deviation; None
            of networks that do not say it.
        velocity: (..., 4) metres a frame of the pelvis of a body of nominal size, x, y, z, and the
            logarithm of the expected error; None likewise.
    """

    up: Tensor
    planted: Tensor
    spread: Tensor
    closeness: Tensor | None = None
    velocity: Tensor | None = None


def pack(pose: Tensor, heads: Heads) -> Tensor:
    """(..., 17, 3) and the heads to (..., 73 or 79)."""
    parts = [pose.flatten(-2), heads.up, heads.planted, heads.spread]
    if heads.closeness is not None and heads.velocity is not None:
        parts += [heads.closeness, heads.velocity]
    return torch.cat(parts, dim=-1)


def pose_of(packed: Tensor) -> Tensor:
    """(..., 51, 73 or 79) to (..., 17, 3)."""
    return packed[..., POSE].unflatten(-1, (17, 3))


def heads_of(packed: Tensor) -> Heads | None:
    """(..., 51, 73 or 79) to what is beside the pose; None for networks without heads."""
    if packed.shape[-1] < SIZE:
        return None
    heads = [packed[..., part] for part in (UP, PLANTED, SPREAD)]
    if packed.shape[-1] >= SIZE_WITH_ROOM:
        heads += [packed[..., CLOSENESS], packed[..., VELOCITY]]
    return Heads(*heads)


def mirrored(packed: Tensor) -> Tensor:
    """What (..., 51, 73 or 79) says of the mirrored person."""
    flip = _FLIP.to(packed)
    pose = pose_of(packed)[..., list(H36M17.mirror), :] * flip
    heads = heads_of(packed)
    if heads is None:
        return pose.flatten(-2)
    spread = heads.spread[..., list(H36M17.mirror)]
    velocity = heads.velocity
    if velocity is not None:
        velocity = torch.cat([velocity[..., :3] * flip, velocity[..., 3:]], dim=-1)
    other = Heads(heads.up * flip, heads.planted.flip(-1), spread, heads.closeness, velocity)
    return pack(pose, other)


def turned(packed: Tensor, axes: Tensor) -> Tensor:
    """(B, T, 51, 73 or 79) in the frames of `axes` (B, 3, 3), back in the axes these came from."""
    pose = (packed[..., POSE].unflatten(-1, (-1, 3)).flatten(1, 2) @ axes).reshape(
        *packed.shape[:-1], -1
    )
    heads = heads_of(packed)
    if heads is None:
        return pose
    if heads.velocity is None:
        return torch.cat([pose, heads.up @ axes, packed[..., PLANTED.start :]], dim=-1)
    rest, velocity = packed[..., PLANTED.start : VELOCITY.start], heads.velocity
    turned_velocity = [velocity[..., :3] @ axes, velocity[..., 3:]]
    return torch.cat([pose, heads.up @ axes, rest, *turned_velocity], dim=-1)


@dataclass(frozen=True)
class Said:
    """What the heads say of T frames, in plain units; as in `poselift.types.Motion`.

    Attributes:
        up: (T, 3) unit vectors.
        up_certainty: (T,) 0..1.
        planted: (T, 2) chances.
        spread: (T, 17) metres.
        closeness: (T, 2) 1 / metres, and its standard deviation; None if it is not said.
        velocity: (T, 4) metres a second, and the expected error; None likewise.
    """

    up: np.ndarray
    up_certainty: np.ndarray
    planted: np.ndarray
    spread: np.ndarray
    closeness: np.ndarray | None = None
    velocity: np.ndarray | None = None

    def at(self, frame: int) -> Said:
        """What is said of one frame."""
        latest: dict[str, Any] = {
            name: None if value is None else value[frame] for name, value in vars(self).items()
        }
        return Said(**latest)


def said(packed: np.ndarray, rate: float) -> Said | None:
    """(T, 73 or 79) in plain units; None for (T, 51). `rate` is of the frames it saw, a second."""
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
        *_of_the_room(packed, rate),
    )


def _of_the_room(packed: np.ndarray, rate: float) -> list[np.ndarray]:
    if packed.shape[-1] < SIZE_WITH_ROOM:
        return []
    closeness, velocity = packed[:, CLOSENESS].copy(), packed[:, VELOCITY].copy()
    for values in (closeness, velocity):
        values[:, -1] = np.exp(values[:, -1].clip(-9, 2))
    return [closeness.astype(np.float32), (rate * velocity).astype(np.float32)]
