"""Folders for results that are not whole yet."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

#: A folder of which nobody has heard for so long belongs to a run that was killed.
_SECONDS_LEFT = 7 * 24 * 3600.0
_FOLDER = ".unfinished"


def scratch_for(out: str | Path, name: str) -> Path:
    """A path that nobody else has, on the file system of the results; it is not made."""
    import secrets

    return Path(out) / _FOLDER / f"{name}.{secrets.token_hex(6)}"


def remove_scratch(path: Path) -> None:
    """Remove a scratch folder with all that is in it."""
    shutil.rmtree(path, ignore_errors=True)


def remove_left(out: str | Path) -> int:
    """Remove what killed runs left more than a week ago, and say how much that was."""
    before = time.time() - _SECONDS_LEFT
    removed = 0
    try:
        left = list((Path(out) / _FOLDER).iterdir())
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
