"""`poselift.gaps.fill` for many windows at once: a place for every joint in every frame."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import sometimes


def fill(points: Tensor, score: Tensor) -> Tensor:
    """Points (B, T, K, 2) with those of score 0 (B, T, K) put where the run time puts them.

    On the straight line between the neighbours in time, where first or last seen at the ends, and
    for joints that are never seen in the middle of those that are.
    """
    seen = score > 0
    rows = torch.nonzero(~seen.flatten(1).all(1))[:, 0]
    if not len(rows):
        return points
    out = points.clone()
    out[rows] = _fill(points[rows], seen[rows])
    return out


def _fill(points: Tensor, seen: Tensor) -> Tensor:
    frames = seen.shape[1]
    time = torch.arange(frames)[None, :, None].expand(seen.shape)
    before = torch.where(seen, time, -1).cummax(1).values
    after = torch.where(seen, time, frames).flip(1).cummin(1).values.flip(1)
    known = seen.any(1)  # (B, K)
    first = torch.where(before < 0, after, before).clamp(0, frames - 1)
    last = torch.where(after >= frames, before, after).clamp(0, frames - 1)
    share = (time - first) / (last - first).clamp_min(1)
    a, b = (points.gather(1, index[..., None].expand(points.shape)) for index in (first, last))
    filled = torch.where(seen[..., None], points, a + (b - a) * share.clamp(0, 1)[..., None])
    counted = known[:, None, :, None].to(points.dtype)
    middle = (filled * counted).sum(2, keepdim=True) / counted.sum(2, keepdim=True).clamp_min(1)
    return torch.where(known[:, None, :, None], filled, middle)


def left_behind(points: Tensor, score: Tensor, chance: float, rng: Generator) -> Tensor:
    """Joints that are never seen put where they were once seen, for some windows.

    So it is in a clip whose person is seen whole before or after: the run time fills over the whole
    clip, and the joint stays where it was while the person moves on.
    """
    batch = len(points)
    never = (score <= 0).all(1) & (sometimes(batch, chance, rng)[:, None] > 0)
    size = (points.amax((1, 2)) - points.amin((1, 2))).amax(-1)[:, None, None, None]
    away = 0.35 * size * torch.randn((batch, 1, points.shape[2], 2), generator=rng)
    once = points[:, :1] + away
    return torch.where(never[:, None, :, None], once.expand(points.shape), points)
