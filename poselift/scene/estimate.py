"""Finding the camera that a clip was filmed with, from everybody in it at once.

For each of some focal lengths the tilt, the roll, the height, the size of each person and the floor
under them are found by robust least squares: bodies in balance point up, feet that rest lie on one
floor, people are of a usual size. How well each focal length fits, with what is usual for cameras,
weighs it; the answer is the weighted mean, and its spread the uncertainty. Where people tell
little, what is usual for cameras remains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from poselift.scene.camera import tilt_and_roll, up_from
from poselift.scene.evidence import Evidence, gather
from poselift.scene.given import Given
from poselift.scene.planted import Moves
from poselift.scene.rays import FIELD_OF_VIEW, field_of_view, focal_length
from poselift.scene.residuals import USUAL_HEIGHT, USUAL_TILT, residuals
from poselift.scene.subject import subjects
from poselift.types import Motion

#: How lenses differ: the standard deviation of the logarithm of the tangent of half the angle.
_LENS_SPREAD = 0.4
#: What the fit of a lens counts among lenses, chosen so that the doubt is as large as the error.
_FIT_TELLS = 1.5
_GRID = np.geomspace(25.0, 95.0, 10)  # degrees across the longer side


@dataclass(frozen=True)
class Belief:
    """What is believed of a still camera (of the first frame of one that moves).

    Attributes:
        up: (3,) the world's up in the camera's axes.
        focal: pixels.
        height: metres above the floor.
        sizes: by the number of the motion, how large each person is against the nominal body.
        floors: likewise, metres that the floor under each person lies above the common one.
        sd: standard deviations of `tilt`, `roll`, `field_of_view` (degrees) and `height` (metres).
        pieces: of half a second in which somebody's balance told something.
        feet_seen: whether anybody's feet are seen at any time.
    """

    up: np.ndarray
    focal: float
    height: float
    sizes: dict[int, float]
    floors: dict[int, float]
    sd: dict[str, float]
    pieces: float
    feet_seen: bool = True


def believe(
    motions: Sequence[Motion],
    size: tuple[int, int],
    given: Given | None = None,
    moves: Moves | None = None,
    known_sizes: Mapping[int, float] | None = None,
    shown: tuple[float, float] | None = None,
) -> Belief:
    """The most likely camera of a clip with these people, in camera space as they were lifted.

    `known_sizes` are of people, by the number of their motion, against the lifted body; `shown` is
    the focal length that the background shows, and its doubt as a share.
    """
    search = Search(motions, size, given, moves, known_sizes, shown)
    while (belief := search.step()) is None:
        pass
    return belief


class Search:
    """The same in small steps, one field of view each, for those who have no time at once."""

    def __init__(
        self,
        motions: Sequence[Motion],
        size: tuple[int, int],
        given: Given | None = None,
        moves: Moves | None = None,
        known_sizes: Mapping[int, float] | None = None,
        shown: tuple[float, float] | None = None,
    ) -> None:
        self._given, self._size = given or Given(), size
        self._people = subjects(motions, moves)
        seen = {id(person.motion) for person in self._people}
        self._numbers = [i for i, motion in enumerate(motions) if id(motion) in seen]
        known = known_sizes or {}
        self._sizes = np.array([known.get(number, np.nan) for number in self._numbers])
        self._grid, self._shown = _GRID, shown
        if shown is not None:
            focal, doubt = shown
            near = focal * np.exp(doubt * np.linspace(2, -2, 7))
            self._grid = np.array([field_of_view(size, one) for one in near])
        if self._given.focal is not None:
            self._grid = np.array([field_of_view(size, self._given.focal)])
        self._fits: list[_Fit] = []
        self._lens: list[float] = []

    def step(self) -> Belief | None:
        """Try one more field of view; the belief when it was the last."""
        given, size, fits = self._given, self._size, self._fits
        centre = np.array(given.centre or (size[0] / 2, size[1] / 2), np.float64)
        focal = focal_length(size, self._grid[len(fits)])
        evidence = gather(self._people, focal, centre) if self._people else None
        fits.append(_fit(evidence, self._sizes, given, fits[-1] if fits else None))
        self._lens.append(0.0 if evidence is None else evidence.lens)
        if len(fits) < len(self._grid):
            return None
        grid = self._grid
        usual = (np.log(np.tan(np.radians(grid) / 2)) - _log_tan(FIELD_OF_VIEW)) / _LENS_SPREAD
        cost = _FIT_TELLS * np.array([fit.cost for fit in fits]) + np.array(self._lens)
        cost += np.square(usual)
        if self._shown is not None:
            focal, doubt = self._shown
            seen = np.log([focal_length(size, view) / focal for view in grid])
            cost += np.square(seen / doubt)
        chance = np.exp(-(cost - cost.min()) / 2)
        belief = _mean(self._numbers, size, grid, fits, chance / chance.sum(), given)
        hidden = all(person.feet_hidden.all() for person in self._people)
        return replace(belief, feet_seen=not hidden)


def _log_tan(degrees: float) -> float:
    return float(np.log(np.tan(np.radians(degrees) / 2)))


@dataclass(frozen=True)
class _Fit:
    up: np.ndarray
    height: float
    sizes: np.ndarray
    floors: np.ndarray
    cost: float
    covariance: np.ndarray  # (3, 3) of tilt, roll (radians) and height
    pieces: float


def _fit(evidence: Evidence | None, known: np.ndarray, given: Given, before: _Fit | None) -> _Fit:
    """Robust Gauss-Newton from a few starts, or from the last lens's answer; the cheapest."""
    starts = [up_from(USUAL_TILT, 0.0) if before is None else before.up]
    if evidence is not None and len(evidence.up):
        middle = _spherical_median(evidence.up, 1 / np.square(evidence.up_sd).sum(axis=1))
        starts.append(middle)
        if before is None:
            starts.append(up_from(tilt_and_roll(middle)[0], 0.0))
    fits = [_descend(evidence, known, start, given) for start in starts]
    return min(fits, key=lambda fit: fit.cost)


