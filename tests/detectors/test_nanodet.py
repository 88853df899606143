from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.nanodet import BINS, NanoDet, decode_sides
from tests.detectors.pictures import astronaut, clip


def test_sides_are_expected_bins_times_the_stride() -> None:
    sides = np.full((2, 4, BINS), -30.0, np.float32)
    for side, bin_ in enumerate((1, 2, 3, 4)):
        sides[:, side, bin_] = 30
    sides[1, 0, :] = 0  # no idea: the mean of all bins, 5
    # Row 1, column 2 of the finest level; the first cell of the coarsest.
    boxes = decode_sides(sides.reshape(2, -1), np.array([54, 2704 + 676]))
    x, y = 2.5 * 8, 1.5 * 8
    np.testing.assert_allclose(boxes[0], [x - 8, y - 16, x + 24, y + 32], atol=1e-3)
    np.testing.assert_allclose(boxes[1], [16 - 5 * 32, 16 - 64, 16 + 96, 16 + 128], atol=1e-3)


def test_it_finds_the_people_of_real_pictures() -> None:
    two, one = NanoDet(threads=1)([clip("two_people_small")[0].image, astronaut()])
    assert len(two) == 2
    left_first = two.boxes[np.argsort(two.boxes[:, 0])]
    np.testing.assert_allclose(left_first[0], [275, 22, 395, 252], atol=25)
    np.testing.assert_allclose(left_first[1], [700, 296, 815, 510], atol=15)
    assert len(one) == 1
    assert (one.boxes[0, 2:] - one.boxes[0, :2] > 300).all()


def test_boxes_stay_inside_the_picture() -> None:
    image = clip("two_people_small")[0].image[250:400, 650:800]
    (found,) = NanoDet(threads=1, threshold=0.05)([image])
    assert len(found) > 0
    assert found.boxes.min() >= 0
    assert found.boxes.max() <= 150


class Answers:
    """Stands for the network: boxes of 60 x 120 pixels of its input, at cells with scores."""

    def __init__(self, cells: dict[int, float]) -> None:
        self.cells = cells

    def __call__(self, pictures: np.ndarray) -> dict[str, np.ndarray]:
        scores = np.zeros((1, 2704, 80), np.float32)
        sides = np.full((1, 2704, 4, BINS), -30.0, np.float32)
        sides[..., (0, 2), 4] = 30  # 32 pixels to either side
        sides[..., (1, 3), 8] = 30  # 64 up and down
        for cell, score in self.cells.items():
            scores[0, cell, 0] = score
        others = {f"score {n}": np.zeros((1, n, 80), np.float32) for n in (676, 169)}
        rest = {f"sides {n}": np.zeros((1, n, 44), np.float32) for n in (676, 169)}
        return {"scores": scores, **others, "sides": sides.reshape(1, 2704, -1), **rest}


def test_a_box_apart_from_others_needs_less(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = NanoDet(threads=1)
    middle, beside, apart = 26 * 52 + 10, 26 * 52 + 16, 26 * 52 + 36
    answers = Answers({middle: 0.6, beside: 0.28, apart: 0.28})
    monkeypatch.setattr(detector, "_model", answers)
    (people,) = detector([np.zeros((416, 416, 3), np.uint8)])
    assert people.scores.tolist() == pytest.approx([0.6, 0.28])
    assert people.boxes[1, 0] > people.boxes[0, 2]
    answers.cells[apart] = 0.24
    assert len(detector([np.zeros((416, 416, 3), np.uint8)])[0]) == 1


def test_the_generous_look_takes_what_may_be_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = NanoDet(threads=1)
    middle, on_top, apart, nothing = 26 * 52 + 10, 26 * 52 + 12, 26 * 52 + 36, 10 * 52 + 26
    answers = Answers({middle: 0.6, on_top: 0.2, apart: 0.16, nothing: 0.1})
    monkeypatch.setattr(detector, "_model", answers)
    picture = np.zeros((416, 416, 3), np.uint8)
    assert len(detector([picture])[0]) == 1
    (people,) = detector.generous([picture])
    assert people.scores.tolist() == pytest.approx([0.6, 0.16])
