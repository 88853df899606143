"""Write a lifting network as ONNX, for runtimes without torch."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from poselift.files import atomic_path
from poselift.lifter.models.base import JOINTS, LifterNet, freeze


def export_onnx(net: LifterNet, path: str | Path) -> Path:
    """Write `net`, frozen, as one ONNX file: input `x` (B, T, 17, C), output `pose`, any B.

    The file gets its name when it is whole.
    """
    path = Path(path)
    frozen = freeze(net).float().cpu()
    x = torch.zeros(2, net.frames, JOINTS, net.channels)
    with atomic_path(path) as part, warnings.catch_warnings():
        # Deprecated, but the one exporter that every torch since 2.4 has, that needs no other
        # package and takes a second.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            frozen,
            (x,),
            str(part),
            input_names=["x"],
            output_names=["pose"],
            dynamic_axes={"x": {0: "batch"}, "pose": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    return path
