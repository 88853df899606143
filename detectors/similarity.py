"""How alike two people of neighbouring frames are: by their joints and by their boxes."""

from __future__ import annotations

import numpy as np

from poselift.skeleton import FEET4, H36M17, feet_of, to_h36m
from poselift.types import Keypoints

#: How far each H36M-17 joint is placed apart by careful people, as a part of the person's size:
#: COCO's constants for the limbs, the hips' and shoulders' for the derived points of the trunk.
JOINT_SPREAD = np.array(
    [.107, .107, .087, .089, .107, .087, .089, .1, .079, .05, .05, .079, .072, .062, .079, .072,
     .062],
    np.float32,
)  # fmt: skip

#: The joints that a person's score is the mean of; the made ones repeat these.
LIMBS = tuple(sorted(H36M17.left + H36M17.right))

#: A joint with a lower score says nothing about where the person is.
SEEN = 0.1


def in_h36m(keypoints: Keypoints) -> Keypoints:
    """A frame's people in H36M-17; coordinates and scores that are not finite get score 0."""
    finite = np.isfinite(keypoints.xy).all(axis=-1) & np.isfinite(keypoints.score)
    xy = np.where(finite[..., None], keypoints.xy, 0)
    score = np.where(finite, np.clip(keypoints.score, 0, 1), 0)
    return Keypoints(*to_h36m(xy, score, keypoints.skeleton), H36M17)


def feet_in(keypoints: Keypoints) -> Keypoints | None:
    """A frame's heels and toes in FEET4, cleaned as by `in_h36m`; None where none are read."""
    feet = feet_of(keypoints.xy, keypoints.score, keypoints.skeleton)
    if feet is None:
        return None
    finite = np.isfinite(feet[0]).all(axis=-1) & np.isfinite(feet[1])
    xy = np.where(finite[..., None], feet[0], 0).astype(np.float32)
    score = np.where(finite, np.clip(feet[1], 0, 1), 0).astype(np.float32)
    return Keypoints(xy, score, FEET4)


def limb_score(joints: Keypoints) -> np.ndarray:
    """(N,) the mean score of the limbs of people in H36M-17."""
    mean: np.ndarray = joints.score[:, LIMBS].mean(axis=1)
    return mean


def person_size(xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The size of each person in pixels, (N, 17, 2), (N, 17) to (N,), at least 1.

    It is the larger of the box's geometric mean and half its longer side, so that an arm-thin
    silhouette seen from the side does not become a point.
    """
    boxes = keypoint_boxes(xy, score)
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    size = np.maximum(np.sqrt(width * height), 0.5 * np.maximum(width, height))
    return np.maximum(size, 1.0)


def keypoint_boxes(xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The smallest boxes around the seen joints, (N, 17, 2), (N, 17) to (N, 4); 0 where none is."""
    seen = (score > SEEN)[..., None]
    low = np.where(seen, xy, np.inf).min(axis=1, initial=np.inf)
    high = np.where(seen, xy, -np.inf).max(axis=1, initial=-np.inf)
    boxes = np.concatenate([low, high], axis=1)
    return np.where(np.isfinite(boxes).all(axis=1, keepdims=True), boxes, 0.0)


def box_overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of each box of `a` with each of `b`: (M, 4), (N, 4) to (M, N).

    >>> box_overlaps(np.array([[0.0, 0, 2, 2]]), np.array([[0.0, 0, 2, 1], [5, 5, 6, 6]])).tolist()
    [[0.5, 0.0]]
    """
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=-1)[:, None]
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=-1)[None]
    return shared / np.maximum(area_a + area_b - shared, 1e-9)


def pose_similarity(
    a_xy: np.ndarray,
    a_score: np.ndarray,
    b_xy: np.ndarray,
    b_score: np.ndarray,
    tolerance: float | np.ndarray = 1.0,
) -> np.ndarray:
    """Object keypoint similarity of each person of `a` with each of `b`, in H36M-17.

    Args:
        a_xy: (M, 17, 2) pixels; `a_score` (M, 17).
        a_score: scores; joints are weighed by the product of both persons' scores.
        b_xy: (N, 17, 2) pixels; `b_score` (N, 17).
        b_score: scores.
        tolerance: widens the spread of all joints, one number or (M,): 1 is COCO's own, which
            two labellers of one picture meet; people who move need more.

    Returns:
        (M, N) in 0..1; 0 where two people share no seen joint.
    """
    squared = ((a_xy[:, None] - b_xy[None]) ** 2).sum(axis=-1)  # (M, N, 17)
    size = np.sqrt(person_size(a_xy, a_score)[:, None] * person_size(b_xy, b_score)[None])
    spread = 2 * JOINT_SPREAD * np.reshape(tolerance, (-1, 1, 1)) * size[..., None]
    weight = np.where(a_score > SEEN, a_score, 0)[:, None] * np.where(b_score > SEEN, b_score, 0)
    total = weight.sum(axis=-1)
    alike = (weight * np.exp(-squared / (2 * spread**2))).sum(axis=-1)
    return alike / np.maximum(total, 1e-9)
