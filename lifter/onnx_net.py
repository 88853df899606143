"""A lifting network that onnxruntime computes: up to a quarter faster than torch on a CPU.

Its two halves are exported one by one, so that the window engine still encodes a frame once.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from poselift.lifter.models import packed
from poselift.lifter.models.base import LifterNet, Shapes
from poselift.onnx_runtime import load_onnxruntime


class OnnxNet(LifterNet):
    """A frozen float32 network on the CPU, its `encode` and `lift` as sessions of onnxruntime.

    It takes as many threads as torch has when it is made. Making it takes about a second.
    """

    def __init__(self, frozen: LifterNet) -> None:
        super().__init__()
        # What other networks say by their class, this one says by what it was made from.
        self.name, self.output = frozen.name, frozen.output  # type: ignore[misc]
        self.heads = frozen.heads  # type: ignore[misc]
        self.frames, self.channels = frozen.frames, frozen.channels
        self.settings = frozen.settings
        self._encoded_frames = frozen.encoded_frames
        window = torch.zeros(2, frozen.frames, 17, frozen.channels)
        frames = window[0]
        with torch.inference_mode():
            encoded = torch.stack([frozen.encode(frames[self._encoded_frames])] * 2)
        self._encode = _session(_Encode(frozen), {"x": frames})
        self._lift = _session(_Lift(frozen), {"encoded": encoded.clone(), "x": window})

    @property
    def encoded_frames(self) -> slice:
        """As of the network that it was made from."""
        return self._encoded_frames

    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, C) to (N, E)."""
        return _run(self._encode, x=x)

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, K, E), (B, T, 17, C) to (B, 1 or T, 17, 3)."""
        return packed.pose_of(self.lift_packed(encoded, x))

    def lift_packed(self, encoded: Tensor, x: Tensor) -> Tensor:
        """As of the network that it was made from: (B, 1 or T, 51, 73 or 79)."""
        return _run(self._lift, encoded=encoded, x=x)

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """No published file is for it: it is made from a network that has its weights."""
        return None


class _Encode(nn.Module):
    def __init__(self, net: LifterNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return self.net.encode(x)


class _Lift(nn.Module):
    def __init__(self, net: LifterNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, encoded: Tensor, x: Tensor) -> Tensor:
        return self.net.lift_packed(encoded, x)


def _session(half: nn.Module, inputs: dict[str, Tensor]) -> Any:
    """`half` in onnxruntime, for any batch."""
    onnxruntime = load_onnxruntime()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, but what every torch since 2.4 has
        torch.onnx.export(
            half.eval(),  # the exporter puts back what it found, in all that is inside as well
            tuple(inputs.values()),
            buffer,  # type: ignore[arg-type]  # its annotation knows only paths
            input_names=list(inputs),
            output_names=["out"],
            dynamic_axes={name: {0: "batch"} for name in (*inputs, "out")},
            opset_version=17,
            dynamo=False,
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Threads that spin while they wait take the processor from the rest of the program.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        buffer.getvalue(), options, providers=["CPUExecutionProvider"]
    )


def _run(session: Any, **inputs: Tensor) -> Tensor:
    wanted = {one.name for one in session.get_inputs()}  # an unused input is not in the graph
    feed = {k: v.contiguous().numpy() for k, v in inputs.items() if k in wanted}
    return torch.from_numpy(session.run(None, feed)[0])
