"""Marks in the room besides the people: the paths they came, and the camera that filmed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from poselift.drawing.ground import FLOOR
from poselift.drawing.shapes import SHIFT, fixed
from poselift.drawing.style import Theme, accent, mix
from poselift.drawing.viewpoint import Viewpoint

SECONDS = 4.0  # that a trail lasts
_LEAST_WAY = 0.5  # metres: who stays on the spot leaves no trail
_STEPS = 12  # shades from old to new
_FRUSTUM = 0.55  # metres that the pyramid of a camera is long


def draw_trails(
    image: np.ndarray,
    trails: Sequence[np.ndarray],
    ids: Sequence[int] | np.ndarray,
    camera: Viewpoint,
    theme: Theme,
) -> None:
    """Draw each person's way (N, 3) on the floor, oldest first, in place."""
    for way, person in zip(trails, ids, strict=True):
        way = way[np.isfinite(way).all(axis=1)]
        if len(way) < 2 or np.ptp(way[:, :2], axis=0).max() < _LEAST_WAY:
            continue
        on_floor = np.column_stack([way[:, :2], np.full(len(way), FLOOR)])
        xy, depth = camera.project(on_floor)
        ahead = depth > 0.2
        pixels = fixed(xy)
        ends = np.linspace(0, len(way) - 1, min(_STEPS, len(way) - 1) + 1).astype(int)
        for number, (first, last) in enumerate(pairwise(ends)):
            if not ahead[first : last + 1].all():
                continue
            colour = mix(theme.floor, accent(int(person)), 0.85 * (number + 1) / len(ends))
            line = [pixels[first : last + 1]]
            cv2.polylines(image, line, False, colour, 2, cv2.LINE_AA, SHIFT)


def draw_filming_camera(
    image: np.ndarray, filmed: Mapping[str, Any], row: int, camera: Viewpoint, theme: Theme
) -> None:
    """Draw the camera that filmed as a pyramid, open towards what it saw in frame `row`."""
    rotation = np.asarray(filmed["rotation"], float)
    row = min(max(row, 0), len(rotation) - 1)
    width, height = filmed["size"]
    focal = float(np.asarray(filmed["focal"], float)[row])
    x, y = width / 2 / focal, height / 2 / focal
    corners = np.array([[-x, -y, 1], [x, -y, 1], [x, y, 1], [-x, y, 1]]) * _FRUSTUM
    eye = np.asarray(filmed["position"], float)[row]
    points = np.concatenate([eye[None], corners @ rotation[row] + eye])
    xy, depth = camera.project(points)
    if (depth < 0.2).any():
        return
    pixels = fixed(xy)
    lines = [pixels[[0, corner]] for corner in range(1, 5)]
    cv2.polylines(image, lines, False, theme.text_dim, 1, cv2.LINE_AA, SHIFT)
    cv2.polylines(image, [pixels[1:]], True, theme.text, 2, cv2.LINE_AA, SHIFT)


def moves(filmed: Mapping[str, Any] | None) -> bool:
    """Whether the camera of a result's `meta["camera"]` moved."""
    return filmed is not None and np.ndim(filmed["rotation"]) == 3
