"""How a test loads each registered part without fetching anything.

A part whose weights ship is loaded by its name. Each other part has a maker, which writes the file
that the part needs into a folder; the detectors' files see somebody in `balance_small` and nobody
in black, the keypointers' files read the man of its first frame.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poselift.detectors.registry import KEYPOINTERS
from tests.detectors.foreign_graphs import save_answers
from tests.detectors.tiny_models import (
    mmpose_config,
    random_hrnet,
    save_graph,
    simcc_lines,
    yolo_answer,
    yolo_pose_row,
)

#: Around the man of the first frame of `balance_small`, which is 540x960.
MAN = (205.0, 205.0, 375.0, 560.0)
#: The mean of a channel of that frame in a square with grey around: red of 0..1, blue of 0..255.
#: Of a black picture it is a quarter of this, or less.
_RED, _BLUE = 0.44, 108.0
_SQUARE = (1, 3, 320, 320)


@dataclass(frozen=True)
class Loading:
    """What to call a part by, and what to make it with."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


Maker = Callable[[str, Path], Loading]


def shipped(name: str, folder: Path) -> Loading:
    """By its name alone."""
    return Loading(name, {"threads": 1})


def yolo_detector(name: str, folder: Path) -> Loading:
    """One candidate, whose box and score follow the brightness: too dim in a black picture."""
    row = np.array([167, 127, 57, 118, 0.8]) / _RED  # a third of the picture, 70 of grey beside it
    answers = {"o": yolo_answer([row.tolist()])}
    return Loading(f"{name}:{save_graph(folder / 'yolo.onnx', _SQUARE, answers, {'o': 0})}")


def rtmdet(name: str, folder: Path) -> Loading:
    """As `yolo_detector`, in the pixels of YOLOX, which are not normalised."""
    row = np.array([68, 68, 125, 187, 0.8]) / _BLUE
    answers = {"dets": row[None, None]}
    file = save_graph(folder / "yolox.onnx", _SQUARE, answers, {"dets": 0})
    return Loading(f"{name}:{file}", {"threads": 1})


def yolo_pose(name: str, folder: Path) -> Loading:
    """The man, with some joints."""
    answers = {"o": yolo_answer([yolo_pose_row([167, 127, 57, 118], 0.9, 0)])}
    return Loading(f"{name}:{save_graph(folder / 'yolo-pose.onnx', _SQUARE, answers)}")


def rtmpose(name: str, folder: Path) -> Loading:
    """The same joints in every crop."""
    places = np.linspace(40, 300, 17)
    answers = {"simcc_x": simcc_lines(places, 384), "simcc_y": simcc_lines(places, 512)}
    file = save_graph(folder / "rtmpose.onnx", ("n", 3, 256, 192), answers)
    return Loading(f"{name}:{file}", {"threads": 1})


def rtmo(name: str, folder: Path) -> Loading:
    """The man, with joints down the middle of his box."""
    scale = 320 / 960
    box = np.array(MAN) * scale
    joints = np.column_stack([np.linspace(box[:2], box[2:], 17), np.full(17, 0.9)])
    answers = {"dets": np.array([[[*box, 0.9]]]), "keypoints": joints[None, None]}
    file = save_answers(folder / "rtmo.onnx", (1, 3, 320, 320), answers)
    return Loading(f"{name}:{file}", {"threads": 1})


def precomputed(name: str, folder: Path) -> Loading:
    """COCO results with the man in the first frame."""
    joints = np.column_stack([np.linspace(MAN[:2], MAN[2:], 17), np.full(17, 0.9)])
    content = [{"image_id": 0, "category_id": 1, "keypoints": joints.ravel().tolist(), "score": 1}]
    path = folder / "results.json"
    path.write_text(json.dumps(content))
    return Loading(f"{name}:{path}")


def hrnet(name: str, folder: Path) -> Loading:
    """Random weights, and small crops, each read once, as the published ways take long."""
    file = folder / "hrnet_w32_256x192.pth"
    if not file.exists():  # the three entries share it
        random_hrnet(file)
    return Loading(f"{name}:{file}", {"size": (64, 96), "flip_test": False})


def mmpose(name: str, folder: Path) -> Loading:
    """Skips the test where mmpose is not installed."""
    reason = "needs mmpose, which docs/published-detectors.md installs"
    pytest.importorskip("mmpose", reason=reason, exc_type=ImportError)
    return Loading(f"{name}:{mmpose_config()}", {"checkpoint": random_hrnet(folder / "mm.pth")})


DETECTOR_MAKERS: dict[str, Maker] = {
    "nanodet": shipped,
    "blazepose": shipped,
    "yolo": yolo_detector,
    "rtmdet": rtmdet,
    "rtmdet-nano": rtmdet,
    "yolox-tiny": rtmdet,
    "yolox-m": rtmdet,
}

KEYPOINTER_MAKERS: dict[str, Maker] = {
    "thunder": shipped,
    "lightning": shipped,
    "blazepose": shipped,
    "hrnet-w48-384": hrnet,
    "hrnet-w48-256": hrnet,
    "hrnet-w32-256": hrnet,
    "mmpose": mmpose,
    "yolo": yolo_pose,
    "rtmpose": rtmpose,
    "rtmo": rtmo,
    **{name: rtmpose for name in KEYPOINTERS if name.startswith("rtmpose-")},
    **{name: rtmo for name in KEYPOINTERS if name.startswith("rtmo-")},
    "precomputed": precomputed,
}
