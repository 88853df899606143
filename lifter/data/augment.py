"""Making much of little motion: new bodies, new limb movements, new ways to lie and stand."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from poselift.lifter.data.body import Parts, axis_angle, rotate, unit

#: Length of ankle-knee-hip plus pelvis-spine-thorax-head to which every body is brought,
#: in metres: a picture does not show how large a person is, so there is one size.
NOMINAL_LENGTH = 1.59

Range = tuple[float, float]


def uniform(shape: tuple[int, ...], low: float, high: float, rng: Generator) -> Tensor:
    """Uniform numbers in low..high."""
    return torch.rand(shape, generator=rng) * (high - low) + low


def smooth(batch: int, frames: int, channels: int, seconds: float, rng: Generator) -> Tensor:
    """(B, T, channels): a constant plus a slow swing of one period in `seconds` or more, std ~1."""
    constant = torch.randn((batch, 1, channels), generator=rng)
    swing = torch.randn((batch, 1, channels), generator=rng)
    periods = uniform((batch, 1, channels), 0.0, 1.0 / seconds, rng)  # swings in the window
    phase = uniform((batch, 1, channels), 0.0, 2 * math.pi, rng)
    time = torch.linspace(0, 1, frames)[None, :, None]
    return 0.8 * constant + 0.6 * swing * torch.sin(2 * math.pi * periods * time + phase)


def sometimes(batch: int, chance: float, rng: Generator) -> Tensor:
    """(B,) 1 with this chance, else 0."""
    return (torch.rand((batch,), generator=rng) < chance).float()


def turn_limbs(parts: Parts, rng: Generator) -> Parts:
    """Smooth random turns of thighs, arms, forearms, trunk and head; knees only bend further."""
    batch, frames = parts.root.shape[:2]
    strength = sometimes(batch, 0.4, rng) * uniform((batch,), 0.3, 1.0, rng)

    def turns(n: int, spread: float, chance: float) -> Tensor:  # (B, T, n, 3, 3)
        chosen = sometimes(batch, chance, rng) * strength * spread
        vectors = smooth(batch, frames, 3 * n, 0.7, rng) * chosen[:, None, None]
        return axis_angle(vectors.unflatten(-1, (n, 3)))

    legs = _turn_legs(parts.legs, turns(2, 0.3, 0.6), strength, rng)
    arms = _turn_chain(parts.arms, turns(2, 0.5, 0.7), turns(2, 0.45, 0.6))
    bend = turns(1, 0.2, 0.5)[:, :, 0]
    head = rotate(turns(1, 0.25, 0.5)[:, :, 0], parts.head)
    trunk = parts.trunk.clone()
    half = (bend + torch.eye(3)) / 2  # the lower half of the trunk follows half of the turn
    trunk[..., 1, :] = rotate(half, parts.trunk[..., 1:, :])[..., 0, :]
    return Parts(parts.root, parts.pelvis, bend @ parts.chest, legs, trunk, head, arms)


def _turn_chain(limbs: Tensor, whole: Tensor, lower: Tensor) -> Tensor:
    """Turn each side's second bone by `whole` and its third by `whole` and `lower`."""
    out = limbs.clone()
    for side, start in enumerate((0, 3)):
        out[..., start + 1, :] = (whole[:, :, side] @ limbs[..., start + 1, :, None])[..., 0]
        both = whole[:, :, side] @ lower[:, :, side]
        out[..., start + 2, :] = (both @ limbs[..., start + 2, :, None])[..., 0]
    return out


def _turn_legs(legs: Tensor, whole: Tensor, strength: Tensor, rng: Generator) -> Tensor:
    batch, frames = legs.shape[:2]
    crouch = sometimes(batch, 0.2, rng) * uniform((batch,), 0.0, 1.2, rng)
    own = smooth(batch, frames, 2, 0.7, rng).abs() * 0.35 * strength[:, None, None]
    flexion = crouch[:, None, None] + own  # (B, T, 2) radians added to each knee
    left_axis = torch.tensor([0.0, 1.0, 0.0])
    out = legs.clone()
    for side, start in enumerate((0, 3)):
        # A crouch lifts the thigh by about half of what the knee bends.
        lift = axis_angle(-0.6 * crouch[:, None, None] * left_axis.expand(batch, frames, 3))
        turn = whole[:, :, side] @ lift
        thigh = (turn @ legs[..., start + 1, :, None])[..., 0]
        shin = (turn @ legs[..., start + 2, :, None])[..., 0]
        hinge = unit(left_axis - (unit(thigh) @ left_axis)[..., None] * unit(thigh))
        knee = axis_angle(hinge * flexion[..., side, None])
        out[..., start + 1, :] = thigh
        out[..., start + 2, :] = (knee @ shin[..., None])[..., 0]
    return out


