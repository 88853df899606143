"""Colours: what every picture shares.

Left is blue and right is orange, which people with any common colour blindness can tell apart;
they are the person's own left and right. What belongs to neither side takes the person's accent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poselift.skeleton import H36M17

Colour = tuple[int, int, int]  # blue, green, red


@dataclass(frozen=True)
class Theme:
    """The colours of a picture's ground, floor and writing (BGR)."""

    top: Colour
    bottom: Colour
    floor: Colour
    grid: Colour
    shadow: float
    text: Colour
    text_dim: Colour
    outline: Colour


LIGHT = Theme(
    top=(243, 236, 230),
    bottom=(226, 216, 207),
    floor=(255, 253, 251),
    grid=(188, 172, 158),
    shadow=0.5,
    text=(64, 48, 38),
    text_dim=(140, 124, 112),
    outline=(70, 54, 44),
)
DARK = Theme(
    top=(40, 29, 22),
    bottom=(24, 17, 13),
    floor=(72, 54, 42),
    grid=(120, 96, 78),
    shadow=0.75,
    text=(245, 238, 232),
    text_dim=(170, 152, 138),
    outline=(20, 13, 9),
)

LEFT: Colour = (224, 138, 34)
RIGHT: Colour = (42, 134, 250)

#: One per person, in the order of their numbers; none of them near the blue or the orange.
ACCENTS: tuple[Colour, ...] = (
    (222, 214, 206),
    (132, 158, 22),
    (190, 92, 150),
    (70, 178, 214),
    (96, 84, 202),
    (120, 170, 92),
    (208, 128, 178),
    (84, 120, 140),
)

_SIDE = np.zeros(len(H36M17), int)
_SIDE[list(H36M17.left)] = 1
_SIDE[list(H36M17.right)] = 2


def accent(person: int) -> Colour:
    """The colour of a person's trunk, head and number.

    >>> accent(1) == accent(1 + len(ACCENTS))
    True
    """
    return ACCENTS[(int(person) - 1) % len(ACCENTS)]


def joint_colour(joint: int, person: int) -> Colour:
    """The colour of a joint, and of the bone that ends in it."""
    return (accent(person), LEFT, RIGHT)[_SIDE[joint]]


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever can be read on a colour.

    >>> ink_on((255, 255, 255))
    (36, 26, 20)
    """
    light = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]
    return (36, 26, 20) if light > 150 else (255, 255, 255)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with a share (0..1) of `b`.

    >>> mix((0, 0, 0), (200, 100, 50), 0.5)
    (100, 50, 25)
    """
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def certainty(spread: np.ndarray, sure: float = 0.16, unsure: float = 0.35) -> np.ndarray:
    """How opaque a joint is that may be so many metres off: 1 up to `sure`, 0 from `unsure` on.

    >>> certainty(np.array([0.05, 0.4, np.nan])).tolist()
    [1.0, 0.0, 1.0]
    """
    share = (unsure - np.nan_to_num(np.asarray(spread, np.float32))) / (unsure - sure)
    return np.clip(share, 0, 1)


def opacity(score: np.ndarray | float, low: float = 0.1, high: float = 0.5) -> np.ndarray:
    """How opaque a joint of some score is drawn: 0 up to `low`, 1 from `high` on.

    >>> opacity(np.array([0.0, 0.3, 0.9])).round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    share = (np.nan_to_num(np.asarray(score, np.float32)) - low) / (high - low)
    return np.clip(share, 0, 1)
