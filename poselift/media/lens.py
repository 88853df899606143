"""The lens that a video file tells of, as phones write it."""

from __future__ import annotations

import math
from collections.abc import Mapping

#: Written by iPhones: the focal length for a picture as large as 35 mm film's, in millimetres.
_EQUIVALENT = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
_FILM = math.hypot(36, 24)  # the diagonal of that picture
_SHORTEST, _LONGEST = 8.0, 400.0  # of a lens with which people are filmed


def told_focal(metadata: Mapping[str, str], size: tuple[int, int]) -> float | None:
    """The focal length in pixels of pictures of this size, or None where the file says nothing.

    >>> key = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
    >>> round(told_focal({key: "26"}, (1920, 1080)))
    1324
    >>> told_focal({}, (1920, 1080))
    """
    try:
        equivalent = float(metadata.get(_EQUIVALENT, ""))
    except ValueError:
        return None
    if not _SHORTEST <= equivalent <= _LONGEST:  # also refuses NaN
        return None
    return equivalent / _FILM * math.hypot(*size)
