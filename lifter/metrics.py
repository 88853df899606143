"""How far a lifted motion is from the truth: the field's measures, in NumPy.

Predictions and truths are (..., J, 3), (T, 17, 3) for a clip, in one unit; errors come back in
that unit. Nothing is centred here: subtract the pelvis first (`root_relative`) where the protocol
asks for it, as all of Human3.6M's do.
"""

from __future__ import annotations

import numpy as np

from poselift.errors import PoseliftError

#: 3DHP's threshold for a joint that counts as found, in metres.
PCK_THRESHOLD = 0.15


def root_relative(poses: np.ndarray, root: int = 0) -> np.ndarray:
    """Poses (..., J, 3) with their root joint at the origin."""
    poses = np.asarray(poses)
    return poses - poses[..., root : root + 1, :]


def joint_errors(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The distance of every joint from its true place: (..., J, 3) twice to (..., J)."""
    predicted, truth = _pair(predicted, truth)
    return np.linalg.norm(predicted - truth, axis=-1)


def mpjpe(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean per-joint position error (protocol 1).

    >>> mpjpe(np.zeros((2, 17, 3)), np.full((2, 17, 3), [3.0, 0.0, 4.0]))
    5.0
    """
    return float(joint_errors(predicted, truth).mean())


def p_mpjpe(predicted: np.ndarray, truth: np.ndarray) -> float:
    """MPJPE after each frame's best rotation, translation and scale (protocol 2)."""
    return mpjpe(procrustes(predicted, truth), truth)


def n_mpjpe(predicted: np.ndarray, truth: np.ndarray) -> float:
    """MPJPE after each frame's best scale."""
    return mpjpe(best_scale(predicted, truth), truth)


def mpjve(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean per-joint velocity error (protocol 3), a frame: (..., T, J, 3) with T of 2 or more."""
    predicted, truth = _pair(predicted, truth)
    if predicted.ndim < 3 or predicted.shape[-3] < 2:
        raise PoseliftError(
            f"A velocity needs two frames or more: expected (..., T, J, 3), got {truth.shape}.",
            "Leave single frames out of MPJVE.",
        )
    return mpjpe(np.diff(predicted, axis=-3), np.diff(truth, axis=-3))


def pck(predicted: np.ndarray, truth: np.ndarray, threshold: float = PCK_THRESHOLD) -> float:
    """The share of joints closer than `threshold` to their true place, 0..1."""
    return float((joint_errors(predicted, truth) < threshold).mean())


def auc(predicted: np.ndarray, truth: np.ndarray, threshold: float = PCK_THRESHOLD) -> float:
    """The mean of `pck` over 31 even thresholds from 0 to `threshold`, as 3DHP does it, 0..1."""
    errors = joint_errors(predicted, truth)
    return float(np.mean([(errors < limit).mean() for limit in np.linspace(0, threshold, 31)]))


def best_scale(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """`predicted` with each frame scaled about the origin to fit `truth` best."""
    predicted, truth = _pair(predicted, truth)
    squares = np.square(predicted).sum(axis=(-2, -1), keepdims=True)
    products = (predicted * truth).sum(axis=(-2, -1), keepdims=True)
    return predicted * np.divide(products, squares, out=np.ones_like(squares), where=squares > 0)


def procrustes(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """`predicted` with each frame turned, moved and scaled to fit `truth` best; never mirrored.

    >>> pose = np.random.default_rng(0).normal(size=(1, 17, 3))
    >>> turned = 2 * pose @ np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]) + 5
    >>> bool(np.allclose(procrustes(turned, pose), pose))
    True
    """
    predicted, truth = _pair(predicted, truth)
    predicted_mean = predicted.mean(axis=-2, keepdims=True)
    truth_mean = truth.mean(axis=-2, keepdims=True)
    centred, goal = predicted - predicted_mean, truth - truth_mean
    u, strengths, vt = np.linalg.svd(np.swapaxes(centred, -1, -2) @ goal)
    # A reflection would fit better where the determinant is negative; a body cannot be reflected.
    sign = np.where(np.linalg.det(u @ vt) < 0, -1.0, 1.0)
    flip = np.ones_like(strengths)
    flip[..., -1] = sign
    rotation = (u * flip[..., None, :]) @ vt
    squares = np.square(centred).sum(axis=(-2, -1))
    best = np.divide(
        (strengths * flip).sum(-1), squares, out=np.ones_like(squares), where=squares > 0
    )
    return best[..., None, None] * centred @ rotation + truth_mean


def _pair(predicted: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64, refused unless they have the same shape (..., J, 3)."""
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if predicted.shape != truth.shape or predicted.ndim < 2 or predicted.shape[-1] != 3:
        raise PoseliftError(
            "A metric compares two arrays of one shape (..., J, 3): "
            f"got {predicted.shape} and {truth.shape}.",
            "Cut both to the same frames and joints.",
        )
    return predicted, truth
