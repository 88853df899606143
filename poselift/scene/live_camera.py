"""How a running camera has turned, from what moves behind the people.

A camera at rest is looked at now and then, and stays where it was whatever trembles; once it turns,
every frame counts until it rests again.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from poselift.scene.motion import BackgroundMotion
from poselift.scene.rays import focal_length
from poselift.scene.steps import FOLLOWED, VIEW, lens_shown, parted
from poselift.scene.turning import matrix_of, vector_of

#: Degrees from its rest at which a camera moves, and seconds within which one turns by less than
#: the other that rests again.
_LEAVES, _STAYS, _QUIET_SECONDS = 1.5, 0.4, 1.5
_EVERY = 4  # frames between two looks at a camera that rests
#: Seconds in which the turn that went unnoticed is caught up with, and in which a rest goes along
#: with what little a camera sinks or is nudged.
_CATCHES_UP, _SETTLES = 0.3, 20.0
_REMEMBERED = 900  # frames
_LONGEST_STEP = 1.0  # seconds between frames that still belong together


class LiveCamera:
    """Follows a camera that stays in its place and turns; places and zooms are not followed.

    >>> camera = LiveCamera((320, 180))
    >>> black = np.zeros((180, 320, 3), np.uint8)
    >>> camera.follow(black, np.zeros((0, 4)), 0.0).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._background = BackgroundMotion(size)
        self._size = size
        #: Of the frames that were followed: what they show of the lens, and pixels that they miss.
        self._lens: deque[np.ndarray] = deque(maxlen=_REMEMBERED)
        self._missed: deque[float] = deque(maxlen=_REMEMBERED)
        self._frames = 0
        self._time: float | None = None
        #: Rotations to the axes of the first frame's camera: as measured now and when it came to
        #: rest, and as believed then.
        self._now, self._at_rest, self._believed = np.eye(3), np.eye(3), np.eye(3)
        self._moving = False
        self._behind = np.zeros(3)  # rotation vector that is still to be caught up with
        self._quiet_from, self._quiet = np.eye(3), 0.0

    def follow(self, image: np.ndarray, boxes: np.ndarray, time: float) -> np.ndarray:
        """(3, 3) to the axes of the first frame's camera from those of this one's.

        They are as a lens of 55 degrees would have turned to see the same: `with_lens` tells the
        turns of others.

        Args:
            image: (H, W, 3) BGR, the next frame.
            boxes: (N, 4) of the people in it, in its pixels.
            time: seconds.
        """
        step = 0.0 if self._time is None else float(np.clip(time - self._time, 0, _LONGEST_STEP))
        self._time = time
        if self._moving or self._frames % _EVERY == 0:
            row = self._background.add(image, boxes)
            if row[5] == FOLLOWED:
                self._now = self._now @ matrix_of(row[:3]).T
                self._lens.append(row[6:8])
                self._missed.append(float(row[4]))
        self._frames += 1
        if self._moving:
            self._go_on(step)
        elif _degrees(self._at_rest.T @ self._now) > _LEAVES:
            self._moving = True
            self._behind = vector_of(self._at_rest @ self._now.T)
            self._quiet_from, self._quiet = self._now, 0.0
        else:
            little = vector_of(self._at_rest.T @ self._now)
            self._at_rest = self._at_rest @ matrix_of(little * (1 - np.exp(-step / _SETTLES)))
        return self.turn

    @property
    def turn(self) -> np.ndarray:
        """(3, 3), as `follow` returned it last."""
        if not self._moving:
            return self._believed
        return np.asarray(self._believed @ self._at_rest.T @ matrix_of(self._behind) @ self._now)

    @property
    def lens(self) -> tuple[float, float] | None:
        """The focal length in pixels that turns have shown, and its doubt, as a share."""
        if not self._lens or parted(np.array(self._missed)):
            return None
        return lens_shown(np.array(self._lens), self._size)

    def _go_on(self, step: float) -> None:
        """A moving camera: catch up with what was missed, and see whether it rests again."""
        self._behind = self._behind * np.exp(-step / _CATCHES_UP)
        if _degrees(self._quiet_from.T @ self._now) > _STAYS:
            self._quiet_from, self._quiet = self._now, 0.0
        else:
            self._quiet += step
        if self._quiet > _QUIET_SECONDS:
            self._believed, self._at_rest, self._moving = self.turn, self._now, False


def with_lens(turn: np.ndarray, size: tuple[int, int], focal: float) -> np.ndarray:
    """The turns (..., 3, 3) of a camera of this focal length, from those of one of 55 degrees.

    What goes through the picture is a smaller turn for a longer lens; a roll is a roll.
    """
    wider = focal_length(size, VIEW) / focal
    return matrix_of(vector_of(turn) * [wider, wider, 1.0])


def _degrees(matrix: np.ndarray) -> float:
    """How far a rotation turns."""
    return float(np.degrees(np.linalg.norm(vector_of(matrix))))
