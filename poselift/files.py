"""Writing files so that nobody ever finds half of one under its real name."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poselift.errors import PoseliftError

_CAUSES = {
    errno.ENOSPC: ("the disk is full", "Make room, or choose another folder."),
    errno.EFBIG: ("the file is too large for this disk", "Choose another folder."),
    errno.EDQUOT: ("the quota is used up", "Make room, or choose another folder."),
    errno.EROFS: ("the disk is read-only", "Choose another folder."),
    errno.EACCES: ("permission denied", "Choose a folder that you may write to."),
    errno.EPERM: ("permission denied", "Choose a folder that you may write to."),
    errno.ENOTDIR: (
        "part of its path is a file",
        "Choose another folder.",
    ),
    errno.EISDIR: (
        "a folder of that name is there",
        "Move it, or choose another folder.",
    ),
    errno.EEXIST: ("a file is where a folder should be", "Choose another folder."),
    errno.ENAMETOOLONG: ("the name is too long", "Give the clip a shorter name."),
}


def cannot_write(path: Path, error: OSError) -> PoseliftError:
    """The error to raise when writing `path` failed with `error`.

    >>> cannot_write(Path("a.csv"), OSError(errno.ENOSPC, "No space left on device")).message
    'Cannot write a.csv: the disk is full.'
    """
    default = (error.strerror or str(error), "Choose another folder.")
    cause, hint = _CAUSES.get(error.errno or 0, default)
    return PoseliftError(f"Cannot write {path}: {cause}.", hint)


def part_path(path: Path) -> Path:
    """Where `path` is written until it is whole: beside it, with the same ending.

    >>> part_path(Path("out/clip.mp4")).name
    'clip.part.mp4'
    """
    return path.with_name(f"{path.stem}.part{path.suffix}")


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it; a `PoseliftError` says why where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A path to write to that takes the name `path` when the block ends well.

    Folders are made. When the block raises, what was written is removed and a file that had the
    name before stays as it was. An `OSError` becomes a `PoseliftError` that says what to do.
    """
    path = Path(path)
    make_folder(path.parent)
    part = part_path(path)
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        # Gone already when all went well. Where it cannot be removed the first error says why.
        try:
            part.unlink(missing_ok=True)
        except OSError as error:
            _log_leftover(part, error)


def _log_leftover(part: Path, error: OSError) -> None:
    import logging

    logging.getLogger(__name__).debug("could not remove %s: %s", part, error)
