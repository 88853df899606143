"""Hands where people have them: at the face, on a desk, in the lap, on the hips, arms crossed."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import smooth, sometimes, uniform
from poselift.lifter.data.body import Parts, unit

#: Wrists in the chest's axes (forward, outwards, up) from the thorax, metres on a body of the
#: nominal size: least, most, and how often.
_PLACES = (
    ((0.12, -0.06, 0.00), (0.20, 0.08, 0.12), 3.0),  # at mouth, chin, cheek
    ((0.04, 0.08, 0.06), (0.12, 0.16, 0.16), 1.5),  # at the ear, a phone
    ((-0.08, 0.02, 0.06), (0.02, 0.14, 0.22), 0.7),  # behind the head
    ((0.25, 0.02, -0.42), (0.48, 0.24, -0.18), 3.0),  # on a desk, a keyboard, a wheel
    ((0.12, 0.00, -0.52), (0.34, 0.20, -0.38), 2.5),  # in the lap, on the knees
    ((-0.04, 0.20, -0.52), (0.10, 0.30, -0.40), 1.2),  # on the hips
    ((0.12, -0.20, -0.30), (0.22, -0.06, -0.16), 1.5),  # arms crossed
    ((-0.16, -0.06, -0.52), (-0.08, 0.10, -0.40), 0.7),  # behind the back
    ((0.30, -0.05, -0.15), (0.50, 0.15, 0.10), 1.0),  # holding something in front
)


def place_hands(parts: Parts, chance: float, rng: Generator) -> Parts:
    """One or both hands of some people at such a place, the elbow where the arm lets it be."""
    batch, frames = parts.root.shape[:2]
    both = sometimes(batch, 0.55, rng)
    left_first = sometimes(batch, 0.5, rng)
    chosen = sometimes(batch, chance, rng)
    kind = _draw_kind(batch, rng)
    arms = parts.arms.clone()
    for side, (start, sign) in enumerate(((0, -1.0), (3, 1.0))):
        mine = chosen * torch.maximum(both, (left_first == side).float())
        own = torch.where(sometimes(batch, 0.7, rng) > 0, kind, _draw_kind(batch, rng))
        target = _targets(own, frames, sign, rng)
        upper, lower = _reach(parts.arms[:, :, start : start + 3], target, sign, rng)
        use = (mine > 0)[:, None, None]
        arms[:, :, start + 1] = torch.where(use, upper, parts.arms[:, :, start + 1])
        arms[:, :, start + 2] = torch.where(use, lower, parts.arms[:, :, start + 2])
    return Parts(parts.root, parts.pelvis, parts.chest, parts.legs, parts.trunk, parts.head, arms)


def _draw_kind(batch: int, rng: Generator) -> Tensor:
    often = torch.tensor([weight for _, _, weight in _PLACES])
    return torch.multinomial(often, batch, replacement=True, generator=rng)


def _targets(kind: Tensor, frames: int, sign: float, rng: Generator) -> Tensor:
    """(B, T, 3) where the wrist is, in the chest's axes from the thorax."""
    low = torch.tensor([place[0] for place in _PLACES])[kind]
    high = torch.tensor([place[1] for place in _PLACES])[kind]
    place = low + (high - low) * torch.rand((len(kind), 3), generator=rng)
    return _swaying(place, frames, sign, rng)


def _swaying(place: Tensor, frames: int, sign: float, rng: Generator) -> Tensor:
    """(B, T, 3) from places (B, 3) of either hand to those of one, moving a little."""
    sway = 0.02 * smooth(len(place), frames, 3, 0.7, rng)
    return (place[:, None] + sway) * torch.tensor([1.0, sign, 1.0])


def hands_at(arms: Tensor, places: Tensor, rng: Generator) -> Tensor:
    """Arms (B, T, 6, 3) whose wrists are between two places (B, 2, 3), much alike on both sides."""
    low, high = places.unbind(1)
    share = torch.rand((len(arms), 3), generator=rng)
    out = arms.clone()
    for start, sign in ((0, -1.0), (3, 1.0)):
        own = (share + 0.3 * (torch.rand((len(arms), 3), generator=rng) - 0.5)).clamp(0, 1)
        target = _swaying(low + (high - low) * own, arms.shape[1], sign, rng)
        reached = _reach(arms[:, :, start : start + 3], target, sign, rng)
        out[:, :, start + 1], out[:, :, start + 2] = reached
    return out


def _reach(arm: Tensor, target: Tensor, sign: float, rng: Generator) -> tuple[Tensor, Tensor]:
    """Upper arm and forearm (B, T, 3) each, so that the wrist is at the target or towards it."""
    upper, lower = (arm[:, :, i].norm(dim=-1, keepdim=True) for i in (1, 2))
    way = target - arm[:, :, 0]
    nearest = (upper - lower).abs() + 0.02
    distance = way.norm(dim=-1, keepdim=True)
    reach = torch.minimum(torch.maximum(distance, nearest), 0.995 * (upper + lower))
    along = unit(way)
    # The elbow lies on a circle about the way; it hangs down and outwards, more or less.
    lift = uniform((len(arm), 1, 1), 0.0, 1.0, rng) ** 2
    hint = torch.cat(
        [-0.3 * torch.ones_like(lift), sign * (0.25 + lift), -(1 - 0.9 * lift)], -1
    ).expand_as(along)
    aside = unit(hint - (hint * along).sum(-1, keepdim=True) * along)
    cosine = ((upper**2 + reach**2 - lower**2) / (2 * upper * reach)).clamp(-1, 1)
    elbow = upper * (cosine * along + (1 - cosine**2).clamp_min(0).sqrt() * aside)
    return elbow, along * reach - elbow
