"""How OpenMMLab's deployed models want their pictures: `pipeline.json` beside the ONNX file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from poselift.errors import PoseliftError
from poselift.weights.unpack import MOST_PIPELINE, pipeline_path

_MOST_SIDE = 2048


@dataclass(frozen=True)
class InputSpec:
    """What is done to a picture's pixels before the model sees them.

    Attributes:
        mean: (3,) taken off each channel, in the order in which the model gets them.
        spread: (3,) what each channel is then divided by.
        rgb: whether the model gets red, green, blue, and not the reverse.
        size: width and height, where the description names them.
    """

    mean: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32))
    spread: np.ndarray = field(default_factory=lambda: np.ones(3, np.float32))
    rgb: bool = False
    size: tuple[int, int] | None = None

    def pixels(self, pictures: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) BGR uint8 to what the model gets, (N, 3, H, W) float32."""
        ordered = pictures[..., ::-1] if self.rgb else pictures
        values = ordered.astype(np.float32)
        values -= self.mean
        values /= self.spread
        return values.transpose(0, 3, 1, 2)


_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
_SPREAD = np.array([58.395, 57.12, 57.375], np.float32)
IMAGENET_RGB = InputSpec(_MEAN, _SPREAD, rgb=True)
IMAGENET_BGR = InputSpec(_MEAN[::-1], _SPREAD[::-1])
RAW_BGR = InputSpec()


def input_spec(model: Path, default: InputSpec) -> InputSpec:
    """What the description beside a model says, or `default` where there is none."""
    path = pipeline_path(model)
    if not path.is_file():
        path = model.with_name("pipeline.json")
        if model.name != "end2end.onnx" or not path.is_file():
            return default
    try:
        with path.open("rb") as file:
            data = file.read(MOST_PIPELINE + 1)
        if len(data) > MOST_PIPELINE:
            raise ValueError("too large")
        return _spec(json.loads(data), default)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise PoseliftError(
            f"{path} does not describe a model's input ({error}).",
            "Fetch the model again, or remove this file to use the defaults for its kind.",
        ) from error


def _spec(content: Any, default: InputSpec) -> InputSpec:
    size, mean, spread, rgb = default.size, default.mean, default.spread, default.rgb
    for step in _steps(content):
        if step["type"] == "Normalize":
            mean, spread = _triple(step["mean"]), _triple(step["std"])
            rgb = bool(step.get("to_rgb", True))
            if (spread <= 0).any():
                raise ValueError("std is not positive")
        named = step.get("image_size", step.get("size"))
        if step["type"] in ("TopDownAffine", "Resize", "Pad") and named is not None:
            size = _size(named)
    return InputSpec(mean, spread, rgb, size)


def _steps(content: Any) -> Iterator[Mapping[str, Any]]:
    """The steps of every "transforms" list, wherever it is nested."""
    if isinstance(content, Mapping):
        for step in content.get("transforms") or ():
            if isinstance(step, Mapping) and isinstance(step.get("type"), str):
                yield step
        for value in content.values():
            yield from _steps(value)
    elif isinstance(content, list):
        for value in content:
            yield from _steps(value)


def _triple(values: Any) -> np.ndarray:
    triple = np.asarray(values, np.float32)
    if triple.shape != (3,) or not np.isfinite(triple).all():
        raise ValueError("mean and std must be three numbers")
    return triple


def _size(value: Any) -> tuple[int, int]:
    width, height = (value, value) if isinstance(value, int) else value
    if not all(isinstance(side, int) and 16 <= side <= _MOST_SIDE for side in (width, height)):
        raise ValueError(f"a size of {str(value)[:40]}")
    return width, height
