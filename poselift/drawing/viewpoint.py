"""Where the room is seen from: perspective, the named views, and framing a whole clip at once.

The world is z up; a person filmed from the front looks along -y, so the view `front` is that of
the camera that filmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from poselift import large
from poselift.drawing.views import CAMERA, TURNTABLE, VIEW_ANGLES, VIEWS
from poselift.errors import PoseliftError

TURN_SECONDS = 12.0  # one turn of the turntable
TURNTABLE_ELEVATION = 14.0
FIELD_OF_VIEW = 32.0  # degrees over the shorter side: close to how people look in photographs
BODY = 0.14  # metres of flesh around a joint, which must stay in view too
_CELL = 0.05  # metres: positions this close count as one when framing
_SMALLEST = np.array([1.3, 1.3, 1.75])  # metres: less motion than this is not looked at closer


@dataclass(frozen=True)
class Viewpoint:
    """A pinhole camera.

    Attributes:
        position: (3,) world metres.
        axes: (3, 3), rows right, down, forward.
        focal: pixels.
        centre: the pixel looked at straight ahead.
    """

    position: np.ndarray
    axes: np.ndarray
    focal: float
    centre: tuple[float, float]

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """World points (..., 3) to pixels (..., 2) and depths (...) in metres.

        What lies behind the camera is put just in front of it; its depth says so by being
        0.05 or less.
        """
        seen = (np.asarray(points, float) - self.position) @ self.axes.T
        depth = np.maximum(seen[..., 2], 0.05)
        return seen[..., :2] * (self.focal / depth)[..., None] + self.centre, depth

    def scale(self, depth: np.ndarray) -> np.ndarray:
        """Pixels that a metre takes at some depth."""
        return self.focal / depth


@dataclass(frozen=True)
class ViewPath:
    """A view of the room that was framed for a whole clip: one scale, one floor.

    Attributes:
        view: one of `views.VIEWS`.
        size: (width, height) of the picture.
        target: (3,) what the camera looks at, or past at a constant offset.
        offset: (right, down) metres from the target to the line of sight.
        distance: metres from the target's plane.
        lift: degrees that it is further up than its name says.
    """

    view: str
    size: tuple[int, int]
    target: np.ndarray
    offset: tuple[float, float]
    distance: float
    lift: float = 0.0

    @property
    def still(self) -> bool:
        """Whether the camera never moves."""
        return self.view != TURNTABLE

    def camera(self, time: float = 0.0, frame: int = 0) -> Viewpoint:
        """The camera at `time` seconds."""
        azimuth, elevation = view_angles(self.view, time)
        axes = view_axes(azimuth, elevation + self.lift)
        position = (
            self.target
            + axes[0] * self.offset[0]
            + axes[1] * self.offset[1]
            - axes[2] * self.distance
        )
        width, height = self.size
        return Viewpoint(position, axes, _focal(self.size), (width / 2, height / 2))


@dataclass(frozen=True)
class FilmedView:
    """The view of the camera that filmed, fitted into a picture of another size.

    Attributes:
        size: (width, height) of the picture.
        position: (T, 3) world metres of every frame; T is 1 where the camera stood still.
        axes: (T, 3, 3), rows right, down, forward.
        focal: (T,) pixels.
        centre: the pixel looked at straight ahead.
        target: (3,) the middle of what happens.
        distance: metres to it.
    """

    size: tuple[int, int]
    position: np.ndarray
    axes: np.ndarray
    focal: np.ndarray
    centre: tuple[float, float]
    target: np.ndarray
    distance: float
    view: str = CAMERA

    @property
    def still(self) -> bool:
        """Whether the camera never moves."""
        return len(self.axes) == 1

    def camera(self, time: float = 0.0, frame: int = 0) -> Viewpoint:
        """The camera of a frame; the last one after the clip's end."""
        row = min(max(frame, 0), len(self.axes) - 1)
        return Viewpoint(self.position[row], self.axes[row], float(self.focal[row]), self.centre)


def filmed_view(
    camera: Mapping[str, Any] | None, size: tuple[int, int], points: np.ndarray
) -> FilmedView:
    """The view of a clip's own camera, as `meta["camera"]` of a result describes it.

    The clip's whole picture is fitted into `size`, (width, height); `points` (..., 3) are where
    people are.
    """
    if not camera:
        raise PoseliftError(
            "This result does not know where its camera was.",
            f"Choose one of {', '.join(VIEWS)}; results of `poselift video` know it.",
        )
    axes = np.array(camera["rotation"], float).reshape(-1, 3, 3)  # (T, 3, 3), or (1, 3, 3)
    places = np.broadcast_to(np.array(camera["position"], float), (len(axes), 3))
    focals = np.broadcast_to(np.array(camera["focal"], float), len(axes))
    own = np.array(camera["size"], float)
    scale = float((np.array(size) / own).min())
    centre = (np.array(camera["centre"]) + 0.5 - own / 2) * scale + np.array(size) / 2 - 0.5
    flat = np.asarray(points, float).reshape(-1, 3)
    flat = flat[np.isfinite(flat).all(axis=1)]
    target = flat.mean(axis=0) if len(flat) else places[0] + 4 * axes[0, 2]
    distance = max(float(np.median(((target - places) * axes[:, 2]).sum(axis=1))), 0.5)
    middle = (float(centre[0]), float(centre[1]))
    return FilmedView(size, places, axes, focals * scale, middle, target, distance)


def view_angles(view: str, time: float = 0.0) -> tuple[float, float]:
    """Azimuth and elevation of a view in degrees; only the turntable's depend on time."""
    if view == TURNTABLE:
        return (25.0 + 360.0 * time / TURN_SECONDS) % 360.0, TURNTABLE_ELEVATION
    if view not in VIEW_ANGLES:
        raise PoseliftError(f"There is no view {view!r}.", f"Choose one of {', '.join(VIEWS)}.")
    return VIEW_ANGLES[view]


