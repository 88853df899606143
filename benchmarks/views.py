"""Several calibrated cameras on one person: from 2D in each view to joints in space."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poselift.skeleton import H36M17

#: The joints that keypointers see; what is judged is these and the middle of the hips.
SEEN = (1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16)
_HIPS = (SEEN.index(1), SEEN.index(4))


@dataclass(frozen=True)
class View:
    """A camera: x = K (R X + t), metres; `lens` are OpenCV's first four distortion figures."""

    rotation: np.ndarray
    shift: np.ndarray
    matrix: np.ndarray
    lens: np.ndarray

    def undistort(self, points: np.ndarray) -> np.ndarray:
        """Pixels (..., 2) as an ideal lens of the same K would give them."""
        import cv2

        flat = np.ascontiguousarray(points.reshape(-1, 1, 2), np.float64)
        return cv2.undistortPoints(flat, self.matrix, self.lens, P=self.matrix).reshape(
            points.shape
        )

    def project(self, world: np.ndarray) -> np.ndarray:
        """World (..., 3) to undistorted pixels (..., 2)."""
        seen = (world @ self.rotation.T + self.shift) @ self.matrix.T
        return seen[..., :2] / seen[..., 2:]


def read_qualisys(path: Path) -> list[View]:
    """The cameras of a Qualisys calibration file as the pose2sim package ships it."""
    views = []
    for camera in ElementTree.parse(path).getroot().iter("camera"):
        place, lens = camera.find("transform"), camera.find("intrinsic")
        assert place is not None
        assert lens is not None
        turn = [[float(place.attrib[f"r{i}{j}"]) for j in "123"] for i in "123"]
        # Qualisys's cameras look along -z with y up.
        rotation = np.diag([1.0, -1.0, -1.0]) @ np.array(turn)
        where = np.array([float(place.attrib[axis]) for axis in "xyz"]) / 1000
        fu, fv, u, v = (
            float(lens.attrib[name]) / 64
            for name in ("focalLengthU", "focalLengthV", "centerPointU", "centerPointV")
        )
        names = ("radialDistortion1", "radialDistortion2", "tangentalDistortion1",
                 "tangentalDistortion2")  # fmt: skip
        views.append(View(
            rotation, -rotation @ where, np.array([[fu, 0, u], [0, fv, v], [0, 0, 1]]),
            np.array([float(lens.attrib[name]) for name in names]),
        ))  # fmt: skip
    return views


def triangulate(views: Sequence[View], points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Undistorted pixels (V, ..., 2) with weights (V, ...) to world points (..., 3)."""
    rows = []
    for view, xy, weight in zip(views, points, weights, strict=True):
        camera = view.matrix @ np.column_stack([view.rotation, view.shift])
        weight = weight[..., None] / view.matrix[0, 0]
        rows.append(weight * (xy[..., :1] * camera[2] - camera[0]))
        rows.append(weight * (xy[..., 1:] * camera[2] - camera[1]))
    _, _, turned = np.linalg.svd(np.stack(rows, axis=-2))
    world = turned[..., -1, :]
    return world[..., :3] / world[..., 3:]


def robust_triangulation(
    views: Sequence[View], points: np.ndarray, score: np.ndarray, pixels: float = 12.0
) -> tuple[np.ndarray, np.ndarray]:
    """World points and reprojection errors (V, ...); views that disagree lose their say."""
    weights = score
    for _ in range(6):
        world = triangulate(views, points, weights)
        errors = np.stack([
            np.linalg.norm(view.project(world) - xy, axis=-1)
            for view, xy in zip(views, points, strict=True)
        ])  # fmt: skip
        weights = score / (1 + (errors / pixels) ** 2)
    return world, errors


def refine(views: Sequence[View], points: np.ndarray, score: np.ndarray) -> list[View]:
    """Bundle adjustment: turn and shift the cameras until the 2D (V, T, J, 2) fits best."""
    from scipy.optimize import least_squares
    from scipy.sparse import lil_matrix
    from scipy.spatial.transform import Rotation

    count, frames, joints = score.shape
    world = triangulate(views, points, score)
    placed = [np.concatenate([Rotation.from_matrix(v.rotation).as_rotvec(), v.shift])
              for v in views]  # fmt: skip
    start = np.concatenate([*placed, world.ravel()])
    sure = (score > 0.3).astype(float)[..., None]
    cameras = 6 * count
    stiff = np.tile([20.0] * 3 + [5.0] * 3, count)  # keep near the calibration

    def moved(parameters: np.ndarray) -> list[View]:
        return [
            View(Rotation.from_rotvec(p[:3]).as_matrix(), p[3:], v.matrix, v.lens)
            for v, p in zip(views, parameters[:cameras].reshape(count, 6), strict=True)
        ]

    def residuals(parameters: np.ndarray) -> np.ndarray:
        space = parameters[cameras:].reshape(frames, joints, 3)
        off = [(v.project(space) - xy) * s
               for v, xy, s in zip(moved(parameters), points, sure, strict=True)]  # fmt: skip
        return np.concatenate([np.stack(off).ravel(), (parameters - start)[:cameras] * stiff])

    total = count * frames * joints * 2
    pattern = lil_matrix((total + cameras, len(start)), dtype=int)
    rows = np.arange(total).reshape(count, frames * joints, 2)
    for camera in range(count):
        for axis in range(2):
            mine = rows[camera, :, axis]
            pattern[mine[:, None], np.arange(6 * camera, 6 * camera + 6)] = 1
            for place in range(3):
                pattern[mine, cameras + 3 * np.arange(frames * joints) + place] = 1
    pattern[total + np.arange(cameras), np.arange(cameras)] = 1
    best = least_squares(residuals, start, jac_sparsity=pattern, loss="soft_l1", f_scale=5,
                         max_nfev=40, x_scale="jac")  # fmt: skip
    return moved(best.x)


def with_pelvis(world: np.ndarray) -> np.ndarray:
    """(T, 12, 3) of SEEN to (T, 13, 3): the middle of the hips first."""
    pelvis = world[:, list(_HIPS)].mean(axis=1, keepdims=True)
    return np.concatenate([pelvis, world], axis=1)


def judged_joints(pose: np.ndarray) -> np.ndarray:
    """(T, 17, 3) of H36M to the same 13 joints."""
    assert len(H36M17) == pose.shape[1]
    return with_pelvis(pose[:, list(SEEN)])
