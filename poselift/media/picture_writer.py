"""What the writers of video and GIF share: how they end, well or badly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

import av
import numpy as np

from poselift.errors import PoseliftError
from poselift.files import cannot_write

if TYPE_CHECKING:
    from typing import Self

Prepared = TypeVar("Prepared")


class PictureWriter(ABC, Generic[Prepared]):
    """Writes pictures with their times to `path`, which has its name only when it is whole.

    As a context manager it closes when the block ends or is interrupted by Ctrl-C, so that what
    was done can be played, and aborts on any other exception.
    """

    path: Path

    def prepared(self, image: np.ndarray) -> np.ndarray | Prepared:
        """A picture as `write` takes it with less work: for a thread that makes them ahead."""
        return image

    @abstractmethod
    def write(self, image: np.ndarray | Prepared, time: float) -> None:
        """Add a picture that is shown from `time` on (the clip's clock).

        It is (H, W, 3) BGR uint8, or what `prepared` made of one.
        """

    @abstractmethod
    def close(self) -> Path | None:
        """Finish the file and give it its name; None, and no file, when no picture was written."""

    @abstractmethod
    def abort(self) -> None:
        """Stop and remove what was written; a file that had the name before stays."""

    @contextmanager
    def _mending(self) -> Iterator[None]:
        """Turn the disk's errors into what the user can fix, and leave nothing half-written."""
        try:
            yield
        except PoseliftError:
            self.abort()
            raise
        except (av.error.FFmpegError, OSError) as error:
            self.abort()
            cause = OSError(getattr(error, "errno", None) or 0, str(error.strerror or error))
            raise cannot_write(self.path, cause) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None or issubclass(kind, KeyboardInterrupt):
                self.close()
        finally:
            # After `close` there is nothing left to do; where it was interrupted there is.
            self.abort()
