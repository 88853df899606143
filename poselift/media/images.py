"""Numbered pictures, or a folder of them, read as a clip."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from poselift.errors import PoseliftError
from poselift.media.lens import pictures_focal
from poselift.media.source import Source, refuse_too_large, safe_name
from poselift.reading import read_whole
from poselift.types import Frame

DEFAULT_FPS = 30.0
_log = logging.getLogger(__name__)


def read_image(path: Path) -> np.ndarray | None:
    """A picture as (H, W, 3) BGR uint8, upright by its EXIF; None where it cannot be read."""
    try:
        # Not cv2.imread: it cannot open names beyond the code page on Windows.
        content = read_whole(path)
        _refuse_bombs(path, content)
        data = np.frombuffer(content, np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (PoseliftError, cv2.error) as error:  # OpenCV refuses more than 2^30 pixels
        _log.debug("%s: %s", path, error)
        return None


def _refuse_bombs(path: Path, content: bytes) -> None:
    """Look at the size that a picture claims to have before it is unpacked."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has a bound of its own, which only warns
        try:
            with Image.open(io.BytesIO(content)) as image:
                width, height = image.size
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise PoseliftError(f"{path} is no picture: {error}", "Save it again.") from error
    refuse_too_large(str(path), width, height)


class ImageSource(Source):
    """Pictures in order, `fps` a second. A picture of another size is brought to the first's."""

    def __init__(
        self,
        path: str,
        files: Sequence[Path],
        start: float | None = None,
        end: float | None = None,
        fps: float | None = None,
    ) -> None:
        if fps is not None and not fps > 0:
            raise PoseliftError(
                f"A rate of {fps} pictures per second is not possible.",
                "Give another `fps`, such as 30.",
            )
        self.path, self.name, self.fps = path, safe_name(path), float(fps or DEFAULT_FPS)
        slack = 1e-6  # a time that was rounded when it was typed still means its frame
        self._files = [
            (number / self.fps, file)
            for number, file in enumerate(files)
            if (start is None or number / self.fps >= start - slack)
            and (end is None or number / self.fps < end - slack)
        ]
        self._before_start = sum(
            start is not None and n / self.fps < start - slack for n in range(len(files))
        )
        if not self._files:
            raise PoseliftError(
                f"{path} has no picture from {start} to {end} s: it lasts "
                f"{len(files) / self.fps:.2f} s at {self.fps:g} pictures per second.",
                "Give another `start` and `end`.",
            )
        pictures = (read_image(file) for _, file in self._files)
        number, first = next(
            ((i, picture) for i, picture in enumerate(pictures) if picture is not None), (0, None)
        )
        if first is None:
            raise PoseliftError(
                f"None of the pictures in {path} can be read.", "Are the files complete?"
            )
        self.size = (first.shape[1], first.shape[0])
        self.focal = pictures_focal(self._files[number][1], self.size)
        self.frame_count_estimate = len(self._files)
        self.duration = len(self._files) / self.fps

    def frames_before_start(self) -> int:
        """How many pictures come before `start`, whether or not they can be read."""
        return self._before_start

    def frames(self) -> Iterator[Frame]:
        """The pictures; one that cannot be read is left out with a warning, its time kept free."""
        index = 0
        for time, file in self._files:
            image = read_image(file)
            if image is None:
                _log.warning("%s cannot be read and is skipped", file)
                continue
            if (image.shape[1], image.shape[0]) != self.size:
                image = cv2.resize(image, self.size, interpolation=cv2.INTER_AREA)
            yield Frame(index, time, image)
            index += 1