def _spherical_median(lines: np.ndarray, weight: np.ndarray) -> np.ndarray:
    middle = (lines * weight[:, None]).sum(axis=0)
    middle /= max(float(np.linalg.norm(middle)), 1e-9)
    for _ in range(15):
        far = np.maximum(np.linalg.norm(lines - middle, axis=1), 0.02)
        middle = (lines * (weight / far)[:, None]).sum(axis=0)
        middle /= max(float(np.linalg.norm(middle)), 1e-9)
    return middle


def _descend(evidence: Evidence | None, known: np.ndarray, up: np.ndarray, given: Given) -> _Fit:
    """From one start. The unknowns: tilt, roll, height, log sizes (P), floors (P)."""
    people = len(known)
    tilt, roll = np.radians(tilt_and_roll(up))
    x = np.concatenate([[tilt, roll, USUAL_HEIGHT], np.zeros(2 * people)])
    tied = _tied(given, known, x)
    if evidence is not None and len(evidence.foot):
        x[2] = np.clip(-np.median(evidence.foot @ up_from(*np.degrees(x[:2]))), 0.1, 30)
        tied = _tied(given, known, x)
    free = ~tied
    damp, cost, r, jacobian = 1e-3, np.inf, np.zeros(0), np.zeros((0, len(x)))
    step = np.zeros(len(x))
    for _ in range(30):
        trial = x + step
        new_r, new_jacobian, new_cost = residuals(evidence, people, trial)
        if new_cost <= cost:
            done = cost - new_cost < 1e-4
            x, r, jacobian, cost, damp = trial, new_r, new_jacobian, new_cost, max(damp / 4, 1e-6)
            if done:
                break
        else:
            damp *= 8
            if damp > 1e4:
                break
        part = jacobian[:, free]
        normal = part.T @ part
        step = np.zeros(len(x))
        step[free] = -np.linalg.solve(normal + damp * np.diag(np.diag(normal) + 1e-9), part.T @ r)
        step[:2] = np.clip(step[:2], -0.3, 0.3)
        step[2] = np.clip(step[2], -2.0, 2.0)
    normal = jacobian[:, free].T @ jacobian[:, free] + 1e-9 * np.eye(int(free.sum()))
    covariance = np.zeros((len(x), len(x)))
    covariance[np.ix_(free, free)] = np.linalg.inv(normal)
    pieces = 0.0 if evidence is None else float(len(evidence.up))
    up = up_from(*np.degrees(x[:2]))
    sizes, floors = np.exp(x[3 : 3 + people]), x[3 + people :]
    return _Fit(up, float(x[2]), sizes, floors, cost, covariance[:3, :3], pieces)


def _tied(given: Given, known: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Which unknowns were given; they are put into `x`."""
    tied = np.zeros(len(x), bool)
    for place, value, scale in (
        (0, given.tilt, np.pi / 180), (1, given.roll, np.pi / 180), (2, given.height, 1.0),
    ):  # fmt: skip
        if value is not None:
            x[place], tied[place] = value * scale, True
    told = np.isfinite(known)
    x[3 : 3 + len(known)][told] = np.log(known[told])
    tied[3 : 3 + len(known)] = told
    return tied


def _mean(
    numbers: Sequence[int],
    size: tuple[int, int],
    grid: np.ndarray,
    fits: list[_Fit],
    chance: np.ndarray,
    given: Given,
) -> Belief:
    """The mean over all focal lengths, and how far they disagree."""
    ups = np.stack([fit.up for fit in fits])
    up = (chance[:, None] * ups).sum(axis=0)
    up /= np.linalg.norm(up)
    log_tan = np.log(np.tan(np.radians(grid) / 2))
    lens = float(np.degrees(2 * np.arctan(np.exp(chance @ log_tan))))
    focal = given.focal if given.focal is not None else focal_length(size, lens)
    angles = np.array([tilt_and_roll(one) for one in ups])
    height = float(chance @ np.array([fit.height for fit in fits]))
    inner = np.stack([np.diag(fit.covariance) for fit in fits])
    sd_angle = np.sqrt(
        chance @ np.square(angles - chance @ angles)
        + np.square(np.degrees(1)) * chance @ inner[:, :2]
    )
    sd_height = np.sqrt(
        chance @ np.square([fit.height - height for fit in fits]) + chance @ inner[:, 2]
    )
    sd = {
        "tilt": float(sd_angle[0]),
        "roll": float(sd_angle[1]),
        "height": float(sd_height),
        "field_of_view": float(np.sqrt(chance @ np.square(grid - chance @ grid))),
    }
    best = chance[:, None]
    sizes = (best * np.stack([fit.sizes for fit in fits])).sum(axis=0)
    floors = (best * np.stack([fit.floors for fit in fits])).sum(axis=0)
    return Belief(
        up, float(focal), height,
        dict(zip(numbers, sizes.tolist(), strict=True)),
        dict(zip(numbers, floors.tolist(), strict=True)),
        sd, max(fit.pieces for fit in fits),
    )  # fmt: skip
