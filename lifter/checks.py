"""What no clip, track or setting can be: refused with what is wrong and what to do."""

from __future__ import annotations

import numpy as np

from poselift import gaps
from poselift.errors import PoseliftError
from poselift.lifter.engine import WindowSettings
from poselift.reading import checked_rate
from poselift.types import Track


def checked_view(degrees: float) -> float:
    """A field of view, rejected if no camera has it."""
    if not 5 <= degrees <= 150:
        raise PoseliftError(
            f"A field of view of {degrees:g} degrees is not a camera's.",
            "Give degrees along the picture's longer side, 5 to 150; 55 if unknown.",
        )
    return float(degrees)


def check_picture(image_size: tuple[int, int], fps: float) -> None:
    """Reject sizes and rates that no clip has."""
    if len(image_size) != 2 or not all(np.isfinite(side) and side > 0 for side in image_size):
        raise PoseliftError(
            f"The picture's size must be (width, height) in pixels, got {image_size}.",
            "Both must be above 0.",
        )
    checked_rate(fps, "the clip")


def check_track(track: Track) -> None:
    """Reject tracks of nobody, and those with holes."""
    if len(track) == 0:
        raise PoseliftError(
            f"Track {track.id} is empty: expected one frame or more, got 0.", "Leave it out."
        )
    if (np.diff(track.frames) != 1).any():
        raise PoseliftError(
            f"Track {track.id} skips frames: expected consecutive frame numbers.",
            "Give a frame in which the person was not seen a row with score 0.",
        )
    if not gaps.seen_frames(track).any():
        raise PoseliftError(
            f"Track {track.id} was never seen: expected a score above 0 and a finite position "
            f"somewhere, got none in {len(track)} frames.",
            "Leave it out.",
        )


def check_settings(settings: WindowSettings) -> None:
    """Reject windows that cannot be cut."""
    if settings.overlap is not None and not 0 <= settings.overlap < 1:
        raise PoseliftError(
            f"The overlap of windows must be in 0..1, got {settings.overlap}.", "Use 0.5."
        )
    if settings.time_step < 1:
        raise PoseliftError(
            f"The time step must be 1 or more, got {settings.time_step}.", "Use 1, or 3 for FTCM."
        )
    if settings.join not in ("blend", "centre"):
        raise PoseliftError(
            f"Windows are joined by 'blend' or 'centre', got {settings.join!r}.", "Use 'blend'."
        )
