"""Every ONNX file is a stranger's: what is refused before a runtime sees it, and what must work."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from poselift.detectors import session
from poselift.detectors.onnx_graph import check_graph
from poselift.detectors.registry import load_detector, load_keypointer
from poselift.detectors.session import OnnxModel
from poselift.errors import PoseliftError
from tests.detectors.foreign_graphs import (
    array,
    picture,
    save,
    save_answers,
    save_external,
    save_loop,
)

ZERO = np.zeros((1, 3, 64, 64), np.float32)


def test_a_loop_is_refused_before_it_runs(tmp_path: Path) -> None:
    file = save_loop(tmp_path / "m.onnx", 2**60)
    begun = time.monotonic()
    with pytest.raises(PoseliftError, match="contains Loop"):
        load_detector(f"rtmdet:{file}", "cpu")
    assert time.monotonic() - begun < 2


def test_a_loop_inside_a_branch_is_found(tmp_path: Path) -> None:
    inner = helper.make_graph(
        [helper.make_node("Loop", ["a", "b", "c"], ["d"], body=helper.make_graph([], "x", [], []))],
        "then", [], [array("d")],
    )  # fmt: skip
    node = helper.make_node("If", ["input"], ["output"], then_branch=inner, else_branch=inner)
    file = save(tmp_path / "m.onnx", [node], [picture()], [array("output")])
    with pytest.raises(PoseliftError, match="contains Loop"):
        check_graph(file)


@pytest.mark.parametrize("how", ["initializer", "raw", "Constant", "Range", "Tile", "attribute"])
def test_arrays_without_bound_are_refused(tmp_path: Path, how: str) -> None:
    """onnxruntime would allocate these while it loads the file."""
    huge = [1 << 20, 1 << 20]
    initializer = helper.make_tensor("shape", TensorProto.INT64, [2], huge)
    raw = numpy_helper.from_array(np.array(huge), "shape")
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["output"])]
    constants = [raw if how == "raw" else initializer]
    if how == "Constant":
        nodes.insert(0, helper.make_node("Constant", [], ["shape"], value=raw))
        constants = []
    if how == "Range":
        limits = zip(("a", "shape", "b"), (0, 1 << 40, 1), strict=True)
        constants = [numpy_helper.from_array(np.array(value), name) for name, value in limits]
        nodes = [helper.make_node("Range", ["a", "shape", "b"], ["output"])]
    if how == "Tile":
        nodes = [helper.make_node("Tile", ["input", "shape"], ["output"])]
    if how == "attribute":
        nodes = [helper.make_node("RandomNormal", [], ["output"], shape=huge)]
    file = save(tmp_path / "m.onnx", nodes, [picture()], [array("output")], constants)
    with pytest.raises(PoseliftError, match=r"an array of 1\.1e\+12 elements"):
        OnnxModel(file)


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "a/../../secret.bin",
                                      "C:\\secret", "..\\secret.bin"])  # fmt: skip
def test_nothing_outside_the_folder_is_read(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "models"
    (folder / "a").mkdir(parents=True)
    (tmp_path / "secret.bin").write_bytes(np.ones(4, np.float32).tobytes())
    with pytest.raises(PoseliftError, match="outside its folder"):
        OnnxModel(save_external(folder / "m.onnx", location))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(np.ones(4, np.float32).tobytes())
    (folder / "weights.bin").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(PoseliftError, match="outside its folder"):
        OnnxModel(save_external(folder / "m.onnx", "weights.bin"))


def test_weights_beside_the_model_are_read(tmp_path: Path) -> None:
    file = save_external(tmp_path / "m.onnx", "weights.bin")
    with pytest.raises(PoseliftError, match="which is not next to it"):
        OnnxModel(file)
    (tmp_path / "weights.bin").write_bytes(np.array([1, 2, 3, 4], np.float32).tobytes())
    assert OnnxModel(file, "cpu")(ZERO)["output"].sum() == 10


@pytest.mark.parametrize("kind", ["two inputs", "no input", "whole numbers", "texts"])
def test_other_inputs_are_named(tmp_path: Path, kind: str) -> None:
    inputs = {
        "two inputs": [picture(), picture("other")],
        "no input": [],
        "whole numbers": [picture(kind=TensorProto.INT64)],
        "texts": [picture(kind=TensorProto.STRING)],
    }[kind]
    constant = numpy_helper.from_array(np.zeros(1, np.float32), "value")
    node = helper.make_node("Identity", ["value"], ["output"])
    file = save(tmp_path / "m.onnx", [node], inputs, [array("output")], [constant])
    with pytest.raises(PoseliftError, match="is not an image model"):
        OnnxModel(file)


def test_sequences_and_texts_are_not_answers(tmp_path: Path) -> None:
    sequence = helper.make_tensor_sequence_value_info("output", TensorProto.FLOAT, None)
    node = helper.make_node("SequenceConstruct", ["input"], ["output"])
    file = save(tmp_path / "m.onnx", [node], [picture()], [sequence])
    with pytest.raises(PoseliftError, match=r"outputs seq\(tensor\(float\)\)"):
        OnnxModel(file)
    text = numpy_helper.from_array(np.array(["a"], object), "value")
    node = helper.make_node("Identity", ["value"], ["output"])
    file = save(
        tmp_path / "t.onnx", [node], [picture()], [array("output", TensorProto.STRING)], [text]
    )
    with pytest.raises(PoseliftError, match=r"outputs tensor\(string\)"):
        OnnxModel(file)


@pytest.mark.parametrize(
    "shape", [(1, 3, 16384, 16384), (10**6, 3, 64, 64), (1, 3, 2**40, 2**40), (65, 3, 8, 8)]
)
def test_inputs_beyond_pictures_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    file = save_answers(tmp_path / "m.onnx", shape, {"output": np.zeros((1, 1))})
    with pytest.raises(PoseliftError, match="which is too large"):
        OnnxModel(file)


@pytest.mark.parametrize("batch", [8, "batch"])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_batches_and_half_precision(tmp_path: Path, batch: int | str, kind: int) -> None:
    file = save_answers(
        tmp_path / "m.onnx", (batch, 3, 16, 16), {"output": np.array([[1.0, 2.0]])}, kind=kind,
        per_picture=True,
    )  # fmt: skip
    model = OnnxModel(file, "cpu")
    for count in (1, 3, 8, 11):
        pictures = np.arange(count, dtype=np.float32)[:, None, None, None] * np.ones((3, 16, 16))
        output = model(pictures)["output"]
        assert output.dtype == np.float32
        np.testing.assert_allclose(output, np.arange(count)[:, None] * np.array([1, 2]))


def test_the_first_run_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many costly steps, each short: the run is stopped between two of them."""
    monkeypatch.setattr(session, "FIRST_RUN", 0.2)
    square = numpy_helper.from_array(np.eye(1200, dtype=np.float32), "square")
    names = ["start", *(f"step{i}" for i in range(400)), "output"]
    nodes = [helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3])]
    nodes.append(helper.make_node("Mul", ["square", "mean"], ["start"]))
    for before, after in pairwise(names):
        nodes.append(helper.make_node("MatMul", [before, before], [after]))
    small = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 64, 64])
    file = save(tmp_path / "m.onnx", nodes, [small], [array("output")], [square])
    model = OnnxModel(file, "cpu", threads=1)
    begun = time.monotonic()
    with pytest.raises(PoseliftError, match=r"takes more than 0\.2 s"):
        model(ZERO)
    assert time.monotonic() - begun < 5


