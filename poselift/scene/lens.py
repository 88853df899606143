"""What people tell about a camera's lens that does not depend on how the camera is held."""

from __future__ import annotations

import numpy as np

from poselift.scene.balance import ANKLES
from poselift.scene.rays import Sight
from poselift.scene.smoothing import blurred
from poselift.scene.subject import RATE, Subject, means_by_piece


def lens_cost(person: Subject, sight: Sight, focal: float, centre: np.ndarray) -> float:
    """Minus twice the log likelihood of a focal length, by one person."""
    return (
        _ways(person, sight)
        + _fits_picture(person, sight, focal, centre)
        + _perspective(person, sight)
    )


#: Ankles of planted feet roll on: feet walk this much further than their ankles rest.
_ROLLS = 1.22
_INERTIA = 0.15  # seconds


def _ways(person: Subject, sight: Sight) -> float:
    """How badly the way that the size tells fits the way that the feet walk.

    Feet that rest push the body on: their way does not depend on the focal length, while the way
    away from the camera that the size tells grows with it. Not so where the camera goes along.
    """
    if len(person.rows) < 12 or person.carried:
        return 0.0
    ankles = sight.pose[:, ANKLES]
    rest = person.planted[1:] * person.planted[:-1] + 1e-4
    sure = rest.sum(axis=1)[:, None]
    step = -(np.diff(ankles, axis=0) * rest[..., None]).sum(axis=1)
    # Who flies goes on as before.
    step = blurred(step, _INERTIA * RATE) / blurred(sure, _INERTIA * RATE)
    walked = np.vstack([np.zeros(3), np.cumsum(step, axis=0)]) * _ROLLS
    (told, walked_mean), total = means_by_piece(person.piece, sight.trust > 0, sight.root, walked)
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
    passing = (1 - _LASTING_DOUBT) / len(np.unique(person.piece[seen]))
    return off**2 / (doubt * (_LASTING_DOUBT + passing) + (_SIZE_DOUBT * close) ** 2)
