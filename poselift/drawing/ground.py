"""The room without people: a soft ground, a floor that fades out, and its grid."""

from __future__ import annotations

import cv2
import numpy as np

from poselift.drawing.following import FollowingView
from poselift.drawing.shapes import SHIFT, fixed
from poselift.drawing.style import Theme
from poselift.drawing.viewpoint import FilmedView, ViewPath, Viewpoint

_SHRUNK = 6  # times smaller: a floor that is made anew for every frame
FLOOR = -0.045  # metres: joints lie inside the leg, so the sole is below the lowest ankle


class Ground:
    """The picture behind the people, of one rig.

    Floor and ground are the same from every side of a turntable, so they are made once; the grid
    is drawn for each camera, and the whole is kept for as long as the camera stands still.
    """

    def __init__(
        self, rig: ViewPath | FollowingView | FilmedView, reach: float, theme: Theme
    ) -> None:
        """`reach` is how many metres around the target the motion goes."""
        self._rig, self._theme = rig, theme
        self._radius = reach * 1.15 + 1.2
        self._base, self._fade = self._make_base(rig.camera())
        self._ready: np.ndarray | None = None
        self._grid, self._step = self._grid_lines()

    def at(self, camera: Viewpoint, shift: np.ndarray) -> np.ndarray:
        """The picture for a camera of the rig whose target has gone `shift`; not to be changed."""
        if self._ready is None or not self._rig.still:
            if isinstance(self._rig, FilmedView) and not self._rig.still:
                self._base, self._fade = self._make_base(camera, _SHRUNK)
            self._ready = self._with_grid(camera, shift)
        return self._ready

    def _make_base(self, camera: Viewpoint, shrunk: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Floor and ground, and how strong the grid is; made `shrunk` times smaller where that
        has to be quick, as both are smooth.
        """
        width, height = (max(length // shrunk, 1) for length in self._rig.size)
        share = np.array((width, height)) / self._rig.size
        centre = (np.array(camera.centre) + 0.5) * share - 0.5
        x, y = (
            np.arange(width, dtype=np.float32)[None],
            np.arange(height, dtype=np.float32)[:, None],
        )
        across, down = (
            (at - middle) / (camera.focal * scale)
            for at, middle, scale in zip((x, y), centre, share, strict=True)
        )
        right, below, ahead = camera.axes.astype(np.float32)
        fall = across * right[2] + down * below[2] + ahead[2]
        # Along each line of sight to the floor; what looks above the horizon never gets there.
        far = np.where(fall < -1e-4, (FLOOR - camera.position[2]) / np.minimum(fall, -1e-4), np.inf)
        far = np.minimum(far, 1e4)
        away_x = camera.position[0] + far * (across * right[0] + down * below[0] + ahead[0])
        away_y = camera.position[1] + far * (across * right[1] + down * below[1] + ahead[1])
        away = np.hypot(away_x - self._rig.target[0], away_y - self._rig.target[1])
        near = np.clip(1 - away / self._radius, 0, 1)
        fade = (near * near * (3 - 2 * near)).astype(np.float32)  # smooth at both ends
        rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        sky = np.array(self._theme.top, np.float32) * (1 - rows) + rows * np.array(
            self._theme.bottom, np.float32
        )
        floor = np.array(self._theme.floor, np.float32)
        base = sky + (floor - sky) * fade[..., None]
        # A little noise hides the steps between neighbouring greys, which H.264 makes visible.
        noise = np.random.default_rng(7).random((height, width, 1), np.float32) - 0.5
        base = np.clip(np.rint(base + noise), 0, 255).astype(np.uint8)
        strength = np.rint(255 * np.minimum(fade * 1.6, 1)).astype(np.uint8)
        if shrunk > 1:
            return cv2.resize(base, self._rig.size), cv2.resize(strength, self._rig.size)
        return base, strength

    def _grid_lines(self) -> tuple[list[tuple[np.ndarray, bool]], float]:
        """World ends of the lines (N, 2, 3), whether each set is that of whole steps; the step."""
        step = 0.5
        while self._radius / step > 14:
            step *= 2
        count = int(np.ceil(self._radius / step))
        centre = np.round(self._rig.target[:2] / (2 * step)) * 2 * step
        sets: list[tuple[np.ndarray, bool]] = []
        for whole in (False, True):
            lines = []
            for i in range(-count, count + 1):
                if (i % 2 == 0) == whole:
                    lines += _crossing(centre, i * step, self._radius + step)
            sets.append((np.array(lines).reshape(-1, 2, 3), whole))
        return sets, step

    def _with_grid(self, camera: Viewpoint, shift: np.ndarray) -> np.ndarray:
        mask = np.zeros(self._base.shape[:2], np.uint8)
        # A view that goes along sees the same floor pass by: its lines, whole steps further on.
        gone = np.round(shift / (2 * self._step)) * 2 * self._step
        for ends, whole in self._grid:
            if len(ends):
                pixels = fixed(camera.project(_in_front(ends + gone, camera))[0])
                cv2.polylines(
                    mask, list(pixels), False, 255 if whole else 110, 1, cv2.LINE_AA, SHIFT
                )
        faded = cv2.multiply(mask, self._fade, scale=1 / 255)
        return _tint(self._base, np.asarray(faded), self._theme)


def _crossing(centre: np.ndarray, at: float, half: float) -> list[list[list[float]]]:
    x, y = float(centre[0]), float(centre[1])
    return [
        [[x + at, y - half, FLOOR], [x + at, y + half, FLOOR]],
        [[x - half, y + at, FLOOR], [x + half, y + at, FLOOR]],
    ]


def _in_front(ends: np.ndarray, camera: Viewpoint, near: float = 0.2) -> np.ndarray:
    """Lines (N, 2, 3) cut off where they pass behind the camera."""
    depth = (ends - camera.position) @ camera.axes[2]
    cut = ends.copy()
    for first, second in ((0, 1), (1, 0)):
        behind = (depth[:, first] < near) & (depth[:, second] > near)
        share = (near - depth[behind, first]) / (depth[behind, second] - depth[behind, first])
        cut[behind, first] += share[:, None] * (ends[behind, second] - ends[behind, first])
    return cut[(depth > near).any(1)]


def _tint(base: np.ndarray, mask: np.ndarray, theme: Theme) -> np.ndarray:
    """`base` with the grid's colour through the mask, as a sum: faster than blending."""
    change = np.array(theme.grid, float) - np.array(theme.floor, float)
    darker = cv2.merge([cv2.convertScaleAbs(mask, alpha=max(-c, 0) / 255) for c in change])
    if (change <= 0).all():
        return cv2.subtract(base, darker)
    lighter = cv2.merge([cv2.convertScaleAbs(mask, alpha=max(c, 0) / 255) for c in change])
    return cv2.subtract(cv2.add(base, lighter), darker)