def resize(parts: Parts, rng: Generator, usual: float = 0.6) -> Parts:
    """Another body: every kind of bone longer or shorter on both sides, then one nominal size.

    `usual` is the chance of an adult's usual proportions. Of the others hips and shoulders are from
    narrow to wide, and some are children, with a large head and short legs.
    """
    batch = parts.root.shape[0]
    common = sometimes(batch, usual, rng)

    def factor(spread: float, seldom: Range = (1.0, 1.0), often: Range | None = None) -> Tensor:
        low, high = (
            other + common * (usually - other)
            for other, usually in zip(seldom, often or seldom, strict=True)
        )
        size = low + (high - low) * torch.rand((batch,), generator=rng)
        return size * torch.exp(spread * (1 - common / 2) * torch.randn((batch,), generator=rng))

    young = (1 - common) * sometimes(batch, 0.3, rng) * uniform((batch,), 0.3, 1.0, rng)
    long = 1 - 0.18 * young  # of the limbs
    hips = factor(0.03, (0.6, 1.2), (0.87, 1.13))
    legs = torch.stack([hips, factor(0.08) * long, factor(0.08) * long], -1)
    shoulders = factor(0.03, (0.6, 1.2), (0.75, 1.1))
    upper, lower = factor(0.08), factor(0.08, (0.95, 1.25), (0.95, 1.2))
    arms = torch.stack([shoulders, upper * long, lower * long], -1)
    trunk = torch.stack([factor(0.07), factor(0.07)], -1)
    head = factor(0.06, (0.9, 1.15)) * (1 + 0.6 * young)
    heads = torch.stack([head * factor(0.05), head * factor(0.05)], -1)
    walked = (legs[:, 1] + legs[:, 2]) / 2  # longer legs go further
    out = Parts(
        parts.root * walked[:, None, None],
        parts.pelvis,
        parts.chest,
        parts.legs * legs.repeat(1, 2)[:, None, :, None],
        parts.trunk * trunk[:, None, :, None],
        parts.head * heads[:, None, :, None],
        parts.arms * arms.repeat(1, 2)[:, None, :, None],
    )
    return to_nominal(out)


def body_length(joints: Tensor) -> Tensor:
    """(...,) metres of ankle-knee-hip plus pelvis-spine-thorax-head, of joints (..., 17, 3)."""

    def bone(a: int, b: int) -> Tensor:
        return (joints[..., a, :] - joints[..., b, :]).norm(dim=-1)

    legs = bone(1, 2) + bone(2, 3) + bone(4, 5) + bone(5, 6)
    return legs / 2 + bone(0, 7) + bone(7, 8) + bone(8, 10)


def to_nominal(parts: Parts) -> Parts:
    """The same motion (B, T, ...) of a body of NOMINAL_LENGTH.

    The head counts straight from the thorax, wherever the neck is between them.
    """
    shin_and_thigh = parts.legs[..., [1, 2, 4, 5], :].norm(dim=-1).sum(-1) / 2
    middle = parts.trunk.norm(dim=-1).sum(-1) + parts.head.sum(-2).norm(dim=-1)
    size = NOMINAL_LENGTH / (shin_and_thigh + middle).mean(dim=1)  # (B,)
    return scaled(parts, size[:, None, None])


def scaled(parts: Parts, scale: Tensor) -> Parts:
    """The same motion of a larger or smaller body; `scale` (B, 1, 1)."""
    return Parts(
        parts.root * scale,
        parts.pelvis,
        parts.chest,
        parts.legs * scale[..., None],
        parts.trunk * scale[..., None],
        parts.head * scale[..., None],
        parts.arms * scale[..., None],
    )


def turn_whole(joints: Tensor, chance: float, rng: Generator) -> tuple[Tensor, Tensor]:
    """Lay some people (B, T, 17, 3) down or turn them over, about the pelvis.

    Returns who was left as captured, too: (B,) bool.
    """
    batch = joints.shape[0]
    chosen = sometimes(batch, chance, rng)
    angle = chosen * uniform((batch,), 0.3, math.pi, rng)
    heading = uniform((batch,), 0, 2 * math.pi, rng)
    axis = torch.stack([heading.cos(), heading.sin(), torch.zeros(batch)], -1)
    turn = axis_angle(axis * angle[:, None])
    centre = joints[:, :, :1].mean(dim=1, keepdim=True)
    return rotate(turn[:, None], joints - centre) + centre, chosen == 0
