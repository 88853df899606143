from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from poselift.detectors.protocols import PoseFinder
from poselift.detectors.registry import load_keypointer
from poselift.detectors.rtmo import RTMO
from poselift.errors import PoseliftError
from poselift.types import Frame, People
from tests.detectors.foreign_graphs import save_answers

SHAPES = {"dets": [1, "num_dets", 5], "keypoints": [1, "num_dets", 17, 3]}
PICTURE = np.zeros((480, 640, 3), np.uint8)


def bodies(*rows: tuple[float, float, float, float, float]) -> dict[str, np.ndarray]:
    """People as (x0, y0, x1, y1, score), their joints on the diagonal of the box."""
    joints = [
        np.column_stack([np.linspace(row[:2], row[2:4], 17), np.linspace(0, 1, 17)]) for row in rows
    ]
    return {
        "dets": np.array(rows, float).reshape(1, -1, 5),
        "keypoints": np.array(joints, float).reshape(1, -1, 17, 3),
    }


def test_everybody_in_one_pass(tmp_path: Path) -> None:
    """640x480 in 320x320: half, the picture at the upper left; a double and a doubt go."""
    answers = bodies(
        (100, 20, 150, 90, 0.8), (10, 20, 60, 120, 0.9), (11, 20, 60, 120, 0.7), (0, 0, 9, 9, 0.1)
    )
    file = save_answers(tmp_path / "end2end.onnx", (1, 3, 320, 320), answers, SHAPES)
    finder = load_keypointer(f"rtmo:{file}", "cpu")
    assert isinstance(finder, PoseFinder)
    ((people, joints),) = finder.find([Frame(0, 0.0, PICTURE)])
    np.testing.assert_allclose(people.boxes, [[20, 40, 120, 240], [200, 40, 300, 180]])
    np.testing.assert_allclose(people.scores, [0.9, 0.8])
    np.testing.assert_allclose(joints.xy[1], np.linspace((200, 40), (300, 180), 17), atol=1e-3)
    np.testing.assert_allclose(joints.score[0], np.linspace(0, 1, 17), atol=1e-6)


def test_joints_of_people_who_are_known(tmp_path: Path) -> None:
    answers = bodies((10, 20, 60, 120, 0.9))
    file = save_answers(tmp_path / "m.onnx", (1, 3, 320, 320), answers, SHAPES)
    wanted = People(np.array([[400, 40, 500, 240], [18, 40, 122, 236]], np.float32), np.ones(2))
    (read,) = RTMO(file, "cpu")([PICTURE], [wanted])
    assert read.score[0].max() == 0
    np.testing.assert_allclose(read.xy[1, 16], [120, 240], atol=1e-3)


def test_nobody(tmp_path: Path) -> None:
    file = save_answers(tmp_path / "m.onnx", (1, 3, 320, 320), bodies(), SHAPES)
    ((people, joints),) = RTMO(file, "cpu").find([Frame(0, 0.0, PICTURE)])
    assert len(people) == len(joints) == 0


def test_answers_that_are_no_numbers_are_nobody(tmp_path: Path) -> None:
    answers = bodies((10, 20, 60, 120, 0.9), (np.nan, 0, 5, 5, 0.9), (1, 1, 50, 50, np.nan))
    answers["keypoints"][0, 0, 3] = np.inf
    file = save_answers(tmp_path / "m.onnx", (1, 3, 320, 320), answers, SHAPES)
    ((people, joints),) = RTMO(file, "cpu").find([Frame(0, 0.0, PICTURE)])
    assert len(people) == 1
    assert np.isfinite(joints.xy).all()
    assert joints.score[0, 3] == 0


@pytest.mark.parametrize("missing", ["keypoints", "dets"])
def test_a_part_of_the_answer_is_not_enough(tmp_path: Path, missing: str) -> None:
    answers = bodies((10, 20, 60, 120, 0.9))
    del answers[missing]
    file = save_answers(tmp_path / "m.onnx", (1, 3, 320, 320), answers)
    with pytest.raises(PoseliftError, match="does not behave like an RTMO"):
        RTMO(file, "cpu")


def test_open_sides_take_640(tmp_path: Path) -> None:
    answers = bodies((10, 20, 60, 120, 0.9))
    file = save_answers(tmp_path / "m.onnx", ("b", 3, "h", "w"), answers, SHAPES)
    ((people, _),) = RTMO(file, "cpu").find([Frame(0, 0.0, PICTURE)])
    np.testing.assert_allclose(people.boxes, [[10, 20, 60, 120]])
