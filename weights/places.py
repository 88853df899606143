"""Where weight files lie, and where new ones go."""

from __future__ import annotations

import os
import re
import secrets
import sys
from pathlib import Path

#: The folder of the files that ship.
FILES = Path(__file__).resolve().parent / "files"


def user_folder() -> Path:
    """Where a program keeps a user's data on this system."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "poselift" / "weights"


def folders() -> list[Path]:
    """Where files are looked for, in this order."""
    chosen = os.environ.get("POSELIFT_WEIGHTS")
    return [*([Path(chosen).expanduser()] if chosen else []), FILES, user_folder()]


def fetch_folder() -> Path:
    """Where new files go: $POSELIFT_WEIGHTS, else a checkout's own folder, else the user's."""
    chosen = os.environ.get("POSELIFT_WEIGHTS")
    if chosen:
        return Path(chosen).expanduser()
    # An installed package is not ours to write into, even where that is allowed: the next
    # installation would not know of the file.
    is_checkout = (FILES.parent.parent / "pyproject.toml").is_file()
    return FILES if is_checkout and os.access(FILES, os.W_OK) else user_folder()


def locate(file: str) -> Path | None:
    """The path of a weight file that is on this machine, else None."""
    if Path(file).is_absolute():
        return Path(file) if Path(file).is_file() else None
    return next((folder / file for folder in folders() if (folder / file).is_file()), None)


def secret_part(target: Path) -> Path:
    """A name beside `target`, to be opened with "x", that nobody can have taken before."""
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")


def is_plain_name(file: str) -> bool:
    """Whether `file` names a file in a folder and nothing outside it, on any system.

    >>> [is_plain_name(name) for name in ("a.onnx", "../a.onnx", "C:a.onnx", ".hidden")]
    [True, False, False, False]
    """
    return re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}", file) is not None


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that nobody finds half of it under its name; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = secret_part(path)
    try:
        with part.open("x", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
