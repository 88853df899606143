"""A window on the screen, where there is a screen."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2
import numpy as np

_TRY_TO_OPEN = "import cv2; cv2.namedWindow('x', cv2.WINDOW_NORMAL); cv2.waitKey(1)"
_LONGEST_TRY = 20.0  # seconds; a display that does not answer


def has_display() -> bool:
    """Whether a window can be opened.

    Where it cannot, OpenCV's Qt ends the whole process. So another process tries.
    """
    if not sys.platform.startswith("linux"):
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        tried = subprocess.run(
            [sys.executable, "-c", _TRY_TO_OPEN], capture_output=True, timeout=_LONGEST_TRY
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


class PreviewWindow:
    """Shows pictures and hears keys."""

    def __init__(self, title: str) -> None:
        self._title = title
        # OpenCV's Qt complains of fonts that it does not need, once for every text it never draws.
        os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        self._sized = False

    def show(self, image: np.ndarray) -> str:
        """Show (H, W, 3) BGR; returns the key that was pressed, "q" if the window was closed."""
        if not self._sized:
            cv2.resizeWindow(self._title, image.shape[1], image.shape[0])
            self._sized = True
        cv2.imshow(self._title, image)
        return self.wait(1)

    def wait(self, milliseconds: int = 50) -> str:
        """Keep the picture a moment; returns the key that was pressed meanwhile."""
        code = cv2.waitKey(milliseconds) & 0xFF
        if cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1 or code == 27:
            return "q"
        return "" if code == 0xFF else chr(code)

    def close(self) -> None:
        """Close the window."""
        cv2.destroyWindow(self._title)
