"""What a keypointer does to true points: errors that last, jumps, drop-outs, swaps and scores."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional

from poselift.lifter.data.augment import sometimes, uniform
from poselift.lifter.data.faults import SPAN_WITHIN, Faults
from poselift.lifter.data.keypoint_scores import ScoreLaw, draw_scores
from poselift.reading import damage_told, read_json


@dataclass(frozen=True)
class KeypointNoise:
    """How a keypointer errs; lengths are shares of the longer side of the person's box.

    Attributes:
        spread: (17,) each COCO joint's typical error (std an axis), tails left out.
        scores: what the scores say.
        faults: how often whole limbs go wrong or missing.
        lasting: correlation of an error with that of the frame before, at 30 frames a second.
        constant: share of the error's std that is the same through a window.
        tail: chance an error is several times as large.
        hidden: how much larger errors get for joints behind the body.
        level: spread (log-normal) of a whole window's errors.
        cut: chance that the picture ends above the feet.
    """

    spread: tuple[float, ...] = (
        0.0145, 0.0145, 0.0145, 0.0115, 0.0115, 0.0085, 0.0085, 0.0090, 0.0090, 0.0105, 0.0105,
        0.0125, 0.0125, 0.0085, 0.0085, 0.0085, 0.0085,
    )  # fmt: skip
    scores: ScoreLaw = field(default_factory=ScoreLaw)
    faults: Faults = field(default_factory=Faults)
    lasting: float = 0.7
    constant: float = 0.45
    tail: float = 0.06
    hidden: float = 1.2
    level: float = 0.55
    cut: float = 0.04


def disturb(
    points: Tensor,
    depth: Tensor,
    noise: KeypointNoise,
    rng: Generator,
    frame: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """True points (B, T, 17, 2) and depths (B, T, 17) to detected points and scores (B, T, 17).

    `frame` (B, 2) is half of the picture's size; without it nobody is cut off by its border.
    Joints with score 0 have no point: what stands there is for `filling.fill` to replace.
    """
    batch = points.shape[0]
    low, high = points.amin((1, 2)), points.amax((1, 2))
    size = _box_size(points)
    error = _errors(hidden_share(points, depth, size), noise, rng)
    seen = points + error * size[..., None]
    score = draw_scores(error, noise.scores, rng)
    if frame is not None:
        seen, score = _border(points, seen, score, frame, rng)
    seen, score = _cut(seen, score, low, high, sometimes(batch, noise.cut, rng), rng)
    return noise.faults.apply(seen, score, rng)


def _box_size(points: Tensor) -> Tensor:
    """(B, T or 1, 1): the longer side of the person's box in a window about each frame.

    A keypointer errs by shares of the person's size, not of the way that they walk in a long clip.
    """
    low, high = points.amin(2).transpose(1, 2), points.amax(2).transpose(1, 2)  # (B, 2, T)
    width = SPAN_WITHIN
    if points.shape[1] <= width:
        return (high.amax(-1) - low.amin(-1)).amax(-1)[:, None, None]
    high = functional.max_pool1d(high, width, 1, width // 2)
    low = -functional.max_pool1d(-low, width, 1, width // 2)
    return (high - low).amax(1)[..., None]


def hidden_share(points: Tensor, depth: Tensor, size: Tensor) -> Tensor:
    """(B, T, 17) 0..1: how far behind the trunk, and in line with it, a joint is."""
    middle = points[:, :, [5, 6, 11, 12]].mean(2, keepdim=True)
    behind = ((depth - depth[:, :, [5, 6, 11, 12]].mean(2, keepdim=True)) / 0.15).clamp(0, 1)
    aside = (points[..., 0] - middle[..., 0]).abs() / (0.12 * size)
    return behind * (1.5 - aside).clamp(0, 1)


def _errors(hidden: Tensor, noise: KeypointNoise, rng: Generator) -> Tensor:
    """(B, T, 17, 2) in box lengths: a constant, a slow part and a quick part, heavy-tailed."""
    batch, frames, joints = hidden.shape
    shape = (batch, frames, joints, 2)
    steps = torch.arange(frames)
    # A first-order process as one matrix: rows weight the past by powers of the correlation.
    past = (steps[:, None] - steps[None]).clamp_min(0)
    weights = torch.where(steps[:, None] >= steps[None], noise.lasting**past, torch.zeros(()))
    weights = weights / weights.norm(dim=1, keepdim=True)
    heavy = torch.where(torch.rand(shape[:3], generator=rng) < noise.tail, 4.0, 1.0)
    fresh = torch.randn(shape, generator=rng) * heavy[..., None]
    slow = torch.einsum("ts,bskc->btkc", weights, fresh)
    quick = torch.randn(shape, generator=rng) * (1 + (heavy[..., None] - 1) * 0.5)
    constant = torch.randn((batch, 1, joints, 2), generator=rng)
    share = noise.constant
    mixed = share * constant + (1 - share**2) ** 0.5 * (0.9 * slow + 0.3 * quick)
    level = torch.exp(noise.level * torch.randn((batch, 1, 1, 1), generator=rng)) * 0.88
    spread = torch.tensor(noise.spread)[:, None]
    return mixed * spread * level * (1 + noise.hidden * hidden[..., None])


def _border(
    points: Tensor, seen: Tensor, score: Tensor, frame: Tensor, rng: Generator
) -> tuple[Tensor, Tensor]:
    """What lies outside of the picture is not seen, or invented at its border with a low score."""
    limit = frame[:, None, None]
    outside = (points.abs() > limit).any(-1)
    outside &= ~outside.flatten(1).all(1)[:, None, None]  # something of everybody is seen
    invented = (torch.rand((len(points), 1, points.shape[2]), generator=rng) < 0.5) & outside
    inside = torch.maximum(torch.minimum(seen, limit), -limit)
    doubt = uniform(tuple(score.shape), 0.02, 0.45, rng)
    score = torch.where(invented, doubt, torch.where(outside, 0.0, score))
    return torch.where(outside[..., None], inside, seen), score


def _cut(
    points: Tensor, score: Tensor, low: Tensor, high: Tensor, chosen: Tensor, rng: Generator
) -> tuple[Tensor, Tensor]:
    """The picture's lower edge cuts some people off: points below it lie on it, unsure."""
    share = uniform((len(chosen),), 0.45, 0.95, rng)
    edge = (low[:, 1] + share * (high - low)[:, 1])[:, None, None]
    below = (points[..., 1] > edge) & (chosen > 0)[:, None, None]
    y = torch.where(below, edge.expand_as(score), points[..., 1])
    doubt = uniform(tuple(score.shape), 0.02, 0.3, rng)
    return torch.stack([points[..., 0], y], -1), torch.where(below, doubt, score)


def measured_noise(path: Path) -> KeypointNoise:
    """The noise with the figures of a JSON file, which names any of its attributes."""
    figures = read_json(path, 1 << 24)
    with damage_told(
        path, "a file of measured keypointer errors", "docs/training.md describes it."
    ):
        known = {f.name for f in fields(KeypointNoise)}
        chosen = {name: value for name, value in figures.items() if name in known}
        if "spread" in chosen:
            chosen["spread"] = tuple(chosen["spread"])
            if len(chosen["spread"]) != len(KeypointNoise().spread):
                raise ValueError(f"{len(chosen['spread'])} values of spread, not 17")
        for name, kind in (("scores", ScoreLaw), ("faults", Faults)):
            if name in chosen:
                chosen[name] = kind(**chosen[name])
        for name, value in chosen.items():
            if name not in ("scores", "faults"):
                _refuse_no_shares(name, value)
        return KeypointNoise(**chosen)


def _refuse_no_shares(name: str, value: Any) -> None:
    numbers = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(one, float | int) and 0 <= one <= 100 for one in numbers):
        raise ValueError(f"{name} is {str(value)[:60]}")
