from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from poselift.detectors.registry import load_detector, load_keypointer
from poselift.detectors.rtmpose import RTMDetector, RTMPose, decode_simcc, decode_yolox
from poselift.detectors.similarity import box_overlaps
from poselift.errors import PoseliftError
from poselift.media import open_source
from poselift.skeleton import COCO17, HALPE26
from poselift.types import People
from tests.detectors.tiny_models import save_graph, simcc_lines


def test_simcc_between_positions() -> None:
    x, y = np.array([100.0, 101.4, 0.0, 383.0]), np.array([200.0, 33.7, 511.0, 0.0])
    xy, score = decode_simcc(simcc_lines(x, 384), simcc_lines(y, 512, 0.6))
    np.testing.assert_allclose(xy[0], np.stack([x, y], 1) / 2, atol=0.02)
    np.testing.assert_allclose(score, 0.7, atol=0.01)


@pytest.mark.parametrize("joints", [17, 26, 133])
def test_joints_come_back_to_the_picture(tmp_path: Path, joints: int) -> None:
    places = np.linspace(40, 300, joints)
    answers = {"simcc_x": simcc_lines(places, 384), "simcc_y": simcc_lines(places + 100, 512)}
    file = save_graph(tmp_path / "rtm.onnx", ("n", 3, 256, 192), answers)
    keypointer = load_keypointer(f"rtmpose:{file}", "cpu")
    box = np.array([[100, 50, 220, 210], [300, 50, 420, 210]], np.float32)  # 3:4, so 150x200 cut
    (read,) = keypointer([np.zeros((400, 600, 3), np.uint8)], [People(box, np.ones(2))])
    expected = np.stack([places[:17], places[:17] + 100], axis=1) / 2 * (150 / 192)
    assert read.skeleton == (HALPE26 if joints == 26 else COCO17)
    np.testing.assert_allclose(read.xy[0, :17], expected + np.array([85, 30]), atol=0.05)
    moved = np.tile([200, 0], (len(read.skeleton), 1))
    np.testing.assert_allclose(read.xy[1] - read.xy[0], moved, atol=1e-3)


def test_pixels_are_normalised_rgb(tmp_path: Path) -> None:
    """Heights are the mean of the model's first channel: (red - 123.675) / 58.395."""
    answers = {
        "simcc_x": simcc_lines(np.full(17, 100.0), 384, 0.2),
        "simcc_y": simcc_lines(np.full(17, 100.0), 512, 0.2),
    }
    file = save_graph(
        tmp_path / "rtm.onnx", (1, 3, 256, 192), answers, {"simcc_x": 0, "simcc_y": 0}
    )
    crops = np.zeros((1, 256, 192, 3), np.uint8)
    crops[..., 2] = 255
    _, score = RTMPose(file, "cpu").read(crops)
    np.testing.assert_allclose(score, 0.2 * (255 - 123.675) / 58.395, atol=1e-4)


def test_a_fixed_batch_is_filled_up(tmp_path: Path) -> None:
    answers = {
        "simcc_x": simcc_lines(np.full(17, 90.0), 384).repeat(4, axis=0),
        "simcc_y": simcc_lines(np.full(17, 90.0), 512).repeat(4, axis=0),
    }
    file = save_graph(tmp_path / "rtm.onnx", (4, 3, 256, 192), answers)
    xy, _ = RTMPose(file, "cpu").read(np.zeros((3, 256, 192, 3), np.uint8))
    assert xy.shape == (3, 17, 2)


def test_what_is_not_rtmpose_is_refused(tmp_path: Path) -> None:
    file = save_graph(tmp_path / "m.onnx", (1, 3, 256, 192), {"heat": np.zeros((1, 17, 64, 48))})
    with pytest.raises(PoseliftError, match="does not behave like an RTMPose"):
        RTMPose(file, "cpu").read(np.zeros((1, 256, 192, 3), np.uint8))
    with pytest.raises(PoseliftError, match="not an RTMPose model"):
        RTMPose(save_graph(tmp_path / "n.onnx", (1, 3, "h", "w"), {"o": np.zeros(1)}), "cpu")


