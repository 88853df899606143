"""Writing motion capture sets, one clip at a time."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poselift.files import atomic_path


@dataclass(frozen=True)
class Captured:
    """A clip for a set: its name, (N, 17, 3) metres with z up, and what `meta` says about it."""

    name: str
    joints: np.ndarray
    note: dict[str, Any]


def write_set(path: Path, clips: Iterable[Captured]) -> None:
    """Write an .npz that `poselift.lifter.data.mocap` reads; it gets its name when it is whole.

    The clips are written as they come, so they need not fit into memory together. What their
    making raises is passed on, and no file is left.
    """
    with atomic_path(path) as part:
        _write(part, clips)


def _write(path: Path, clips: Iterable[Captured]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        notes = []
        for clip in clips:
            _add(archive, clip.name, clip.joints.astype(np.float32))
            notes.append(json.dumps({"key": clip.name, **clip.note}))
        _add(archive, "meta", np.array(notes))


def _add(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)
