"""What the user's `registry.json` records: weight files of their own, and digests of fetched ones.

The file is read as a stranger's: each entry is checked, and none can make a download land outside
the weights folder or stand in for weights that Poselift knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

from poselift.errors import PoseliftError
from poselift.files import locked_folder
from poselift.weights.entry import LOCAL, Kind, Normalisation, Units, WeightsEntry
from poselift.weights.places import fetch_folder, is_plain_name, write_whole

_FORMAT = "poselift-weights-1"
_REGISTRY = "registry.json"
_MOST_BYTES = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


def user_registry() -> Path:
    """The file that holds the user's entries; it need not exist."""
    return fetch_folder() / _REGISTRY


def read_user_entries() -> dict[str, WeightsEntry]:
    """The user's entries by name."""
    return _read()[0]


def read_pins() -> dict[str, str]:
    """The SHA-256 of the first file fetched, by the name of its weights."""
    return _read()[1]


def write_user_entry(added: WeightsEntry) -> Path:
    """Record an entry, replacing one of the same name; returns the registry's path."""
    with _alone():
        entries, pins = _read()
        return _write({**entries, added.name: added}, pins)


def write_pin(name: str, sha256: str) -> Path:
    """Record the digest of a file that was fetched; returns the registry's path."""
    with _alone():
        entries, pins = _read()
        return _write(entries, {**pins, name: sha256})


@contextmanager
def _alone() -> Iterator[None]:
    """No other process or thread changes the registry between reading and writing it."""
    folder = user_registry().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(error) from error
    with locked_folder(folder):
        yield


def _read() -> tuple[dict[str, WeightsEntry], dict[str, str]]:
    path = user_registry()
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ValueError(f"it is larger than {_MOST_BYTES} bytes")
        content = json.loads(data)
        if content["format"] != _FORMAT:
            raise ValueError(f"its format is {str(content['format'])[:40]!r}")
        entries = [_entry(row) for row in content["weights"]]
        pins = content.get("pins", {})
        if not all(isinstance(pin, str) and _DIGEST.fullmatch(pin) for pin in pins.values()):
            raise ValueError("a pin is not a SHA-256")
        return {entry.name: entry for entry in entries}, dict(pins)
    except FileNotFoundError:
        return {}, {}
    # RecursionError: brackets nested a million deep.
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PoseliftError(
            f"The list of your own weights cannot be read: {path} ({error}).",
            "Correct or delete it, then add your files again with `poselift weights add`.",
        ) from error


def _entry(row: Mapping[str, Any]) -> WeightsEntry:
    """A checked entry; raises ValueError or TypeError."""
    known = {field.name for field in fields(WeightsEntry)} - {"is_pinned"}
    entry = WeightsEntry(**{key: value for key, value in row.items() if key in known})
    texts = (entry.name, entry.model, entry.file, entry.licence, entry.source, entry.sha256)
    if not all(isinstance(text, str) for text in (*texts, entry.note)):
        raise TypeError(f"texts of {str(entry.name)[:40]!r} are not texts")
    rate, step = entry.fps, entry.time_step
    good = {
        "kind": entry.kind in get_args(Kind),
        "normalisation": entry.normalisation in (None, *get_args(Normalisation)),
        "units": entry.units in (None, *get_args(Units)),
        "is_default": isinstance(entry.is_default, bool),
        "settings": isinstance(entry.settings, Mapping),
        "sha256": re.fullmatch(r"[0-9a-f]{0,64}", entry.sha256) is not None,
        "fps": rate is None or (isinstance(rate, int | float) and 0 < rate < 1000),
        "time_step": isinstance(step, int) and 0 < step < 1000,
        "file": _is_safe(entry),
    }
    bad = [name for name, is_good in good.items() if not is_good]
    if bad:
        value = str(getattr(entry, bad[0]))[:80]
        raise ValueError(f"{bad[0]} of {entry.name[:40]!r} cannot be {value!r}")
    return entry


def _is_safe(entry: WeightsEntry) -> bool:
    """Whether the file is the user's own, which is only read, or lies in the weights folder."""
    if entry.source == LOCAL:
        return Path(entry.file).is_absolute()
    plain = is_plain_name(entry.file) and entry.file.lower() != _REGISTRY
    return plain and not entry.file.endswith(".part") and entry.is_fetchable


def _write(entries: Mapping[str, WeightsEntry], pins: Mapping[str, str]) -> Path:
    rows = [asdict(entry) for entry in entries.values()]
    for row in rows:
        del row["is_pinned"]
    content = {"format": _FORMAT, "weights": rows, "pins": dict(pins)}
    path = user_registry()
    try:
        write_whole(path, json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise _cannot_write(error) from error
    return path


def _cannot_write(error: OSError) -> PoseliftError:
    return PoseliftError(
        f"Cannot write {user_registry()}: {error.strerror}.",
        "Set POSELIFT_WEIGHTS to a folder that you may write to.",
    )
