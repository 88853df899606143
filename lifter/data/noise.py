"""What a keypointer does to true points: errors that last, jumps, drop-outs, swaps and scores."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Generator, Tensor
from torch.nn import functional

from poselift.lifter.data.augment import sometimes, uniform
from poselift.skeleton import COCO17

#: The frames that errors were set for: in longer clips swaps and gaps last no longer than in these.
_SPAN_WITHIN = 27


@dataclass(frozen=True)
class KeypointNoise:
    """How a keypointer errs; lengths are shares of the longer side of the person's box.

    Attributes:
        spread: (17,) each COCO joint's typical error (std an axis), tails left out.
        score_at_rest: (17,) mean score of a good point.
        lasting: correlation of an error with that of the frame before, at 30 frames a second.
        constant: share of the error's std that is the same through a window.
        tail: chance an error is several times as large.
        hidden: how much larger errors get for joints behind the body.
        level: spread (log-normal) of a whole window's errors.
        swaps: chance that a window has some frames with the legs swapped.
        gaps: chance that a window has joints without a point for a while.
        cut: chance that the picture ends above the feet.
    """

    spread: tuple[float, ...] = (
        0.0145, 0.0145, 0.0145, 0.0115, 0.0115, 0.0085, 0.0085, 0.0090, 0.0090, 0.0105, 0.0105,
        0.0125, 0.0125, 0.0085, 0.0085, 0.0085, 0.0085,
    )  # fmt: skip
    score_at_rest: tuple[float, ...] = (0.62,) * 5 + (0.84,) * 12
    lasting: float = 0.7
    constant: float = 0.45
    tail: float = 0.06
    hidden: float = 1.2
    level: float = 0.55
    swaps: float = 0.04
    gaps: float = 0.15
    cut: float = 0.06


def disturb(
    points: Tensor, depth: Tensor, noise: KeypointNoise, rng: Generator
) -> tuple[Tensor, Tensor]:
    """True points (B, T, 17, 2) and depths (B, T, 17) to detected points and scores (B, T, 17)."""
    batch = points.shape[0]
    low, high = points.amin((1, 2)), points.amax((1, 2))
    size = _box_size(points)
    hidden = _hidden(points, depth, size)
    error = _errors(hidden, noise, rng)
    seen = points + error * size[..., None]
    score = _scores(error, hidden, noise, rng)
    seen, score = _cut(seen, score, low, high, sometimes(batch, noise.cut, rng), rng)
    seen = _swap_legs(seen, sometimes(batch, noise.swaps, rng), rng)
    return _gap(seen, score, sometimes(batch, noise.gaps, rng), rng)


def _box_size(points: Tensor) -> Tensor:
    """(B, T or 1, 1): the longer side of the person's box in a window about each frame.

    A keypointer errs by shares of the person's size, not of the way that they walk in a long clip.
    """
    low, high = points.amin(2).transpose(1, 2), points.amax(2).transpose(1, 2)  # (B, 2, T)
    width = _SPAN_WITHIN
    if points.shape[1] <= width:
        return (high.amax(-1) - low.amin(-1)).amax(-1)[:, None, None]
    high = functional.max_pool1d(high, width, 1, width // 2)
    low = -functional.max_pool1d(-low, width, 1, width // 2)
    return (high - low).amax(1)[..., None]


def _hidden(points: Tensor, depth: Tensor, size: Tensor) -> Tensor:
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


def _scores(error: Tensor, hidden: Tensor, noise: KeypointNoise, rng: Generator) -> Tensor:
    """(B, T, 17): lower where the error is large or the joint hidden, but not reliably."""
    batch, frames, joints = hidden.shape
    wander = 0.1 * torch.randn((batch, 1, joints), generator=rng)
    wander = wander + 0.05 * torch.randn((batch, frames, joints), generator=rng)
    fault = 4 * error.norm(dim=-1) + 0.25 * hidden
    rest = torch.tensor(noise.score_at_rest) + 0.06 * torch.randn((batch, 1, 1), generator=rng)
    return (rest - fault + wander).clamp(0.03, 1.0)


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


def _span(batch: int, frames: int, rng: Generator) -> tuple[Tensor, Tensor]:
    start = (torch.rand((batch,), generator=rng) * frames).long()
    longest = 0.5 * min(frames, _SPAN_WITHIN)
    length = 1 + (torch.rand((batch,), generator=rng) ** 2 * longest).long()
    return start, (start + length).clamp_max(frames)


def _swap_legs(points: Tensor, chosen: Tensor, rng: Generator) -> Tensor:
    batch, frames = points.shape[:2]
    start, end = _span(batch, frames, rng)
    time = torch.arange(frames)[None]
    inside = (time >= start[:, None]) & (time < end[:, None]) & (chosen > 0)[:, None]
    legs = [COCO17.index(f"{side} {name}") for name in ("knee", "ankle") for side in ("left",)]
    swapped = list(range(17))
    for joint in legs:
        swapped[joint], swapped[joint + 1] = joint + 1, joint
    return torch.where(inside[..., None, None], points[:, :, swapped], points)


def _gap(points: Tensor, score: Tensor, chosen: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
    """Some joints have no point for a while: score 0, and a straight line between both ends."""
    batch, frames, joints = score.shape
    start, end = _span(batch, frames, rng)
    everything = torch.rand((batch, 1), generator=rng) < 0.2
    missing = (torch.rand((batch, joints), generator=rng) < 0.25) | everything
    before, after = (start - 1).clamp_min(0), end.clamp_max(frames - 1)
    time = torch.arange(frames)[None]
    share = (time - before[:, None]) / (after - before).clamp_min(1)[:, None]
    which = torch.arange(batch)
    first, last = points[which, before][:, None], points[which, after][:, None]
    line = first + (last - first) * share.clamp(0, 1)[..., None, None]
    inside = (time >= start[:, None]) & (time < end[:, None]) & (chosen > 0)[:, None]
    gone = inside[..., None] & missing[:, None]
    return torch.where(gone[..., None], line, points), torch.where(gone, 0.0, score)


def measured_noise(path: Path) -> KeypointNoise:
    """The noise with the figures of a JSON file, which names any of its attributes."""
    figures = json.loads(Path(path).read_text(encoding="utf-8"))
    known = {f.name for f in fields(KeypointNoise)}
    chosen = {name: value for name, value in figures.items() if name in known}
    for name in {"spread", "score_at_rest"} & set(chosen):
        chosen[name] = tuple(chosen[name])
    return KeypointNoise(**chosen)
