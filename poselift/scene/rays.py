"""Lines of sight: which way pixels look, how poses turn with them, and how far people are.

A lifter sees a person cut out of the picture. It cannot know where in the picture they stood, so
its pose is the one seen along the optical axis; for the camera it has to be turned with the line of
sight to the person, by up to half of the field of view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Degrees across the longer side of the picture: between a telephone's main camera (about 65) and
#: a camcorder's usual zoom.
FIELD_OF_VIEW = 55.0
_NEAREST = 0.3  # metres: nobody is nearer to the camera
_ENOUGH = 4  # joints that must be seen for a frame to say anything
_MISS = 0.08  # metres: joints that fit worse than this lose their say
#: The trunk's joints are found best and pull hardest.
_PULL = np.ones(17)
_PULL[[0, 1, 4, 7, 8, 11, 14]] = 2.0


@dataclass(frozen=True)
class Sight:
    """What one person's joints say about a camera of some focal length.

    Attributes:
        pose: (T, 17, 3) metres from the pelvis, turned with the line of sight.
        root: (T, 3) where the pelvis was, in the same axes, frame by frame and not smoothed.
        trust: (T,) how far to trust its depth; 0 where nothing was seen.
        ray: (T, 3) unit vectors to the pelvis.
    """

    pose: np.ndarray
    root: np.ndarray
    trust: np.ndarray
    ray: np.ndarray


def focal_length(size: tuple[int, int], field_of_view: float = FIELD_OF_VIEW) -> float:
    """Pixels, for a picture of (width, height) and degrees across its longer side.

    >>> round(focal_length((1280, 720), 90))
    640
    """
    return 0.5 * max(size) / float(np.tan(np.radians(field_of_view) / 2))


def field_of_view(size: tuple[int, int], focal: float) -> float:
    """Degrees across the longer side, the inverse of `focal_length`."""
    return float(np.degrees(2 * np.arctan(max(size) / 2 / focal)))


def turn_to(rays: np.ndarray) -> np.ndarray:
    """(..., 3, 3) the rotations that take what is seen along each ray (..., 3) to the camera.

    The camera turns about its vertical and then nods, as lifters do: what is upright for a level
    camera stays so.

    >>> (turn_to(np.array([0.0, 0.0, 1.0])) + 0.0).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    x, y = rays[..., 0] / rays[..., 2], rays[..., 1] / rays[..., 2]
    flat, long = np.sqrt(1 + x * x), np.sqrt(1 + x * x + y * y)
    zero = np.zeros_like(x)
    rows = [
        1 / flat, -x * y / flat / long, x / long,
        zero, flat / long, y / long,
        -x / flat, -y / flat / long, 1 / long,
    ]  # fmt: skip
    return np.stack(rows, axis=-1).reshape(*rays.shape[:-1], 3, 3)


def along_sight(ray: np.ndarray, said: np.ndarray, turn: np.ndarray | None) -> np.ndarray:
    """Vectors (T, 3) that were said along the lines of sight, in the common axes of `ray` (T, 3).

    `turn` (T, 3, 3) leads to these from each frame's camera.
    """
    if turn is None:
        return np.asarray(np.einsum("tab,tb->ta", turn_to(ray), said))
    own = np.einsum("tba,tb->ta", turn, ray)
    return np.asarray(np.einsum("tab,tbc,tc->ta", turn, turn_to(own), said))


def as_turned(
    xy: np.ndarray,
    turn: np.ndarray,
    focal: float | np.ndarray,
    centre: np.ndarray,
    focal_then: float,
) -> np.ndarray:
    """Pixels (..., J, 2) as the same camera sees them with its axes turned.

    `turn` (..., 3, 3) leads to those axes, where its focal length is `focal_then`. What would be
    behind it is far off at the side.
    """
    focal = np.asarray(focal, np.float64)[..., None]
    rays = np.concatenate([xy - centre, np.ones((*xy.shape[:-1], 1))], axis=-1)
    rays[..., 2] *= focal
    turned = np.einsum("...ab,...jb->...ja", turn, rays)
    depth = np.maximum(turned[..., 2:], 0.1 * focal[..., None])
    return np.asarray(turned[..., :2] / depth * focal_then + centre)


