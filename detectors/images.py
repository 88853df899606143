"""Any picture array to the BGR bytes that the detectors take."""

from __future__ import annotations

from typing import Any

import numpy as np

from poselift.errors import PoseliftError


def as_bgr(image: Any) -> np.ndarray:
    """The picture as (H, W, 3) BGR uint8; one that is that already comes back as it is.

    Taken: one channel (grey), three (BGR) or four (BGRA, the alpha is dropped); uint8; uint16 by
    its full range, other integers too where something is above 255; bool; and floats in 0..1 (or
    in 0..255, where something is above 1). What is not a number becomes black.

    >>> as_bgr(np.full((4, 6), 65535, np.uint16))[0, 0].tolist()
    [255, 255, 255]
    """
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise PoseliftError(
            f"A picture must be (height, width) or (height, width, 1, 3 or 4), got {array.shape}.",
            "Give pictures as NumPy arrays in BGR order, as cv2.imread returns them.",
        )
    array = _as_bytes(array[..., :3] if array.shape[2] == 4 else array)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return np.ascontiguousarray(array)


def _as_bytes(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if np.issubdtype(array.dtype, np.integer):
        if array.dtype != np.uint16 and array.max() <= 255:
            return np.clip(array, 0, None).astype(np.uint8)
        top = np.iinfo(array.dtype).max
        return (np.clip(array, 0, None).astype(np.float64) * (255 / top)).round().astype(np.uint8)
    if np.issubdtype(array.dtype, np.floating):
        finite = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        scale = 255.0 if finite.max() <= 1.0 else 1.0
        return np.clip(finite * scale, 0, 255).round().astype(np.uint8)
    raise PoseliftError(
        f"A picture of {array.dtype} cannot be read.", "Give uint8, uint16 or float pixels."
    )
