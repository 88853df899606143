"""RTMPose and its detectors, RTMDet and YOLOX, from local ONNX files; no rtmlib needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poselift import weights
from poselift.detectors.boxes import keep_people, letterbox
from poselift.detectors.deployment import IMAGENET_BGR, IMAGENET_RGB, RAW_BGR, input_spec
from poselift.detectors.images import as_bgr
from poselift.detectors.session import OnnxModel, named_output, picture_size
from poselift.detectors.topdown import TopDown
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17, HALPE26, Skeleton
from poselift.types import People

#: What a picture is padded with, the colour that the models saw in training.
GREY = 114
_SIZE = (640, 640)
_STRIDES = (8, 16, 32)
#: What is read of models with so many joints; WholeBody's first 17 are COCO's.
_SKELETONS: dict[int, Skeleton] = {17: COCO17, 26: HALPE26, 133: COCO17}
#: Positions on SimCC's axes for one pixel of the crop.
_SPLITS = (1, 2, 3, 4)


class RTMPose(TopDown):
    """Reads joints with an RTMPose model (SimCC).

    Attributes:
        skeleton: HALPE26 of a model with feet, otherwise COCO17.
    """

    def __init__(
        self,
        file: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        name: str = "rtmpose-m",
    ) -> None:
        """Load the model and run it once on a grey crop.

        Args:
            file: the ONNX file, for example `end2end.onnx` of mmpose's deployed models; None takes
                `name`.
            device: where to run.
            threads: None takes what this machine has.
            name: the weights entry to take.
        """
        path = Path(file) if file else weights.get(name)
        self._model = OnnxModel(path, device, threads)
        self._file = path.name
        self._spec = input_spec(path, IMAGENET_RGB)
        self.size = picture_size(self._model, path.name, "an RTMPose model", self._spec.size)
        grey = np.full((1, self.size[1], self.size[0], 3), GREY, np.uint8)
        along_x, along_y = self._lines(grey)
        self._split = along_x.shape[2] // self.size[0]
        expected = self.size[0] * self._split, self.size[1] * self._split
        answers = (along_x.shape[2], along_y.shape[2])
        joints = along_x.shape[1]
        if answers != expected or self._split not in _SPLITS or joints not in _SKELETONS:
            raise self._wrong(along_x, along_y)
        self.skeleton = _SKELETONS[joints]

    def read(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, H, W, 3) BGR uint8 to (N, K, 2) in pixels of the crop and (N, K) scores."""
        along_x, along_y = self._lines(crops)
        count = len(self.skeleton)
        return decode_simcc(along_x[:, :count], along_y[:, :count], self._split)

    def _lines(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The likelihood of each joint along x and y, (N, K, split W) and (N, K, split H)."""
        outputs = self._model(self._spec.pixels(crops))
        along_x = named_output(outputs, "simcc_x", 0)
        along_y = named_output(outputs, "simcc_y", 1)
        if (
            along_x is None
            or along_y is None
            or along_x.ndim != 3
            or along_y.ndim != 3
            or along_x.shape[:2] != along_y.shape[:2]
            or len(along_x) != len(crops)
        ):
            raise self._wrong(*outputs.values())
        return along_x, along_y

    def _wrong(self, *outputs: np.ndarray) -> PoseliftError:
        return PoseliftError(
            f"{self._file} does not behave like an RTMPose body model: its outputs are "
            f"{', '.join(str(output.shape) for output in outputs[:5])}.",
            "Models for 17 (COCO), 26 (Halpe) and 133 (WholeBody) joints are read.",
        )


def decode_simcc(
    along_x: np.ndarray, along_y: np.ndarray, split: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Joints from their likelihood along each axis.

    Args:
        along_x: (N, K, split W).
        along_y: (N, K, split H).
        split: positions for one pixel.

    Returns:
        (N, K, 2) in pixels, refined by the parabola through the highest three values, and (N, K)
        the mean of both maxima.
    """
    x, best_x = _top(along_x)
    y, best_y = _top(along_y)
    score = np.clip((best_x + best_y) / 2, 0, 1)
    return np.stack([x, y], axis=-1) / np.float32(split), score


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
    """Finds people with an RTMDet or YOLOX model.

    Attributes:
        side: pixels of the longer side of the model's input.
    """

    def __init__(
        self,
        file: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        threshold: float = 0.3,
        overlap: float = 0.6,
        normalise: bool | None = None,
        size: tuple[int, int] | None = None,
        name: str = "yolox-tiny",
    ) -> None:
        """Load the model and run it once on a grey picture.

        Args:
            file: the ONNX file; None takes `name`.
            device: where to run.
            threads: None takes what this machine has.
            threshold: least score of a person.
            overlap: most overlap (IoU) of two people.
            normalise: whether the model wants ImageNet's mean and spread, as RTMDet does and YOLOX
                does not; None takes what its pipeline.json says, or its file's name.
            size: width and height of its input, where the file leaves them open; None takes what
                its pipeline.json says, or 640 x 640.
            name: the weights entry to take.
        """
        path = Path(file) if file else weights.get(name)
        self._model = OnnxModel(path, device, threads)
        self._file = path.name
        plain = "yolox" in path.name.lower()
        self._spec = input_spec(path, RAW_BGR if plain else IMAGENET_BGR)
        if normalise is not None:
            self._spec = IMAGENET_BGR if normalise else RAW_BGR
        self._size = picture_size(
            self._model, path.name, "a detector", size or self._spec.size or _SIZE
        )
        self.side = max(self._size)
        self.threshold = threshold
        self.overlap = overlap
        self._run(np.full((self._size[1], self._size[0], 3), GREY, np.uint8))

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        """Find the people of each image, best first."""
        return [self._find(as_bgr(image)) for image in images]

    def _find(self, image: np.ndarray) -> People:
        fitted = letterbox(image, self._size, GREY, centred=False)
        boxes, scores = self._run(fitted.image)
        people, _ = keep_people(fitted, boxes, scores, self.threshold, self.overlap, image.shape)
        return people

    def _run(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, 4) boxes in pixels of the square and (N,) scores of being a person."""
        outputs = self._model(self._spec.pixels(picture[None]))
        table = named_output(outputs, "dets", 0)
        assert table is not None  # a file without outputs is not opened
        labels = named_output(outputs, "labels", 1)
        if table.ndim == 3 and len(table) == 1 and table.shape[2] == 5:
            # Doubles are gone already; what each is stands beside it.
            if labels is None or labels.size == table.shape[1]:
                scores = table[0, :, 4]
                return table[0, :, :4], (
                    scores if labels is None else np.where(labels.reshape(-1) == 0, scores, 0)
                )
        elif table.ndim == 3 and len(table) == 1 and table.shape[2] > 5:
            return decode_yolox(table[0], self._size)
        raise PoseliftError(
            f"{self._file} does not behave like RTMDet or YOLOX: its outputs are "
            f"{', '.join(f'{key} {value.shape}' for key, value in list(outputs.items())[:5])}.",
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
    half = np.exp(np.minimum(rows[:, 2:4], 20)) * step / 2
    return np.concatenate([middle - half, middle + half], axis=1), rows[:, 4] * rows[:, 5]
