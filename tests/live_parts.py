"""Parts that know beforehand who is in the picture, for tests of `Live`: fast, and exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from poselift.skeleton import H36M17
from poselift.types import Keypoints, Motion, People, Track

#: Somebody who stands, 1 high about the pelvis, x right and y down.
STANDING = np.array(
    [
        (0, 0), (-0.05, 0), (-0.05, 0.25), (-0.05, 0.5), (0.05, 0), (0.05, 0.25), (0.05, 0.5),
        (0, -0.12), (0, -0.28), (0, -0.38), (0, -0.5), (0.08, -0.28), (0.12, -0.14), (0.14, 0),
        (-0.08, -0.28), (-0.12, -0.14), (-0.14, 0),
    ],
    np.float32,
)  # fmt: skip


def somebody(x: float, y: float, height: float) -> np.ndarray:
    """(17, 2) pixels: a body of this height with its pelvis at x, y."""
    return STANDING * np.float32(height) + np.array([x, y], np.float32)


class Stage:
    """Who is there now: what the detector finds and the keypointer reads."""

    skeleton = H36M17

    def __init__(self, *bodies: np.ndarray) -> None:
        self.bodies = list(bodies)
        self.detections = 0

    def detect(self, images: Sequence[np.ndarray]) -> list[People]:
        self.detections += len(images)
        boxes = np.array([_box(body) for body in self.bodies], np.float32).reshape(-1, 4)
        return [People(boxes, np.ones(len(boxes), np.float32)) for _ in images]

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        return [self._read(found) for found in people]

    def _read(self, found: People) -> Keypoints:
        xy = np.zeros((len(found), 17, 2), np.float32)
        score = np.zeros((len(found), 17), np.float32)
        for row, box in enumerate(found.boxes):
            for body in self.bodies:
                if np.abs((box[:2] + box[2:]) / 2 - _middle(body)).max() < 90:
                    xy[row], score[row] = body, 0.9
        return Keypoints(xy, score, H36M17)


class StandingLifter:
    """Lifts tracks of anybody: pixels become hundredths of a metre about the pelvis."""

    name = "standing"
    receptive_field = 5

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.sizes: list[tuple[int, int]] = []
        self.threads: list[int] = []

    def __call__(
        self, tracks: Sequence[Track], *, image_size: tuple[int, int], fps: float
    ) -> list[Motion]:
        self.threads.append(torch.get_num_threads())
        [track] = tracks
        self.lengths.append(len(track))
        self.sizes.append(image_size)
        flat = (track.xy - track.xy[:, :1]) / 100
        pose = np.concatenate([flat, np.zeros_like(flat[..., :1])], axis=-1)
        return [Motion(track, pose, fps, self.name, np.zeros(len(track), bool))]


def _box(body: np.ndarray) -> np.ndarray:
    return np.concatenate([body.min(axis=0) - 10, body.max(axis=0) + 10])


def _middle(body: np.ndarray) -> np.ndarray:
    return (body.min(axis=0) + body.max(axis=0)) / 2
