"""A YOLO `.pt` file, run by ultralytics where that is installed (AGPL-3.0)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from poselift.detectors.yolo import joints_of
from poselift.device import resolve_device
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import Keypoints, People

#: Left to itself it installs packages, goes online and writes settings into the home folder.
_QUIET = {"YOLO_AUTOINSTALL": "false", "YOLO_OFFLINE": "true", "YOLO_VERBOSE": "false"}
_EXPORT = "or use an exported file: yolo export model=FILE.pt format=onnx"


class UltralyticsYolo:
    """Any detection or pose model that the installed ultralytics can load."""

    def __init__(self, file: Path, device: str) -> None:
        yolo = _ultralytics()
        try:
            self._model = yolo(str(file))
        except Exception as error:  # whatever a strange pickle makes of it
            raise PoseliftError(
                f"ultralytics cannot load {file.name} ({type(error).__name__}: {error}).",
                "Give a detection or pose model of ultralytics.",
            ) from error
        if self._model.task not in ("detect", "pose"):
            raise PoseliftError(
                f"{file.name} is a YOLO model for {self._model.task!r}.",
                "Give one for detect or pose.",
            )
        self.has_joints = bool(self._model.task == "pose")
        self._device = str(resolve_device(device))
        names: dict[int, str] = self._model.names
        self._person = next((key for key, name in names.items() if name == "person"), 0)

    def find(self, image: np.ndarray, threshold: float) -> tuple[People, Keypoints]:
        """The people of a BGR picture above a score, and the joints of a pose model."""
        try:
            result = self._model.predict(
                image,
                conf=threshold,
                classes=[self._person],
                device=self._device,
                verbose=False,
            )[0]
        except (ImportError, RuntimeError) as error:
            raise PoseliftError(
                f"ultralytics does not work here ({type(error).__name__}: {error}).",
                f"Its torchvision may not fit torch: install both from one place, {_EXPORT}.",
            ) from error
        people = People(_array(result.boxes.xyxy), _array(result.boxes.conf))
        if not self.has_joints:
            return people, Keypoints.none(COCO17)
        return people, joints_of(_array(result.keypoints.data))


def _ultralytics() -> Any:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(tempfile.gettempdir()) / "poselift-yolo"))
    try:
        from ultralytics import YOLO
    except Exception as error:  # a torchvision of another torch raises RuntimeError
        raise PoseliftError(
            f"A .pt file of YOLO needs ultralytics, which cannot be imported ({error}).",
            f"Install the extra (AGPL-3.0): pip install 'poselift[yolo]', {_EXPORT}.",
        ) from error
    return YOLO


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(tensor.cpu().numpy(), np.float32)
