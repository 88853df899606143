"""What people do that clips hardly show, as ranges of angles: sitting, floor, exercise, balance."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]
Point = tuple[float, float, float]


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
        hands: where both wrists are that carry the person or are held out, in the chest's axes
            (forward, outwards, up) from the thorax, in metres: least and most. None leaves the arms
            to the clip.
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
    hands: tuple[Point, Point] | None = None


_STRAIGHT_DOWN = ((0.34, 0.08, -0.08), (0.55, 0.30, 0.12))  # as of arms that carry the chest
_BENT_DOWN = ((0.08, 0.22, -0.20), (0.30, 0.42, 0.05))
_OVERHEAD = ((-0.08, 0.06, 0.34), (0.18, 0.32, 0.60))
_SPREAD = ((-0.20, 0.38, -0.16), (0.18, 0.64, 0.22))

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
    "on all fours": Kind(
        0.8, False, (65, 100), (-15, 15), (60, 100), (0, 18), (-8, 8), (75, 105),
        hands=_STRAIGHT_DOWN,
    ),
    "push-up, arms straight": Kind(
        0.7, False, (66, 92), (-8, 8), (-10, 18), (0, 18), (-6, 6), (0, 14), hands=_STRAIGHT_DOWN
    ),
    "push-up, arms bent": Kind(
        0.5, False, (78, 96), (-10, 6), (-10, 12), (0, 18), (-6, 6), (0, 14), hands=_BENT_DOWN
    ),
    "hips high on hands and feet": Kind(
        0.5, False, (115, 150), (-18, 8), (75, 120), (0, 18), (-6, 6), (0, 35), hands=_OVERHEAD
    ),
    "hips lifted on the back": Kind(
        0.5, False, (-128, -98), (-8, 12), (-15, 28), (0, 18), (-8, 8), (65, 118)
    ),
    "legs up on the back": Kind(
        0.7, False, (-98, -66), (0, 45), (35, 112), (0, 28), (-10, 12), (0, 110)
    ),
    "on one leg, leaning over": Kind(
        0.7, True, (5, 50), (-20, 20), (0, 60), (-5, 10), (-8, 8), (0, 50), (-12, 12),
        ((-40, 10), (-5, 25), (-8, 25), (0, 90)),
    ),
    "on one leg, far over": Kind(
        0.5, True, (50, 92), (-20, 20), (42, 98), (-5, 10), (-8, 8), (0, 50), (-12, 12),
        ((-35, 12), (-5, 25), (-8, 25), (0, 55)),
    ),
    "on one leg, arms out": Kind(
        0.7, True, (10, 70), (-20, 20), (8, 75), (-5, 10), (-8, 8), (0, 50), (-12, 12),
        ((-38, 10), (-5, 25), (-8, 25), (0, 55)), _SPREAD,
    ),
    "a leg raised in front": Kind(
        1, True, (-15, 12), (-5, 20), (-10, 18), (-3, 10), (-8, 8), (0, 28), (-6, 6),
        ((35, 122), (-5, 45), (-10, 50), (0, 130)),
    ),
    "a leg raised aside": Kind(
        0.7, True, (-10, 20), (-5, 15), (-8, 18), (-3, 10), (-8, 8), (0, 25), (0, 35),
        ((-8, 45), (28, 88), (-8, 30), (0, 65)),
    ),
    "one knee bent, the other leg aside": Kind(
        0.7, True, (0, 42), (0, 25), (40, 98), (8, 42), (-5, 20), (55, 122), (-12, 12),
        ((8, 50), (28, 62), (-8, 15), (0, 20)),
    ),
    "legs wide apart": Kind(0.6, True, (-6, 40), (-5, 25), (-5, 45), (16, 45), (-5, 18), (0, 35)),
    "arms out": Kind(
        0.6, True, (-8, 15), (-8, 15), (-8, 25), (0, 25), (-8, 10), (0, 35), hands=_SPREAD
    ),
    "arms up": Kind(
        0.6, True, (-10, 12), (-10, 12), (-8, 25), (0, 25), (-8, 10), (0, 35), hands=_OVERHEAD
    ),
}  # fmt: skip
