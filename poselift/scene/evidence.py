"""What the people of a clip say about its camera, gathered into pieces of half a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poselift.scene.balance import ANKLES, lines_of_balance
from poselift.scene.lens import lens_cost
from poselift.scene.rays import Sight, along_sight
from poselift.scene.subject import PIECE_SECONDS, RATE, Subject, means_by_piece

_LEAST_PLANTED = 0.35
#: A lifter takes cameras as more level than they are: the elevation of bodies is this too small,
#: that of the up that it tells a little less so.
SHRINKS, _TOLD_SHRINKS = 1.12, 1.08


@dataclass(frozen=True)
class Evidence:
    """Everything that counts at one focal length; N pieces with a line, M resting feet.

    Attributes:
        up: (N, 3) lines that point up, `up_ray` (N, 3) the lines of sight to their people,
            `up_sd` (N, 2) radians along and across the line of sight.
        foot: (M, 3) resting ankles in metres, `foot_person` (M,) whose they are,
            `foot_sd` (M,) metres.
        lens: minus twice the log likelihood of what does not depend on how the camera is held:
            people's ways, how their bodies fit the picture, how strong perspective looks.
    """

    up: np.ndarray
    up_ray: np.ndarray
    up_sd: np.ndarray
    foot: np.ndarray
    foot_person: np.ndarray
    foot_sd: np.ndarray
    lens: float


def gather(people: Sequence[Subject], focal: float, centre: np.ndarray) -> Evidence:
    """The evidence of everybody at one focal length."""
    ups, rays, up_sds, feet, owners, feet_sds = [], [], [], [], [], []
    lens = 0.0
    for number, person in enumerate(people):
        sight = person.look(focal, centre)
        up, ray, sd = _lines(person, sight)
        ups.append(up)
        rays.append(ray)
        up_sds.append(sd)
        foot, foot_sd = _resting(person, sight)
        feet.append(foot)
        feet_sds.append(foot_sd)
        owners.append(np.full(len(foot), number))
        lens += lens_cost(person, sight, focal, centre)
    return Evidence(
        np.concatenate(ups), np.concatenate(rays), np.concatenate(up_sds), np.concatenate(feet),
        np.concatenate(owners), np.concatenate(feet_sds), lens,
    )  # fmt: skip


#: Degrees by which one person's lines are off along and across the line of sight, however long
#: they are watched, and what a single piece is off beside that.
_LASTING, _PASSING = (4.5, 1.8), (3.5, 3.0)
#: By how much more they are off, in parts of that, where the feet are not seen.
_FEET_HIDDEN = np.array([0.8, 0.4])
_LOOKS = RATE * PIECE_SECONDS
#: Degrees: cameras rolled further, or looking further up, are somebody who does not stand; above
#: the steep ones a roll means nothing.
_MOST_ROLL, _MOST_UP, _STEEP = 50.0, -40.0, 70.0


def _lines(person: Subject, sight: Sight) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    up, sure = lines_of_balance(sight.pose, person.planted)
    up = _stretched(up, sight.ray, SHRINKS)
    if person.motion.up is not None:
        told, certain = _told(person, sight)
        told = _stretched(told, sight.ray, _TOLD_SHRINKS)
        up = up * sure[:, None] + told * certain[:, None]
        up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-9)
        sure = np.maximum(sure, certain)
    (mean, ray, hidden), total = means_by_piece(
        person.piece, sure, up, sight.ray, person.feet_hidden[:, None]
    )
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    usable = (total > 0.15) & _plausible(mean)
    mean, ray, total, hidden = (each[usable] for each in (mean, ray, total, hidden))
    count = max(len(mean), 1)
    doubt = np.sqrt(np.maximum(_LOOKS / total, 1.0))[:, None]
    # What lasts does not average out: each piece carries its share of it.
    sd = np.sqrt(count * np.square(_LASTING) + np.square(_PASSING))[None] * doubt
    sd *= 1 + hidden * _FEET_HIDDEN
    return mean, ray, np.radians(sd)


def _plausible(up: np.ndarray) -> np.ndarray:
    """(N,) whether a camera can be held so: not lying on its side, nor looking far up.

    What fails is somebody who lies, hangs or stands on their hands.
    """
    rolled = np.abs(np.arctan2(up[:, 0], -up[:, 1])) > np.radians(_MOST_ROLL)
    down = -up[:, 2] > np.sin(np.radians(_STEEP))
    return np.asarray((down | ~rolled) & (-up[:, 2] > np.sin(np.radians(_MOST_UP))))


def _told(person: Subject, sight: Sight) -> tuple[np.ndarray, np.ndarray]:
    """Up as the lifter says it, turned with the line of sight, and 0..1 how sure it is."""
    assert person.motion.up is not None
    up = along_sight(sight.ray, person.motion.up[person.rows], person.turn)
    certainty = person.motion.up_certainty
    if certainty is None:
        return up, np.ones(len(up))
    return up, np.clip(1 - 8 * (1 - certainty[person.rows]), 0.02, 1)


def _stretched(up: np.ndarray, ray: np.ndarray, shrinks: float) -> np.ndarray:
    """Lines with the elevation above the line of sight that the lifter took away."""
    along = np.clip((up * ray).sum(axis=1), -1, 1)
    across = up - along[:, None] * ray
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    more = np.clip(np.arcsin(along) * shrinks, -np.pi / 2, np.pi / 2)
    return np.asarray(np.cos(more)[:, None] * across + np.sin(more)[:, None] * ray)


#: Metres that a resting ankle may be above the floor, and the share of its distance by which its
#: depth is off.
_FOOT_SD, _DEPTH_SD = 0.025, 0.025


def _resting(person: Subject, sight: Sight) -> tuple[np.ndarray, np.ndarray]:
    """Mean places (M, 3) of ankles in the pieces in which they rest, and their doubts."""
    places, doubts = [], []
    for side, ankle in enumerate(ANKLES):
        sure = person.planted[:, side] * (sight.trust > 0)
        sure = np.where(person.planted[:, side] > _LEAST_PLANTED, sure, 0)
        place = sight.root + sight.pose[:, ankle]
        mean, _, total = _by_piece(person.piece, sure, place, sight.ray)
        places.append(mean[total > 0.8])
        doubts.append(1 / np.sqrt(np.clip(total[total > 0.8] / 3, 0.3, 1)))
    return np.concatenate(places), np.concatenate(doubts)


def _by_piece(
    piece: np.ndarray, sure: np.ndarray, values: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (mean, ray), total = means_by_piece(piece, sure, values, rays)
    return mean, ray, total
