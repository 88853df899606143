"""What computes an ONNX file: onnxruntime, or OpenVINO on the CPU where that is installed.

OpenVINO (`pip install "poselift[openvino]"`) needs less time for the same networks, and much less
where the processor multiplies in bfloat16. Every file is opened by onnxruntime first, which says
what is wrong with it; OpenVINO takes over for device "auto" if it can.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from poselift.detectors.eight_bit import sums_bytes_exactly
from poselift.errors import PoseliftError
from poselift.onnx_runtime import load_onnxruntime

if TYPE_CHECKING:
    import onnxruntime

log = logging.getLogger(__name__)

Shape = list[int | str | None]


@dataclass(frozen=True)
class Port:
    """An input or output of a file: `type` is onnxruntime's word for it, "tensor(float)"."""

    name: str
    shape: Shape
    type: str


class Engine(Protocol):
    """Computes one file.

    Attributes:
        device: where, "cpu" or "cuda".
    """

    device: str

    def run(self, pictures: np.ndarray, seconds: float | None = None) -> list[np.ndarray]:
        """The outputs; a `TimeoutError` after `seconds`."""
        ...


def engine_name(device: str) -> str:
    """What computes on this device: "openvino", "onnxruntime" or "onnxruntime-8bit".

    The last is onnxruntime on a CPU that is fast in whole numbers of eight bits; networks that
    there are in eight bits, too, then are taken so.
    """
    if device != "auto" or "CUDAExecutionProvider" in _onnxruntime().get_available_providers():
        return "onnxruntime"
    if importlib.util.find_spec("openvino") is not None:
        return "openvino"
    return "onnxruntime-8bit" if sums_bytes_exactly() else "onnxruntime"


class OnnxRuntime:
    """A file in onnxruntime, on the CPU or on CUDA.

    Attributes:
        inputs, outputs: of the file.
        metadata: what the file's maker wrote into it, by name.
    """

    def __init__(self, path: Path, device: str, threads: int, float_weights: bool) -> None:
        ort = _onnxruntime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that spin while they wait take the time of whatever runs beside us.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if float_weights:
            options.add_session_config_entry("session.disable_quant_qdq", "1")
        self._session = ort.InferenceSession(str(path), options, providers=_providers(ort, device))
        self._run_options = ort.RunOptions
        self.inputs, self.outputs = (
            [Port(one.name, list(one.shape), one.type) for one in ports]
            for ports in (self._session.get_inputs(), self._session.get_outputs())
        )
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        on_cuda = self._session.get_providers()[0].startswith("CUDA")
        self.device = "cuda" if on_cuda else "cpu"

    def run(self, pictures: np.ndarray, seconds: float | None = None) -> list[np.ndarray]:
        """The outputs for the first input; a `TimeoutError` after `seconds`."""
        options = self._run_options()
        late = threading.Timer(seconds or 0, setattr, (options, "terminate", True))
        late.daemon = True
        if seconds is not None:
            late.start()
        try:
            names = [one.name for one in self.outputs]
            values: list[np.ndarray] = self._session.run(
                names, {self.inputs[0].name: pictures}, options
            )
        except Exception as error:  # onnxruntime's own exceptions share no narrower base
            if options.terminate:
                raise TimeoutError from error
            raise
        finally:
            late.cancel()
        return values


class OpenVino:
    """A file in OpenVINO on the CPU, in bfloat16 where the processor multiplies in it."""

    device = "cpu"

    def __init__(self, path: Path, threads: int, outputs: Sequence[Port]) -> None:
        core = _openvino_core()
        wanted = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            # Pinned threads would wait for each other where several processes share the cores.
            "ENABLE_CPU_PINNING": False,
        }
        model = core.compile_model(core.read_model(path), "CPU", wanted)
        self._outputs = [model.output(one.name) for one in outputs]
        self._request: Any = model.create_infer_request()
        self._one_at_a_time = threading.Lock()

    def run(self, pictures: np.ndarray, seconds: float | None = None) -> list[np.ndarray]:
        """The outputs for the only input; a `TimeoutError` after `seconds`."""
        with self._one_at_a_time:
            self._request.start_async({0: pictures})
            if seconds is None:
                self._request.wait()
            elif not self._request.wait_for(round(1000 * seconds)):
                self._request.cancel()
                raise TimeoutError
            # The request's own memory is written again by the next run.
            return [np.array(self._request.get_tensor(one).data) for one in self._outputs]


@cache
def _openvino_core() -> Any:
    """OpenVINO, kept until the process ends.

    It gives the thread that loads it a stack for signals, large enough for its own registers. Were
    it unloaded with its last model, the next signal would meet freed memory and end the process.
    """
    import openvino

    return openvino.Core()


def faster_engine(
    path: Path, device: str, threads: int, outputs: Sequence[Port]
) -> OpenVino | None:
    """The file in OpenVINO, where that is asked for, installed, and able to compute it."""
    if engine_name(device) != "openvino":
        return None
    try:
        return OpenVino(path, threads, outputs)
    except Exception as error:  # its exceptions share no narrower base
        log.info("OpenVINO does not take %s (%s): onnxruntime does", path.name, first_line(error))
        return None


def first_line(error: BaseException) -> str:
    """What an error says, in at most 200 letters."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _onnxruntime() -> onnxruntime:
    try:
        return load_onnxruntime()
    except Exception as error:  # a broken binary raises ImportError, OSError or worse
        raise PoseliftError(
            f"onnxruntime, which runs the 2D models, cannot be used: {first_line(error)}",
            "Install it: pip install onnxruntime (or onnxruntime-gpu).",
        ) from error


def _providers(ort: onnxruntime, device: str) -> list[str | tuple[str, dict[str, str]]]:
    kind, _, index = device.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (index and not index.isdecimal()):
        raise PoseliftError(f"Unknown device {device!r}.", "Use auto, cpu, cuda, cuda:1 or mps.")
    here = ort.get_available_providers()
    if kind in ("auto", "cuda"):
        if "CUDAExecutionProvider" in here:
            cuda = ("CUDAExecutionProvider", {"device_id": index or "0"})
            return [cuda, "CPUExecutionProvider"]
        if kind == "cuda":
            log.warning("this onnxruntime has no CUDA: the 2D models run on the CPU "
                        "(pip install onnxruntime-gpu for the GPU)")  # fmt: skip
    return ["CPUExecutionProvider"]
