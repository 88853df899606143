"""The lens that a file tells of, as phones and cameras write it into videos and pictures."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path

#: Written by iPhones: the focal length for a picture as large as 35 mm film's, in millimetres.
_EQUIVALENT = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
#: The same in pictures (EXIF), and where their camera's data is.
_EXIF_EQUIVALENT, _EXIF_CAMERA = 0xA405, 0x8769
_FILM = math.hypot(36, 24)  # the diagonal of that picture
_SHORTEST, _LONGEST = 8.0, 400.0  # of a lens with which people are filmed


def told_focal(metadata: Mapping[str, str], size: tuple[int, int]) -> float | None:
    """The focal length in pixels of a video of this size, or None where the file says nothing.

    >>> key = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
    >>> round(told_focal({key: "26"}, (1920, 1080)))
    1324
    >>> told_focal({}, (1920, 1080))
    """
    return _in_pixels(metadata.get(_EQUIVALENT), size)


def pictures_focal(path: Path, size: tuple[int, int]) -> float | None:
    """The same of a picture: it is 0 or missing where the camera did not know."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of large pictures and damaged data, which is told as None
        try:
            with Image.open(path) as opened:
                camera = opened.getexif().get_ifd(_EXIF_CAMERA)
        except (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError):
            return None  # OpenCV reads pictures that Pillow does not
    return _in_pixels(camera.get(_EXIF_EQUIVALENT), size)


def _in_pixels(told: object, size: tuple[int, int]) -> float | None:
    try:
        equivalent = float(str(told))
    except ValueError:
        return None
    if not _SHORTEST <= equivalent <= _LONGEST:  # also refuses NaN
        return None
    return equivalent / _FILM * math.hypot(*size)
