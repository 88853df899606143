"""Anti-aliased shapes with sub-pixel corners: capsules, hulls, and what is drawn half through."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from poselift.drawing.style import Colour

SHIFT = 4  # OpenCV's corners in sixteenths of a pixel
_LIMIT = 20_000.0  # corners beyond this many pixels would overflow OpenCV's fixed point
_ARC = np.linspace(0, 1, 9)


def capsules(a: np.ndarray, b: np.ndarray, ra: np.ndarray, rb: np.ndarray) -> np.ndarray:
    """Outlines of tapered capsules: circles of radius `ra` about `a` and `rb` about `b`, joined.

    a, b: (N, 2) pixels; ra, rb: (N,). Returns (N, 18, 2), convex.
    """
    along = b - a
    length = np.hypot(along[:, 0], along[:, 1])
    inside = length <= np.abs(ra - rb) + 1e-6  # one circle holds the other: only it is seen
    larger = np.maximum(ra, rb)
    first = np.where((inside & (rb > ra))[:, None], b, a)
    second = np.where(inside[:, None], first, b)
    ra, rb = np.where(inside, larger, ra), np.where(inside, larger, rb)
    base = np.arctan2(along[:, 1], along[:, 0])
    half = np.where(inside, np.pi / 2, np.arccos((ra - rb) / np.where(inside, np.inf, length)))
    back = base[:, None] + half[:, None] + _ARC * (2 * np.pi - 2 * half)[:, None]
    front = base[:, None] - half[:, None] + _ARC * (2 * half)[:, None]
    turn = np.concatenate([back, front], 1)  # (N, 18)
    radius = np.repeat(np.stack([ra, rb], 1), len(_ARC), 1)
    centre = np.repeat(np.stack([first, second], 1), len(_ARC), 1)
    centre[..., 0] += radius * np.cos(turn)
    centre[..., 1] += radius * np.sin(turn)
    return centre


def fixed(points: np.ndarray) -> np.ndarray:
    """Pixels as OpenCV's fixed-point integers."""
    return np.rint(np.clip(points, -_LIMIT, _LIMIT) * (1 << SHIFT)).astype(np.int32)


def fill(image: np.ndarray, corners: np.ndarray, colour: Colour) -> None:
    """Fill a convex shape given by `fixed` corners."""
    cv2.fillConvexPoly(image, corners, colour, cv2.LINE_AA, SHIFT)


def blended(
    image: np.ndarray, around: np.ndarray, alpha: float, draw: Callable[[np.ndarray], None]
) -> None:
    """Let `draw` paint on the image at an opacity.

    around: (N, 2) pixels that enclose what `draw` will touch; only that part is copied.
    """
    if alpha <= 0.01:
        return
    if alpha >= 0.99:
        draw(image)
        return
    height, width = image.shape[:2]
    low = np.clip(np.floor(around.min(0)) - 2, 0, (width, height)).astype(int)
    high = np.clip(np.ceil(around.max(0)) + 3, 0, (width, height)).astype(int)
    if (high <= low).any():
        return
    rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
    before = image[rows, columns].copy()
    draw(image)
    part = image[rows, columns]
    cv2.addWeighted(part, alpha, before, 1 - alpha, 0, dst=before)
    image[rows, columns] = before
