"""YOLO models of ultralytics by file: `.onnx` with nothing else, `.pt` through ultralytics.

ultralytics is under AGPL-3.0, and a `.pt` file of its is code that it runs: take such files only
from whom you trust. An exported `.onnx` needs neither: `yolo export model=yolo11n.pt format=onnx`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from poselift.detectors.boxes import suppress
from poselift.detectors.images import as_bgr
from poselift.detectors.similarity import box_overlaps
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import Frame, Keypoints, People

#: A pose that was asked for by box is the found one that overlaps it at least so much.
_SAME_PERSON = 0.3


class YoloModel(Protocol):
    """A YOLO that has been loaded, whatever runs it.

    Attributes:
        has_joints: whether it is a pose model.
    """

    has_joints: bool

    def find(self, image: np.ndarray, threshold: float) -> tuple[People, Keypoints]:
        """The people of a BGR picture above a score, doubles included; joints of pose models."""
        ...


class YoloDetector:
    """Finds people with a YOLO detection or pose model."""

    def __init__(
        self,
        file: str | Path,
        device: str = "auto",
        threshold: float = 0.25,
        overlap: float = 0.6,
        model: YoloModel | None = None,
    ) -> None:
        """Load the model.

        Args:
            file: `.onnx` or `.pt`.
            device: auto, cpu, cuda, cuda:1 or mps.
            threshold: least score of a person.
            overlap: most overlap (IoU) of two people.
            model: one that is loaded already, instead of `file`.
        """
        self._model = model or load_yolo(Path(file), device)
        self.threshold = threshold
        self.overlap = overlap

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        """Find the people of each image, best first."""
        return [self.both(image)[0] for image in images]

    def both(self, image: np.ndarray) -> tuple[People, Keypoints]:
        """The people of one image and, of a pose model, their joints."""
        picture = as_bgr(image)
        people, joints = self._model.find(picture, self.threshold)
        kept = suppress(people.boxes, people.scores, self.overlap)
        height, width = picture.shape[:2]
        edges = np.array([width, height, width, height], np.float32)
        boxes = np.clip(people.boxes[kept], 0, edges)
        kept = kept[(boxes[:, 2:] - boxes[:, :2] >= 1).all(axis=1)]
        boxes = np.clip(people.boxes[kept], 0, edges)
        if len(joints):
            joints = Keypoints(joints.xy[kept], joints.score[kept], joints.skeleton)
        return People(boxes, people.scores[kept]), joints


class YoloPose:
    """Reads COCO-17 joints with a YOLO pose model; it finds the people itself."""

    skeleton = COCO17

    def __init__(
        self, file: str | Path, device: str = "auto", threshold: float = 0.25, overlap: float = 0.6
    ) -> None:
        """Load the model; arguments as for `YoloDetector`."""
        model = load_yolo(Path(file), device)
        if not model.has_joints:
            raise PoseliftError(
                f"{Path(file).name} finds people but does not read joints.",
                f"Use it as the detector (yolo:{file}) or take a YOLO pose model (yolo11n-pose).",
            )
        self._yolo = YoloDetector(file, device, threshold, overlap, model)

    def find(self, frames: Sequence[Frame]) -> list[tuple[People, Keypoints]]:
        """Find the people of each frame and their joints."""
        return [self._yolo.both(frame.image) for frame in frames]

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """The joints of people who are known already; score 0 for those that YOLO does not see."""
        return [
            pick_by_box(wanted, *self._yolo.both(image)) if len(wanted) else Keypoints.none(COCO17)
            for image, wanted in zip(images, people, strict=True)
        ]


def pick_by_box(wanted: People, found: People, joints: Keypoints) -> Keypoints:
    """For each wanted person the joints of the found one in the same place, else score 0."""
    count = len(joints.skeleton)
    xy = np.zeros((len(wanted), count, 2), np.float32)
    score = np.zeros((len(wanted), count), np.float32)
    if len(found):
        overlaps = box_overlaps(wanted.boxes, found.boxes)  # (wanted, found)
        best = overlaps.argmax(axis=1)
        same = overlaps.max(axis=1) >= _SAME_PERSON
        xy[same], score[same] = joints.xy[best[same]], joints.score[best[same]]
    return Keypoints(xy, score, joints.skeleton)


def load_yolo(file: Path, device: str) -> YoloModel:
    """The model of a file, by its ending."""
    if not file.is_file():
        # ultralytics would try to download it.
        raise PoseliftError(f"No such file: {file}", "Check the path of the YOLO model.")
    if file.suffix == ".onnx":
        from poselift.detectors.yolo_onnx import OnnxYolo

        return OnnxYolo(file, device)
    if file.suffix == ".pt":
        from poselift.detectors.yolo_ultralytics import UltralyticsYolo

        return UltralyticsYolo(file, device)
    raise PoseliftError(
        f"{file.name} is not a YOLO file that can be read.", "Give a .onnx or a .pt file."
    )


def joints_of(rows: Any) -> Keypoints:
    """COCO-17 joints from (N, 17, 3) rows of x, y, score."""
    table = np.array(rows, np.float32).reshape(-1, len(COCO17), 3)
    table[~np.isfinite(table).all(axis=-1)] = 0  # a model in float16 may overflow
    return Keypoints(table[..., :2].copy(), np.clip(table[..., 2], 0, 1), COCO17)
