"""The ways in which a clip can be shown; names only, so that `--help` loads no drawing."""

from __future__ import annotations

#: Degrees around the vertical axis (0 is the camera that filmed, positive to the picture's right)
#: and above the floor, for each view that stands still.
VIEW_ANGLES: dict[str, tuple[float, float]] = {
    "three-quarter": (38, 16),
    "front": (0, 6),
    "side": (90, 6),
    "back": (180, 6),
    "top": (0, 82),
}
TURNTABLE = "turntable"
VIEWS = (*VIEW_ANGLES, TURNTABLE)
LAYOUTS = ("side", "overlay", "3d")
#: From where the clip was filmed, and the solid bodies over the clip's own frames: only for results
#: that know their camera.
CAMERA, SOLID = "camera", "solid"
