"""Soft shadows on the floor: dark and sharp where a body touches it, pale and wide above it."""

from __future__ import annotations

import cv2
import numpy as np

from poselift.drawing.ground import FLOOR
from poselift.drawing.viewpoint import Viewpoint
from poselift.skeleton import H36M17

_BONES = np.array(H36M17.bones)
_SHRINK = 4  # the shadow is blurred anyway: a quarter of the resolution is enough
_LEAN = np.array([0.16, 0.1])  # metres that a shadow moves aside for each metre of height


def cast_shadows(
    image: np.ndarray, poses: np.ndarray, alphas: np.ndarray, camera: Viewpoint, strength: float
) -> None:
    """Darken the floor under people: poses (P, 17, 3) without NaN, alphas (P,) in 0..1."""
    if not len(poses):
        return
    height, width = image.shape[:2]
    feet = poses.copy()
    feet[..., :2] += _LEAN * np.maximum(poses[..., 2:], 0)
    feet[..., 2] = FLOOR
    xy, depth = camera.project(feet)
    metre = camera.scale(depth)  # (P, 17)
    reach = 0.35 * float(metre.max())
    low = np.floor((xy.reshape(-1, 2).min(0) - reach) / _SHRINK).astype(int) * _SHRINK
    high = np.ceil((xy.reshape(-1, 2).max(0) + reach) / _SHRINK).astype(int) * _SHRINK
    low, high = np.maximum(low, 0), np.minimum(high, (width, height))
    if (high - low < _SHRINK).any():
        return
    columns, rows = np.ceil((high - low) / _SHRINK).astype(int)
    mask = np.zeros((rows, columns), np.uint8)
    pixels = (xy - low) / _SHRINK
    height_of = np.clip(poses[..., 2], 0, None)[:, _BONES].mean(-1)  # (P, bones)
    dark = 255 * alphas[:, None] * strength * np.exp(-1.05 * height_of)
    thick = (0.13 + 0.05 * height_of) * metre.mean(-1)[:, None] / _SHRINK
    ends = np.rint(pixels[:, _BONES] * 16).astype(int).reshape(-1, 2, 2).tolist()
    shades, widths = dark.ravel().tolist(), np.rint(np.clip(thick, 1, 255)).astype(int).ravel()
    for bone in np.argsort(dark, axis=None, kind="stable").tolist():  # the darkest last
        cv2.line(
            mask, ends[bone][0], ends[bone][1], shades[bone], int(widths[bone]), cv2.LINE_AA, 4
        )
    wide = float(np.clip(0.055 * metre.mean() / _SHRINK, 0.8, 12))
    mask = cv2.GaussianBlur(mask, (0, 0), wide)
    part = image[low[1] : high[1], low[0] : high[0]]
    keep = cv2.resize(255 - mask, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    part[:] = cv2.multiply(part, cv2.merge([keep, keep, keep]), scale=1 / 255)
