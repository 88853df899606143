"""A YOLO that was exported to ONNX, run by onnxruntime: no ultralytics needed."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np

from poselift.detectors.boxes import letterbox
from poselift.detectors.session import OnnxModel
from poselift.detectors.yolo import joints_of
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import Keypoints, People

_GREY = 114  # what the models were trained to see beside a picture
_JOINTS = 3 * len(COCO17)
_SIZE = 640  # where the file leaves it open


class OnnxYolo:
    """Versions 5u to 26, with or without the file's own suppression of doubles."""

    def __init__(self, file: Path, device: str) -> None:
        self._model = OnnxModel(file, device)
        shape = self._model.input_shape
        if len(shape) != 4 or shape[1] != 3:
            raise PoseliftError(
                f"{file.name} is not a YOLO model: its input is {shape}.",
                "Export one: yolo export model=yolo11n.pt format=onnx.",
            )
        height, width = (side if isinstance(side, int) else _SIZE for side in shape[2:])
        self._size = width, height
        self._file = file.name
        self._person = _person(self._model.metadata.get("names", ""))
        self.has_joints = self._has_joints()

    def find(self, image: np.ndarray, threshold: float) -> tuple[People, Keypoints]:
        """The people of a BGR picture above a score, doubles included."""
        fitted = letterbox(image, self._size, _GREY)
        boxes, scores, joints = self._rows(self._run(fitted.image))
        good = scores >= threshold
        people = People(fitted.boxes_to_picture(boxes[good]), scores[good])
        if not self.has_joints:
            return people, Keypoints.none(COCO17)
        found = joints_of(joints[good])
        return people, Keypoints(fitted.to_picture(found.xy), found.score, COCO17)

    def _run(self, picture: np.ndarray) -> np.ndarray:
        """A BGR picture of the model's size to (N, C) rows, one per candidate."""
        pixels = picture[..., ::-1].astype(np.float32) * np.float32(1 / 255)
        outputs = list(self._model(pixels.transpose(2, 0, 1)[None]).values())
        table = outputs[0]
        if table.ndim != 3 or table.shape[0] != 1 or min(table.shape[1:]) < 5:
            raise PoseliftError(
                f"{self._file} does not behave like a YOLO detection or pose model: "
                f"its output is {table.shape}.",
                "Segmentation, classification and rotated boxes are not read.",
            )
        rows: np.ndarray = table[0]
        # Without suppression of its own a model gives a column per candidate, thousands of them.
        self._is_final = rows.shape[0] > rows.shape[1]
        return rows if self._is_final else rows.T

    def _rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes x0 y0 x1 y1, scores of being a person, and joints, in pixels of the square."""
        joints = rows[:, rows.shape[1] - _JOINTS :] if self.has_joints else rows[:, :0]
        plain = rows[:, : rows.shape[1] - joints.shape[1]]
        if self._is_final:  # x0 y0 x1 y1, score, class
            scores = np.where(plain[:, 5].round() == self._person, plain[:, 4], 0)
            return plain[:, :4], scores.astype(np.float32), joints
        half = plain[:, 2:4] / 2
        boxes = np.concatenate([plain[:, :2] - half, plain[:, :2] + half], axis=1)
        if 4 + self._person >= plain.shape[1]:
            raise PoseliftError(
                f"{self._file} has no class person.", "Take a model trained on COCO."
            )
        return boxes, plain[:, 4 + self._person].astype(np.float32), joints

    def _has_joints(self) -> bool:
        """What the file says it is for; where it says nothing, its output's shape tells."""
        task = self._model.metadata.get("task")
        if task:
            if task not in ("detect", "pose"):
                raise PoseliftError(
                    f"{self._file} is a YOLO model for {task!r}.", "Give one for detect or pose."
                )
            shape = self._model.metadata.get("kpt_shape", "[17, 3]").replace(" ", "")
            if task == "pose" and shape != "[17,3]":
                raise PoseliftError(
                    f"{self._file} reads joints of shape {shape}, not the 17 of COCO.",
                    "Take a pose model trained on COCO.",
                )
            return task == "pose"
        self.has_joints = False
        blank = np.full((self._size[1], self._size[0], 3), _GREY, np.uint8)
        columns = self._run(blank).shape[1]
        return bool(columns == (6 if self._is_final else 5) + _JOINTS)


def _person(names: str) -> int:
    """Which class is a person: the one of that name, else the first, as in COCO."""
    try:
        classes = ast.literal_eval(names) if names else {}
        return next((int(key) for key, name in classes.items() if name == "person"), 0)
    except (ValueError, SyntaxError, AttributeError):
        return 0
