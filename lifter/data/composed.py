"""People as the clips hardly show them, put together by angles: `pose_kinds.KINDS`.

A window holds one kind of pose, moving a little, or goes from one to another.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import smooth, sometimes, uniform
from poselift.lifter.data.body import Parts, axis_angle, rotate
from poselift.lifter.data.hands import hands_at, place_hands
from poselift.lifter.data.pose_kinds import KINDS

_FORWARD, _LEFT, _UP = torch.eye(3)
_COLUMNS = 11  # pitch, roll, chest, then flex, apart, turn, knee of the right and of the left leg


def _tables() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(K, 2, 11) limits in radians, `often`, `feet` and which kinds have legs that differ."""
    limits = []
    for kind in KINDS.values():
        leg = (kind.flex, kind.apart, kind.turn, kind.knee)
        rows = (kind.pitch, kind.roll, kind.chest, *leg, *(kind.other or leg))
        limits.append(torch.deg2rad(torch.tensor(rows, dtype=torch.float32)).T)
    kinds = KINDS.values()
    often = torch.tensor([float(kind.often) for kind in kinds])
    feet = torch.tensor([kind.feet for kind in kinds])
    unlike = torch.tensor([kind.other is not None for kind in kinds])
    return torch.stack(limits), often, feet, unlike


def _hands() -> tuple[Tensor, Tensor]:
    """(K,) whether a kind says where the wrists are, and (K, 2, 3) between where and where."""
    nowhere = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    places = torch.tensor([kind.hands or nowhere for kind in KINDS.values()])
    return torch.tensor([kind.hands is not None for kind in KINDS.values()]), places


_LIMITS, _OFTEN, _FEET, _UNLIKE = _tables()
_HANDS, _PLACES = _hands()


def compose(parts: Parts, rng: Generator, hands: float = 0.0) -> tuple[Parts, Tensor]:
    """Bodies (B, T, ...) put into such poses; and for whom the feet stay where they are, (B,) bool.

    Lengths of bones, head and most of the trunk's movement stay those of `parts`, and so do arms,
    but for a chance of `hands` and where the kind of pose says otherwise. Where the person is comes
    afterwards: `grounded`.
    """
    batch, frames = parts.root.shape[:2]
    (kind, start), (later, end) = _draw(batch, rng), _draw(batch, rng)
    going = sometimes(batch, 0.35, rng) > 0
    later = torch.where(going, later, kind)
    end = torch.where(going[:, None], end, start)
    share = _course(batch, frames, rng)[..., None]
    angles = start[:, None] * (1 - share) + end[:, None] * share
    angles = angles + math.radians(3.5) * smooth(batch, frames, _COLUMNS, 0.7, rng)
    pitch, roll, chest = angles[..., 0], angles[..., 1], angles[..., 2]
    heading, twist = smooth(batch, frames, 2, 1.0, rng).unbind(-1)
    heading = uniform((batch, 1), 0, 2 * math.pi, rng) + 0.05 * heading
    pelvis = _about(_UP, heading) @ _about(_LEFT, pitch) @ _about(_FORWARD, roll)
    bend = _about(_LEFT, chest) @ _about(_UP, 0.12 * twist)
    lower = rotate(_about(_LEFT, chest / 2), parts.trunk[..., :1, :])
    trunk = torch.cat([lower, rotate(bend, parts.trunk[..., 1:, :])], -2)
    legs = _legs(parts.legs, angles[..., 3:].unflatten(-1, (2, 4)))
    composed = Parts(parts.root, pelvis, bend @ parts.chest, legs, trunk, parts.head, parts.arms)
    composed = place_hands(composed, hands, rng)
    held = (_HANDS[kind] & (kind == later))[:, None, None, None]
    composed.arms = torch.where(held, hands_at(parts.arms, _PLACES[kind], rng), composed.arms)
    return composed, _FEET[kind] & _FEET[later]


def grounded(joints: Tensor, on_feet: Tensor) -> Tensor:
    """People (B, T, 17, 3) on the floor at z = 0: feet kept in place, or else the pelvis.

    Of two feet the one that is clearly lower is kept.
    """
    both, pelvis = joints[:, :, [3, 6]], joints[:, :, 0]
    share = (-both[..., 2].mean(1) / 0.03).softmax(-1)  # (B, 2)
    ankles = (both * share[:, None, :, None]).sum(2)
    anchor = torch.where(on_feet[:, None, None], ankles, pelvis)
    shift = torch.cat([-anchor[..., :2], -joints[..., 2].amin(-1, keepdim=True)], -1)
    return joints + shift[:, :, None]


def _draw(batch: int, rng: Generator) -> tuple[Tensor, Tensor]:
    """(B,) kinds and (B, 11) angles; either leg may be the other one."""
    kind = torch.multinomial(_OFTEN, batch, replacement=True, generator=rng)
    low, high = _LIMITS[kind].unbind(1)
    share = torch.rand((batch, _COLUMNS), generator=rng)
    # Alike legs move together: the left one's share is near the right one's.
    alike = (share[:, 3:7] + 0.3 * (share[:, 7:] - 0.5)).clamp(0, 1)
    share = torch.cat([share[:, :7], torch.where(_UNLIKE[kind][:, None], share[:, 7:], alike)], -1)
    angles = low + (high - low) * share
    swap = sometimes(batch, 0.5, rng)[:, None] > 0
    pitch, roll, chest, right, left = angles.split((1, 1, 1, 4, 4), -1)
    swapped = torch.cat([pitch, -roll, chest, left, right], -1)
    return kind, torch.where(swap, swapped, angles)


def _course(batch: int, frames: int, rng: Generator) -> Tensor:
    """(B, T) from 0 to 1, at a random moment and speed."""
    time = torch.linspace(0, 1, frames)[None]
    middle, length = uniform((batch, 1), 0, 1, rng), uniform((batch, 1), 0.5, 1.6, rng)
    share = ((time - middle) / length + 0.5).clamp(0, 1)
    return share * share * (3 - 2 * share)


def _legs(bones: Tensor, angles: Tensor) -> Tensor:
    """Leg vectors (B, T, 6, 3) as long as `bones`, from angles (B, T, 2, 4)."""
    out = bones.clone()
    for side, (start, sign) in enumerate(((0, -1.0), (3, 1.0))):  # right, left
        flex, apart, turn, knee = angles[:, :, side].unbind(-1)
        thigh = _about(_LEFT, -flex) @ _about(_FORWARD, sign * apart) @ _about(_UP, sign * turn)
        shin = thigh @ _about(_LEFT, knee)
        for bone, axes in ((start + 1, thigh), (start + 2, shin)):
            length = bones[:, :, bone].norm(dim=-1, keepdim=True)
            out[:, :, bone] = -axes[..., 2] * length
    return out


def _about(axis: Tensor, angle: Tensor) -> Tensor:
    return axis_angle(angle[..., None] * axis)
