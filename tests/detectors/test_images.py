from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.images import as_bgr
from poselift.errors import PoseliftError


def test_a_bgr_picture_comes_back_as_it_is() -> None:
    picture = np.zeros((4, 5, 3), np.uint8)
    assert as_bgr(picture) is picture


@pytest.mark.parametrize(
    ("picture", "pixel"),
    [
        (np.full((4, 5), 7, np.uint8), [7, 7, 7]),
        (np.full((4, 5, 1), 7, np.uint8), [7, 7, 7]),
        (np.full((4, 5, 4), (1, 2, 3, 9), np.uint8), [1, 2, 3]),
        (np.full((4, 5, 3), 65535, np.uint16), [255, 255, 255]),
        (np.full((4, 5, 3), 0.5, np.float32), [128, 128, 128]),
        (np.full((4, 5, 3), 200.0), [200, 200, 200]),
        (np.full((4, 5, 3), np.nan), [0, 0, 0]),
        (np.full((4, 5), True), [255, 255, 255]),
        (np.full((4, 5, 3), -5, np.int32), [0, 0, 0]),
    ],
)
def test_other_pictures_become_bgr_bytes(picture: np.ndarray, pixel: list[int]) -> None:
    out = as_bgr(picture)
    assert out.shape == (4, 5, 3)
    assert out.dtype == np.uint8
    assert out[2, 3].tolist() == pixel


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((4, 5, 2), np.uint8),
        np.zeros((2, 4, 5, 3), np.uint8),
        np.zeros(5),
        np.array([["a", "b"]]),
        "picture.png",
    ],
)
def test_what_is_no_picture_is_refused(picture: object) -> None:
    with pytest.raises(PoseliftError):
        as_bgr(picture)
