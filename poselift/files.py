"""Writing files so that none is ever incomplete under its real name."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from poselift.errors import PoseliftError

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
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


class Unfinished:
    """A new file next to `target` that `keep` renames to it and `drop` removes.

    Its name is hidden and cannot be guessed, and the file is new, so that nothing that is there is
    written over and no planted link is followed. What a killed run left of the same target is
    removed; files that another process is writing are locked and stay.

    Attributes:
        target: the name that the file is to get.
        path: the name to write to until then, with the same ending.
    """

    def __init__(self, target: str | Path, ending: str | None = None) -> None:
        self.target = Path(target)
        self._ending = self.target.suffix if ending is None else ending
        self._lock: int | None = None
        make_folder(self.target.parent)
        try:
            refuse_special(self.target)
            self._remove_orphans()
            self.path, self._lock = self._new()
        except OSError as error:
            raise cannot_write(self.target, error) from error

    def keep(self) -> None:
        """Rename the file to `target`, replacing one that is there."""
        refuse_special(self.target)
        self.path.replace(self.target)
        self._unlock()

    def drop(self) -> None:
        """Remove what was written; nothing happens after `keep`."""
        if self._lock is None:
            return
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            _log_leftover(self.path, error)
        self._unlock()

    def _new(self) -> tuple[Path, int]:
        while True:
            path = self.target.with_name(f".{self._stem}.{secrets.token_hex(8)}.part{self._ending}")
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            if _locked(lock, wait=True) is None or path.exists():
                return path, lock
            os.close(lock)  # taken for an orphan before it was locked

    @property
    def _stem(self) -> str:
        # The longest name of a file is 255 bytes on most disks.
        return shortened(self.target.stem, 255 - 24 - len(os.fsencode(self._ending)))

    def _remove_orphans(self) -> None:
        left = re.compile(
            rf"\.{re.escape(self._stem)}\.[0-9a-f]{{16}}\.part{re.escape(self._ending)}"
        )
        for path in self.target.parent.iterdir():
            if left.fullmatch(path.name) and not path.is_symlink() and path.is_file():
                _remove_orphan(path)

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None


def _remove_orphan(path: Path) -> None:
    """Remove a part file unless another process is writing it, or nobody can tell."""
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            if _locked(handle, wait=False):
                path.unlink()
        finally:
            os.close(handle)
    except OSError as error:
        _log_leftover(path, error)


def _locked(handle: int, wait: bool) -> bool | None:
    """Lock an open file for this process; None where the disk or the system knows no locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Let nobody else into this block for the same folder, where disk and system know locks."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        yield
        return
    try:
        _locked(handle, wait=True)
        yield
    finally:
        os.close(handle)


def shortened(name: str, most: int) -> str:
    """`name` in at most `most` bytes; what is cut off is told by a digest, so that names differ.

    >>> shortened("walk", 100), len(shortened("ü" * 300, 100).encode()) <= 100
    ('walk', True)
    """
    data = name.encode("utf-8", "surrogateescape")
    if len(data) <= most:
        return name
    digest = hashlib.blake2b(data, digest_size=4).hexdigest()
    return f"{data[: most - 9].decode('utf-8', 'ignore')}-{digest}"


def printable(text: str) -> str:
    r"""`text` with a question mark for each byte of a name that is not UTF-8.

    >>> printable("caf\udce9.mp4")
    'caf?.mp4'
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def file_name(text: str, most: int = 120) -> str:
    """`text` as a name for files and folders that every system takes, of at most `most` bytes.

    >>> file_name("a/b: c?.mp4 "), file_name("..")
    ('a_b_ c_.mp4', 'clip')
    """
    return shortened(_UNSAFE.sub("_", printable(text)).strip(". ") or "clip", most)


def is_same_file(one: str | Path, other: str | Path) -> bool:
    """Whether two paths lead to one file or folder, also by links and hard links."""
    try:
        return os.path.samestat(os.stat(one), os.stat(other))  # noqa: PTH116
    except (OSError, ValueError):  # one is not there, or is no path at all
        return False


def refuse_sources(targets: Iterable[str | Path], sources: Iterable[str | Path]) -> None:
    """A `PoseliftError` where a file to write is one that is read.

    >>> refuse_sources([__file__], ["elsewhere.mp4"])
    """
    read = list(sources)
    for target in targets:
        for source in read:
            if is_same_file(target, source):
                raise PoseliftError(
                    f"{target} would overwrite {source}, which is an input.",
                    "Choose another folder or name for the result.",
                )


def refuse_special(target: Path) -> None:
    """A `PoseliftError` where `target` is there and is no file that can be replaced."""
    try:
        mode = target.stat().st_mode
    except OSError:
        return
    if stat.S_ISDIR(mode):
        raise cannot_write(target, IsADirectoryError(errno.EISDIR, "is a folder"))
    if not stat.S_ISREG(mode):
        raise PoseliftError(
            f"Cannot write {target}: it is a device, a pipe or a socket.", "Name a file."
        )


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
    unfinished = Unfinished(path)
    try:
        yield unfinished.path
        unfinished.keep()
    except OSError as error:
        raise cannot_write(unfinished.target, error) from error
    finally:
        unfinished.drop()


def _log_leftover(part: Path, error: OSError) -> None:
    import logging

    logging.getLogger(__name__).debug("could not remove %s: %s", part, error)
