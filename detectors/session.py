"""Running an ONNX file with onnxruntime, with options chosen by `benchmarks/see.py`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    import onnxruntime

log = logging.getLogger(__name__)

#: More threads than this do not make models of this size faster.
MOST_THREADS = 4


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
            device: auto, cpu, cuda, cuda:1 or mps. CUDA is used where onnxruntime can.
            threads: how many to compute with; None takes what this machine has, up to 4.
            float_weights: the file stores int8 weights but computes in float: unpack them once
                at loading instead of at every run.
        """
        ort = _onnxruntime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or min(usable_cores(), MOST_THREADS)
        options.log_severity_level = 3
        # Threads that spin while they wait take the time of whatever runs beside us.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if float_weights:
            options.add_session_config_entry("session.disable_quant_qdq", "1")
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=_providers(ort, device)
            )
        except Exception as error:  # onnxruntime's own exceptions share no narrower base
            raise PoseliftError(
                f"{path.name} cannot be read as an ONNX model: {_first_line(error)}",
                "The file is damaged or of another kind; `python -m weights verify` checks the "
                "files that Poselift knows.",
            ) from error
        self._input: str = self._session.get_inputs()[0].name
        self.input_shape: list[int | str | None] = self._session.get_inputs()[0].shape
        self._outputs: list[str] = [output.name for output in self._session.get_outputs()]
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        on_cuda = self._session.get_providers()[0].startswith("CUDA")
        self.device = "cuda" if on_cuda else "cpu"

    def __call__(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """Run it: the outputs by their names in the file."""
        values = self._session.run(self._outputs, {self._input: np.ascontiguousarray(batch)})
        return dict(zip(self._outputs, values, strict=True))


def usable_cores() -> int:
    """How many cores this process may use; a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _onnxruntime() -> onnxruntime:
    try:
        import onnxruntime
    except Exception as error:  # a broken binary raises ImportError, OSError or worse
        raise PoseliftError(
            f"onnxruntime, which runs the 2D models, cannot be used: {_first_line(error)}",
            "Install it: pip install onnxruntime (or onnxruntime-gpu).",
        ) from error
    return onnxruntime


def _providers(ort: onnxruntime, device: str) -> list[str | tuple[str, dict[str, str]]]:
    kind, _, index = device.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (index and not index.isdigit()):
        raise PoseliftError(f"Unknown device {device!r}.", "Use auto, cpu, cuda, cuda:1 or mps.")
    here = ort.get_available_providers()
    if kind in ("auto", "cuda"):
        if "CUDAExecutionProvider" in here:
            cuda = ("CUDAExecutionProvider", {"device_id": index or "0"})
            return [cuda, "CPUExecutionProvider"]
        if kind == "cuda":
            log.warning("this onnxruntime has no CUDA: the 2D models run on the processor "
                        "(pip install onnxruntime-gpu for the GPU)")  # fmt: skip
    return ["CPUExecutionProvider"]


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
