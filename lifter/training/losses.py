"""What training makes small."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from poselift.skeleton import H36M17

_CHILDREN = [child for _, child in H36M17.bones]
_PARENTS = [parent for parent, _ in H36M17.bones]
_AXES = torch.eye(3)


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts beside the mean joint error (weight 1).

    Attributes:
        aligned: the joint error after the best turn, shift and size (N- and P-MPJPE's kind).
        velocity: the error of the step from frame to frame; it is what stops flicker.
        bones: the error of the bone vectors, so that shapes are right where places are not.
    """

    aligned: float = 0.5
    velocity: float = 2.0
    bones: float = 0.3


@torch.no_grad()
def best_fit(guess: Tensor, truth: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Scale, rotation and both centres that bring `guess` (N, 17, 3) closest to `truth`."""
    from_centre, to_centre = guess.mean(1, keepdim=True), truth.mean(1, keepdim=True)
    a, b = guess - from_centre, truth - to_centre
    left, sizes, right = torch.linalg.svd(a.transpose(1, 2) @ b)
    handed = torch.det(left) * torch.det(right)
    sign = torch.ones_like(sizes)
    sign[:, 2] = handed
    turn = (left * sign[:, None]) @ right  # a @ turn is nearest to b
    scale = (sizes * sign).sum(-1) / a.pow(2).sum((1, 2)).clamp_min(1e-9)
    return scale[:, None, None], turn, from_centre, to_centre


def aligned_error(guess: Tensor, truth: Tensor) -> Tensor:
    """Mean joint error of poses (N, 17, 3) after the best fit of each.

    The fit itself is not differentiated: near the best fit that changes nothing to first order.
    """
    scale, turn, from_centre, to_centre = best_fit(guess, truth)
    return ((guess - from_centre) @ turn * scale + to_centre - truth).norm(dim=-1).mean()


def pose_loss(
    guess: Tensor, truth: Tensor, known: Tensor, weights: LossWeights, every: int = 3
) -> Tensor:
    """The loss of (B, T, 17, 3) against the same; `known` (B, T) is 0 where nothing is judged.

    The alignment is taken of every `every`th frame, since neighbours fit alike.
    """
    error = guess - truth
    count = known.sum().clamp_min(1)
    total = (error.norm(dim=-1).mean(-1) * known).sum() / count
    if weights.bones:
        bones = error[:, :, _CHILDREN] - error[:, :, _PARENTS]
        total = total + weights.bones * (bones.norm(dim=-1).mean(-1) * known).sum() / count
    if weights.velocity and guess.shape[1] > 1:
        step = (error[:, 1:] - error[:, :-1]).norm(dim=-1).mean(-1)
        both = known[:, 1:] * known[:, :-1]
        total = total + weights.velocity * (step * both).sum() / both.sum().clamp_min(1)
    if weights.aligned:
        chosen = known[:, ::every] > 0
        total = total + weights.aligned * aligned_error(
            guess[:, ::every][chosen], truth[:, ::every][chosen]
        )
    return total
