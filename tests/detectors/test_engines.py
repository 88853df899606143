"""The 2D models by OpenVINO, where it is installed, instead of onnxruntime."""

from __future__ import annotations

import importlib.machinery
import signal
import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest

from poselift import weights
from poselift.detectors import engines, load_detector, load_keypointer
from poselift.detectors.engines import engine_name
from poselift.detectors.session import OnnxModel
from poselift.detectors.similarity import box_overlaps, in_h36m, pose_similarity
from poselift.media import open_source

MODEL = weights.get("movenet-lightning")
PICTURE = np.full((1, 192, 192, 3), 90, np.float32)


@pytest.fixture
def unable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An OpenVINO that takes no file."""
    fake = types.ModuleType("openvino")
    fake.__spec__ = importlib.machinery.ModuleSpec("openvino", None)

    def core() -> None:
        raise RuntimeError("this processor is not supported")

    fake.Core = core  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "openvino", fake)
    monkeypatch.setattr(engines, "_openvino_core", core)


@pytest.mark.usefixtures("unable")
def test_where_openvino_fails_onnxruntime_computes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        out = OnnxModel(MODEL, threads=1)(PICTURE)
    assert "this processor is not supported" in caplog.text
    plain = OnnxModel(MODEL, device="cpu", threads=1)(PICTURE)
    assert all((out[name] == plain[name]).all() for name in plain)


@pytest.mark.usefixtures("unable")
def test_who_asks_for_the_cpu_gets_onnxruntime() -> None:
    assert engine_name("auto") == "openvino"
    assert engine_name("cpu") == engine_name("cuda") == "onnxruntime"


def test_it_is_used_only_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert engine_name("auto") in ("onnxruntime", "onnxruntime-8bit")


def test_it_answers_like_onnxruntime_for_any_number_of_pictures() -> None:
    pytest.importorskip("openvino")
    faster, plain = OnnxModel(MODEL, threads=1), OnnxModel(MODEL, device="cpu", threads=1)
    rng = np.random.default_rng(0)
    for count in (1, 3, 2):
        pictures = rng.uniform(0, 255, (count, 192, 192, 3)).astype(np.float32)
        ours, theirs = faster(pictures), plain(pictures)
        assert list(ours) == list(theirs)
        for name, value in theirs.items():
            assert ours[name].shape == value.shape
            off = np.sqrt(np.square(ours[name] - value).mean())
            assert off < 0.2 * value.std()  # noise in bfloat16, which keeps eight bits


def test_answers_are_not_written_over_by_the_next_ones() -> None:
    pytest.importorskip("openvino")
    model = OnnxModel(MODEL, threads=1)
    first = model(PICTURE)
    kept = {name: value.copy() for name, value in first.items()}
    model(PICTURE + 100)
    assert all((first[name] == kept[name]).all() for name in kept)


def test_several_threads_may_ask_one_model() -> None:
    pytest.importorskip("openvino")
    model = OnnxModel(MODEL, threads=1)
    alone = [model(PICTURE + 40 * i) for i in range(3)]
    answers: dict[int, dict[str, np.ndarray]] = {}

    def ask(i: int) -> None:
        for _ in range(5):
            answers[i] = model(PICTURE + 40 * i)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, expected in enumerate(alone):
        assert all((answers[i][name] == expected[name]).all() for name in expected)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there are no such signals")
def test_a_signal_after_the_models_are_gone_harms_nothing() -> None:
    pytest.importorskip("openvino")
    script = """
import gc, os, signal
import numpy as np
from poselift.detectors import load_detector
first, second = load_detector("nanodet"), load_detector("nanodet")
for detect in (first, second):
    detect([np.zeros((720, 1280, 3), np.uint8)])
del first, detect
gc.collect()
del second
gc.collect()
kept = [np.full(size // 8, np.nan) for size in range(19_000, 30_000, 8)]  # on what was freed
caught = []
signal.signal(signal.SIGHUP, lambda number, frame: caught.append(number))
os.kill(os.getpid(), signal.SIGHUP)
print(caught)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[1]"


@pytest.mark.parametrize("pose", ["thunder", "lightning"])
def test_people_are_read_as_by_onnxruntime(pose: str) -> None:
    pytest.importorskip("openvino")
    clip = Path(__file__).parents[2] / "sample_videos/two_people.mp4"
    with open_source(clip) as source:
        pictures = [frame.image for frame in source.frames() if frame.index % 30 == 20]
    detect, detect_plain = load_detector("nanodet"), load_detector("nanodet", "cpu")
    read, read_plain = load_keypointer(pose), load_keypointer(pose, "cpu")
    alike = []
    for picture in pictures:
        [people], [ours] = detect_plain([picture]), detect([picture])
        assert (box_overlaps(people.boxes, ours.boxes).max(axis=1) > 0.8).all()
        one, other = (in_h36m(by([picture], [people])[0]) for by in (read_plain, read))
        np.testing.assert_allclose(one.score.mean(axis=1), other.score.mean(axis=1), atol=0.1)
        # Where the joints are of whoever is cut off is so unsure that rounding tips it.
        inside = people.boxes[:, 0] > 0.01 * picture.shape[1]
        alike += list(np.diag(pose_similarity(one.xy, one.score, other.xy, other.score))[inside])
    assert len(alike) > len(pictures)
    assert np.mean(alike) > 0.99
