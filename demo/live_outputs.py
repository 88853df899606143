"""Where live people go: a window, a recording, or one JSON line each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TextIO

import cv2
import numpy as np

from poselift.demo.window import PreviewWindow
from poselift.drawing.layout import fit_image
from poselift.files import atomic_path
from poselift.live import LivePerson
from poselift.media import VideoWriter
from poselift.progress import Reporter
from poselift.send import SentPerson, open_senders

KEYS = "keys: v view, space pause, s snapshot, q quit"


class LiveOutput(Protocol):
    """What takes the people of each frame.

    Attributes:
        needs_picture: whether pictures must be drawn for it.
    """

    needs_picture: bool

    def take(self, time: float, people: Sequence[LivePerson], picture: np.ndarray | None) -> bool:
        """Take one frame's people, and the picture where one was drawn; False ends live."""
        ...

    def finish(self) -> None:
        """Everything is over: complete what was begun and let go of it."""
        ...


class Preview:
    """The window, and what its keys do.

    Args:
        folder: where snapshots go.
        next_view: called when `v` is pressed.
        reporter: hears which keys there are and what was written.
        window: to show in; None opens one.
    """

    needs_picture = True

    def __init__(
        self,
        folder: Path,
        next_view: Callable[[], None],
        reporter: Reporter,
        window: PreviewWindow | None = None,
    ) -> None:
        self._folder, self._next_view, self._reporter = folder, next_view, reporter
        self._window = window or PreviewWindow("Poselift")
        reporter.say(KEYS)

    def take(self, time: float, people: Sequence[LivePerson], picture: np.ndarray | None) -> bool:
        """Show the picture and do what a key asks for; False if that was to quit."""
        assert picture is not None
        key = self._window.show(picture)
        if key == "v":
            self._next_view()
        elif key == "s":
            self._snapshot(picture)
        elif key == " ":
            return self._pause()
        return key != "q"

    def _snapshot(self, picture: np.ndarray) -> None:
        name = f"snapshot-{time.strftime('%Y%m%d-%H%M%S')}"
        names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
        path = next(p for n in names if not (p := self._folder / f"{n}.png").exists())
        with atomic_path(path) as part:
            part.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        self._reporter.say(f"wrote {path}", file=str(path))

    def _pause(self) -> bool:
        """Hold the picture until space again; False if `q` came instead."""
        while (key := self._window.wait()) not in (" ", "q"):
            pass
        return key == " "

    def finish(self) -> None:
        """Close the window."""
        self._window.close()


class Recorder:
    """An MP4 of what is drawn, with the camera's own times."""

    needs_picture = True

    def __init__(self, path: str, fps: float, quality: str, reporter: Reporter) -> None:
        self._path, self._fps, self._quality, self._reporter = path, fps, quality, reporter
        self._writer: VideoWriter | None = None

    def take(self, time: float, people: Sequence[LivePerson], picture: np.ndarray | None) -> bool:
        """Write the picture."""
        assert picture is not None
        if self._writer is None:
            size = (picture.shape[1], picture.shape[0])
            self._writer = VideoWriter(self._path, size, self._fps, quality=self._quality)  # type: ignore[arg-type]
        # A camera may change the size of its frames; a video cannot.
        self._writer.write(fit_image(picture, self._writer.size), time)
        return True

    def finish(self) -> None:
        """Make the file whole, also after Ctrl-C or a camera that was unplugged."""
        writer, self._writer = self._writer, None
        path = writer.close() if writer is not None else None
        if path is not None:
            self._reporter.say(f"wrote {path}", file=str(path))


class PoseLines:
    """One JSON object per person and frame on `stream`."""

    needs_picture = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def take(self, time: float, people: Sequence[LivePerson], picture: np.ndarray | None) -> bool:
        """Write the poses that there are; False when nobody reads them any more."""
        for person in people:
            if person.pose3d is None or person.pose_time is None:
                continue
            row = {
                "event": "pose",
                "time": round(person.pose_time, 4),
                "person": person.number,
                "pose3d": np.round(person.pose3d, 4).tolist(),
            }
            self._stream.write(json.dumps(row) + "\n")
        self._stream.flush()
        return not getattr(self._stream, "lost", False)

    def finish(self) -> None:
        """Nothing is open."""


class SendOn:
    """The people of each frame to other programs, as soon as they have a pose."""

    needs_picture = False

    def __init__(self, addresses: str, reporter: Reporter) -> None:
        self._sender = open_senders(addresses)
        reporter.say(f"sending to {addresses}")

    def take(self, time: float, people: Sequence[LivePerson], picture: np.ndarray | None) -> bool:
        """Send those who have a pose."""
        there = [
            SentPerson(person.number, person.pose3d, person.score)
            for person in people
            if person.pose3d is not None
        ]
        self._sender.send(time, there)
        return True

    def finish(self) -> None:
        """Let go of the sockets."""
        self._sender.close()