def test_boxes_without_doubles(tmp_path: Path) -> None:
    """640x480 in 320x320: half, the picture at the upper left."""
    dets = np.array([[[10, 20, 60, 120, 0.9], [100, 20, 150, 90, 0.8], [0, 0, 9, 9, 0.1]]])
    labels = np.array([[0, 2, 0]])
    file = save_graph(
        tmp_path / "rtmdet.onnx", (1, 3, 320, 320), {"dets": dets, "labels": labels}
    )  # fmt: skip
    # Reshape keeps two axes for the labels: (1, 3).
    (people,) = load_detector(f"rtmdet:{file}", "cpu")([np.zeros((480, 640, 3), np.uint8)])
    np.testing.assert_allclose(people.boxes, [[20, 40, 120, 240]])
    np.testing.assert_allclose(people.scores, [0.9])


def yolox_rows() -> np.ndarray:
    """320x320, so 1600 + 400 + 100 cells; one person, in column 3, row 2 of stride 16."""
    rows = np.zeros((2100, 85), np.float32)
    rows[1600 + 2 * 20 + 3, :6] = [0.5, 0.25, np.log(2), np.log(4), 0.9, 0.8]
    return rows


def test_yolox_cells() -> None:
    boxes, scores = decode_yolox(yolox_rows(), (320, 320))
    best = scores.argmax()
    np.testing.assert_allclose(boxes[best], [56 - 16, 36 - 32, 56 + 16, 36 + 32], atol=1e-4)
    np.testing.assert_allclose(scores[best], 0.72)


def test_yolox_from_the_picture(tmp_path: Path) -> None:
    file = save_graph(tmp_path / "yolox_m.onnx", (1, 3, 320, 320), {"o": yolox_rows()[None]})
    (people,) = RTMDetector(file, "cpu")([np.zeros((480, 640, 3), np.uint8)])
    np.testing.assert_allclose(people.boxes, [[80, 8, 144, 136]], atol=1e-3)
    with pytest.raises(PoseliftError, match="gives 2100 rows, this one 7"):
        decode_yolox(np.zeros((7, 85)), (320, 320))


@pytest.mark.parametrize(
    ("name", "seen"), [("yolox.onnx", 200.0), ("rtmdet.onnx", (200 - 103.53) / 57.375)]
)
def test_each_sees_its_own_pixels(tmp_path: Path, name: str, seen: float) -> None:
    """Boxes' right edges are the mean of the first channel, blue: raw, or normalised."""
    dets = np.array([[[0, 0, 1, 1, 1.0]]])
    file = save_graph(tmp_path / name, (1, 3, 320, 320), {"dets": dets}, {"dets": 0})
    picture = np.zeros((320, 320, 3), np.uint8)
    picture[..., 0] = 200
    (people,) = RTMDetector(file, "cpu")([picture])
    np.testing.assert_allclose(people.boxes[0, 2], seen, rtol=1e-4)


REAL = "POSELIFT_RTMDET"


@pytest.mark.skipif(REAL not in os.environ, reason=f"{REAL} names no RTMDet-nano of mmdeploy")
@pytest.mark.parametrize("size", [None, (416, 416)])
def test_a_real_export_finds_both_people(size: tuple[int, int] | None, two_people: Path) -> None:
    """A file as mmdeploy writes it: open sides, its own suppression of doubles, labels."""
    detector = load_detector(f"rtmdet:{os.environ[REAL]}", "cpu", size=size)
    with open_source(two_people) as source:
        image = next(frame.image for frame in source.frames() if frame.index == 190)
    (people,) = detector([image])
    assert len(people) == 2
    assert people.scores.min() > 0.5
    (shipped,) = load_detector("nanodet", "cpu")([image])
    assert (box_overlaps(people.boxes, shipped.boxes).max(axis=1) > 0.7).all()
