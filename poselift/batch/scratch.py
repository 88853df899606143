"""Folders for results that are not whole yet."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from poselift.batch.objects import is_object
from poselift.errors import PoseliftError
from poselift.files import make_folder

#: A folder of which nobody has heard for so long belongs to a run that was killed.
_SECONDS_LEFT = 7 * 24 * 3600.0
_FOLDER = ".unfinished"


def scratch_for(out: str | Path, name: str) -> Path:
    """A path that nobody else has, on the file system of the results; it is not made.

    Results that go to an object store are made in the folder for temporary files.
    """
    import secrets

    root = temporary() if is_object(out) else Path(out) / _FOLDER
    return root / f"{name}.{secrets.token_hex(6)}"


def temporary() -> Path:
    """This user's folder for what is fetched from object stores or on its way there."""
    owner = os.getuid() if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"poselift-batch-{owner}"


def make_temporary() -> Path:
    """`temporary`, made; it lies where everybody may write, so whose it is gets checked."""
    folder = temporary()
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_ours(folder):
        raise PoseliftError(
            f"{folder} belongs to somebody else.", "Set TMPDIR to a folder of your own."
        )
    return folder


def remove_scratch(path: Path) -> None:
    """Remove a scratch folder with all that is in it."""
    shutil.rmtree(path, ignore_errors=True)


def remove_left(out: str | Path) -> int:
    """Remove what killed runs left more than a week ago, and say how much that was."""
    roots = [] if is_object(out) else [Path(out) / _FOLDER]
    if _is_ours(temporary()):
        roots.append(temporary())
    return sum(map(_remove_left_in, roots))


def _is_ours(folder: Path) -> bool:
    """Whether a folder is there, is no link, and belongs to this user."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and getattr(os, "getuid", lambda: 0)() == found.st_uid


def _remove_left_in(root: Path) -> int:
    before = time.time() - _SECONDS_LEFT
    removed = 0
    try:
        left = list(root.iterdir())
    except OSError:  # there is none
        return 0
    for path in left:
        if not path.is_symlink() and _newest(path) < before:
            remove_scratch(path)
            removed += 1
    return removed


def _newest(folder: Path) -> float:
    """When something in a folder was last changed."""
    newest = 0.0
    for path in (folder, *folder.rglob("*")):
        try:
            newest = max(newest, path.stat().st_mtime)
        except OSError:  # gone meanwhile, so somebody works in it
            return time.time()
    return newest
