"""ONNX files with the graph signatures of published models, and files that are up to no good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Side = int | str


def save_answers(
    path: Path,
    input_shape: Sequence[Side],
    answers: Mapping[str, np.ndarray],
    output_shapes: Mapping[str, Sequence[Side]] | None = None,
    kind: int = TensorProto.FLOAT,
    per_picture: bool = False,
) -> Path:
    """A model with these names and axes that always gives `answers`.

    With `per_picture` each answer has a first axis of 1 and is given once for each picture, times
    the mean of that picture, so that a test sees which is whose.
    """
    nodes = [helper.make_node("Cast", ["input"], ["pixels"], to=TensorProto.FLOAT)]
    constants, outputs = [], []
    if per_picture:
        nodes.append(helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2, 3]))
    for name, answer in answers.items():
        whole = answer.dtype == np.int64
        constants.append(numpy_helper.from_array(answer if whole else answer.astype(np.float32),
                                                 f"{name}_value"))  # fmt: skip
        source = f"{name}_value"
        if per_picture:
            flat = np.array([-1] + [1] * (answer.ndim - 1))
            constants.append(numpy_helper.from_array(flat, f"{name}_flat"))
            nodes.append(helper.make_node("Reshape", ["mean", f"{name}_flat"], [f"{name}_mean"]))
            nodes.append(helper.make_node("Mul", [source, f"{name}_mean"], [f"{name}_each"]))
            source = f"{name}_each"
        to = TensorProto.INT64 if whole else kind
        nodes.append(helper.make_node("Cast", [source], [name], to=to))
        shape = (output_shapes or {}).get(name)
        outputs.append(helper.make_tensor_value_info(name, to, shape))
    inputs = [helper.make_tensor_value_info("input", kind, input_shape)]
    return save(path, nodes, inputs, outputs, constants)


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    constants: Sequence[onnx.TensorProto] = (),
) -> Path:
    """Write a graph as it is."""
    graph = helper.make_graph(nodes, "foreign", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def picture(name: str = "input", kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """An input of one small picture."""
    return helper.make_tensor_value_info(name, kind, [1, 3, 64, 64])


def array(name: str, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """An output of any shape."""
    return helper.make_tensor_value_info(name, kind, None)


def save_loop(path: Path, times: int) -> Path:
    """A graph that adds 1 to its input `times` times."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["goes_on"]),
            helper.make_node("Add", ["value", "one"], ["more"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, [1, 3, 64, 64]),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("more", TensorProto.FLOAT, [1, 3, 64, 64]),
        ],
    )
    constants = [
        numpy_helper.from_array(np.array(times), "times"),
        numpy_helper.from_array(np.array(True), "yes"),
        numpy_helper.from_array(np.array(1, np.float32), "one"),
    ]
    node = helper.make_node("Loop", ["times", "yes", "input"], ["output"], body=body)
    return save(path, [node], [picture()], [array("output")], constants)


def save_external(path: Path, location: str) -> Path:
    """A graph whose weights lie in another file."""
    tensor = TensorProto(
        name="weights", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL
    )
    tensor.external_data.add(key="location", value=location)
    node = helper.make_node("ReduceSum", ["weights"], ["output"])
    return save(path, [node], [picture()], [array("output")], [tensor])
