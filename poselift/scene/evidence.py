"""What the people of a clip say about its camera, gathered into pieces of half a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poselift.scene.balance import (
    ANKLES,
    lines_of_balance,
)
from poselift.scene.planted import Moves, planted_feet
from poselift.scene.rays import Sight, joint_weights, look, turn_to
from poselift.scene.smoothing import blurred
from poselift.types import Motion

_RATE = 12.0  # looks a second: more says nothing new
_PIECE_SECONDS = 0.5
_MOST_PIECES = 40  # a person, so that an hour costs no more than half a minute
_LEAST_PLANTED = 0.35
#: A lifter takes cameras as more level than they are: the elevation of bodies is this too small,
#: that of the up that it tells a little less so.
SHRINKS, _TOLD_SHRINKS = 1.12, 1.08


@dataclass(frozen=True)
class Subject:
    """One person, ready to be looked at with any focal length; rows at `frames` of the clip."""

    motion: Motion
    rows: np.ndarray
    pose: np.ndarray
    xy: np.ndarray
    weight: np.ndarray
    planted: np.ndarray
    piece: np.ndarray
    turn: np.ndarray | None
    zoom: np.ndarray
    carried: bool

    def look(self, focal: float, centre: np.ndarray) -> Sight:
        """What is seen with this focal length (of the first frame, if it zooms)."""
        return look(
            self.pose, self.xy, self.weight, focal * self.zoom[:, None, None], centre, self.turn
        )


@dataclass(frozen=True)
class Evidence:
    """Everything that counts at one focal length; N pieces with a line, M resting feet.

    Attributes:
        up: (N, 3) lines that point up, `up_ray` (N, 3) the lines of sight to their people,
            `up_sd` (N, 2) radians along and across the line of sight.
        foot: (M, 3) resting ankles in metres, `foot_person` (M,) whose they are,
            `foot_sd` (M,) metres.
        lens: minus twice the log likelihood of people's ways and of how their bodies fit the
            picture, neither of which depends on how the camera is held.
    """

    up: np.ndarray
    up_ray: np.ndarray
    up_sd: np.ndarray
    foot: np.ndarray
    foot_person: np.ndarray
    foot_sd: np.ndarray
    lens: float


def subjects(motions: Sequence[Motion], moves: Moves | None = None) -> list[Subject]:
    """The people of a clip with as many looks as tell something new."""
    out = []
    for motion in motions:
        weight = joint_weights(motion.track.xy, motion.track.score)
        seen = np.flatnonzero(weight.any(axis=1))
        if not len(seen):
            continue
        step = max(round(motion.fps / _RATE), 1)
        xy = np.nan_to_num(motion.track.xy).astype(np.float64)
        planted = planted_feet(motion, weight, moves)
        rows = seen[seen % step == seen[0] % step]
        piece = (rows / (_PIECE_SECONDS * motion.fps)).astype(int)
        longer = max(int(np.ceil((len(np.unique(piece))) / _MOST_PIECES)), 1)
        frames = motion.track.frames[rows]
        turn = None if moves is None else moves.turn[frames]
        zoom = np.ones(len(rows)) if moves is None else moves.zoom[frames]
        out.append(
            Subject(
                motion, rows, motion.pose3d[rows].astype(np.float64), xy[rows], weight[rows],
                planted[rows], piece // longer, turn, zoom, moves is not None and moves.carried,
            )
        )  # fmt: skip
    return out


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
        lens += _ways(person, sight) + _fits_picture(person, sight, focal, centre)
        lens += _perspective(person, sight)
    return Evidence(
        np.concatenate(ups), np.concatenate(rays), np.concatenate(up_sds), np.concatenate(feet),
        np.concatenate(owners), np.concatenate(feet_sds), lens,
    )  # fmt: skip


#: Degrees by which one person's lines are off along and across the line of sight, however long
#: they are watched, and what a single piece is off beside that.
_LASTING, _PASSING = (4.5, 1.8), (3.5, 3.0)
_LOOKS = _RATE * _PIECE_SECONDS
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
    mean, ray, total = _by_piece(person.piece, sure, up, sight.ray)
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    usable = (total > 0.15) & _plausible(mean)
    mean, ray, total = mean[usable], ray[usable], total[usable]
    count = max(len(mean), 1)
    doubt = np.sqrt(np.maximum(_LOOKS / total, 1.0))[:, None]
    # What lasts does not average out: each piece carries its share of it.
    sd = np.sqrt(count * np.square(_LASTING) + np.square(_PASSING))[None] * doubt
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


def along_sight(ray: np.ndarray, said: np.ndarray, turn: np.ndarray | None) -> np.ndarray:
    """Vectors (T, 3) that were said along the lines of sight, in the common axes of `ray` (T, 3).

    `turn` (T, 3, 3) leads to these from each frame's camera.
    """
    if turn is None:
        return np.asarray(np.einsum("tab,tb->ta", turn_to(ray), said))
    own = np.einsum("tba,tb->ta", turn, ray)
    return np.asarray(np.einsum("tab,tbc,tc->ta", turn, turn_to(own), said))


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


def _ways(person: Subject, sight: Sight) -> float:
    """How badly the way that the size tells fits the way that the feet walk.

    Feet that rest push the body on: their way does not depend on the focal length, while the way
    away from the camera that the size tells grows with it.
    """
    if len(person.rows) < 12 or person.carried:
        return 0.0
    step = _steps_of_feet(person, sight) if USE_FEET else _steps_told(person, sight)
    walked = np.vstack([np.zeros(3), np.cumsum(step, axis=0)])
    (told, walked_mean), total = _means(person.piece, sight.trust > 0, sight.root, walked)
    good = total > 0.5
    if good.sum() < 3:
        return 0.0
    told, walked_mean = told[good], walked_mean[good]
    away = told.mean(axis=0) / np.linalg.norm(told.mean(axis=0))
    size, feet = (told - told.mean(axis=0)) @ away, (walked_mean - walked_mean.mean(axis=0)) @ away
    far = float(np.linalg.norm(told.mean(axis=0)))
    # Pieces of one walk are wrong together: their sum counts as little as one and a half.
    doubt = (0.03 * far) ** 2 + (0.17 * np.abs(feet)) ** 2 + 0.05**2
    return float(((size - feet) ** 2 / doubt).mean() * min(1.5, len(size) / 3))


def _steps_of_feet(person: Subject, sight: Sight) -> np.ndarray:
    ankles = sight.pose[:, ANKLES]
    rest = person.planted[1:] * person.planted[:-1] + 1e-4
    sure = rest.sum(axis=1)[:, None]
    step = -(np.diff(ankles, axis=0) * rest[..., None]).sum(axis=1)
    # Who flies goes on as before.
    return np.asarray(blurred(step, _INERTIA * _RATE) / blurred(sure, _INERTIA * _RATE) * _ROLLS)


def _steps_told(person: Subject, sight: Sight) -> np.ndarray:
    assert person.motion.velocity is not None
    speed = along_sight(sight.ray, person.motion.velocity[person.rows, :3], person.turn)
    seconds = np.minimum(np.diff(person.rows) / person.motion.fps, _LONGEST_GAP)
    return np.asarray((speed[1:] + speed[:-1]) / 2 * seconds[:, None])


USE_FEET = True
_LONGEST_GAP = 0.5
#: Ankles of planted feet roll on: feet walk this much further than their ankles rest.
_ROLLS = 1.22
_INERTIA = 0.15  # seconds


#: What a body's fit counts, for how many looks it counts fully, the metres by which joints fit, and
#: how much better wide lenses seem to fit than they do, as lifted bodies err.
_FIT, _FIT_LOOKS, _FIT_SD, _WIDE = 50.0, 24, 0.05, 0.01


def _fits_picture(person: Subject, sight: Sight, focal: float, centre: np.ndarray) -> float:
    """How badly the body fits the picture: from nearby, what is close to the camera looks large."""
    body = sight.pose + sight.root[:, None]
    if person.turn is not None:
        body = np.einsum("tba,tjb->tja", person.turn, body)
    depth = np.maximum(body[..., 2], 0.1)
    seen = (person.xy - centre) / (focal * person.zoom[:, None, None])
    off = np.linalg.norm(body[..., :2] / depth[..., None] - seen, axis=2) * depth[:, :1]
    total = float(person.weight.sum())
    if total <= 0:
        return 0.0
    cost = float((np.log1p(np.square(off / _FIT_SD)) * person.weight).sum() / total)
    fit = cost - _WIDE * float(np.log(focal))
    return _FIT * min(len(person.rows) / _FIT_LOOKS, 1.0) * fit


#: What the lifter was trained on: mean and standard deviation of 1 / metres. What it says leans
#: on that, and another clip's people may be anywhere.
_TRAINED_CLOSE, _TRAINED_SD = 0.35, 0.2
#: By how much closeness stays off, however long somebody is watched, as a share of what is doubted;
#: and the share of it by which the lifted body is too large or small.
_LASTING_DOUBT, _SIZE_DOUBT = 0.8, 0.06


def _perspective(person: Subject, sight: Sight) -> float:
    """How badly the distance at this focal length fits how strong perspective looks."""
    if person.motion.closeness is None:
        return 0.0
    said, sd = person.motion.closeness[person.rows].astype(np.float64).T
    seen = sight.trust > 0
    if not seen.any():
        return 0.0
    told = np.maximum(1 / np.square(sd) - 1 / _TRAINED_SD**2, 1e-3)
    alone = (said / np.square(sd) - _TRAINED_CLOSE / _TRAINED_SD**2) / told
    weight = told * seen
    here = 1 / np.linalg.norm(sight.root, axis=1)
    off = float((weight * (here - alone)).sum() / weight.sum())
    close = float((weight * here).sum() / weight.sum())
    doubt = 1 / float(weight[seen].mean())
    passing = max((1 - _LASTING_DOUBT) / len(np.unique(person.piece[seen])), 0.0)
    return off**2 / (doubt * (_LASTING_DOUBT + passing) + (_SIZE_DOUBT * close) ** 2)


def _by_piece(
    piece: np.ndarray, sure: np.ndarray, values: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (mean, ray), total = _means(piece, sure, values, rays)
    return mean, ray, total


def _means(
    piece: np.ndarray, sure: np.ndarray, *values: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Weighted means of (T, 3) values over each piece, and the total weight of each."""
    number = piece - piece.min()
    count = int(number.max()) + 1
    total = np.bincount(number, sure, count)
    means = []
    for value in values:
        sums = np.stack([np.bincount(number, sure * column, count) for column in value.T], axis=1)
        means.append(sums / np.maximum(total, 1e-9)[:, None])
    return means, total
