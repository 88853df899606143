"""Where people's pelvises were: the smoothest ways that fit the picture, resting feet and gravity.

What is seen tells sideways sharply and the distance badly; a foot that rests tells how the body
moves over it and, with the floor, how far it is; who flies falls as everything does. All of it is
one linear least squares problem along time, banded and so solved in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from poselift.scene.smoothing import blurred

GRAVITY = 9.81
#: Standard deviations of one frame at 30 a second, in metres or as a share of the distance.
_SIDE_SD, _DEPTH_SHARE = 0.012, 0.14
#: By which share of the distance all of a way may be too near or too far. Without this a crouch
#: that was lifted too shallow pulls people nearer, as if they crouched that little and were there.
_WHOLE_SHARE = 0.015
_FLOOR_SD = 0.05
_STEP_SD = 0.012
#: Metres a second squared by which people speed up, across the line of sight and along it.
_SIDE_PUSH, _DEPTH_PUSH = 6.0, 1.6
_FLIGHT_SD = 0.8
_CALM_SECONDS = 0.02  # of a Gaussian over the way, which takes the keypoints' tremble off it
#: Who takes off or lands speeds up beyond that, for a moment on either side.
_PUSH_OFF, _PUSH_OFF_SECONDS = 20.0, 0.17


@dataclass
class Clues:
    """What is known of one person's way, in world axes, metres, T frames at `fps`.

    Attributes:
        seen: (T, 3) where the picture puts the pelvis; `trust` (T,) 0..1 how far to believe it.
        ray: (T, 3) unit line of sight, `distance` (T,) metres along it.
        foot: (T, 2, 3) ankles from the pelvis, `rest` (T, 2) 0..1 where they are planted.
        level: (T, 2) the height that each planted foot stands on; NaN where not known.
        fall: (T,) where the person flies; `swing` (T,) the height of the centre of mass above the
            pelvis, which may change in flight.
    """

    fps: float
    seen: np.ndarray
    trust: np.ndarray
    ray: np.ndarray
    distance: np.ndarray
    foot: np.ndarray
    rest: np.ndarray
    level: np.ndarray | None = None
    fall: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    swing: np.ndarray = field(default_factory=lambda: np.zeros(0))


def way(clues: Clues, rounds: int = 3) -> np.ndarray:
    """(T, 3) the most likely way; what disagrees by far with the rest loses its say."""
    count = len(clues.seen)
    if count == 1:
        return clues.seen.copy()
    believed = clues.trust.copy()
    path = clues.seen
    for _ in range(rounds):
        path = _solve(clues, believed)
        side, along = _apart(clues, path)
        usual = 2 * _SIDE_SD + 2 * np.median(side)
        far = 0.06 * clues.distance + 2 * np.median(np.abs(along))
        believed = clues.trust / (1 + (side / usual) ** 2 + (along / far) ** 2)
    return blurred(path, _CALM_SECONDS * clues.fps)


def _apart(clues: Clues, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) metres across and along the line of sight from what is seen."""
    off = path - clues.seen
    along = (off * clues.ray).sum(axis=1)
    return np.linalg.norm(off - along[:, None] * clues.ray, axis=1), along


def _solve(clues: Clues, believed: np.ndarray) -> np.ndarray:
    system = _Banded(len(clues.seen))
    rate = clues.fps / 30  # more frames a second are not more that is known
    eye = np.eye(3)
    sight = np.einsum("ta,tb->tab", clues.ray, clues.ray)
    depth_sd = _DEPTH_SHARE * clues.distance
    info = (eye - sight) / _SIDE_SD**2 + sight / np.square(depth_sd)[:, None, None]
    system.place(info * (believed / rate)[:, None, None], clues.seen)
    _add_steps(system, clues, rate)
    _add_floor(system, clues, rate)
    _add_push(system, clues, sight)
    nearer = clues.ray * (believed / np.maximum(clues.distance, 1e-6))[:, None]
    nearer /= max(float(believed.sum()), 1e-9) * _WHOLE_SHARE
    return system.solve(nearer, float((nearer * clues.seen).sum()))


def _add_steps(system: _Banded, clues: Clues, rate: float) -> None:
    """Planted feet stay: the pelvis moves over them."""
    for side in range(2):
        rest = clues.rest[1:, side] * clues.rest[:-1, side]
        move = -np.diff(clues.foot[:, side], axis=0)
        weight = rest * rate / _STEP_SD**2
        system.step(weight, move)


