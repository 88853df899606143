"""RTMPose and its detectors, RTMDet and YOLOX, from local ONNX files; no rtmlib needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poselift.detectors.boxes import clip_boxes, letterbox, suppress
from poselift.detectors.images import as_bgr
from poselift.detectors.session import OnnxModel
from poselift.detectors.topdown import TopDown
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import People

_GREY = 114
_SIZE = 640
_STRIDES = (8, 16, 32)
_MEAN = np.array([123.675, 116.28, 103.53], np.float32)  # RGB
_SPREAD = np.array([58.395, 57.12, 57.375], np.float32)
#: Joints of COCO, Halpe and WholeBody models, all of which begin with COCO's 17.
_JOINT_COUNTS = (17, 26, 133)
#: Positions on SimCC's axes for one pixel of the crop.
_SPLIT = 2


class RTMPose(TopDown):
    """Reads joints with an RTMPose model (SimCC); the first 17, those of COCO."""

    skeleton = COCO17

    def __init__(self, file: str | Path, device: str = "auto", threads: int | None = None) -> None:
        """Load the model.

        Args:
            file: the ONNX file, for example `end2end.onnx` of mmpose's deployed models.
            device: where to run.
            threads: None takes what this machine has.
        """
        path = Path(file)
        self._model = OnnxModel(path, device, threads)
        self._file = path.name
        shape = self._model.input_shape
        if len(shape) != 4 or not isinstance(shape[2], int) or not isinstance(shape[3], int):
            raise PoseliftError(
                f"{path.name} is not an RTMPose model: its input is {shape}.",
                "Give the ONNX file of a top-down RTMPose model.",
            )
        self.size = shape[3], shape[2]
        if isinstance(shape[0], int):
            self.batch = shape[0]

    def read(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, H, W, 3) BGR uint8 to (N, 17, 2) in pixels of the crop and (N, 17) scores."""
        pixels = (crops[..., ::-1].astype(np.float32) - _MEAN) / _SPREAD
        missing = self.batch - len(crops) if isinstance(self._model.input_shape[0], int) else 0
        if missing > 0:
            pixels = np.concatenate([pixels, np.repeat(pixels[-1:], missing, axis=0)])
        outputs = list(self._model(pixels.transpose(0, 3, 1, 2)).values())
        expected = [self.size[0] * _SPLIT, self.size[1] * _SPLIT]
        if [output.shape[-1] for output in outputs[:2]] != expected or (
            outputs[0].shape[1] not in _JOINT_COUNTS
        ):
            raise PoseliftError(
                f"{self._file} does not answer as an RTMPose model of a body: its outputs are "
                f"{', '.join(str(output.shape) for output in outputs)}.",
                "Models for 17 (COCO), 26 (Halpe) and 133 (WholeBody) joints are read.",
            )
        along_x, along_y = (output[: len(crops), : len(COCO17)] for output in outputs[:2])
        return decode_simcc(along_x, along_y)


