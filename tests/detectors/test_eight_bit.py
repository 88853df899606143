"""Networks in eight bits are used where the processor is good at them, and read the same joints."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from poselift import weights
from poselift.detectors import eight_bit, engines
from poselift.detectors.movenet import MoveNet
from poselift.detectors.similarity import pose_similarity
from poselift.types import Keypoints, People
from tests.detectors.pictures import clip

SURE = 0.3
WOMAN = People(np.array([[700, 296, 815, 510]], np.float32), np.ones(1, np.float32))


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor without OpenVINO that is good at eight bits."""
    monkeypatch.setattr(engines, "sums_bytes_exactly", lambda: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


@pytest.fixture
def unable(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not."""
    monkeypatch.setattr(engines, "sums_bytes_exactly", lambda: False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def read(device: str = "auto") -> Keypoints:
    thunder = MoveNet("thunder", device=device, threads=1)
    return thunder([clip("two_people_small")[0].image], [WOMAN])[0]


def test_the_probe_multiplies_bytes_up_to_the_largest() -> None:
    graph = onnx.load_from_string(eight_bit._PROBE).graph
    assert [node.op_type for node in graph.node] == ["ConstantOfShape", "MatMulInteger"]
    assert [one.dim_value for one in graph.input[0].type.tensor_type.shape.dim] == [1, 64]


def test_sums_that_overflow_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Overflowing:
        def __init__(self, *_: object, **__: object) -> None: ...

        def run(self, *_: object) -> list[np.ndarray]:
            return [np.full((1, 16), 32 * 32767)]

    monkeypatch.setattr("onnxruntime.InferenceSession", Overflowing)
    assert not eight_bit.sums_bytes_exactly.__wrapped__()


@pytest.mark.usefixtures("able")
def test_it_is_used_unless_a_device_is_asked_for() -> None:
    assert engines.engine_name("auto") == "onnxruntime-8bit"
    assert engines.engine_name("cpu") == "onnxruntime"


@pytest.mark.usefixtures("unable")
def test_other_processors_compute_in_float32() -> None:
    assert (read().xy == read("cpu").xy).all()


@pytest.mark.usefixtures("able")
def test_joints_are_those_of_float32() -> None:
    exact, rounded = read("cpu"), read()
    assert (rounded.xy != exact.xy).any()  # or this would compare one network with itself
    sure = np.where(exact.score > SURE, exact.score, 0)
    alike = pose_similarity(exact.xy, sure, rounded.xy, np.ones_like(sure))
    assert alike.min() > 0.97
    assert np.abs(exact.score - rounded.score)[sure > 0].mean() < 0.1


def test_what_ships_is_in_eight_bits_throughout() -> None:
    graph = onnx.load(weights.get("movenet-thunder-8bit")).graph
    rounded = sum(node.op_type == "QuantizeLinear" for node in graph.node)
    assert rounded > 50
