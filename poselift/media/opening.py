"""From what a person types to the sources that it means."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.media.source import (
    IMAGE_ENDINGS,
    VIDEO_ENDINGS,
    Source,
    ending,
    is_address,
    is_pattern,
)
from poselift.reading import kind_of


def natural_order(path: Path) -> list[tuple[int, int | str]]:
    """Sort key by which `frame10` comes after `frame9`."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]


def open_source(
    source: str | Path,
    start: float | None = None,
    end: float | None = None,
    fps: float | None = None,
) -> Source:
    """Open a video file, an address, a pattern of pictures, a folder of pictures or one picture.

    `start` and `end` are seconds of the clip's own clock; frames with start <= time < end are
    read. `fps` is the rate of pictures, which have no clock (30 unless given); of videos it is
    ignored.
    """
    from poselift.media.images import ImageSource
    from poselift.media.video import VideoSource

    if start is not None and end is not None and end <= start:
        raise PoseliftError(f"The end ({end} s) is not after the start ({start} s).", "Swap them.")
    text = str(source)
    if is_address(text):
        return VideoSource(text, start, end)
    path = Path(source)
    kind = kind_of(path)
    if kind == "nothing" and is_pattern(text):
        return ImageSource(text, _numbered(path), start, end, fps)
    if kind == "folder":
        return ImageSource(text, _pictures(path), start, end, fps)
    if kind == "nothing":
        raise PoseliftError(f"No such file: {path}", _look_alike(path))
    if kind == "other":
        raise PoseliftError(
            f"{path} is a device or a pipe, which cannot be read twice.",
            "Write it to a file first, or use `poselift live` with a camera.",
        )
    if ending(path) in IMAGE_ENDINGS:
        return ImageSource(text, [path], start, end, fps)
    return VideoSource(text, start, end)


def list_videos(folder: str | Path) -> list[Path]:
    """The videos that lie in `folder` itself, in natural order, hidden files left out."""
    folder = Path(folder)
    found = _with_endings(folder, VIDEO_ENDINGS)
    if not found:
        raise PoseliftError(
            f"There is no video in the folder {folder}.",
            f"Its files should end in one of {', '.join(sorted(VIDEO_ENDINGS))}.",
        )
    return found


def expand_sources(sources: Sequence[str | Path]) -> list[str | Path]:
    """Each folder of videos becomes its videos; everything else stays, in order.

    A folder of pictures without videos is one clip and stays as well.
    """
    clips: list[str | Path] = []
    for source in sources:
        path = Path(source)
        if is_address(str(source)) or kind_of(path) != "folder":
            clips.append(source)
            continue
        videos, pictures = _with_endings(path, VIDEO_ENDINGS), _with_endings(path, IMAGE_ENDINGS)
        if pictures and not videos:
            clips.append(source)
        else:
            clips.extend(list_videos(path))
    return clips


def _with_endings(folder: Path, endings: frozenset[str]) -> list[Path]:
    try:
        inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise PoseliftError(
            f"Cannot read the folder {folder}: {error.strerror}.",
            "Check the path and its permissions.",
        ) from error
    fitting = (path for path in inside if ending(path) in endings and kind_of(path) == "file")
    return sorted(fitting, key=natural_order)


def _pictures(folder: Path) -> list[Path]:
    found = _with_endings(folder, IMAGE_ENDINGS)
    if not found:
        raise PoseliftError(
            f"There are no pictures in the folder {folder}.",
            f"Their names should end in one of {', '.join(sorted(IMAGE_ENDINGS))}.",
        )
    return found


def _numbered(pattern: Path) -> list[Path]:
    """The files that fit a pattern with one %d, in the order of their numbers."""
    before, digits, after = re.split(r"(%0?\d*d)", pattern.name, maxsplit=1)
    width = re.search(r"\d+", digits)
    least = int(width.group()) if width else 1
    fits = re.compile(f"{re.escape(before)}(\\d{{{least},}}){re.escape(after)}")
    folder = pattern.parent
    found = []
    if kind_of(folder) == "folder":
        matches = ((fits.fullmatch(path.name), path) for path in folder.iterdir())
        found = sorted(
            (int(match.group(1)), path)
            for match, path in matches
            if match and kind_of(path) == "file"
        )
    if not found:
        raise PoseliftError(
            f"No picture matches {pattern}.",
            "%05d stands for a number of five digits, such as 00001.",
        )
    return [path for _, path in found]


def _look_alike(path: Path) -> str:
    import difflib

    if kind_of(path.parent) == "folder" and os.access(path.parent, os.R_OK):
        names = [other.name for other in path.parent.iterdir()]
        near = difflib.get_close_matches(path.name, names, n=1)
        if near:
            return f"Did you mean {path.with_name(near[0])}?"
    return "Check the path."
