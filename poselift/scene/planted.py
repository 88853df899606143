"""Which feet stand: by the picture and, if it says so, by the lifter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poselift.scene.balance import ANKLES, metre_in_pixels, planted_from_picture
from poselift.scene.rays import as_turned
from poselift.types import Motion

_SURE = 0.25  # the score below which an ankle is not seen, but guessed or at the picture's edge
_UNSEEN_PLANTED = 0.3  # such a foot may carry, which says a little about up, but is nowhere
#: What the log odds of the lifter and of the picture count, fitted to validation clips; the
#: lifter's are too low.
_LIFTER_TELLS, _PICTURE_TELLS, _PLANTED_BIAS = 1.95, 0.6, 1.25


@dataclass(frozen=True)
class Moves:
    """How a camera moved, as far as its background tells.

    Attributes:
        turn: (T, 3, 3) to the axes of the first frame's camera from those of each frame's.
        zoom: (T,) focal length over that of the first frame.
        focal: pixels in the first frame, as far as is known.
        centre: (2,) the pixel on the optical axis.
        carried: whether it also went from place to place.
        way: (T, 3) where it was, metres from where it was first, in the first frame's axes; None
            as long as that is not known, and for cameras that stay in their place.
    """

    turn: np.ndarray
    zoom: np.ndarray
    focal: float
    centre: tuple[float, float]
    carried: bool = False
    way: np.ndarray | None = None


def planted_feet(motion: Motion, weight: np.ndarray, moves: Moves | None) -> np.ndarray:
    """(T, 2) how likely right and left foot is planted: by the picture and, if it says, the lifter.

    A lifter knows a foot on its way from one that stands by the whole motion, the picture when it
    comes to rest: together they are surer than either.
    """
    xy = np.nan_to_num(motion.track.xy).astype(np.float64)
    if moves is not None:
        xy = steadied(xy, motion.track.frames, moves)
    metre = metre_in_pixels(motion.pose3d.astype(np.float64), xy, weight)
    picture = planted_from_picture(xy, metre, motion.fps)
    seen = weight[:, ANKLES] > _SURE
    if motion.planted is None:
        return np.where(seen, picture, np.minimum(picture, _UNSEEN_PLANTED))
    if moves is not None and moves.carried:
        # What rests moves in the picture, and what goes along does not.
        seen = np.zeros_like(seen)
    return planted_by_both(motion.planted, picture, seen)


def planted_by_both(told: np.ndarray, picture: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """How likely a foot is planted, by what the lifter and the picture say, where it is `seen`."""
    shown = np.where(seen, np.clip(_log_odds(picture), -4, 4), 0)
    both = _LIFTER_TELLS * _log_odds(told) + _PICTURE_TELLS * shown + _PLANTED_BIAS
    return np.asarray(1 / (1 + np.exp(-both)))


def _log_odds(chance: np.ndarray) -> np.ndarray:
    chance = np.clip(np.asarray(chance, np.float64), 1e-3, 1 - 1e-3)
    return np.asarray(np.log(chance / (1 - chance)))


def steadied(xy: np.ndarray, frames: np.ndarray, moves: Moves) -> np.ndarray:
    """Pixels as the first frame's camera would have seen them."""
    focal = moves.focal * moves.zoom[frames]
    return as_turned(xy, moves.turn[frames], focal, np.array(moves.centre), moves.focal)
