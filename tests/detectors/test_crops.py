from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.crops import cut_square, cut_turned, without_others


def _spot(x: int, y: int) -> np.ndarray:
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[y - 2 : y + 3, x - 2 : x + 3] = 255
    return picture


def _brightest(image: np.ndarray) -> np.ndarray:
    """x, y of the middle of what is bright; a pixel's middle is half a pixel from its corner."""
    light = image[..., 0].astype(float)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    return np.array([(x * light).sum(), (y * light).sum()]) / light.sum() + 0.5


@pytest.mark.parametrize(
    "box", [(100, 80, 180, 160), (-50, -60, 200, 190), (150, 100, 400, 300), (120, 110, 150, 140)]
)
def test_points_of_a_square_crop_go_back_to_the_picture(box: tuple[int, ...]) -> None:
    crop = cut_square(_spot(140, 120), np.array(box, np.float32), 1.2, 128)
    np.testing.assert_allclose(
        crop.points_to_picture(_brightest(crop.image)), [140.5, 120.5], atol=1.0
    )


@pytest.mark.parametrize("grey", [0, 127])
def test_outside_the_picture_is_grey(grey: int) -> None:
    white = np.full((50, 50, 3), 255, np.uint8)
    beside = cut_square(white, np.array([100.0, 100, 120, 140]), 1.0, 32, grey)
    assert (beside.image == grey).all()
    half = cut_square(white, np.array([-25.0, 0, 25, 50]), 1.0, 32, grey)
    assert (half.image[:, :15] == grey).all()
    assert (half.image[:, 17:] == 255).all()


@pytest.mark.parametrize("angle", [0.0, 0.5, -1.2, np.pi / 2, 3.0])
@pytest.mark.parametrize("side", [60.0, 150.0, 700.0])
def test_points_of_a_turned_crop_go_back_to_the_picture(angle: float, side: float) -> None:
    crop = cut_turned(_spot(150, 110), np.array([140.0, 120.0]), side, angle, 128)
    found = crop.points_to_picture(_brightest(crop.image))
    np.testing.assert_allclose(found, [150.5, 110.5], atol=max(1.0, side / 128))


def test_a_turned_crop_is_turned_clockwise() -> None:
    # What is to the right of the middle is at the top of a crop turned by a quarter clockwise.
    crop = cut_turned(_spot(180, 120), np.array([140.0, 120.0]), 128, np.pi / 2, 128)
    x, y = _brightest(crop.image)
    assert y < 40
    assert abs(x - 64) < 2


def test_others_are_painted_over_but_not_in_the_own_box() -> None:
    image = np.full((100, 100, 3), 200, np.uint8)
    own = np.array([40, 20, 60, 80])
    crop = cut_square(image, own, 1.2, 72, 127)
    others = np.array([[50, 10, 90, 90], [-50, 0, 5, 100]])
    alone = without_others(crop, own, others, 127)
    inside = crop.points_from_picture(np.array([[45, 50], [55, 50], [70, 50], [30, 50]]))
    x, y = np.round(inside).astype(int).T
    assert alone.image[y, x, 0].tolist() == [200, 200, 127, 200]
    assert (crop.image[y, x] == 200).all()


def test_nothing_is_painted_where_nobody_else_is() -> None:
    crop = cut_square(np.full((100, 100, 3), 200, np.uint8), np.array([40, 20, 60, 80]), 1.2, 72)
    assert without_others(crop, np.array([40, 20, 60, 80]), np.zeros((0, 4)), 0) is crop
    inside = np.array([[45, 30, 55, 60]])
    assert without_others(crop, np.array([40, 20, 60, 80]), inside, 0) is crop
