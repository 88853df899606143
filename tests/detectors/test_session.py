from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from poselift import weights
from poselift.detectors.session import OnnxModel, usable_cores
from poselift.errors import PoseliftError

DETECTOR = weights.get("blazepose-detector")


def test_outputs_have_their_names() -> None:
    model = OnnxModel(DETECTOR, threads=1)
    out = model(np.zeros((1, 224, 224, 3), np.float32))
    assert {name: value.shape for name, value in out.items()} == {
        "boxes": (1, 2254, 12),
        "scores": (1, 2254, 1),
    }
    assert model.device in ("cpu", "cuda")
    assert usable_cores() >= 1


@pytest.mark.parametrize("damage", ["cut", "text", "empty"])
def test_a_corrupt_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "broken.onnx"
    content = {"cut": DETECTOR.read_bytes()[:50_000], "text": b"<html>", "empty": b""}[damage]
    path.write_bytes(content)
    with pytest.raises(PoseliftError, match=r"broken\.onnx") as caught:
        OnnxModel(path)
    assert "verify" in caught.value.hint


def test_without_onnxruntime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(PoseliftError, match="onnxruntime") as caught:
        OnnxModel(DETECTOR)
    assert "pip install" in caught.value.hint


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(PoseliftError, match="abacus"):
        OnnxModel(DETECTOR, device="abacus")


def test_cuda_without_cuda_works_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with caplog.at_level(logging.WARNING):
        assert OnnxModel(DETECTOR, device="cuda").device == "cpu"
    assert "CUDA" in caplog.text
