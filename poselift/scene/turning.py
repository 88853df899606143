"""The turn, zoom and lens of a camera that best explain where points of the background went.

Places are in the small picture's pixels from its middle, at the focal length of a lens of 55
degrees; turns are as that lens would see them, except where another is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Pixels: more is no turn, and with another lens may still be one.
_BAD_FIT, _ANY_FIT = 1.0, 2.5
_TURNED = 0.012  # radians from which a turn tells anything about the lens
#: How lenses differ: the standard deviation of the logarithm of their focal lengths, and the most.
_LENS_SPREAD, _WIDEST = 0.5, 1.0
_LENS_STEPS, _LEAST_MISS = 5, 0.1  # rounds of the fit; pixels


@dataclass(frozen=True)
class Lens:
    """What a turn tells about the lens.

    Attributes:
        missed: pixels that the best turn with any lens misses, in the median.
        longer: the logarithm of the focal length now over that of 55 degrees.
        sure: 1 / its variance.
    """

    missed: float
    longer: float
    sure: float


def fit_turn(
    before: np.ndarray, now: np.ndarray, focal: float, start: np.ndarray
) -> tuple[np.ndarray, float] | None:
    """(4,) turn (3) and log zoom that bring points (N, 2) to where they are `now`.

    And the pixels that it misses with a lens of 55 degrees. None where no turn explains it.
    """
    rays = np.concatenate([before, np.full((len(before), 1), focal)], axis=1) / focal
    place = now / focal
    turn, grown = matrix_of(start[:3]), float(start[3])
    for _ in range(8):
        off, slope = _misses(rays @ turn.T, place, np.exp(grown))
        weight = 1 / (1 + np.square(off * focal).sum(axis=1) / 0.5**2)
        part = (slope * np.sqrt(weight)[:, None, None]).reshape(-1, 4)
        pull = (off * np.sqrt(weight)[:, None]).ravel()
        step = np.linalg.solve(part.T @ part + 1e-9 * np.eye(4), part.T @ pull)
        turn, grown = matrix_of(step[:3]) @ turn, grown + float(step[3])
        if np.abs(step).max() < 1e-6:
            break
    off, _ = _misses(rays @ turn.T, place, np.exp(grown))
    missed = _median(off) * focal
    fit = np.append(vector_of(turn), grown)
    return (fit, missed) if missed < _ANY_FIT and abs(fit).max() < 1.5 else None


def fit_lens(
    before: np.ndarray, now: np.ndarray, focal: float, fit: np.ndarray, missed: float
) -> Lens | None:
    """The lens that explains a turn best, from `fit` on, which misses so much with 55 degrees.

    What goes by at the picture's sides goes faster than in its middle, the more the wider the lens.
    None where no turn with any lens explains it.
    """
    lens = Lens(missed, 0.0, 0.0)
    if np.linalg.norm(fit[:3]) > _TURNED:
        lens = _descend(before, now, focal, fit, missed)
    return lens if lens.missed < _BAD_FIT else None


def _descend(
    before: np.ndarray, now: np.ndarray, focal: float, fit: np.ndarray, missed: float
) -> Lens:
    seen, place = before / focal, now / focal
    turn, grown, lens = matrix_of(fit[:3]), float(fit[3]), 0.0
    prior = np.diag([0, 0, 0, 0, _LENS_SPREAD**-2])
    off, slope = _misses_with_lens(seen, turn, grown, lens, place)
    for _ in range(_LENS_STEPS):
        noise = max(missed, _LEAST_MISS) / focal
        weight = 1 / (1 + np.square(off).sum(axis=1) / (2 * noise) ** 2) / noise**2
        part = (slope * np.sqrt(weight)[:, None, None]).reshape(-1, 5)
        pull = (off * np.sqrt(weight)[:, None]).ravel()
        normal = part.T @ part + prior
        right = part.T @ pull - prior @ [0, 0, 0, 0, lens]
        step = np.linalg.solve(normal + 1e-6 * np.eye(5), right)
        turn, grown = matrix_of(step[:3]) @ turn, grown + float(step[3])
        lens = float(np.clip(lens + np.clip(step[4], -0.3, 0.3), -_WIDEST, _WIDEST))
        off, slope = _misses_with_lens(seen, turn, grown, lens, place)
        missed = min(missed, _median(off) * focal)
    variance = float(np.linalg.inv(normal)[4, 4])
    return Lens(missed, lens + grown, max(1 / variance - _LENS_SPREAD**-2, 0.0))


def between(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The step (4,) that leads from one fit to another."""
    turn = vector_of(matrix_of(after[:3]) @ matrix_of(before[:3]).T)
    return np.append(turn, after[3] - before[3])


def matrix_of(turn: np.ndarray) -> np.ndarray:
    """(3, 3) of a rotation vector."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(turn).as_matrix())


def vector_of(turn: np.ndarray) -> np.ndarray:
    """(3,) of a rotation matrix."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_matrix(turn).as_rotvec())


def _median(off: np.ndarray) -> float:
    return float(np.median(np.linalg.norm(off, axis=1)))


def _misses(seen: np.ndarray, place: np.ndarray, zoom: float) -> tuple[np.ndarray, np.ndarray]:
    """How far points (N, 3) are from where they were found (N, 2), at a focal length of one.

    Also the derivatives (N, 2, 4) of where they fall, by a further turn and by log zoom.
    """
    depth = np.maximum(seen[:, 2], 1e-3)
    x, y = seen[:, 0] / depth, seen[:, 1] / depth
    slope = np.empty((len(seen), 2, 4))
    slope[:, 0] = np.stack([-x * y, 1 + x * x, -y, x], axis=1)
    slope[:, 1] = np.stack([-1 - y * y, x * y, x, y], axis=1)
    return place - zoom * np.stack([x, y], axis=1), slope * zoom


def _misses_with_lens(
    seen: np.ndarray, turn: np.ndarray, grown: float, lens: float, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """As `_misses`, of points (N, 2) as seen by a lens that is exp(`lens`) times as long.

    The last of the derivatives (N, 2, 5) is by `lens`.
    """
    wide = float(np.exp(-lens))
    moved = seen * wide @ turn[:, :2].T  # what of the rays depends on the lens
    rays = moved + turn[:, 2]
    zoom = float(np.exp(grown)) / wide
    off, slope = _misses(rays, place, zoom)
    depth = np.maximum(rays[:, 2:], 1e-3)
    flat = rays[:, :2] / depth
    by_lens = zoom * (flat - (moved[:, :2] - flat * moved[:, 2:]) / depth)
    return off, np.concatenate([slope, by_lens[..., None]], axis=2)