def decode_simcc(along_x: np.ndarray, along_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joints from their likelihood along each axis.

    Args:
        along_x: (N, K, 2 W).
        along_y: (N, K, 2 H).

    Returns:
        (N, K, 2) in pixels, refined by the parabola through the highest three values, and (N, K)
        the mean of both maxima.
    """
    x, best_x = _top(along_x)
    y, best_y = _top(along_y)
    score = np.clip((best_x + best_y) / 2, 0, 1)
    return np.stack([x, y], axis=-1) / np.float32(_SPLIT), score


def _top(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place and height of each highest value: (N, K, L) to (N, K), (N, K)."""
    best = line.argmax(axis=-1)
    at = [
        np.take_along_axis(line, np.clip(best + away, 0, line.shape[-1] - 1)[..., None], -1)[..., 0]
        for away in (-1, 0, 1)
    ]
    bend = at[0] - 2 * at[1] + at[2]
    inside = (best > 0) & (best < line.shape[-1] - 1) & (bend < 0)
    step = np.where(inside, (at[0] - at[2]) / (2 * np.where(inside, bend, -1)), 0)
    return (best + step).astype(np.float32), at[1]


class RTMDetector:
    """Finds people with an RTMDet or YOLOX model."""

    def __init__(
        self,
        file: str | Path,
        device: str = "auto",
        threads: int | None = None,
        threshold: float = 0.3,
        overlap: float = 0.6,
        normalise: bool | None = None,
    ) -> None:
        """Load the model.

        Args:
            file: the ONNX file.
            device: where to run.
            threads: None takes what this machine has.
            threshold: least score of a person.
            overlap: most overlap (IoU) of two people.
            normalise: whether the model wants ImageNet's mean and spread, as RTMDet does and YOLOX
                does not; None tells by the file's name.
        """
        path = Path(file)
        self._model = OnnxModel(path, device, threads)
        shape = self._model.input_shape
        if len(shape) != 4 or shape[1] != 3:
            raise PoseliftError(
                f"{path.name} is not a detector: its input is {shape}.",
                "Give the ONNX file of RTMDet or YOLOX.",
            )
        height, width = (side if isinstance(side, int) else _SIZE for side in shape[2:])
        self._size = width, height
        self._file = path.name
        self._normalise = "yolox" not in path.name.lower() if normalise is None else normalise
        self.threshold = threshold
        self.overlap = overlap

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        """Find the people of each image, best first."""
        return [self._find(as_bgr(image)) for image in images]

    def _find(self, image: np.ndarray) -> People:
        fitted = letterbox(image, self._size, _GREY, centred=False)
        pixels = fitted.image.astype(np.float32)
        if self._normalise:
            pixels = (pixels - _MEAN[::-1]) / _SPREAD[::-1]
        outputs = list(self._model(pixels.transpose(2, 0, 1)[None]).values())
        boxes, scores = self._decode(outputs)
        good = np.flatnonzero(scores >= self.threshold)
        kept = good[suppress(boxes[good], scores[good], self.overlap)]
        height, width = image.shape[:2]
        found = clip_boxes(fitted.boxes_to_picture(boxes[kept]), width, height)
        inside = (found[:, 2:] - found[:, :2] >= 1).all(axis=1)
        return People(found[inside], scores[kept][inside].astype(np.float32))

    def _decode(self, outputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """(N, 4) boxes in pixels of the square and (N,) scores of being a person."""
        table = outputs[0]
        if table.ndim == 3 and table.shape[2] == 5:  # doubles are gone already; labels beside it
            is_person = outputs[1][0] == 0 if len(outputs) > 1 else np.ones(table.shape[1], bool)
            return table[0, :, :4], np.where(is_person, table[0, :, 4], 0)
        if table.ndim == 3 and table.shape[2] > 5:
            return decode_yolox(table[0], self._size)
        raise PoseliftError(
            f"{self._file} does not answer as RTMDet or YOLOX: its output is {table.shape}.",
            "Give a model exported with boxes and labels, or YOLOX as it is.",
        )


def decode_yolox(rows: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """YOLOX's raw rows, one a cell: offset x, y, log of width, height, object, classes.

    Args:
        rows: (N, 5 + classes), the cells of strides 8, 16 and 32, row by row.
        size: width and height of the model's input.

    Returns:
        (N, 4) boxes x0 y0 x1 y1 in pixels and (N,) scores of being a person.
    """
    corners, strides = [], []
    for stride in _STRIDES:
        column, row = np.meshgrid(np.arange(size[0] // stride), np.arange(size[1] // stride))
        corners.append(np.stack([column.ravel(), row.ravel()], axis=1))
        strides.append(np.full((column.size, 1), stride))
    corner, step = np.concatenate(corners), np.concatenate(strides)
    if len(corner) != len(rows):
        raise PoseliftError(
            f"A YOLOX model of {size[0]}x{size[1]} gives {len(corner)} rows, this one {len(rows)}.",
            "Give a YOLOX of strides 8, 16 and 32.",
        )
    middle = (rows[:, :2] + corner) * step
    half = np.exp(rows[:, 2:4]) * step / 2
    return np.concatenate([middle - half, middle + half], axis=1), rows[:, 4] * rows[:, 5]
