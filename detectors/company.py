"""Whose joints are read in a frame, and how well, so that a crowd costs little more than a few.

Up to three people are all read in every frame as well as the keypointer can, and so is everybody
where nobody is known yet, as in a single picture. Of more, the two largest are; the others are read
by its quick companion, if it has one, and whoever hardly moves is read in every second frame only.
Nobody is read who would be dropped afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poselift.detectors.moving import Moving
from poselift.detectors.regions import longer_sides

#: So many people are all read with full care,
FEW = 3
#: and of more than those, so many.
FINE = 2
#: Movement of the joints, in parts of the body's size a frame, that is less than what readings of
#: somebody who stands still differ by.
STILL = 0.012
#: So many people more than are wanted in the end are read: only then it shows who takes most of
#: the clip.
MARGIN = 2
#: Readings after which it is known how somebody moves.
_KNOWN = 3
#: Somebody else must be so many times as large to be read instead of somebody who is followed.
LOYALTY = 1.2


@dataclass(frozen=True)
class Plan:
    """What to do with each of N candidates.

    Attributes:
        fine: (N,) bool, read with full care.
        quick: (N,) bool, read by the quick companion; the others are as they were.
    """

    fine: np.ndarray
    quick: np.ndarray


def largest(boxes: np.ndarray, known: np.ndarray, most: int | None) -> np.ndarray:
    """The rows of the `most` largest boxes (N, 4), in their order; `known` (N,) are preferred."""
    if most is None or len(boxes) <= most:
        return np.arange(len(boxes))
    side = longer_sides(boxes) * np.where(known, LOYALTY, 1)
    return np.sort(np.argsort(-side, kind="stable")[:most])


def plan(boxes: np.ndarray, people: Sequence[Moving | None], unread: np.ndarray) -> Plan:
    """Plan the reading of a frame.

    Args:
        boxes: (N, 4) of the candidates.
        people: how each moved so far; None for somebody new.
        unread: (N,) frames in a row that each could not be read.
    """
    count = len(boxes)
    known = np.array([one is not None for one in people], bool)
    if count <= FEW or not known.any():
        return Plan(np.ones(count, bool), np.zeros(count, bool))
    fine = np.zeros(count, bool)
    fine[largest(boxes, known, FINE)] = True
    awake = np.ones(count, bool)
    for i, one in enumerate(people):
        if one is not None and not one.held:
            # Who is hidden is looked for in every second frame, too.
            still = one.readings >= _KNOWN and one.speed < STILL
            awake[i] = not (still or unread[i] % 2)
    return Plan(fine & awake, ~fine & awake)
