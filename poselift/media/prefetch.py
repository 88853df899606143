"""Let a stage run ahead of the one that reads it, or one item behind the one that feeds it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_MOST = 1 << 28  # bytes of pictures that wait
_POLL = 0.1  # seconds between looks at whether the reader has gone


class _End:
    """The last thing in the queue, with the error that ended it, if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Ahead(Generic[Item]):
    """The thread that fills the queue."""

    def __init__(self, items: Iterable[Item], size: int) -> None:
        self.items = items
        self.queue: queue.Queue[Item | _End] = queue.Queue(max(1, size))
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._fill, name="prefetch", daemon=True)

    def _put(self, item: Item | _End) -> bool:
        while not self.stopped.is_set():
            try:
                self.queue.put(item, timeout=_POLL)
                return True
            except queue.Full:
                continue
        return False

    def _fill(self) -> None:
        end = _End()
        iterator = iter(self.items)
        try:
            for item in iterator:
                if not self._put(item):
                    break
        except BaseException as error:
            end = _End(error)
        finally:
            # A generator's own clean-up (closing its file) belongs to the thread that ran it.
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
        self._put(end)

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join()


def depth(size: tuple[int, int]) -> int:
    """How far to run ahead with pictures of this (width, height): 8 of them, or 256 MB.

    >>> depth((1920, 1080)), depth((16_000, 6000))
    (8, 1)
    """
    return max(1, min(8, _MOST // (3 * size[0] * size[1])))


def prefetch(items: Iterable[Item], size: int = 8) -> Iterator[Item]:
    """Yield `items`, made in a thread that runs at most `size` ahead.

    An exception in the thread is raised here, after the items that came before it. Closing the
    returned generator (or leaving a `for` loop over it) stops the thread.

    >>> list(prefetch(range(4), size=2))
    [0, 1, 2, 3]
    """
    ahead = _Ahead(items, size)
    ahead.thread.start()
    try:
        while True:
            item = ahead.queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        ahead.stop()


def trailing(items: Iterable[Item], work: Callable[[Item], Result]) -> Iterator[Result]:
    """Yield `work(item)` of all `items`, done in a thread while the next item is made here.

    An exception of `work` is raised here, before the results that would come after it.

    >>> list(trailing(range(4), str))
    ['0', '1', '2', '3']
    """
    with ThreadPoolExecutor(1, thread_name_prefix="trailing") as thread:
        last: Future[Result] | None = None
        for item in items:
            started = thread.submit(work, item)
            if last is not None:
                yield last.result()
            last = started
        if last is not None:
            yield last.result()
