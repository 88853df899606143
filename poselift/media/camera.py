"""The newest picture of a camera, a stream or a file that plays camera."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import cv2
import numpy as np

from poselift.errors import PoseliftError
from poselift.media.opening import open_source
from poselift.media.source import is_address
from poselift.types import Frame

if TYPE_CHECKING:
    from typing import Self

_log = logging.getLogger(__name__)
_HIGHEST_INDEX = 9  # how far "the first camera" is looked for


class LiveCamera:
    """A reader thread that keeps only the newest frame, so that a slow reader is never behind.

    Args:
        source: a device's number, None or "" for the first camera there is, an address
            (rtsp://...), or a video file, which is then fed at its own rate.
        size: the (width, height) to ask a device for; it may give another.

    Attributes:
        name: made from the source, fit for file names.
        size: (width, height) of the pictures.
        fps: what the camera says its rate is; 30 where it does not.
        dropped: frames that were replaced by newer ones before anybody asked for them.

    `Frame.time` is the moment at which the frame arrived, by `clock()`: `clock() - frame.time` is
    how old the picture is.
    """

    def __init__(
        self, source: int | str | Path | None = None, size: tuple[int, int] = (640, 480)
    ) -> None:
        self.dropped = 0
        self._newest: Frame | None = None
        self._error: PoseliftError | None = None
        self._ended = False
        self._paced = False
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        node = re.fullmatch("(?:/dev/video)?([0-9]{1,9})", str(source))
        if source is None or str(source) == "" or node:
            self._images = self._open_device(int(node[1]) if node else None, size)
        else:
            self._images = self._open_clip(str(source))
        self._zero = time.monotonic()
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    def _open_device(self, number: int | None, size: tuple[int, int]) -> Iterator[np.ndarray]:
        device, number = _first_device() if number is None else (_device(number), number)
        device.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        worked, image = device.read()
        if not worked:
            device.release()
            raise PoseliftError(
                f"The camera {number} opens but delivers no frames.",
                "Is another program using it? Close that, or unplug the camera and replug it.",
            )
        self.name = f"camera{number}"
        self.size = (image.shape[1], image.shape[0])
        self.fps = device.get(cv2.CAP_PROP_FPS) or 30.0
        return self._device_images(device, number)

    def _device_images(self, device: cv2.VideoCapture, number: int) -> Iterator[np.ndarray]:
        try:
            while not self._stopped.is_set():
                worked, image = device.read()
                if not worked:
                    raise PoseliftError(
                        f"The camera {number} stopped delivering frames.",
                        "Was it unplugged? The recording is complete up to that point.",
                    )
                yield image
        finally:
            device.release()

    def _open_clip(self, source: str) -> Iterator[np.ndarray]:
        clip = open_source(source)
        self.name, self.size, self.fps = clip.name, clip.size, clip.fps
        self._paced = not is_address(source)
        return self._clip_images(clip.frames())

    def _clip_images(self, frames: Iterator[Frame]) -> Iterator[np.ndarray]:
        started: float | None = None
        for frame in frames:
            now = time.monotonic()
            if started is None:
                started = now - frame.time
            if self._paced and self._stopped.wait(max(0.0, started + frame.time - now)):
                break
            yield frame.image

    def _read(self) -> None:
        index = 0
        with contextlib.closing(self._images) as images:  # type: ignore[type-var]
            try:
                for image in images:
                    self._publish(Frame(index, self.clock(), image))
                    index += 1
                    if self._stopped.is_set():
                        break
            except PoseliftError as error:
                self._error = error
            except Exception as error:  # whatever ends this thread must reach the reader
                _log.exception("reading the camera failed")
                self._error = PoseliftError(f"Reading {self.name} failed: {error}", "Try again.")
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _publish(self, frame: Frame) -> None:
        with self._changed:
            if self._newest is not None:
                self.dropped += 1
            self._newest = frame
            self._changed.notify_all()

    def clock(self) -> float:
        """Seconds since the camera was opened, by a clock that never jumps."""
        return time.monotonic() - self._zero

    def latest(self, timeout: float = 5.0) -> Frame | None:
        """The newest frame, each at most once; waits for one. None when the clip has ended.

        A camera that is unplugged, or silent for `timeout` seconds, is a `PoseliftError`. A clip
        that plays camera may pause for longer.
        """
        limit = None if self._paced else timeout
        with self._changed:
            there = self._changed.wait_for(lambda: self._newest or self._ended, limit)
            frame, self._newest = self._newest, None
            if frame is not None:
                return frame
            if self._error is not None:
                raise self._error
            if there:
                return None
        raise PoseliftError(
            f"{self.name} delivered no frame for {timeout:g} seconds.",
            "Is it still plugged in, or its address still reachable?",
        )

    def frames(self) -> Iterator[Frame]:
        """The newest frame again and again, until the clip ends."""
        while (frame := self.latest()) is not None:
            yield frame

    def close(self) -> None:
        """Stop reading and let go of the camera."""
        self._stopped.set()
        self._thread.join(timeout=5.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _present() -> list[int]:
    """The numbers of the cameras that may be there; elsewhere than on Linux all that may be."""
    if sys.platform.startswith("linux"):
        found = (path.name[5:] for path in Path("/dev").glob("video*"))
        return sorted(int(number) for number in found if number.isdigit())
    return list(range(_HIGHEST_INDEX + 1))


def _first_device() -> tuple[cv2.VideoCapture, int]:
    for number in _present():
        device = cv2.VideoCapture(number)
        if device.isOpened() and device.read()[0]:
            return device, number
        device.release()
    raise PoseliftError(
        "No working camera was found.",
        "Plug one in, or give a video file or an rtsp:// address.",
    )


def _device(number: int) -> cv2.VideoCapture:
    node = Path(f"/dev/video{number}")
    if sys.platform.startswith("linux"):
        if number not in _present():
            here = ", ".join(map(str, _present())) or "none"
            raise PoseliftError(
                f"There is no camera {number} (available: {here}).",
                "Plug it in, give another number, or a video file.",
            )
        if not os.access(node, os.R_OK | os.W_OK):
            raise PoseliftError(
                f"Not allowed to use {node}.", "Add yourself to the group `video` and log in again."
            )
    device = cv2.VideoCapture(number)
    if not device.isOpened():
        device.release()
        raise PoseliftError(
            f"The camera {number} cannot be opened.",
            "Is another program using it? Close that and try again.",
        )
    return device
