"""The two 2D normalisations."""

import numpy as np
import pytest

from poselift.lifter import normalise
from poselift.skeleton import mirror_points


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(3).uniform(100, 500, size=(9, 17, 2)).astype(np.float32)


def test_screen_divides_both_axes_by_the_width() -> None:
    corners = normalise.screen(np.array([[0, 0], [200, 100], [100, 50]]), (200, 100))
    assert np.allclose(corners, [[-1, -0.5], [1, 0.5], [0, 0]])


def test_screen_of_a_mirrored_picture_is_the_mirrored_screen(points: np.ndarray) -> None:
    flipped = mirror_points(points)  # x negated ...
    flipped[..., 0] += 640  # ... so the picture is 640 wide
    assert np.allclose(
        normalise.screen(flipped, (640, 480)),
        mirror_points(normalise.screen(points, (640, 480))),
        atol=1e-6,
    )


def test_crop_fills_the_box_with_its_longer_side(points: np.ndarray) -> None:
    out = normalise.crop(points, np.ones((9, 17)))
    sides = out.max(axis=(0, 1)) - out.min(axis=(0, 1))
    assert sides.max() == pytest.approx(2)
    assert np.allclose(out.max(axis=(0, 1)) + out.min(axis=(0, 1)), 0, atol=1e-5)


def test_crop_does_not_depend_on_place_or_size(points: np.ndarray) -> None:
    score = np.ones((9, 17))
    assert np.allclose(
        normalise.crop(points, score), normalise.crop(points * 3 + [50, -20], score), atol=1e-5
    )


def test_a_joint_without_confidence_does_not_stretch_the_box(points: np.ndarray) -> None:
    score = np.ones((9, 17))
    before = normalise.crop_box(points, score)
    points[4, 3] = 1e5
    score[4, 3] = 0.05
    after = normalise.crop_box(points, score)
    assert np.allclose(before[0], after[0], atol=30)
    assert after[1] < 250


def test_crop_of_a_batch_is_each_by_itself(points: np.ndarray) -> None:
    batch = np.stack([points, points * 2, points[:, ::-1]])
    score = np.random.default_rng(5).uniform(size=batch.shape[:-1])
    score[1] = 0.1  # nobody is sure: those with any score count
    score[2] = 0  # nothing was seen: all count
    together = normalise.crop(batch, score)
    for one, alone, its_score in zip(together, batch, score, strict=True):
        assert np.allclose(one, normalise.crop(alone, its_score))
    assert np.isfinite(together).all()


def test_a_single_point_has_a_box_too() -> None:
    out = normalise.crop(np.full((3, 17, 2), 7.0), np.ones((3, 17)))
    assert np.allclose(out, 0)


def test_the_score_is_the_third_channel(points: np.ndarray) -> None:
    score = np.full((9, 17), 0.5, np.float64)
    assert normalise.network_input(points, score, 2).shape == (9, 17, 2)
    three = normalise.network_input(points, score, 3)
    assert three.dtype == np.float32
    assert np.all(three[..., 2] == 0.5)


def test_the_rays_axes_are_a_rotation_that_keeps_verticals() -> None:
    centres = np.random.default_rng(1).uniform(-1.5, 1.5, size=(40, 2))
    axes = normalise.ray_axes(centres)
    assert np.allclose(axes @ np.swapaxes(axes, -1, -2), np.eye(3), atol=1e-6)
    assert np.allclose(np.linalg.det(axes), 1, atol=1e-6)
    aimed = np.einsum("nij,nj->ni", axes, np.c_[centres, np.ones(40)])
    assert np.allclose(aimed[:, :2], 0, atol=1e-5)
    assert (aimed[:, 2] > 0).all()
    # What points down for a level camera is neither left nor right of the new one.
    assert np.allclose(axes[:, 0, 1], 0)


def test_along_its_ray_a_body_looks_the_same_wherever_it_stands() -> None:
    """A body turned about the camera: its pictures differ, but not along their rays."""
    rng = np.random.default_rng(2)
    body = rng.uniform(-0.5, 0.5, size=(1, 17, 3)) + np.array([0, 0, 4.0])
    score = np.ones((1, 17))
    turn = normalise.ray_axes(np.array([0.8, -0.3])).T
    ahead, aside = body, body @ turn.T
    pictures = [one[..., :2] / one[..., 2:] for one in (ahead, aside)]
    (straight, _), (turned, _) = (normalise.ray(picture, score) for picture in pictures)
    cropped = [normalise.crop(picture, score) for picture in pictures]
    assert np.abs(cropped[0] - cropped[1]).max() > 0.1
    assert np.abs(straight - turned).max() < 0.06  # the box's centre is not quite the same ray


def test_pixels_on_the_plane_are_tangents_of_their_angles() -> None:
    corner = normalise.on_plane(np.array([[0, 360], [640, 360]]), (1280, 720), 55)
    assert np.degrees(np.arctan(corner[:, 0])) == pytest.approx([-27.5, 0])
    upright = normalise.on_plane(np.array([[360, 1280]]), (720, 1280), 55)
    assert np.degrees(np.arctan(upright[0, 1])) == pytest.approx(27.5)
