"""People as the clips hardly show them: sitting, squatting, bent, lying, getting up; by angles.

Every kind of pose is a range for each angle of pelvis, trunk and legs. A window holds one, moving a
little, or goes from one to another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import smooth, sometimes, uniform
from poselift.lifter.data.body import Parts, axis_angle, rotate

Range = tuple[float, float]
_FORWARD, _LEFT, _UP = torch.eye(3)


@dataclass(frozen=True)
class Kind:
    """Ranges in degrees.

    Attributes:
        often: how often beside the others.
        feet: whether the feet carry the person or rest where they are.
        pitch: how far the pelvis leans forward; -90 lies on the back.
        roll: to the side; 90 lies on it.
        chest: how far the chest bends forward against the pelvis.
        flex, apart, turn, knee: thigh forward, thigh outwards, foot inwards by turning the thigh,
            and bend of the knee, of each leg.
        other: the other leg's, where it differs.
    """

    often: float
    feet: bool
    pitch: Range
    chest: Range
    flex: Range
    apart: Range
    turn: Range
    knee: Range
    roll: Range = (-4, 4)
    other: tuple[Range, Range, Range, Range] | None = None


KINDS = {
    "standing": Kind(1.5, True, (-6, 10), (-5, 12), (-8, 12), (0, 12), (-8, 8), (0, 14)),
    "on a chair": Kind(4, True, (-25, 15), (-5, 25), (70, 108), (0, 25), (-12, 12), (55, 115)),
    "leaning on a desk": Kind(2, True, (0, 30), (5, 40), (80, 120), (0, 20), (-10, 10), (60, 115)),
    "legs stretched from a chair": Kind(
        1, True, (-35, 0), (0, 25), (55, 95), (-3, 15), (-8, 8), (5, 55)
    ),
    "knee over knee": Kind(
        1.5, True, (-20, 12), (0, 25), (78, 100), (-4, 6), (-6, 6), (70, 100), (-4, 4),
        ((95, 118), (-22, -8), (-12, 12), (60, 105)),
    ),
    "ankle on knee": Kind(
        1, True, (-25, 8), (0, 25), (78, 100), (0, 12), (-6, 6), (70, 100), (-4, 4),
        ((85, 108), (28, 52), (50, 85), (85, 120)),
    ),
    "ankles crossed": Kind(
        1, True, (-25, 12), (0, 25), (70, 100), (2, 14), (12, 28), (40, 100)
    ),
    "cross-legged": Kind(1, False, (-18, 15), (0, 35), (80, 115), (30, 58), (45, 85), (105, 140)),
    "legs out on the floor": Kind(
        1, False, (-30, 12), (0, 35), (72, 105), (0, 28), (-12, 15), (0, 45)
    ),
    "knees up on the floor": Kind(
        1, False, (-30, 5), (0, 40), (95, 130), (0, 22), (-8, 8), (80, 130)
    ),
    "on the heels": Kind(0.8, False, (-8, 20), (-5, 25), (58, 88), (0, 18), (-15, 5), (130, 155)),
    "kneeling": Kind(0.6, False, (-5, 20), (-5, 25), (-5, 25), (0, 15), (-8, 8), (75, 105)),
    "on one knee": Kind(
        0.8, True, (-5, 25), (-5, 30), (-10, 20), (0, 12), (-8, 8), (75, 105), (-5, 5),
        ((70, 105), (0, 20), (-8, 8), (75, 110)),
    ),
    "squatting": Kind(2.5, True, (5, 40), (0, 35), (75, 130), (5, 38), (-5, 15), (85, 145)),
    "half a squat": Kind(1.5, True, (5, 35), (0, 25), (35, 80), (0, 28), (-5, 12), (40, 95)),
    "bent down": Kind(2, True, (35, 95), (10, 60), (35, 95), (0, 16), (-6, 6), (0, 40)),
    "lunge": Kind(
        1, True, (-5, 30), (-5, 20), (-35, 0), (0, 12), (-6, 6), (15, 80), (-5, 5),
        ((45, 100), (0, 15), (-6, 6), (50, 105)),
    ),
    "on the back": Kind(1.2, False, (-98, -78), (-5, 20), (-8, 50), (0, 25), (-10, 25), (0, 80)),
    "on the belly": Kind(0.7, False, (78, 100), (-25, 5), (-8, 8), (0, 22), (-12, 12), (0, 40)),
    "on the side": Kind(
        1, False, (-15, 15), (0, 30), (0, 80), (-8, 15), (-8, 8), (5, 100), (75, 100)
    ),
    "half up from the floor": Kind(
        0.8, False, (-65, -30), (0, 40), (30, 95), (0, 25), (-8, 20), (10, 110)
    ),
    "on all fours": Kind(0.6, False, (65, 100), (-15, 15), (60, 100), (0, 18), (-8, 8), (75, 105)),
}  # fmt: skip
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


_LIMITS, _OFTEN, _FEET, _UNLIKE = _tables()


def compose(parts: Parts, rng: Generator) -> tuple[Parts, Tensor]:
    """Bodies (B, T, ...) put into such poses; and for whom the feet stay where they are, (B,) bool.

    Lengths of bones, arms, head and most of the trunk's movement stay those of `parts`. Where the
    person is comes afterwards: `grounded`.
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
    return composed, _FEET[kind] & _FEET[later]


def grounded(joints: Tensor, on_feet: Tensor) -> Tensor:
    """People (B, T, 17, 3) on the floor at z = 0: feet kept in place, or else the pelvis."""
    ankles, pelvis = joints[:, :, [3, 6]].mean(2), joints[:, :, 0]
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
