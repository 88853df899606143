"""What Ctrl-C means while a batch runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Whether somebody has asked to stop.

    Attributes:
        asked: true after the first Ctrl-C: what is running is finished, nothing new begins.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self.asked = False
        self._told = told

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take the first Ctrl-C of this block as a wish to stop; the second one interrupts.

        Outside the main thread nothing changes, as Python delivers signals to that one only.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)
        if before in (signal.SIG_IGN, None):  # as `nohup` and background jobs want it
            yield
            return
        signal.signal(signal.SIGINT, self._pressed)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _pressed(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._told()
