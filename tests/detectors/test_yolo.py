from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest

from poselift.detectors.registry import load_detector, load_keypointer
from poselift.detectors.yolo import YoloDetector, YoloPose
from poselift.errors import PoseliftError
from poselift.types import Frame, People
from tests.detectors.tiny_models import save_graph, yolo_answer, yolo_pose_row

IMAGE = np.zeros((480, 640, 3), np.uint8)  # into 320x320: half, 40 rows of grey above and below
NAMES = {"names": "{0: 'cat', 1: 'person'}", "task": "detect"}


def test_raw_detections(tmp_path: Path) -> None:
    """Centre, width, height, then a score a class; the doubles of one person become one."""
    rows = [
        [100, 160, 40, 80, 0.0, 0.8],
        [102, 160, 40, 80, 0.0, 0.9],
        [250, 100, 20, 40, 0.1, 0.5],
        [200, 200, 40, 40, 0.9, 0.1],  # a cat
    ]
    file = save_graph(
        tmp_path / "y.onnx", (1, 3, 320, 320), {"o": yolo_answer(rows)}, metadata=NAMES
    )
    (people,) = YoloDetector(file, "cpu")([IMAGE])
    np.testing.assert_allclose(people.boxes, [[164, 160, 244, 320], [480, 80, 520, 160]], atol=1e-3)
    np.testing.assert_allclose(people.scores, [0.9, 0.5])


def test_without_names_the_first_class_is_a_person(tmp_path: Path) -> None:
    rows = [[100, 160, 40, 80, 0.8, 0.1]]
    file = save_graph(tmp_path / "y.onnx", (1, 3, 320, 320), {"o": yolo_answer(rows)})
    assert len(YoloDetector(file, "cpu")([IMAGE])[0]) == 1


def test_detections_without_doubles(tmp_path: Path) -> None:
    """Corners, score, class: models that suppress doubles themselves."""
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :2] = [[80, 120, 120, 200, 0.9, 1], [10, 50, 60, 90, 0.8, 0]]
    file = save_graph(tmp_path / "y.onnx", (1, 3, 320, 320), {"o": rows}, metadata=NAMES)
    (people,) = YoloDetector(file, "cpu")([IMAGE])
    np.testing.assert_allclose(people.boxes, [[160, 160, 240, 320]])


def test_an_oblong_input(tmp_path: Path) -> None:
    rows = [[100, 100, 40, 80, 0.0, 0.8]]
    file = save_graph(
        tmp_path / "y.onnx", (1, 3, 192, 320), {"o": yolo_answer(rows)}, metadata=NAMES
    )
    (people,) = YoloDetector(file, "cpu")([np.zeros((384, 640, 3), np.uint8)])
    np.testing.assert_allclose(people.boxes, [[160, 120, 240, 280]], atol=1e-3)


def test_an_open_input_is_640(tmp_path: Path) -> None:
    rows = [[100, 160, 40, 80, 0.0, 0.8]]
    shape = (1, 3, "h", "w")
    file = save_graph(tmp_path / "y.onnx", shape, {"o": yolo_answer(rows)}, metadata=NAMES)
    (people,) = YoloDetector(file, "cpu")([IMAGE])
    np.testing.assert_allclose(people.boxes, [[80, 40, 120, 120]], atol=1e-3)


def test_pixels_are_rgb_in_0_to_1(tmp_path: Path) -> None:
    """Scores are the mean of the model's first channel: the red of a BGR picture."""
    rows = [[160, 160, 100, 100, 0.0, 1.0]]
    file = save_graph(
        tmp_path / "y.onnx", (1, 3, 320, 320), {"o": yolo_answer(rows)}, {"o": 0}, NAMES
    )  # fmt: skip
    picture = np.zeros((320, 320, 3), np.uint8)
    picture[..., 2] = 255
    (red,) = YoloDetector(file, "cpu")([picture])
    (other,) = YoloDetector(file, "cpu")([255 - picture])
    np.testing.assert_allclose(red.scores, [1.0], atol=1e-5)
    assert len(other) == 0


@pytest.mark.parametrize("metadata", [{}, {"task": "pose", "kpt_shape": "[17, 3]"}])
def test_pose(tmp_path: Path, metadata: dict[str, str]) -> None:
    rows = [yolo_pose_row([100, 160, 40, 80], 0.9, 0), yolo_pose_row([250, 100, 20, 40], 0.7, 50)]
    file = save_graph(
        tmp_path / "y.onnx", (1, 3, 320, 320), {"o": yolo_answer(rows)}, metadata=metadata
    )
    keypointer = load_keypointer(f"yolo:{file}", "cpu")
    ((people, joints),) = keypointer.find([Frame(0, 0.0, IMAGE)])  # type: ignore[attr-defined]
    assert len(people) == len(joints) == 2
    np.testing.assert_allclose(joints.xy[0, 3], [206, 326], atol=1e-3)
    np.testing.assert_allclose(joints.score[0, 8], 0.5)
    wanted = People(np.array([[480, 80, 520, 160], [0, 0, 50, 50]], np.float32), np.ones(2))
    (picked,) = keypointer([IMAGE], [wanted])
    np.testing.assert_allclose(picked.xy[0], joints.xy[1])
    assert (picked.score[1] == 0).all()
    (found,) = load_detector(f"yolo:{file}", "cpu")([IMAGE])  # a pose model detects, too
    np.testing.assert_allclose(found.boxes, people.boxes)


