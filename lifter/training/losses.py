"""What training makes small."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from poselift.lifter.data.windows import WindowBatch
from poselift.lifter.models.packed import Heads
from poselift.skeleton import H36M17

_CHILDREN = [child for _, child in H36M17.bones]
_PARENTS = [parent for parent, _ in H36M17.bones]
#: Metres a frame: further off, who goes somewhere is an exception.
_USUAL_STEP = 0.05


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts beside the mean joint error (weight 1).

    Attributes:
        aligned: the joint error after the best turn, shift and size (N- and P-MPJPE's kind).
        velocity: the error of the step from frame to frame; it is what stops flicker.
        bones: the error of the bone vectors, so that shapes are right where places are not.
        up, planted, spread, closeness: of networks with heads: the negative log-likelihoods of
            where up is, which feet stand, how large errors are, and how close the camera is.
        going: the error of metres a frame that somebody goes.
    """

    aligned: float = 0.5
    velocity: float = 2.0
    bones: float = 0.3
    up: float = 0.03
    planted: float = 0.03
    spread: float = 0.01
    closeness: float = 0.04
    going: float = 6.0


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
    """(N,) mean joint errors of poses (N, 17, 3) after the best fit of each.

    The fit itself is not differentiated: near the best fit that changes nothing to first order.
    """
    scale, turn, from_centre, to_centre = best_fit(guess, truth)
    return ((guess - from_centre) @ turn * scale + to_centre - truth).norm(dim=-1).mean(-1)


def pose_loss(
    guess: Tensor, truth: Tensor, known: Tensor, weights: LossWeights, every: int = 3
) -> Tensor:
    """The loss of (B, T, 17, 3) against the same; `known` (B, T) is each frame's weight.

    The alignment is taken of every `every`th frame up to the last, since neighbours fit alike.
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
        some = slice((guess.shape[1] - 1) % every, None, every)
        chosen = known[:, some] > 0
        weight = known[:, some][chosen]
        aligned = aligned_error(guess[:, some][chosen], truth[:, some][chosen])
        total = total + weights.aligned * (aligned * weight).sum() / weight.sum().clamp_min(1)
    return total


def heads_loss(
    heads: Heads,
    guess: Tensor,
    truth: Tensor,
    batch: WindowBatch,
    known: Tensor,
    weights: LossWeights,
) -> Tensor:
    """The loss of what is said beside poses (B, T, 17, 3), by what `batch` knows of them.

    The error whose size is to be foretold is taken as it is: being sure never costs the pose.
    """
    total = guess.new_zeros(())

    def mean(terms: Tensor, judged: Tensor) -> Tensor:
        return (terms * judged).sum() / judged.sum().clamp_min(1)

    if batch.up is not None:
        terms = direction_cost(heads.up, batch.up.nan_to_num())
        total = total + weights.up * mean(terms, known * batch.up.isfinite().all(-1))
    if batch.planted is not None:
        terms = functional.binary_cross_entropy_with_logits(
            heads.planted, batch.planted.nan_to_num(), reduction="none"
        )
        judged = known[..., None] * batch.planted.isfinite()
        total = total + weights.planted * mean(terms, judged)
    if batch.closeness is not None and heads.closeness is not None:
        terms = closeness_cost(heads.closeness, batch.closeness)
        total = total + weights.closeness * mean(terms, known)
    if batch.velocity is not None and heads.velocity is not None:
        error = (heads.velocity[..., :3] - batch.velocity).norm(dim=-1)
        # Nearly squares: a way is a sum, to which the mean is wanted and not the usual step.
        terms = (error.square() + _USUAL_STEP**2).sqrt() - _USUAL_STEP
        total = total + weights.going * mean(terms, known)
        terms = length_cost(heads.velocity[..., 3], error.detach())
        total = total + weights.spread * mean(terms, known)
    error = (guess - truth).detach().norm(dim=-1)[..., 1:]
    terms = length_cost(heads.spread[..., 1:], error).mean(-1)
    return total + weights.spread * mean(terms, known)


def length_cost(said: Tensor, error: Tensor) -> Tensor:
    """Negative log-likelihood of errors' lengths under exponential laws of means exp(`said`)."""
    said = said.clamp(-7, 2)
    return said + error * torch.exp(-said)


def direction_cost(said: Tensor, true: Tensor) -> Tensor:
    """Negative log-likelihood of unit vectors (..., 3) under von Mises-Fisher laws.

    `said` is the mean direction times the concentration; the constant log(4 pi) is left out.
    """
    k = said.norm(dim=-1).clamp_min(1e-4)
    # log(sinh(k) / k) without overflow; at k near 0 it is k^2 / 6.
    large = k + torch.log1p(-torch.exp(-2 * k)) - torch.log(2 * k)
    return torch.where(k < 0.05, k * k / 6, large) - (said * true).sum(-1)


def closeness_cost(said: Tensor, true: Tensor) -> Tensor:
    """Negative log-likelihood of 1 / metres (...) under normal laws (..., 2): mean, log of sd."""
    mean, log_sd = said[..., 0], said[..., 1].clamp(-7, 2)
    return log_sd + ((true - mean) * torch.exp(-log_sd)).square() / 2
