"""What pipeline.json says about a model's input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poselift.detectors.deployment import IMAGENET_RGB, RAW_BGR, input_spec
from poselift.detectors.registry import load_detector
from poselift.detectors.rtmpose import RTMPose
from poselift.errors import PoseliftError
from tests.detectors.foreign_graphs import save_answers
from tests.detectors.tiny_models import simcc_lines


def pipeline(*transforms: dict[str, Any]) -> str:
    """As mmdeploy nests it."""
    tasks = [
        {"type": "Task", "module": "Transform", "transforms": list(transforms)},
        {"name": "net", "type": "Task", "module": "Net"},
    ]
    return json.dumps({"pipeline": {"input": ["img"], "tasks": tasks}})


AFFINE = {"type": "TopDownAffine", "image_size": [192, 256]}
NORMALIZE = {"type": "Normalize", "mean": [1, 2, 3], "std": [2, 4, 8], "to_rgb": True}


def test_size_channels_mean_and_spread(tmp_path: Path) -> None:
    model = tmp_path / "rtm.onnx"
    assert input_spec(model, IMAGENET_RGB) is IMAGENET_RGB
    (tmp_path / "pipeline.json").write_text("of another model")
    assert input_spec(model, IMAGENET_RGB) is IMAGENET_RGB
    (tmp_path / "rtm.pipeline.json").write_text(pipeline(AFFINE, NORMALIZE))
    spec = input_spec(model, RAW_BGR)
    assert spec.size == (192, 256)
    pixel = np.array([[[[30, 20, 10]]]], np.uint8)  # blue, green, red
    np.testing.assert_allclose(spec.pixels(pixel).ravel(), [9 / 2, 18 / 4, 27 / 8])
    (tmp_path / "rtm.pipeline.json").write_text(pipeline({**NORMALIZE, "to_rgb": False}))
    np.testing.assert_allclose(
        input_spec(model, RAW_BGR).pixels(pixel).ravel(), [29 / 2, 18 / 4, 7 / 8]
    )


def test_an_unpacked_zip_is_read_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "pipeline.json").write_text(pipeline(AFFINE, NORMALIZE))
    assert input_spec(tmp_path / "end2end.onnx", RAW_BGR).size == (192, 256)


def test_a_model_of_open_size_takes_the_one_that_is_written(tmp_path: Path) -> None:
    lines = np.full(17, 50.0)
    answers = {"simcc_x": simcc_lines(lines, 384), "simcc_y": simcc_lines(lines, 512)}
    file = save_answers(tmp_path / "rtm.onnx", ("b", 3, "h", "w"), answers)
    with pytest.raises(PoseliftError, match="not an RTMPose model") as caught:
        RTMPose(file, "cpu")
    assert "pipeline.json" in caught.value.hint
    (tmp_path / "rtm.pipeline.json").write_text(pipeline(AFFINE, NORMALIZE))
    assert RTMPose(file, "cpu").size == (192, 256)


def test_a_detector_takes_its_size_too(tmp_path: Path) -> None:
    answers = {"dets": np.array([[[0, 0, 160, 160, 0.9]]]), "labels": np.zeros((1, 1), np.int64)}
    file = save_answers(tmp_path / "rtmdet.onnx", ("b", 3, "h", "w"), answers)
    resize = {"type": "Resize", "size": [320, 320], "keep_ratio": True}
    (tmp_path / "rtmdet.pipeline.json").write_text(pipeline(resize))
    (people,) = load_detector(f"rtmdet:{file}", "cpu")([np.zeros((640, 640, 3), np.uint8)])
    np.testing.assert_allclose(people.boxes, [[0, 0, 320, 320]])


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[" * 500_000,
        " " * (2 << 20),
        pipeline({**NORMALIZE, "std": [1, 0, 1]}),
        pipeline({**NORMALIZE, "mean": [1, 2]}),
        pipeline({**NORMALIZE, "mean": "abc"}),
        pipeline({"type": "Normalize"}),
        pipeline({"type": "Resize", "size": [10**9, 10**9]}),
        pipeline({"type": "Resize", "size": "large"}),
        pipeline({"type": "Resize", "size": [1, 2, 3]}),
        json.dumps({"transforms": 7}),
    ],
)
def test_descriptions_that_make_no_sense_are_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.pipeline.json").write_text(content)
    with pytest.raises(PoseliftError, match="does not describe a model's input"):
        input_spec(tmp_path / "m.onnx", RAW_BGR)
