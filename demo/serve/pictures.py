"""Pictures from a browser, whose size is known before they are decoded."""

from __future__ import annotations

import cv2
import numpy as np

from poselift.errors import PoseliftError

_HINT = "Send JPEG pictures of at most 4 million pixels."
#: Markers of JPEG frames that carry the size: all SOF but DHT, JPG and DAC.
_SIZED = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def jpeg_size(data: bytes | memoryview) -> tuple[int, int]:
    """(width, height) by the header of a JPEG; a `PoseliftError` where it is none."""
    at = 2
    if data[:2] != b"\xff\xd8":
        raise PoseliftError("This is no JPEG picture.", _HINT)
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker in _SIZED:
            height, width = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (5, 7))
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise PoseliftError("This JPEG picture has no size.", _HINT)


def decode_jpeg(data: bytes | memoryview, most: int) -> np.ndarray:
    """(H, W, 3) BGR uint8 of a JPEG with at most `most` pixels."""
    width, height = jpeg_size(data)
    if not 0 < width * height <= most:
        raise PoseliftError(f"A picture of {width} x {height} pixels is too large.", _HINT)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise PoseliftError("This JPEG picture is broken.", _HINT)
    return np.asarray(image, np.uint8)
