import numpy as np
import pytest

from poselift.drawing.viewpoint import frame_view
from poselift.drawing.views import VIEWS


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [(300, 300), (400, 200), (200, 400)])
def test_every_point_stays_in_view_at_every_time(view, size):
    points = np.random.default_rng(1).normal(size=(400, 3)) * (2, 3, 0.4) + (4, -2, 1)
    rig = frame_view(view, size, points)
    for time in (0.0, 1.7, 5.1, 9.9):
        xy, depth = rig.camera(time).project(points)
        assert (depth > 0.1).all()
        assert (xy > 0).all()
        assert (xy < size).all()


@pytest.mark.parametrize("view", ["front", "side", "three-quarter", "top"])
def test_a_still_view_is_as_close_as_it_can_be(view):
    points = np.random.default_rng(2).uniform(-2, 2, (500, 3)) + np.array((0, 0, 2))
    xy, _ = frame_view(view, (400, 400), points, margin=0.1).camera().project(points)
    assert np.ptp(xy, axis=0).max() > 0.68 * 400


def test_up_is_up_and_right_is_right_from_the_front():
    xy, depth = (
        frame_view("front", (200, 200), np.zeros((1, 3)))
        .camera()
        .project(np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]], float))
    )
    assert xy[1, 1] < xy[0, 1]
    assert xy[2, 0] > xy[0, 0]
    assert depth[3] > depth[0]


def test_perspective_makes_far_things_smaller():
    camera = frame_view("front", (200, 200), np.zeros((1, 3))).camera()
    depth = camera.project(np.array([[0, -1, 1], [0, 1, 1]], float))[1]
    near, far = camera.scale(depth)
    assert near > far


def test_many_points_are_framed_like_few():
    crowd = np.random.default_rng(3).uniform(-6, 6, (60_000, 3)) * (1, 1, 0.2) + (0, 0, 1.2)
    rig = frame_view("three-quarter", (300, 300), crowd)
    xy, _ = rig.camera().project(crowd)
    assert (xy > 0).all()
    assert (xy < 300).all()
