"""The scores that a keypointer gives its points: how they wander, and how little they tell."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import sometimes, uniform


@dataclass(frozen=True)
class ScoreLaw:
    """How scores are drawn, in logits; fitted to `benchmarks/scores.py`.

    A score tells how far off a point is as weakly as real ones do, and nothing of the depth.

    Attributes:
        rest: mean of good points, of heatmap networks such as MoveNet.
        sure: mean of the networks that are always sure, such as BlazePose.
        sure_share: share of the windows read by such a network.
        face: how much lower the five points of the face are.
        window: spread of the mean from window to window.
        joint: spread of a joint's mean through a window.
        quick: spread from frame to frame.
        lasting: correlation of the quick part with that of the frame before.
        fault: fall for an error of one box length, (least, most); none for networks that are
            always sure. Errors above `far` count as `far`.
        far: in box lengths.
    """

    rest: float = 1.6
    sure: float = 3.6
    sure_share: float = 0.15
    face: float = 0.9
    window: float = 0.2
    joint: float = 0.4
    quick: float = 0.62
    lasting: float = 0.5
    fault: tuple[float, float] = (6.0, 18.0)
    far: float = 0.15


def draw_scores(error: Tensor, law: ScoreLaw, rng: Generator) -> Tensor:
    """(B, T, 17) scores of points that are `error` (B, T, 17, 2) box lengths off."""
    batch, frames, joints = error.shape[:3]
    sure = sometimes(batch, law.sure_share, rng)[:, None, None]
    quick = torch.randn((batch, frames, joints), generator=rng)
    for time in range(1, frames):
        quick[:, time] = (
            law.lasting * quick[:, time - 1] + (1 - law.lasting**2) ** 0.5 * quick[:, time]
        )
    logit = law.rest + (law.sure - law.rest) * sure
    logit = logit + law.window * torch.randn((batch, 1, 1), generator=rng)
    logit = logit + law.joint * (1 + sure) * torch.randn((batch, 1, joints), generator=rng)
    logit = logit + law.quick * quick
    face = torch.zeros(joints)
    face[:5] = law.face
    fall = uniform((batch, 1, 1), *law.fault, rng) * (1 - sure)
    return torch.sigmoid(logit - face * (1 - sure) - fall * error.norm(dim=-1).clamp_max(law.far))


def without_scores(score: Tensor, chosen: Tensor, rng: Generator) -> Tensor:
    """The scores (B, T, 17), with those of the `chosen` (B,) windows dropped.

    As at run time with keypoints that come without scores: one number for all that is seen, mostly
    1, and 0 for what is not.
    """
    batch = len(chosen)
    number = torch.where(sometimes(batch, 0.6, rng) > 0, 1.0, uniform((batch,), 0.4, 1.0, rng))
    constant = torch.where(score > 0, number[:, None, None], 0.0)
    return torch.where(chosen[:, None, None] > 0, constant, score)