def test_pose_without_doubles(tmp_path: Path) -> None:
    rows = np.zeros((1, 300, 57), np.float32)
    rows[0, 0] = [80, 120, 120, 200, 0.9, 0, *yolo_pose_row([], 0, 0)[1:]]
    file = save_graph(tmp_path / "y.onnx", (1, 3, 320, 320), {"o": rows})
    ((people, joints),) = YoloPose(file, "cpu").find([Frame(0, 0.0, IMAGE)])
    np.testing.assert_allclose(people.boxes, [[160, 160, 240, 320]])
    np.testing.assert_allclose(joints.xy[0, 3], [206, 326], atol=1e-3)


def test_nobody_is_an_answer(tmp_path: Path) -> None:
    file = save_graph(
        tmp_path / "y.onnx",
        (1, 3, 320, 320),
        {"o": yolo_answer([yolo_pose_row([0, 0, 0, 0], 0, 0)])},
    )
    ((people, joints),) = YoloPose(file, "cpu").find([Frame(0, 0.0, IMAGE)])
    assert len(people) == len(joints) == 0


def test_what_is_not_a_yolo_pose_is_refused(tmp_path: Path) -> None:
    detect = save_graph(tmp_path / "d.onnx", (1, 3, 320, 320), {"o": yolo_answer([[0] * 6])})
    with pytest.raises(PoseliftError, match="does not read joints"):
        YoloPose(detect, "cpu")
    flat = save_graph(tmp_path / "f.onnx", (1, 3, 320, 320), {"o": np.zeros((1, 1000))})
    with pytest.raises(PoseliftError, match="does not behave like a YOLO"):
        YoloDetector(flat, "cpu")([IMAGE])
    segment = save_graph(
        tmp_path / "s.onnx",
        (1, 3, 320, 320),
        {"o": yolo_answer([[0] * 6])},
        None,
        {"task": "segment"},
    )
    with pytest.raises(PoseliftError, match="segment"):
        YoloDetector(segment, "cpu")
    hands = {"task": "pose", "kpt_shape": "[21, 3]"}
    hand = save_graph(
        tmp_path / "h.onnx", (1, 3, 320, 320), {"o": yolo_answer([[0] * 68])}, None, hands
    )
    with pytest.raises(PoseliftError, match="21"):
        YoloPose(hand, "cpu")


@pytest.mark.parametrize("name", ["none.onnx", "none.pt"])
def test_a_missing_file_is_said_before_anything_goes_online(tmp_path: Path, name: str) -> None:
    with pytest.raises(PoseliftError, match="No such file"):
        YoloDetector(tmp_path / name, "cpu")


def test_without_ultralytics_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    (tmp_path / "y.pt").write_bytes(b"x")
    with pytest.raises(PoseliftError, match="needs ultralytics") as caught:
        YoloDetector(tmp_path / "y.pt", "cpu")
    assert "AGPL" in caught.value.hint
    assert "format=onnx" in caught.value.hint


@pytest.fixture
def working_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in where torchvision's wheel does not fit a CPU torch: only its `nms` is needed."""
    pytest.importorskip("ultralytics")
    from ultralytics.utils.nms import TorchNMS

    try:
        import torchvision  # noqa: F401
    except Exception:  # RuntimeError: operator torchvision::nms does not exist
        stand_in = types.ModuleType("torchvision")
        stand_in.ops = types.SimpleNamespace(nms=TorchNMS.nms)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "torchvision", stand_in)


@pytest.mark.ultralytics
@pytest.mark.usefixtures("working_torchvision")
@pytest.mark.parametrize("model", ["yolo11n", "yolo11n-pose"])
def test_a_file_of_ultralytics(model: str, tmp_path: Path) -> None:
    """A random model: its scores are next to nothing, so everything is above the threshold."""
    from ultralytics import YOLO

    YOLO(f"{model}.yaml").save(tmp_path / f"{model}.pt")
    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    detector = YoloDetector(tmp_path / f"{model}.pt", "cpu", threshold=0.0)
    people, joints = detector.both(image)
    assert len(people) > 0
    assert people.boxes.min() >= 0
    assert len(joints) == (len(people) if "pose" in model else 0)
    YOLO(tmp_path / f"{model}.pt").export(format="onnx", imgsz=(480, 640), verbose=False)
    exported = YoloDetector(tmp_path / f"{model}.onnx", "cpu", threshold=0.0)
    best, _ = exported._model.find(image, 0.0)
    np.testing.assert_allclose(best.scores.max(), people.scores.max(), rtol=0.05)
