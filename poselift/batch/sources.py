"""From what was typed to the addresses of videos, one at a time."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from poselift.batch.object_sources import ObjectSources
from poselift.batch.objects import is_object
from poselift.errors import PoseliftError
from poselift.media.opening import expand_sources, natural_order, open_source
from poselift.media.source import VIDEO_ENDINGS, ending, is_address, is_pattern
from poselift.reading import kind_of

LIST_ENDINGS = frozenset({".txt", ".lst", ".list"})


class Sources:
    """The addresses of all videos that the sources stand for, in order; iterate as often as needed.

    A source is a video, a folder of videos, a folder of pictures, a glob pattern such as
    `clips/**/*.mp4`, an address, or a text file with one video or address per line. A video, a
    folder or a pattern may also lie in an object store. Paths come out
    absolute, so that a video has one address wherever the command was started. A list is read line
    by line and never held in memory.

    Anything that cannot be meant (no such file, an empty list, a folder that cannot be read) raises
    a `PoseliftError` here, before any work starts. What is inside a list is checked when its turn
    comes. Videos in `results` are left out.
    """

    def __init__(self, typed: Sequence[str | Path], results: str | Path) -> None:
        self._results = _of_results(results)
        if not typed:
            raise PoseliftError(
                "There are no videos to process.",
                "Give folders, files, patterns such as 'clips/*.mp4', or a list in a .txt file.",
            )
        self._found = [self._resolved(str(one)) for one in typed]

    def __iter__(self) -> Iterator[str]:
        for one in self._found:
            if isinstance(one, Path):
                yield from _lines(one)
            else:
                yield from one

    def _resolved(self, typed: str) -> list[str] | Path:
        """A list file, or the addresses that any other source stands for."""
        if is_address(typed):
            return [typed]
        if is_object(typed):
            return ObjectSources(self._results).named(typed)
        refuse_other_stores(typed)
        kind = kind_of(typed)
        if kind == "nothing" and glob.has_magic(typed):
            return self._matching(typed)
        if kind == "nothing" and not is_pattern(typed):
            open_source(typed)  # raises the error that names the nearest file
        if kind == "file" and ending(typed) in LIST_ENDINGS:
            _refuse_empty(Path(typed))
            return Path(typed).absolute()
        return [_absolute(str(path)) for path in expand_sources([typed])]

    def _matching(self, pattern: str) -> list[str]:
        inside = self._results + os.sep
        paths = (_absolute(path) for path in glob.iglob(pattern, recursive=True))  # noqa: PTH207
        found = [
            path
            for path in paths
            if ending(path) in VIDEO_ENDINGS
            and not path.startswith(inside)
            and kind_of(path) == "file"
        ]
        if not found:
            raise PoseliftError(
                f"No video matches {pattern}.",
                "** matches folders at any depth; quote the pattern so that the shell leaves it.",
            )
        return sorted(found, key=lambda path: (str(Path(path).parent), natural_order(Path(path))))


def refuse_other_stores(address: str | Path) -> None:
    """A `PoseliftError` for `hdfs://` and other schemes that cannot be read or written."""
    text = str(address)
    known = is_address(text) or is_object(text)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", text) and not known:
        raise PoseliftError(
            f"{address} cannot be used: it is not one of s3://, gs:// and az://.",
            "Mount it as a folder, or copy the videos first.",
        )


def _of_results(results: str | Path) -> str:
    if is_object(results):
        return str(results)
    return os.path.abspath(results)  # noqa: PTH100 - links are not followed


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps `..`


def _lines(path: Path) -> Iterator[str]:
    """The videos of a list, without blank lines and comments."""
    try:
        # Names of files need not be UTF-8; editors on Windows begin a file with a mark.
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
            for line in file:
                text = line.strip()
                if not text or text.startswith("#"):
                    continue
                yield text if re.match(r"\w+://", text) else _absolute(text)
    except OSError as error:
        raise PoseliftError(
            f"The list {path} cannot be read: {error.strerror or error}.",
            "Check the path and its permissions.",
        ) from error


def _refuse_empty(path: Path) -> None:
    for line in _lines(path):
        if "\0" in line:
            raise PoseliftError(f"{path} is not a text file.", "Give one video per line.")
        return
    raise PoseliftError(f"The list {path} names no videos.", "Give one video per line.")
