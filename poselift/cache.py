"""The 2D tracks of a clip, kept beside its result, so that a second run need not look again."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poselift.files import atomic_path
from poselift.types import Track

log = logging.getLogger(__name__)

#: Raised when what is kept changes its meaning, so that older files are not used.
VERSION = 2


@dataclass(frozen=True)
class SeenClip:
    """What looking at a clip gave.

    Attributes:
        time: (T,) float64 seconds of every frame.
        size: (width, height) of the upright picture.
        tracks: the people, in H36M-17; their `frames` index into `time`.
    """

    time: np.ndarray
    size: tuple[int, int]
    tracks: list[Track]

    @property
    def fps(self) -> float:
        """The mean rate; 30 for a single picture.

        >>> SeenClip(np.arange(5) / 25, (4, 4), []).fps
        25.0
        """
        span = float(self.time[-1] - self.time[0]) if len(self.time) > 1 else 0.0
        return (len(self.time) - 1) / span if span > 0 else 30.0


def key_of(source: str, settings: Mapping[str, Any]) -> str | None:
    """Names what was looked at, and how: changes with the file's bytes and with the settings.

    None for what has no bytes to compare (an address, a picture sequence).
    """
    path = Path(source)
    if not path.is_file():
        return None
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    digest.update(json.dumps({"version": VERSION, **settings}, sort_keys=True).encode())
    return digest.hexdigest()


def save(path: Path, key: str, clip: SeenClip) -> None:
    """Keep `clip` at `path`."""
    arrays: dict[str, np.ndarray] = {
        "key": np.array(key),
        "time": clip.time,
        "size": np.array(clip.size),
        "ids": np.array([track.id for track in clip.tracks], int),
    }
    for number, track in enumerate(clip.tracks):
        arrays[f"frames{number}"] = track.frames
        arrays[f"xy{number}"] = track.xy
        arrays[f"score{number}"] = track.score
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load(path: Path, key: str) -> SeenClip | None:
    """What is kept at `path` if it belongs to `key`, else None."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                return None
            tracks = [
                Track(int(i), kept[f"frames{n}"], kept[f"xy{n}"], kept[f"score{n}"])
                for n, i in enumerate(kept["ids"])
            ]
            width, height = (int(value) for value in kept["size"])
            return SeenClip(kept["time"], (width, height), tracks)
    except Exception as error:  # whatever is wrong with a kept file, looking again mends it
        log.warning("The kept 2D tracks in %s cannot be read (%s); looking again.", path, error)
        return None
