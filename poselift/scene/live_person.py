"""One person of a live room: their way, the floor under them and their feet, frame by frame."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from poselift.scene.balance import ANKLES
from poselift.scene.bones import reach
from poselift.scene.planted import planted_by_both
from poselift.scene.rays import Sight, as_turned

#: Seconds over which what is seen replaces what was thought, along and across the line of sight.
_ALONG, _ACROSS = 0.6, 0.04
#: Metres per second: slower ankles are planted; a body that passes faster over a planted foot was
#: lifted wrong.
_SLOW, _FASTEST = 0.4, 7.0
#: Chances above which a foot is held where it stands, and below which it is let go.
_HOLD, _LET_GO = 0.5, 0.3
_FARTHEST = 0.12  # metres that a foot is moved
#: Seconds in which a held foot gives way to where it is seen, and in which one that was let go is
#: where it is seen again.
_GIVES, _FREED = 4.0, 0.08
#: Metres above the floor up to which a foot that stands is on it, and seconds in which the floor
#: comes up to it; in which it comes up to one that stands higher, as if on something, and to a body
#: of which no foot stands.
_STEP, _ONTO, _ONTO_OTHERS = 0.2, 0.25, 8.0
_NEW = 1.0  # seconds in which a person's floor is not yet known: whatever stands is on it
#: Seconds in which a body that is below the floor gets out of it, and frames that it must be.
_SINKS, _SUNK = 0.1, 3
#: Shares of the distance by which people's size misjudges it, and metres by which the floor's
#: height is off: whichever tells better where a standing foot is counts more.
_SIZE_TELLS, _FLOOR_TELLS = 0.035, 0.06
_DISAGREE = 0.25  # of the distance: further apart, the foot stands on something else


@dataclass
class Seen:
    """What is seen of a person in one frame.

    Attributes:
        sight: of the one frame, in metres of the person's own size.
        xy: (17, 2) pixels.
        metre: pixels that a metre takes.
        feet: (2,) bool, whether the ankles were seen.
        known: whether enough was seen to say where the person is.
        planted: (2,) chances that the feet stand, as the lifter says it; None if it does not.
        time: seconds.
    """

    sight: Sight
    xy: np.ndarray
    metre: float
    feet: np.ndarray
    known: bool
    planted: np.ndarray | None
    time: float


@dataclass
class PersonNow:
    """Where one person is, in the axes of the first frame's camera, whatever is believed of up.

    Attributes:
        size: against the lifted body.
        root: (3,) the pelvis; None before the first frame.
        floor: metres along `up` at which the floor under the person is.
        planted: (2,) chances that the right and the left foot stand.
    """

    size: float = 1.0
    root: np.ndarray | None = None
    floor: float = 0.0
    planted: np.ndarray = field(default_factory=lambda: np.zeros(2))
    _held: np.ndarray = field(default_factory=lambda: np.zeros(2, bool))
    _spot: np.ndarray = field(default_factory=lambda: np.zeros((2, 3)))
    _shift: np.ndarray = field(default_factory=lambda: np.zeros((2, 3)))
    _feet: np.ndarray = field(default_factory=lambda: np.zeros((2, 3)))
    _ankles: np.ndarray = field(default_factory=lambda: np.zeros((2, 2)))
    _speed: np.ndarray = field(default_factory=lambda: np.zeros(2))
    _below: deque[float] = field(default_factory=lambda: deque(maxlen=_SUNK))
    _since: float = 0.0
    _time: float = 0.0

    def turn(self, before: np.ndarray, after: np.ndarray, away: np.ndarray, larger: float) -> None:
        """The camera is believed to be held otherwise: up was `before` and is `after`.

        `away` (3, 3) takes places to where they are with another lens, and the person is `larger`.
        """
        self.size *= larger
        self._feet = self._feet * larger
        if self.root is None:
            return
        high = self.floor - float(before @ self.root)
        self.root, self._spot = larger * self.root @ away.T, larger * self._spot @ away.T
        self.floor = float(after @ self.root) + high * larger

    def picture_turned(self, step: np.ndarray, focal: float, centre: np.ndarray) -> None:
        """The camera turned: ankles that rest are elsewhere in the picture now.

        `step` (3, 3) leads from the axes of the frame before to those of the next.
        """
        self._ankles = as_turned(self._ankles, step, focal, centre, focal)

    def follow(self, seen: Seen, up: np.ndarray, camera_height: float | None) -> np.ndarray:
        """The body (17, 3) in the first camera's axes, after one more frame.

        `camera_height` is that above the common floor, None before it is known.
        """
        step = seen.time - self._time
        begins = self.root is None or not 0 < step < 1
        if begins:
            self.root, self._speed = seen.sight.root[0], np.full(2, 9.0)
        elif seen.known:
            self._judge_feet(seen, step)
            self._go_on(seen, step, up, camera_height)
        self._feet, self._ankles = seen.sight.pose[0, ANKLES], seen.xy[list(ANKLES)]
        self._time = seen.time
        body = self._hold_feet(seen.sight.pose[0] + self.root, float(np.clip(step, 0, 0.2)))
        heights = body @ up
        if begins:
            self.floor, self._since = float(heights.min()), seen.time
        else:
            self._find_floor(heights, step, camera_height)
        return body

    def _judge_feet(self, seen: Seen, step: float) -> None:
        moved = np.linalg.norm(seen.xy[list(ANKLES)] - self._ankles, axis=1)
        speed = moved / max(seen.metre, 1e-6) / step
        self._speed = self._speed + 0.5 * (speed - self._speed)
        self.planted = np.exp(-np.square(self._speed / _SLOW))
        if seen.planted is not None:
            self.planted = planted_by_both(seen.planted, self.planted, seen.feet)

    def _go_on(self, seen: Seen, step: float, up: np.ndarray, camera_height: float | None) -> None:
        """The pelvis: carried on by planted feet, corrected by what is seen."""
        assert self.root is not None
        feet, ray = seen.sight.pose[0, ANKLES], seen.sight.ray[0]
        moved = self._feet - feet
        carries = self.planted * (np.linalg.norm(moved, axis=1) < _FASTEST * step)
        carried = (carries[:, None] * moved).sum(axis=0)
        guess = self.root + carried / max(float(carries.sum()), 1.0)
        there = seen.sight.root[0]
        if camera_height is not None:
            there = there + self._onto_floor(there + feet, ray, up, camera_height) * ray
        off = there - guess
        along = (off @ ray) * ray
        self.root = (
            guess
            + (1 - np.exp(-step / _ALONG)) * along
            + (1 - np.exp(-step / _ACROSS)) * (off - along)
        )

    def _onto_floor(
        self, feet: np.ndarray, ray: np.ndarray, up: np.ndarray, camera_height: float
    ) -> float:
        """Metres along the line of sight towards where standing feet are on the floor."""
        slope = float(ray @ up)
        surest = int(np.argmax(self.planted))
        distance = float(np.linalg.norm(feet[surest]))
        off = -(float(feet[surest] @ up) + camera_height) * slope
        wanted = off / max(slope**2, 1e-6)
        if self.planted[surest] < _HOLD or abs(wanted) > _DISAGREE * distance:
            return 0.0
        by_size, by_floor = (_SIZE_TELLS * distance) ** 2, _FLOOR_TELLS**2
        # The floor is off by metres along `up`, which is more along a flat line of sight.
        return off * by_size / (slope**2 * by_size + by_floor)

    def _find_floor(self, heights: np.ndarray, step: float, camera_height: float | None) -> None:
        """Feet that stand are on the floor, and nothing is below it."""
        self._below.append(float(heights.min()) - self.floor)
        lowest = max(self._below)  # one bad reading sinks nothing
        if lowest < 0 and len(self._below) == _SUNK:
            self.floor += (1 - np.exp(-step / _SINKS)) * lowest
            return
        standing = self.planted > _HOLD
        above = float(heights[list(ANKLES)][standing].min(initial=np.inf)) - self.floor
        if not np.isfinite(above):
            above = max(lowest, 0.0)
        is_new = self._time - self._since < _NEW
        common = np.inf if camera_height is None else abs(self.floor + above + camera_height)
        on_it = standing.any() and (is_new or min(above, common) < _STEP)
        # A foot that was read too low by mistake is nothing that the floor comes down to.
        self.floor += (1 - np.exp(-step / (_ONTO if on_it else _ONTO_OTHERS))) * max(above, 0.0)

    def _hold_feet(self, body: np.ndarray, step: float) -> np.ndarray:
        """The body with the feet that stand where they stood, bent at the knees."""
        for side, ankle in enumerate(ANKLES):
            seen_at = body[ankle].copy()
            if not self._held[side]:
                self._spot[side] = seen_at + self._shift[side]
            self._held[side] = self.planted[side] > (_LET_GO if self._held[side] else _HOLD)
            if self._held[side]:
                self._spot[side] += (1 - np.exp(-step / _GIVES)) * (seen_at - self._spot[side])
                wanted = self._spot[side] - seen_at
                far = float(np.linalg.norm(wanted))
                self._shift[side] = wanted * min(1.0, _FARTHEST / max(far, 1e-9))
                self._spot[side] = seen_at + self._shift[side]
            else:
                self._shift[side] *= np.exp(-step / _FREED)
            if self._shift[side].any():
                body = reach(body[None], side, (seen_at + self._shift[side])[None])[0]
        return body
