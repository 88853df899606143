"""Small models made on the spot: ONNX graphs that answer what a test tells them to, an HRNet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: Cells of a YOLO of 320x320, each of which may hold a person.
_YOLO_CANDIDATES = 2100
_MMPOSE_CONFIG = "td-hm_hrnet-w32_8xb64-210e_coco-256x192.py"


def save_graph(
    path: Path,
    input_shape: Sequence[int | str],
    answers: Mapping[str, np.ndarray],
    scaled_by_channel: Mapping[str, int] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """A model that gives `answers`, each with a first axis of 1, for every picture of a batch.

    An answer named in `scaled_by_channel` is multiplied by the mean of that channel of the input,
    so that a test sees what the pixels were made into.
    """
    shape = [None if isinstance(side, str) else side for side in input_shape]
    nodes = [helper.make_node("ReduceMean", ["x"], ["means"], axes=[2, 3], keepdims=1)]
    constants, outputs = [], []
    for name, answer in answers.items():
        value = answer.astype(np.float32)
        constants.append(numpy_helper.from_array(value, f"{name}_value"))
        channel = (scaled_by_channel or {}).get(name)
        first = 0 if channel is None else channel
        for part, number in (("from", first), ("to", first + 1), ("axis", 1)):
            constants.append(numpy_helper.from_array(np.array([number]), f"{name}_{part}"))
        flat = np.array([-1] + [1] * (value.ndim - 1))
        constants.append(numpy_helper.from_array(flat, f"{name}_flat"))
        zero_or_one = np.array(0 if channel is None else 1, np.float32)
        constants.append(numpy_helper.from_array(zero_or_one, f"{name}_by"))
        constants.append(numpy_helper.from_array(np.asarray(1 - zero_or_one), f"{name}_plus"))
        nodes += [
            helper.make_node(
                "Slice", ["means", f"{name}_from", f"{name}_to", f"{name}_axis"], [f"{name}_one"]
            ),
            helper.make_node("Reshape", [f"{name}_one", f"{name}_flat"], [f"{name}_mean"]),
            helper.make_node("Mul", [f"{name}_mean", f"{name}_by"], [f"{name}_scaled"]),
            helper.make_node("Add", [f"{name}_scaled", f"{name}_plus"], [f"{name}_factor"]),
            helper.make_node("Mul", [f"{name}_value", f"{name}_factor"], [name]),
        ]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    graph = helper.make_graph(
        nodes, "tiny", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)], outputs,
        constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, path)
    return path


def yolo_answer(rows: Sequence[Sequence[float]]) -> np.ndarray:
    """(1, C, N): the given candidates among many that are nothing."""
    table = np.zeros((_YOLO_CANDIDATES, len(rows[0])), np.float32)
    table[100 : 100 + len(rows)] = rows
    return table.T[None]


def yolo_pose_row(box: Sequence[float], score: float, offset: float) -> list[float]:
    """A candidate of a pose model, its joints one pixel apart from (100 + offset, 200) on."""
    joints = [[100 + offset + joint, 200 + joint, joint / 16] for joint in range(17)]
    return [*box, score, *np.ravel(joints).tolist()]


def simcc_lines(places: np.ndarray, length: int, height: float = 0.8) -> np.ndarray:
    """(N,) places to (1, N, length): a Gaussian at each, as RTMPose is trained to give."""
    line = np.arange(length)
    return height * np.exp(-((line - places[:, None]) ** 2) / (2 * 5.66**2))[None]


def random_hrnet(path: Path) -> Path:
    """A checkpoint in mmpose's layout, of an HRNet-W32 whose heatmaps have clear peaks."""
    import torch

    from poselift.detectors.hrnet_model import PoseHRNet

    torch.manual_seed(0)
    network = PoseHRNet(32)
    with torch.no_grad():
        network.final_layer.weight.mul_(100)
    state = {
        ("head." if key.startswith("final_layer") else "backbone.") + key: value
        for key, value in network.state_dict().items()
    }
    torch.save({"state_dict": state, "meta": {}}, path)
    return path


def mmpose_config() -> Path:
    """The config that mmpose ships for the model of `random_hrnet`."""
    import mmpose

    found = list(Path(mmpose.__file__).parent.rglob(_MMPOSE_CONFIG))
    assert found, "mmpose ships its configs"
    return found[0]
