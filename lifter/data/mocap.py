"""Motion capture sets: 17 joints through time, and which clips train and which validate.

A set is an .npz with one (N, 17, 3) array per clip (metres, z up, H36M-17), named
`<source>/<subject or action>/<trial>`, and `meta`, one JSON string per clip.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from poselift.errors import PoseliftError
from poselift.reading import checked_rate, damage_told, kind_of, read_arrays

#: Trials of the CMU database, (subject, trial), that never train, whichever source they come from:
#: no motion of a validation trial is seen in training under another name.
VALIDATION_TRIALS = frozenset({
    (1, 4), (1, 12), (2, 4), (2, 5), (3, 1), (3, 2), (3, 3), (3, 4), (5, 5), (5, 12), (5, 19),
    (6, 7), (6, 14), (6, 15), (7, 8), (7, 12),
    # The trials that `convseq2seq_expmap/test_*` were made of.
    (11, 1), (14, 12), (16, 35), (49, 2),
})  # fmt: skip
#: Subjects none of whose trials train: many of them are `test_walking_extra_*`.
VALIDATION_SUBJECTS = frozenset({35})
#: Other clips that never train, by the start of their name: whole actions of a source.
VALIDATION = (
    "convseq2seq_expmap/test_",
    "pybullet_data/getup_faceup",
    "pybullet_data/spinkick",
    "pybullet_data/walk",
)
_CMU_NAME = re.compile(r".*/0*(\d+)/0*(\d+)_0*(\d+)(_p\d+)?")


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
    if kind_of(path) == "nothing":
        raise PoseliftError(
            f"No such motion capture set: {path}",
            "docs/training.md says what such a file holds.",
        )
    stored = read_arrays(path)
    notes = {}
    with damage_told(path, "a motion capture set", "docs/training.md says what it holds."):
        for text in stored.get("meta", ()):
            note = json.loads(str(text))
            notes[note["key"]] = note
        clips = [
            _clip(name, joints, notes.get(name, {}))
            for name, joints in stored.items()
            if joints.ndim == 3 and joints.shape[1:] == (17, 3)
        ]
    if not clips:
        raise PoseliftError(
            f"{path} holds no (N, 17, 3) arrays.", "One array per clip is expected."
        )
    return clips


def _clip(name: str, joints: np.ndarray, note: dict[str, Any]) -> Clip:
    """A clip of a set; its movement must be one."""
    action = str(note.get("description") or name.split("/")[-1])
    joints = joints.astype(np.float32)
    if not len(joints) or not (np.abs(joints) < 1e6).all():
        raise ValueError(f"{name} is empty, or has joints that are nowhere")
    return Clip(name, joints, checked_rate(note.get("fps", 60), name), action)


def read_sets(paths: Iterable[Path | str]) -> list[Clip]:
    """The clips of several sets, one after the other."""
    return [clip for path in paths for clip in read_set(path)]


def cmu_trial(name: str) -> tuple[int, int] | None:
    """Subject and trial of a clip named `<source>/<subject>/<subject>_<trial>`, as CMU's are.

    >>> cmu_trial("iclone_bvh/005/005_12_p1"), cmu_trial("bvh/dance/dance_1")
    ((5, 12), None)
    """
    found = _CMU_NAME.fullmatch(name)
    if found is None or found[1] != found[2]:
        return None
    return int(found[2]), int(found[3])


def is_validation(name: str) -> bool:
    """Whether the clip of this name is kept from training.

    >>> is_validation("pybullet_data/walk"), is_validation("pybullet_data/run")
    (True, False)
    >>> is_validation("asfamc/01/01_04"), is_validation("bvh/01/01_05"), is_validation("x/35/35_40")
    (True, False, True)
    """
    trial = cmu_trial(name)
    if trial is not None and (trial in VALIDATION_TRIALS or trial[0] in VALIDATION_SUBJECTS):
        return True
    return name.startswith(VALIDATION)


def split(
    clips: Iterable[Clip], validate: Sequence[str] | None = None
) -> tuple[list[Clip], list[Clip]]:
    """(training, validation) clips.

    `validate` are patterns of names, such as `*/dance_*`; every one must match a clip. None keeps
    the clips that `is_validation` knows.
    """
    clips = list(clips)
    for pattern in validate or ():
        if not any(fnmatchcase(clip.name, pattern) for clip in clips):
            names = ", ".join(clip.name for clip in clips[:3])
            raise PoseliftError(
                f"No clip's name matches {pattern!r}, so it would validate nothing.",
                f"Clips have names such as {names}.",
            )
    training: list[Clip] = []
    validation: list[Clip] = []
    for clip in clips:
        if validate is None:
            kept = is_validation(clip.name)
        else:
            kept = any(fnmatchcase(clip.name, pattern) for pattern in validate)
        (validation if kept else training).append(clip)
    return training, validation
