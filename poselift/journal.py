"""What was seen so far of a clip, written as it comes, so that an interrupted run can resume."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poselift.files import atomic_path
from poselift.skeleton import Skeleton
from poselift.types import Keypoints, People

log = logging.getLogger(__name__)

#: Frames that one file of a journal holds: little is lost, and the files stay few.
FRAMES_A_FILE = 300


@dataclass(frozen=True)
class Entry:
    """The people of one frame before they are numbered."""

    index: int
    time: float
    people: People
    keypoints: Keypoints


class Journal:
    """A folder of numbered files, each the people of some hundred frames.

    A journal belongs to a key (the clip's bytes and how it is looked at); one of another key is
    begun anew. Without a folder nothing is kept.
    """

    def __init__(self, folder: Path | None, key: str, skeleton: Skeleton) -> None:
        self._folder = folder / key if folder is not None else None
        self._skeleton = skeleton
        self._waiting: list[Entry] = []
        if folder is not None and folder.is_dir():
            for other in folder.iterdir():
                if other.name != key:
                    shutil.rmtree(other, ignore_errors=True)
        self._files = len(self._kept())

    def _kept(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.npz")) if self._folder is not None else []

    def replay(self) -> Iterator[Entry]:
        """The frames that are kept, in order."""
        for number, path in enumerate(self._kept()):
            try:
                entries = _read(path, self._skeleton)
            except Exception as error:  # a bad file ends what can be resumed; the rest is redone
                log.warning("The journal file %s cannot be read: %s", path, error)
                for late in self._kept()[number:]:
                    late.unlink()
                self._files = number
                return
            yield from entries

    def add(self, entry: Entry) -> None:
        """Keep one more frame."""
        if self._folder is not None:
            self._waiting.append(entry)
            if len(self._waiting) >= FRAMES_A_FILE:
                self.flush()

    def flush(self) -> None:
        """Write what waits; called when a run is interrupted."""
        if self._folder is None or not self._waiting:
            return
        path = self._folder / f"{self._files:06d}.npz"
        with atomic_path(path) as part, part.open("wb") as file:
            np.savez(file, **_arrays(self._waiting))  # type: ignore[arg-type]
        self._files += 1
        self._waiting = []

    def remove(self) -> None:
        """Forget everything: the clip was seen to its end."""
        self._waiting = []
        if self._folder is not None and self._folder.parent.is_dir():
            shutil.rmtree(self._folder.parent, ignore_errors=True)


def _arrays(entries: list[Entry]) -> dict[str, np.ndarray]:
    return {
        "index": np.array([entry.index for entry in entries]),
        "time": np.array([entry.time for entry in entries]),
        "count": np.array([len(entry.people) for entry in entries]),
        "boxes": np.concatenate([entry.people.boxes for entry in entries]),
        "box_scores": np.concatenate([entry.people.scores for entry in entries]),
        "xy": np.concatenate([entry.keypoints.xy for entry in entries]),
        "score": np.concatenate([entry.keypoints.score for entry in entries]),
    }


def _read(path: Path, skeleton: Skeleton) -> list[Entry]:
    with np.load(path, allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    cuts = np.cumsum(arrays["count"])[:-1]
    parts = [np.split(arrays[name], cuts) for name in ("boxes", "box_scores", "xy", "score")]
    return [
        Entry(int(index), float(time), People(boxes, scores), Keypoints(xy, score, skeleton))
        for index, time, boxes, scores, xy, score in zip(
            arrays["index"], arrays["time"], *parts, strict=True
        )
    ]