def look(
    pose: np.ndarray,
    xy: np.ndarray,
    weight: np.ndarray,
    focal: float | np.ndarray,
    centre: np.ndarray,
    turn: np.ndarray | None = None,
) -> Sight:
    """Turn poses with their lines of sight and find where the pelvis was.

    Args:
        pose: (T, 17, 3) as lifted.
        xy: (T, 17, 2) pixels, finite.
        weight: (T, 17) how far to trust them, 0 where a joint was not seen.
        focal: pixels, or (T, 1, 1) where it changes.
        centre: (2,) the pixel on the optical axis.
        turn: (T, 3, 3) rotations from each frame's camera to common axes; None for a still camera.
    """
    rays = (xy - centre) / focal  # (T, 17, 2): x/z, y/z
    ahead = np.concatenate([rays[:, 0], np.ones((len(rays), 1))], axis=1)
    turned = pose @ turn_to(ahead).swapaxes(1, 2)
    depth, trust = depths(turned, rays, weight)
    root = np.concatenate([sides(turned, rays, weight, depth), depth[:, None]], axis=1)
    ray = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    if turn is not None:
        turned = turned @ turn.swapaxes(1, 2)
        root = np.einsum("tab,tb->ta", turn, root)
        ray = np.einsum("tab,tb->ta", turn, ray)
    return Sight(turned, root, trust, ray)


def joint_weights(xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(T, 17) weights of joints: their scores, 0 in frames in which too little was seen."""
    weight = np.array(np.where(np.isfinite(xy).all(axis=-1), score, 0), np.float64)
    few = np.sum(weight > 0.05, axis=1) < _ENOUGH
    return np.where(np.reshape(few, (-1, 1)), 0.0, weight)


def depths(
    points: np.ndarray, rays: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(T,) the depth at which each frame's bones project best, and (T,) how far to trust it.

    With the joint's place X + t and the ray u it fell on, X + tx - u (Z + tz) = 0 is linear in t:
    least squares over the joints, again with what fits badly weighed down.
    """
    target = rays * points[..., 2:] - points[..., :2]  # (T, 17, 2)
    found = weight.sum(axis=1) > 0
    weight = np.where(np.reshape(found, (-1, 1)), weight, 1.0)
    depth, trust = np.ones(len(points)), np.zeros(len(points))
    for _ in range(3):
        total = weight.sum(axis=1)[:, None]
        mean_ray = (weight[..., None] * rays).sum(axis=1) / total  # (T, 2)
        mean_target = (weight[..., None] * target).sum(axis=1) / total
        # tx and ty fall out when means are taken off; what is left is one unknown, tz.
        ray, aim = rays - mean_ray[:, None], target - mean_target[:, None]
        spread = (weight[..., None] * ray**2).sum(axis=(1, 2))
        depth = -(weight[..., None] * ray * aim).sum(axis=(1, 2)) / np.maximum(spread, 1e-9)
        depth = np.maximum(depth, _NEAREST)
        # An error of depth over depth goes with the error of the points over their spread.
        trust = spread * depth**2
        miss = np.linalg.norm(aim + ray * depth[:, None, None], axis=-1)  # metres
        weight = weight / (1 + (miss / _MISS) ** 2)
    return depth, np.where(found, trust, 0.0)


def sides(
    points: np.ndarray, rays: np.ndarray, weight: np.ndarray, depth: np.ndarray
) -> np.ndarray:
    """(T, 2) the x and y at which the joints project best, the depth given."""
    wanted = rays * (points[..., 2:] + depth[:, None, None]) - points[..., :2]
    weight = (np.where(weight.any(axis=1, keepdims=True), weight, 1.0) * _PULL)[..., None]
    middle = (weight * wanted).sum(axis=1) / weight.sum(axis=1)
    miss = np.linalg.norm(wanted - middle[:, None], axis=-1)[..., None]
    weight = weight / (1 + (miss / 0.1) ** 2)
    side: np.ndarray = (weight * wanted).sum(axis=1) / weight.sum(axis=1)
    return side
