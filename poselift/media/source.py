"""Where frames come from: what every source offers, and how it is named."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from poselift.errors import PoseliftError
from poselift.files import file_name
from poselift.reading import kind_of
from poselift.types import Frame

if TYPE_CHECKING:
    from typing import Self

VIDEO_ENDINGS = frozenset(
    {
        ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".wmv", ".flv", ".mpg", ".mpeg", ".mts",
        ".m2ts", ".ts", ".3gp", ".ogv", ".gif", ".mxf", ".vob", ".y4m",
    }
)  # fmt: skip
IMAGE_ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)

_NUMBER = re.compile(r"%0?\d*d")


class Source(ABC):
    """A clip that can be read, as often as wanted, frame by frame.

    Attributes:
        path: what it was opened from.
        name: made from `path`, fit for file names.
        size: (width, height) of the upright pictures.
        fps: the mean rate, from timestamps where there are any.
        duration: seconds from `start` to `end`; None where nobody can know.
        frame_count_estimate: for progress bars only: containers lie. None where nobody can know.
        has_audio: whether `VideoWriter(audio_from=path)` will find sound.
        live: it comes at its own rate and cannot be read twice.
        focal: the lens's focal length in pixels, where the file says it.
    """

    path: str
    name: str
    size: tuple[int, int]
    fps: float
    duration: float | None
    frame_count_estimate: int | None
    has_audio: bool = False
    live: bool = False
    focal: float | None = None

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """The frames from `start` to before `end`, one at a time; each call reads anew."""

    @abstractmethod
    def frames_before_start(self) -> int:
        """How many frames of the clip lie before `start`: the number of the first that is read."""

    def close(self) -> None:  # noqa: B027 - a source that holds nothing open has nothing to do
        """Let go of what is held open. Iterators from `frames` close their own files."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


#: Pixels that a picture may have: more than any camera's, 300 MB in memory.
LARGEST = 100_000_000


def refuse_too_large(path: str, width: int, height: int) -> None:
    """A `PoseliftError` for pictures that would fill the memory."""
    if width * height > LARGEST:
        raise PoseliftError(
            f"The pictures of {path} have {width} x {height} pixels; up to "
            f"{LARGEST // 1_000_000} million are read.",
            "Make them smaller first.",
        )


def is_address(source: str) -> bool:
    """Whether `source` is read over the network.

    >>> is_address("rtsp://camera.local/1"), is_address("C:/clip.mp4")
    (True, False)
    """
    return bool(re.match(r"(?i)(https?|rtsps?|rtmps?|rtp|udp|srt|tcp|mms)://", source))


def is_pattern(source: str) -> bool:
    """Whether `source` names numbered pictures, such as `frames/%05d.png`.

    >>> is_pattern("frames/%05d.png"), is_pattern("50%done.mp4")
    (True, False)
    """
    return bool(_NUMBER.search(Path(source).name)) and ending(source) in IMAGE_ENDINGS


def ending(source: str | Path) -> str:
    """The lower-case ending of a file's name, with its dot."""
    return Path(source).suffix.lower()


def safe_name(source: str) -> str:
    """A name for files made from `source`.

    >>> safe_name("clips/Ünï cödé 1.mp4"), safe_name("walk/%05d.png")
    ('Ünï cödé 1', 'walk')
    >>> safe_name("https://example.org/a%20b.mp4?key=1"), safe_name("rtsp://10.0.0.7/")
    ('a b', '10.0.0.7')
    """
    if is_address(source):
        parts = urlsplit(source)
        name = Path(unquote(parts.path)).stem or parts.hostname or "stream"
    elif is_pattern(source):
        name = Path(source).resolve().parent.name
    else:
        path = Path(source)
        name = path.resolve().name if kind_of(path) == "folder" else path.stem
    return file_name(name)
