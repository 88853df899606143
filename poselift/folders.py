"""Which folder a clip's results go to: one of its own, which holds nothing that is read."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.files import (
    atomic_path,
    is_same_file,
    locked_folder,
    make_folder,
    refuse_sources,
)
from poselift.media.source import is_address, is_pattern, safe_name
from poselift.settings import Settings

#: Says in a folder of results which clip they are of.
_CLAIM = ".source"
_LONGEST_CLAIM = 1 << 16
_TRIES = 100


def folder_of(out: str | Path, source: str) -> Path:
    """`out/<clip>`, or `out/<clip>-2` and so on where that holds the results of another clip.

    A clip finds its own folder again; that of a clip which is gone is free.
    """
    mine = _identity(source)
    name = safe_name(source)
    for number in itertools.count(1):
        folder = Path(out) / (name if number == 1 else f"{name}-{number}")
        owner = _owner(folder)
        if owner in (None, mine) or _is_gone(owner):
            return folder
    raise AssertionError


def claim_folder(out: str | Path, source: str) -> Path:
    """`folder_of`, made, and from now on this clip's, whoever else looks for one meanwhile."""
    mine = _identity(source)
    for _ in range(_TRIES):
        folder = folder_of(out, source)
        make_folder(folder)
        if _claimed(folder, mine):
            return folder
    raise PoseliftError(
        f"No folder in {out} could be reserved for {source}.", "Choose another `out`."
    )


def _claimed(folder: Path, mine: bytes) -> bool:
    """Try to make a folder, free when it was looked for, this clip's; whether it is."""
    with locked_folder(folder):
        owner = _owner(folder)
        if owner is None or _is_gone(owner):
            with atomic_path(folder / _CLAIM) as part:
                part.write_bytes(mine)
            return True
        return owner == mine


def _identity(source: str) -> bytes:
    """What a folder says of its clip. An address may hold a password and is not written down."""
    if is_address(source):
        return b"address " + hashlib.sha256(os.fsencode(source)).hexdigest().encode()
    try:
        return b"file " + os.path.realpath(os.fsencode(source))
    except (OSError, ValueError) as error:  # the current folder is gone; a NUL in the name
        raise PoseliftError(f"No such file: {source!r} ({error})", "Check the path.") from error


def _owner(folder: Path) -> bytes | None:
    """The clip that a folder belongs to; None where it says nothing that we can read."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(folder / _CLAIM, flags | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return os.read(handle, _LONGEST_CLAIM) or None
    finally:
        os.close(handle)


def _is_gone(owner: bytes | None) -> bool:
    kind, _, path = (owner or b"").partition(b" ")
    if kind != b"file" or not path:
        return kind != b"address"
    text = os.fsdecode(path)
    return not os.path.lexists(Path(text).parent if is_pattern(text) else path)


def refuse_results_over_sources(
    folder: Path, settings: Settings, sources: Iterable[str | Path]
) -> None:
    """A `PoseliftError` where a result in `folder` would replace a file that a run reads."""
    read = [source for source in sources if not is_address(str(source))]
    for source in read:
        inside = Path(source).parent if is_pattern(str(source)) else Path(source)
        if is_same_file(folder, inside):
            raise PoseliftError(
                f"The results would go to {folder}, among the input pictures.",
                "Choose another folder for the results (`out`).",
            )
    refuse_sources(_results_there(folder, settings), read)


def _results_there(folder: Path, settings: Settings) -> list[Path]:
    """The files in `folder` that a run may write anew."""
    name = re.escape(folder.name)
    kinds = "|".join((*settings.save, "toml"))
    ours = re.compile(rf"{name}(_\d+)?\.({kinds})|{name}_report\.(png|pdf)", re.IGNORECASE)
    try:
        return [path for path in folder.iterdir() if ours.fullmatch(path.name)]
    except OSError:  # not there yet, or no folder: writing will tell
        return []


def files_named_in(settings: Settings) -> list[str]:
    """The files that settings name to be read: a checkpoint, the FILE of `yolo:FILE`."""
    named = [part.partition(":")[2] for part in (settings.detector, settings.pose)]
    return [path for path in (settings.checkpoint, *named) if path]
