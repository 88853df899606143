"""Weight files of the user's own, recorded in `registry.json` beside the files that are fetched."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.weights.entry import WeightsEntry
from poselift.weights.places import fetch_folder

_FORMAT = "poselift-weights-1"


def user_registry() -> Path:
    """The file that holds the user's entries; it need not exist."""
    return fetch_folder() / "registry.json"


def read_user_entries() -> dict[str, WeightsEntry]:
    """The user's entries by name."""
    path = user_registry()
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError(f"its format is {content['format']!r}")
        known = {field.name for field in fields(WeightsEntry)}
        rows = [{k: v for k, v in row.items() if k in known} for row in content["weights"]]
        return {row["name"]: WeightsEntry(**row) for row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise PoseliftError(
            f"The list of your own weights cannot be read: {path} ({error}).",
            "Mend or delete it, then add your files again with `python -m weights add`.",
        ) from error


def write_user_entry(added: WeightsEntry) -> Path:
    """Record an entry, replacing one of the same name; returns the registry's path."""
    entries = {**read_user_entries(), added.name: added}
    content = {"format": _FORMAT, "weights": [asdict(entry) for entry in entries.values()]}
    path = user_registry()
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise PoseliftError(
            f"Cannot write {path}: {error.strerror}.",
            "Set POSELIFT_WEIGHTS to a folder that you may write to.",
        ) from error
    return path
