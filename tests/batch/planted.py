"""Small videos whose size says what happens to the process that looks at them, and fast parts."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from poselift.skeleton import H36M17
from poselift.types import Keypoints, Motion, People, Track
from tests.live_parts import STANDING

HEIGHT = 64
#: Widths of pictures, and what happens.
FINE, CRASH, HANG, HOG, BUG, FULL, SLOW = 64, 80, 96, 112, 128, 144, 160


def video(path: Path, width: int = FINE, frames: int = 4) -> Path:
    """A gray video of this width."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (width, HEIGHT))
    for level in range(frames):
        writer.write(np.full((HEIGHT, width, 3), 60 + level, np.uint8))
    writer.release()
    return path


class Detector:
    """Finds one person, unless the width of the picture says something else."""

    name = "planted"

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        width = images[0].shape[1]
        if width in _PLANTED:
            _PLANTED[width]()
        boxes = np.array([[10, 5, 54, 60]], np.float32)
        return [People(boxes, np.ones(1, np.float32)) for _ in images]


class Pose:
    """Reads somebody who stands."""

    name = "planted"
    skeleton = H36M17

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        body = STANDING * np.float32(50) + np.array([32, 32], np.float32)
        return [
            Keypoints(np.repeat(body[None], len(found), 0), np.full((len(found), 17), 0.9), H36M17)
            for found in people
        ]


class Lifter:
    """Pixels become hundredths of a metre."""

    name = "planted"

    def __call__(
        self,
        tracks: Sequence[Track],
        *,
        image_size: tuple[int, int],
        fps: float,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Motion]:
        return [self._lifted(track, fps) for track in tracks]

    def _lifted(self, track: Track, fps: float) -> Motion:
        flat = (track.xy - track.xy[:, :1]) / 100
        pose = np.concatenate([flat, np.zeros_like(flat[..., :1])], axis=-1)
        return Motion(track, pose, fps, self.name, np.zeros(len(track), bool))


class NoLifter(Lifter):
    """Kills the process that loads it."""

    def __setstate__(self, state: object) -> None:
        os._exit(7)

    def __getstate__(self) -> dict[str, int]:
        return {"something": 1}


class SlowlyLoaded(Lifter):
    """Takes for ever to load."""

    def __setstate__(self, state: object) -> None:
        Path("loading").touch()
        time.sleep(600)

    def __getstate__(self) -> dict[str, int]:
        return {"something": 1}


def _crash() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang() -> None:
    Path("hanging").touch()
    time.sleep(600)


def _hog() -> None:
    taken = [np.ones(25_000_000) for _ in range(20)]  # 4 GB, 200 MB at a time
    time.sleep(600)
    del taken


def _bug() -> None:
    raise ValueError("a planted bug")


def _full() -> None:
    raise OSError(28, "No space left on device")


def _slow() -> None:
    time.sleep(1.0)


_PLANTED = {CRASH: _crash, HANG: _hang, HOG: _hog, BUG: _bug, FULL: _full, SLOW: _slow}
PARTS: dict[str, Any] = {"detector": Detector(), "keypointer": Pose(), "lifter": Lifter()}