def _add_floor(system: _Banded, clues: Clues, rate: float) -> None:
    """Planted feet stand on what is under them."""
    if clues.level is None:
        return
    for side in range(2):
        known = np.isfinite(clues.level[:, side])
        wanted = np.zeros((len(known), 3))
        wanted[:, 2] = np.where(known, clues.level[:, side], 0) - clues.foot[:, side, 2]
        info = np.zeros((len(known), 3, 3))
        info[:, 2, 2] = np.where(known, clues.rest[:, side], 0) / _FLOOR_SD**2 / rate
        system.place(info, wanted)


def _add_push(system: _Banded, clues: Clues, sight: np.ndarray) -> None:
    """Nobody speeds up beyond measure; who flies is pulled by gravity alone."""
    if len(sight) < 3:
        return
    step = clues.fps**-2
    middle = sight[1:-1]
    # Sums over a second count alike at every rate.
    rate = clues.fps / 30
    info = (np.eye(3) - middle) / (_SIDE_PUSH * step) ** 2 + middle / (_DEPTH_PUSH * step) ** 2
    target = np.zeros((len(middle), 3))
    if clues.fall.any():
        flies = clues.fall[1:-1]
        near = _widened(clues.fall, round(_PUSH_OFF_SECONDS * clues.fps))[1:-1]
        free = np.where(near, _PUSH_OFF, _FLIGHT_SD)[:, None, None]
        loose = np.where(flies[:, None, None], np.eye(3) / (_FLIGHT_SD * step) ** 2,
                         np.eye(3) / (free * step) ** 2)  # fmt: skip
        info = np.where((flies | near)[:, None, None], loose, info)
        target[:, 2] = np.where(flies, -GRAVITY * step - np.diff(clues.swing, 2), 0)
    info = info / rate
    system.bend(info, target)


def _widened(flags: np.ndarray, by: int) -> np.ndarray:
    """The frames up to `by` before and after those that are flagged."""
    # Not "same", which is as long as the longer of the two.
    return np.convolve(flags, np.ones(2 * by + 1))[by : by + len(flags)] > 0.5


class _Banded:
    """Normal equations of T points in space whose terms reach two frames far."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.blocks = np.zeros((3, count, 3, 3))  # of frames (t, t), (t, t + 1), (t, t + 2)
        self.right = np.zeros((count, 3))
        self.blocks[0] += 1e-6 * np.eye(3)

    def place(self, info: np.ndarray, at: np.ndarray) -> None:
        """Points should be `at` (T, 3), with information (T, 3, 3)."""
        self.blocks[0] += info
        self.right += np.einsum("tab,tb->ta", info, at)

    def step(self, weight: np.ndarray, move: np.ndarray) -> None:
        """Points should move by `move` (T - 1, 3) to the next."""
        info = weight[:, None, None] * np.eye(3)
        pull = weight[:, None] * move
        self.blocks[0, 1:] += info
        self.blocks[0, :-1] += info
        self.blocks[1, :-1] -= info
        self.right[1:] += pull
        self.right[:-1] -= pull

    def bend(self, info: np.ndarray, target: np.ndarray) -> None:
        """Second differences should be `target` (T - 2, 3)."""
        pull = np.einsum("tab,tb->ta", info, target)
        for first, a in enumerate((1, -2, 1)):
            inside = slice(first, first + len(info))
            self.right[inside] += a * pull
            for second in range(first, 3):
                b = (1, -2, 1)[second]
                self.blocks[second - first, inside] += a * b * info

    def solve(self, line: np.ndarray, wanted: float) -> np.ndarray:
        """The points (T, 3), with one more term that is not banded: `line` (T, 3) times them all
        should be `wanted`, give or take 1.
        """
        from scipy.linalg import solveh_banded

        width = 9
        band = np.zeros((width, 3 * self.count))  # lower form: band[i - j, j] = A[i, j]
        for reach in range(3):
            blocks = self.blocks[reach, : self.count - reach]
            for a in range(3):  # A[3t + a, 3(t + reach) + b] = blocks[t, a, b]
                for b in range(3):
                    offset = 3 * reach + b - a
                    if offset < 0:
                        continue
                    column = 3 * np.arange(len(blocks)) + a
                    band[offset, column] = blocks[:, a, b]
        sides = np.stack([self.right.ravel(), line.ravel()], axis=1)
        free, pulled = solveh_banded(band, sides, lower=True, check_finite=False).T
        # Sherman and Morrison's formula for the term of rank one.
        off = (wanted - line.ravel() @ free) / (1 + line.ravel() @ pulled)
        return np.asarray(free + off * pulled).reshape(-1, 3)
