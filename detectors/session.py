"""Running an ONNX file, whoever it is from.

The one way by which every detector and keypointer opens an ONNX file: graphs that would run or
grow without bound are refused, float16 files get float32 in and give it back, a file for a fixed
number of pictures is filled up, and the first run ends after `FIRST_RUN` seconds. The session's
options were chosen by `benchmarks/see.py`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poselift.detectors.engines import Engine, OnnxRuntime, Port, Shape, faster_engine, first_line
from poselift.detectors.onnx_graph import check_graph
from poselift.errors import PoseliftError

#: More threads than this do not make models of this size faster.
MOST_THREADS = 4
#: Seconds that a model may take for its first run; the slowest known one takes one on a laptop.
FIRST_RUN = 60.0
#: Most numbers of one input, where the file fixes them: eight pictures of 1024 x 1024.
_MOST_INPUT = 8 * 3 * 1024 * 1024
_MOST_BATCH = 64
_FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_NUMBERS = (*_FLOATS, "tensor(double)", *(f"tensor({kind}int{bits})" for kind in ("", "u")
            for bits in (8, 16, 32, 64)))  # fmt: skip


class OnnxModel:
    """An ONNX file with one picture-like input, ready to run.

    Attributes:
        input_shape: of the file's input; a number where it is fixed, else a name or None.
        device: where it runs, "cpu" or "cuda".
        metadata: what the file's maker wrote into it, by name.
    """

    def __init__(
        self,
        path: Path,
        device: str = "auto",
        threads: int | None = None,
        float_weights: bool = False,
    ) -> None:
        """Open `path`.

        Args:
            path: the ONNX file.
            device: auto, cpu, cuda, cuda:1 or mps. CUDA is used where onnxruntime can, and
                OpenVINO for auto without CUDA, where it is installed.
            threads: how many to compute with; None takes what this machine has, up to 4.
            float_weights: if the file stores int8 weights but computes in float, unpack them
                once at loading instead of at every run.
        """
        operators = check_graph(path)
        self._file = path.name
        count = threads or min(usable_cores(), MOST_THREADS)
        try:
            in_float = "QuantizeLinear" not in operators  # what flows between the layers
            plain = OnnxRuntime(path, device, count, float_weights and in_float)
        except PoseliftError:
            raise
        except Exception as error:  # onnxruntime's own exceptions share no narrower base
            raise PoseliftError(
                f"{path.name} cannot be read as an ONNX model: {first_line(error)}",
                "The file is damaged or of another kind; `poselift weights verify` checks the "
                "files that Poselift knows.",
            ) from error
        self._has_run = False
        self.input_shape, self._type = self._checked_input(plain.inputs)
        self._outputs = self._checked_outputs(plain.outputs)
        first = self.input_shape[0] if self.input_shape else None
        self._batch = first if isinstance(first, int) else None
        self.metadata = plain.metadata
        faster = faster_engine(path, device, count, plain.outputs)
        self._engine: Engine = faster or plain
        self.device = self._engine.device

    def __call__(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """Run it on pictures (N, ...): the outputs by their names in the file.

        A file for a fixed number of pictures runs as often as is needed, the last time filled up
        with copies of the last picture. Outputs of float16 and float64 come as float32.
        """
        step = self._batch or max(len(batch), 1)
        parts = []
        for start in range(0, len(batch), step):
            pictures = batch[start : start + step]
            missing = step - len(pictures)
            if missing:
                pictures = np.concatenate([pictures, np.repeat(pictures[-1:], missing, axis=0)])
            values = self._run(pictures)
            cut = [v[: step - missing] if v.ndim and len(v) == step else v for v in values]
            parts.append(cut)
        if not parts:
            raise ValueError("no pictures")
        joined = parts[0] if len(parts) == 1 else self._joined(parts)
        return dict(zip(self._outputs, joined, strict=True))

    def _joined(self, parts: list[list[np.ndarray]]) -> list[np.ndarray]:
        try:
            return [np.concatenate(values) for values in zip(*parts, strict=True)]
        except ValueError as error:
            raise PoseliftError(
                f"{self._file} answers differently for each {self._batch} pictures: {error}.",
                "Give a model whose first axis is the number of pictures.",
            ) from error

    def _run(self, pictures: np.ndarray) -> list[np.ndarray]:
        feed: np.ndarray = np.ascontiguousarray(pictures, self._type)
        try:
            values = self._engine.run(feed, None if self._has_run else FIRST_RUN)
        except Exception as error:  # the engines' own exceptions share no narrower base
            late = isinstance(error, TimeoutError)
            why = f"takes more than {FIRST_RUN:g} s" if late else first_line(error)
            raise PoseliftError(
                f"{self._file} cannot be run on pictures of {pictures.shape}: {why}",
                "It may be damaged, or a model of another kind.",
            ) from error
        self._has_run = True
        return [v.astype(np.float32) if v.dtype in (np.float16, np.float64) else v for v in values]

    def _checked_input(self, inputs: Sequence[Port]) -> tuple[Shape, type]:
        if len(inputs) != 1 or inputs[0].type not in _FLOATS:
            told = ", ".join(f"{one.name}: {one.type}" for one in inputs[:5]) or "none"
            raise PoseliftError(
                f"{self._file} is not an image model: its inputs are {told}.",
                "One input of type float or float16 is expected.",
            )
        shape = inputs[0].shape
        fixed = [side for side in shape if isinstance(side, int)]
        too_many = bool(shape) and isinstance(shape[0], int) and shape[0] > _MOST_BATCH
        if min(fixed, default=1) < 1 or math.prod(fixed) > _MOST_INPUT or too_many:
            raise PoseliftError(
                f"{self._file} expects an input of {shape}, which is too large.",
                "Export it for 1024 x 1024 or less, and for up to 8 pictures at once.",
            )
        return shape, _FLOATS[inputs[0].type]

    def _checked_outputs(self, outputs: Sequence[Port]) -> list[str]:
        for output in outputs:
            if output.type not in _NUMBERS:
                raise PoseliftError(
                    f"{self._file} outputs {output.type} ({output.name}).",
                    "Only arrays of numbers are read: export it without that output.",
                )
        return [output.name for output in outputs]


def named_output(outputs: dict[str, np.ndarray], name: str, place: int) -> np.ndarray | None:
    """The output of this name, or else the one in this place; None where there are not so many."""
    if name in outputs:
        return outputs[name]
    values = list(outputs.values())
    return values[place] if place < len(values) else None


def picture_size(
    model: OnnxModel, file: str, what: str, given: tuple[int, int] | None
) -> tuple[int, int]:
    """Width and height of a (N, 3, H, W) model's input.

    Args:
        model: the model.
        file: what to call it in an error.
        what: it should be, for an error: "a detector".
        given: taken for sides that the file leaves open.
    """
    shape = model.input_shape
    sides = (
        shape[2:] if len(shape) == 4 and (shape[1] == 3 or not isinstance(shape[1], int)) else []
    )
    fixed = [side if isinstance(side, int) else None for side in sides]
    height, width = fixed or (None, None)
    if not fixed or (given is None and None in fixed):
        raise PoseliftError(
            f"{file} is not {what}: its input is {shape}.",
            "Its input must be (N, 3, height, width), with numbers for height and width, or with "
            "the model's pipeline.json next to it.",
        )
    open_width, open_height = given or (0, 0)
    return width or open_width, height or open_height


def usable_cores() -> int:
    """How many cores this process may use: those it is allowed, or OMP_NUM_THREADS if fewer."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(allowed, int(asked)) if asked.isdecimal() and int(asked) > 0 else allowed
