"""Motion capture sets: 17 joints through time, and which clips train and which validate.

A set is an .npz with one (N, 17, 3) array a clip (metres, z up, H36M-17), named
`<source>/<subject or action>/<trial>`, and `meta`, one JSON string a clip.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weights.errors import PoseliftError

#: Clips that never train, by the start of their name: whole actions or trials of each source, so
#: that no motion of a validation trial is seen in training under another name.
VALIDATION = (
    "convseq2seq_expmap/test_",
    "cyun_asfamc/01/01_04",
    "cyun_asfamc/01/01_12",
    "cyun_asfamc/02/02_04",
    "cyun_asfamc/02/02_05",
    "cyun_asfamc/03/03_0",
    "iclone_bvh/005/005_05",
    "iclone_bvh/005/005_12",
    "iclone_bvh/005/005_19",
    "iclone_bvh/006/006_14",
    "iclone_bvh/006/006_15",
    "iclone_bvh/007/007_08",
    "iclone_bvh/007/007_12",
    "pybullet_data/getup_faceup",
    "pybullet_data/spinkick",
    "pybullet_data/walk",
)


@dataclass(frozen=True)
class Clip:
    """One motion: (N, 17, 3) metres, z up, at `fps`; `action` in words."""

    name: str
    joints: np.ndarray
    fps: float
    action: str

    def at_rate(self, fps: float) -> np.ndarray:
        """The frames (M, 17, 3) nearest to the moments of another rate."""
        step = self.fps / fps
        count = int((len(self.joints) - 1) / step) + 1
        return self.joints[np.round(np.arange(count) * step).astype(int)]


def read_set(path: Path | str) -> list[Clip]:
    """The clips of one .npz set, in the file's order."""
    path = Path(path)
    if not path.is_file():
        raise PoseliftError(
            f"No such motion capture set: {path}",
            "docs/training.md says what such a file holds.",
        )
    with np.load(path, allow_pickle=False) as stored:
        notes = {}
        for text in stored["meta"] if "meta" in stored.files else ():
            note = json.loads(str(text))
            notes[note["key"]] = note
        clips = []
        for name in stored.files:
            joints = stored[name]
            if joints.ndim != 3 or joints.shape[1:] != (17, 3):
                continue
            note = notes.get(name, {})
            action = note.get("description") or name.split("/")[-1]
            clips.append(Clip(name, joints.astype(np.float32), float(note.get("fps", 60)), action))
    if not clips:
        raise PoseliftError(f"{path} holds no (N, 17, 3) arrays.", "One array a clip is expected.")
    return clips


def read_sets(paths: Iterable[Path | str]) -> list[Clip]:
    """The clips of several sets, one after the other."""
    return [clip for path in paths for clip in read_set(path)]


def is_validation(name: str) -> bool:
    """Whether the clip of this name is kept from training.

    >>> is_validation("pybullet_data/walk"), is_validation("pybullet_data/run")
    (True, False)
    """
    return name.startswith(VALIDATION)


def split(clips: Iterable[Clip]) -> tuple[list[Clip], list[Clip]]:
    """(training, validation) clips."""
    training: list[Clip] = []
    validation: list[Clip] = []
    for clip in clips:
        (validation if is_validation(clip.name) else training).append(clip)
    return training, validation
