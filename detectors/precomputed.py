"""2D joints that somebody has already, as a keypointer that never looks at a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poselift.detectors.precomputed_files import Poses, read_poses
from poselift.detectors.yolo import pick_by_box
from poselift.types import Frame, Keypoints, People

#: A box around joints is larger than what is between them.
_MARGIN = 0.1


class Precomputed:
    """Gives what a file says of each frame; `precomputed:FILE` on the command line.

    It finds people by itself: given to `poselift.detectors.see.See`, no detector runs.
    """

    def __init__(self, file: str | Path, device: str = "auto", first_frame: int = 0) -> None:
        """Read the file.

        Args:
            file: our own `.npz`; `.json` of AlphaPose (COCO, Halpe) or in COCO's format; a folder
                of OpenPose's `.json` files. The joints must be in pixels of the clip's frames.
            device: not used; every part takes it.
            first_frame: the number that the file gives to the clip's first frame.
        """
        poses = read_poses(Path(file))
        self.skeleton = poses.skeleton
        self._first = first_frame
        order = np.argsort(poses.frames, kind="stable")
        numbers, starts = np.unique(poses.frames[order], return_index=True)
        rows = np.split(order, starts[1:])
        self._frames = {
            number: _frame_of(poses, some)
            for number, some in zip(numbers.tolist(), rows, strict=False)
        }
        self._next = 0

    def find(self, frames: Sequence[Frame]) -> list[tuple[People, Keypoints]]:
        """The people of each frame, by the frame's index, and their joints."""
        return [self._at(frame.index) for frame in frames]

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """The joints of people who are known already; score 0 for those that the file lacks.

        Pictures have no numbers, so the first that this sees counts as the clip's first frame, the
        next as the second, and so on; `find` has no such memory.
        """
        answers = []
        for wanted in people:
            found, joints = self._at(self._next)
            answers.append(pick_by_box(wanted, found, joints))
            self._next += 1
        return answers

    def _at(self, index: int) -> tuple[People, Keypoints]:
        nobody = People.none(), Keypoints.none(self.skeleton)
        return self._frames.get(index + self._first, nobody)


def _frame_of(poses: Poses, rows: np.ndarray) -> tuple[People, Keypoints]:
    xy, score = poses.xy[rows], poses.score[rows]
    seen = score > 0
    low = np.where(seen[..., None], xy, np.inf).min(axis=1)
    high = np.where(seen[..., None], xy, -np.inf).max(axis=1)
    grow = (high - low) * _MARGIN
    boxes = np.concatenate([low - grow, high + grow], axis=1).astype(np.float32)
    mean = (score.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)).astype(np.float32)
    return People(boxes, mean), Keypoints(xy, score, poses.skeleton)