def view_axes(azimuth: float, elevation: float) -> np.ndarray:
    """The camera's right, down and forward (3, 3) for a place around the room, in degrees.

    >>> view_axes(0, 0).round(6) + 0.0
    array([[ 1.,  0.,  0.],
           [ 0.,  0., -1.],
           [ 0.,  1.,  0.]])
    """
    a, e = np.radians((azimuth, elevation))
    right = np.array([np.cos(a), np.sin(a), 0.0])
    forward = np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), -np.sin(e)])
    return np.stack([right, np.cross(forward, right), forward])


def frame_view(
    view: str,
    size: tuple[int, int],
    points: np.ndarray,
    margin: float = 0.1,
    foot: float = 0.06,
    lift: float = 0.0,
) -> ViewPath:
    """The closest place from which a view holds all the points, at every time.

    Args:
        view: one of `views.VIEWS`.
        size: (width, height) of the picture.
        points: (..., 3) world positions through the whole clip; rows with NaN are ignored.
        margin: the part of the picture that stays free at each edge.
        foot: what more stays free at the lower edge, for a caption.
        lift: degrees that the view is further up than its name says.
    """
    hull = _outline(points)
    middle = (hull.min(0) + hull.max(0)) / 2
    width, height = size
    half_x = width * (0.5 - margin) / _focal(size)
    half_y = height * (0.5 - margin - foot / 2) / _focal(size)
    if view == TURNTABLE:
        hull = middle + _swept(hull - middle)
    azimuth, elevation = view_angles(view)
    axes = view_axes(azimuth, elevation + lift)
    seen = (hull - middle) @ axes.T
    centre_x, far_x = _fit(seen[:, 0], seen[:, 2], half_x)
    centre_y, far_y = _fit(seen[:, 1], seen[:, 2], half_y)
    if view == TURNTABLE:
        centre_x, far_x = 0.0, float((np.abs(seen[:, 0]) / half_x - seen[:, 2]).max())
    distance = max(far_x, far_y, 0.5)
    # The free strip for the caption moves the picture up by half of it.
    centre_y += foot / 2 * height / _focal(size) * distance
    return ViewPath(view, size, middle, (centre_x, centre_y), distance, lift)


def _focal(size: tuple[int, int]) -> float:
    return min(size) / 2 / float(np.tan(np.radians(FIELD_OF_VIEW / 2)))


def outline(poses: np.ndarray) -> np.ndarray:
    """What frames a room as these poses (P, T, 17, 3) do; of many of them less than all."""
    if poses.nbytes <= large.LARGE:
        return poses
    cells = np.zeros((0, 3), np.int32)
    for block in large.blocks(poses.shape[1], poses):
        points = poses[:, block].reshape(-1, 3)
        points = points[np.isfinite(points).all(axis=-1)]
        here = np.round(points / _CELL).astype(np.int32)
        cells = np.unique(np.concatenate([cells, here]), axis=0)
    return cells * _CELL


def _outline(points: np.ndarray) -> np.ndarray:
    """The positions that matter to framing: few, each with some body around it."""
    points = np.asarray(points, float).reshape(-1, 3)
    points = points[np.isfinite(points).all(-1)]
    if len(points):
        points = np.unique(np.round(points / _CELL).astype(np.int32), axis=0) * _CELL
        low, high = points.min(0), points.max(0)
    else:
        points, low, high = np.zeros((0, 3)), np.zeros(3), np.zeros(3)
    low[2] = min(low[2], 0.0)
    middle, span = (low + high) / 2, np.maximum(high - low, _SMALLEST)
    low = np.append(middle[:2] - span[:2] / 2, low[2])
    high = np.append(middle[:2] + span[:2] / 2, low[2] + span[2])
    # A box of the smallest size, as a cross: its corners would push the camera away for nothing.
    middle = (low + high) / 2
    cross = np.array([[x, middle[1], z] for x in (low[0], high[0]) for z in (low[2], high[2])])
    cross_y = np.array([[middle[0], y, z] for y in (low[1], high[1]) for z in (low[2], high[2])])
    body = np.concatenate([np.eye(3), -np.eye(3)]) * BODY
    if len(points) > 20_000:  # a hall full of motion: its outline is enough
        points = points[_extreme(points)]
    flesh = (points[:, None] + body).reshape(-1, 3)
    return np.concatenate([flesh, cross, cross_y])


def _extreme(points: np.ndarray) -> np.ndarray:
    """Indices of the points that stick out furthest in many directions."""
    directions = np.random.default_rng(0).normal(size=(600, 3))
    return np.unique([int((points @ direction).argmax()) for direction in directions])


def _swept(points: np.ndarray, steps: int = 48) -> np.ndarray:
    """Everywhere that points come by on a turntable about the vertical axis."""
    rings = np.stack([np.hypot(points[:, 0], points[:, 1]), points[:, 2]], -1)
    rings = np.unique(np.ceil(rings / _CELL).astype(int), axis=0) * _CELL
    turn = np.arange(steps) * 2 * np.pi / steps
    x, y = np.outer(rings[:, 0], np.cos(turn)), np.outer(rings[:, 0], np.sin(turn))
    z = np.broadcast_to(rings[:, 1:], x.shape)
    return np.stack([x, y, z], -1).reshape(-1, 3)


def _fit(across: np.ndarray, depth: np.ndarray, half: float) -> tuple[float, float]:
    """Where to stand, sideways and back, so that |across - side| <= half * (depth + back)."""
    right = float((across - half * depth).max())
    left = float((-across - half * depth).max())
    return (right - left) / 2, (right + left) / (2 * half)
