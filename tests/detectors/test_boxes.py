from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.boxes import clip_boxes, letterbox, suppress


def test_suppression_keeps_the_best_of_each_heap() -> None:
    boxes = np.array([[0, 0, 10, 20], [0, 1, 10, 20], [6, 0, 16, 20], [0, 0, 10, 19]], float)
    scores = np.array([0.5, 0.9, 0.8, 0.95])
    assert suppress(boxes, scores, 0.6).tolist() == [3, 2]
    assert sorted(suppress(boxes, scores, 1.0).tolist()) == [0, 1, 2, 3]
    assert suppress(np.zeros((0, 4)), np.zeros(0), 0.5).tolist() == []


@pytest.mark.parametrize("shape", [(100, 300), (300, 100), (7, 9), (64, 64), (1, 900)])
def test_letterbox_goes_there_and_back(shape: tuple[int, int]) -> None:
    height, width = shape
    fitted = letterbox(np.full((height, width, 3), 200, np.uint8), 64)
    assert fitted.image.shape == (64, 64, 3)
    whole = np.array([[0, 0, width, height]], np.float32)
    there = np.array([fitted.left, fitted.top] * 2) + whole * fitted.scale
    assert there.min() >= -0.5
    assert there.max() <= 64.5
    np.testing.assert_allclose(fitted.boxes_to_picture(there), whole, atol=1e-3)


def test_letterbox_keeps_the_shape_of_things() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[40:60, 90:110] = 255
    y, x = np.nonzero(letterbox(picture, 100).image[..., 0] > 128)
    assert np.ptp(x) == np.ptp(y)


def test_boxes_are_cut_at_the_edges() -> None:
    assert clip_boxes(np.array([[-5, 3, 50, 70.0]]), 40, 60).tolist() == [[0, 3, 40, 60]]