def test_twenty_thousand_people_take_no_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    corner = random.uniform(0, 250, (20_000, 2))
    dets = np.concatenate([corner, corner + 60, random.uniform(0.4, 1, (20_000, 1))], 1)[None]
    answers = {"dets": dets, "labels": np.zeros((1, 20_000), np.int64)}
    file = save_answers(tmp_path / "rtmdet.onnx", ("b", 3, "h", "w"), answers)
    begun = time.monotonic()
    (people,) = load_detector(f"rtmdet:{file}", "cpu")([np.zeros((640, 640, 3), np.uint8)])
    assert 1 <= len(people) <= 1000
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("part", ["rtmdet", "rtmpose", "rtmo", "yolo"])
def test_answers_of_another_shape_are_told_at_loading(tmp_path: Path, part: str) -> None:
    load = load_detector if part in ("rtmdet", "yolo") else load_keypointer
    for place, shape in enumerate([(), (1,), (1, 7, 4), (2, 9, 5), (1, 0, 4)]):
        file = save_answers(
            tmp_path / f"{part}{place}.onnx", (1, 3, 256, 192), {"dets": np.zeros(shape)}
        )
        with pytest.raises(PoseliftError, match="does not behave like"):
            load(f"{part}:{file}", "cpu")


def test_a_file_that_is_no_graph_passes_to_who_says_it_better(tmp_path: Path) -> None:
    for content in (b"", b"<html>", b"\xff" * 100, bytes(range(256))):
        (tmp_path / "m.onnx").write_bytes(content)
        with pytest.raises(PoseliftError, match="cannot be read as an ONNX model"):
            OnnxModel(tmp_path / "m.onnx")
