"""From heatmaps to joints: the published quarter-pixel rule, and DARK."""

from __future__ import annotations

import numpy as np


def peaks(heatmaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each heatmap is highest: (N, K, H, W) to (N, K, 2) int x, y and (N, K) heights."""
    count, joints, _, width = heatmaps.shape
    flat = heatmaps.reshape(count, joints, -1)
    best = flat.argmax(axis=2)
    height = np.take_along_axis(flat, best[..., None], axis=2)[..., 0]
    row, column = np.divmod(best, width)
    return np.stack([column, row], axis=-1), height


def decode_quarter(heatmaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The official rule: a quarter of a cell from the peak toward the higher neighbour.

    Args:
        heatmaps: (N, K, H, W).

    Returns:
        (N, K, 2) x, y in cells and (N, K) scores.

    >>> one = np.zeros((1, 1, 8, 8), np.float32)
    >>> one[0, 0, 3, 4], one[0, 0, 3, 5] = 1.0, 0.5
    >>> decode_quarter(one)[0].tolist()
    [[[4.25, 3.0]]]
    """
    cells, height = peaks(heatmaps)
    xy = cells.astype(np.float32)
    inside = _inside(cells, heatmaps.shape, 2, 1)
    around = _reader(heatmaps, cells, inside)
    slope = np.stack([around(1, 0) - around(-1, 0), around(0, 1) - around(0, -1)], axis=-1)
    xy += np.where(inside[..., None], np.sign(slope) * np.float32(0.25), 0)
    return _without_peaks(xy, height)


def decode_dark(heatmaps: np.ndarray, kernel: int = 11) -> tuple[np.ndarray, np.ndarray]:
    """DARK (Zhang et al., 2020): the top of the Gaussian that fits around the peak.

    At most a cell from the peak, and the peak itself where the map is no hill there: the official
    code, which asks neither, puts such joints anywhere.

    Args:
        heatmaps: (N, K, H, W).
        kernel: side of the blur, 11 for models of 256x192, 17 for 384x288.

    Returns:
        (N, K, 2) x, y in cells and (N, K) scores.
    """
    cells, height = peaks(heatmaps)
    xy = cells.astype(np.float32)
    logs = np.log(np.maximum(_blurred(heatmaps, kernel), 1e-10))
    inside = _inside(cells, heatmaps.shape, 2, 2)
    at = _reader(logs, cells, inside)
    dx, dy = (at(1, 0) - at(-1, 0)) / 2, (at(0, 1) - at(0, -1)) / 2
    dxx = (at(2, 0) - 2 * at(0, 0) + at(-2, 0)) / 4
    dyy = (at(0, 2) - 2 * at(0, 0) + at(0, -2)) / 4
    dxy = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    determinant = dxx * dyy - dxy**2
    # Where the map is no hill, the top of what fits is anywhere.
    solvable = inside & (determinant > 0) & (dxx < 0)
    safe = np.where(solvable, determinant, 1)
    step = np.stack([dxy * dy - dyy * dx, dxy * dx - dxx * dy], axis=-1) / safe[..., None]
    xy += np.where(solvable[..., None], np.clip(step, -1, 1), 0)
    return _without_peaks(xy, height)


def _inside(cells: np.ndarray, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
    """Which peaks have neighbours on all sides: (N, K)."""
    last = np.array([shape[3], shape[2]]) - 1 - high
    return np.all((cells >= low) & (cells <= last), axis=-1)


class _Reader:
    """The values beside the peaks; where a peak has no such neighbour, those of a place inside."""

    def __init__(self, maps: np.ndarray, cells: np.ndarray, inside: np.ndarray) -> None:
        self._maps = maps
        count, joints = cells.shape[:2]
        self._each = np.arange(count)[:, None], np.arange(joints)[None, :]
        self._cells = np.where(inside[..., None], cells, 2)
        self._last = maps.shape[3] - 1, maps.shape[2] - 1

    def __call__(self, right: int, down: int) -> np.ndarray:
        column = np.minimum(self._cells[..., 0] + right, self._last[0])
        row = np.minimum(self._cells[..., 1] + down, self._last[1])
        values: np.ndarray = self._maps[(*self._each, row, column)]
        return values


def _reader(maps: np.ndarray, cells: np.ndarray, inside: np.ndarray) -> _Reader:
    return _Reader(maps, cells, inside)


def _blurred(heatmaps: np.ndarray, kernel: int) -> np.ndarray:
    """Each map blurred with nothing beyond its edges, then as high as it was."""
    import cv2

    blurred = np.empty_like(heatmaps, np.float32)
    for index in np.ndindex(*heatmaps.shape[:2]):
        one = np.ascontiguousarray(heatmaps[index], np.float32)
        soft = cv2.GaussianBlur(one, (kernel, kernel), 0, borderType=cv2.BORDER_CONSTANT)
        blurred[index] = soft * (one.max() / max(float(soft.max()), 1e-12))
    return blurred


def _without_peaks(xy: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A map that is nowhere above 0 has no joint: the official code puts it at 0, 0."""
    xy[height <= 0] = 0
    return xy, np.clip(height, 0, 1).astype(np.float32)
