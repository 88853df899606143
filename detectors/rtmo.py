"""RTMO from a local ONNX file: everybody's boxes and joints in one pass over the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poselift import weights
from poselift.detectors.boxes import keep_people, letterbox
from poselift.detectors.deployment import RAW_BGR, input_spec
from poselift.detectors.images import as_bgr
from poselift.detectors.rtmpose import GREY
from poselift.detectors.session import OnnxModel, named_output, picture_size
from poselift.detectors.yolo import joints_of, pick_by_box
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import Frame, Keypoints, People

_SIZE = (640, 640)


class RTMO:
    """Reads COCO-17 joints of everybody in a picture; it finds the people itself."""

    skeleton = COCO17

    def __init__(
        self,
        file: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        threshold: float = 0.3,
        overlap: float = 0.65,
        name: str = "rtmo-s",
    ) -> None:
        """Load the model and run it once on a grey picture.

        Args:
            file: the ONNX file, `end2end.onnx` of mmpose's deployed models; None takes `name`.
            device: where to run.
            threads: None takes what this machine has.
            threshold: least score of a person.
            overlap: most overlap (IoU) of two people.
            name: the weights entry to take.
        """
        path = Path(file) if file else weights.get(name)
        self._model = OnnxModel(path, device, threads)
        self._file = path.name
        self._spec = input_spec(path, RAW_BGR)
        self._size = picture_size(self._model, path.name, "an RTMO model", self._spec.size or _SIZE)
        self.threshold = threshold
        self.overlap = overlap
        self._run(np.full((self._size[1], self._size[0], 3), GREY, np.uint8))

    def find(self, frames: Sequence[Frame]) -> list[tuple[People, Keypoints]]:
        """Find the people of each frame and their joints."""
        return [self._both(frame.image) for frame in frames]

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """The joints of people who are known already; score 0 for those that RTMO does not see."""
        return [
            pick_by_box(wanted, *self._both(image)) if len(wanted) else Keypoints.none(COCO17)
            for image, wanted in zip(images, people, strict=True)
        ]

    def _both(self, image: np.ndarray) -> tuple[People, Keypoints]:
        picture = as_bgr(image)
        fitted = letterbox(picture, self._size, GREY, centred=False)
        table, joints = self._run(fitted.image)
        people, kept = keep_people(
            fitted, table[:, :4], table[:, 4], self.threshold, self.overlap, picture.shape
        )
        found = joints_of(joints[kept])
        return people, Keypoints(fitted.to_picture(found.xy), found.score, COCO17)

    def _run(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, 5) boxes and scores and (N, 17, 3) joints and scores, in pixels of the square."""
        outputs = self._model(self._spec.pixels(picture[None]))
        boxes = named_output(outputs, "dets", 0)
        joints = named_output(outputs, "keypoints", 1)
        if (
            boxes is None
            or joints is None
            or boxes.ndim != 3
            or boxes.shape[0] != 1
            or boxes.shape[2] != 5
            or joints.shape != (1, boxes.shape[1], len(COCO17), 3)
        ):
            told = ", ".join(f"{key} {value.shape}" for key, value in list(outputs.items())[:5])
            raise PoseliftError(
                f"{self._file} does not behave like an RTMO model: its outputs are {told}.",
                "Give the end2end.onnx of an RTMO for 17 joints (COCO).",
            )
        return boxes[0], joints[0]
