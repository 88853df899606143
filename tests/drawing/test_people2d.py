import numpy as np
import pytest

from poselift.drawing.people2d import draw_people
from poselift.drawing.style import LEFT, RIGHT
from poselift.skeleton import mirror_points
from tests.drawing.people import standing, where


def points(x=100.0, size=80.0):
    pose = standing()
    return np.stack([x + size * pose[:, 0], 180 - size * pose[:, 2]], -1)


def grey():
    return np.full((200, 200, 3), 120, np.uint8)


def test_the_frame_itself_is_not_changed():
    image = grey()
    drawn = draw_people(image, points()[None], np.ones((1, 17)), [1])
    assert (image == 120).all()
    assert (drawn != image).any()


def test_left_and_right_have_their_colours_also_in_a_mirror():
    drawn = draw_people(grey(), points()[None], np.ones((1, 17)), [1])
    assert where(drawn, LEFT)[:, 0].min() > 90
    assert where(drawn, RIGHT)[:, 0].max() < 110
    middle = np.array((100, 0))
    mirrored = mirror_points(points() - middle) + middle
    again = draw_people(grey(), mirrored[None], np.ones((1, 17)), [1])
    assert where(again, LEFT)[:, 0].min() > 90
    backwards = points() * (-1, 1) + (200, 0)  # the person turned round
    turned = draw_people(grey(), backwards[None], np.ones((1, 17)), [1])
    assert where(turned, LEFT)[:, 0].max() < 110


def test_opacity_follows_the_score():
    def strength(score):
        drawn = draw_people(grey(), points()[None], np.full((1, 17), score), [1])
        return np.abs(drawn.astype(int) - 120).sum()

    assert strength(0.0) == 0
    assert 0 < strength(0.2) < strength(0.35) < strength(0.9)


def test_filled_people_are_paler():
    def strength(filled):
        drawn = draw_people(grey(), points()[None], np.ones((1, 17)), [1], [filled])
        return np.abs(drawn.astype(int) - 120).sum()

    assert strength(True) < 0.6 * strength(False)


def test_joints_that_are_not_there_are_left_out():
    partly = points()
    partly[[15, 16]] = np.nan
    drawn = draw_people(grey(), partly[None], np.ones((1, 17)), [1])
    assert len(where(drawn[50:100, :80], RIGHT)) == 0
    nobody = draw_people(grey(), np.full((1, 17, 2), np.nan), np.ones((1, 17)), [1])
    assert (nobody == 120).all()


def test_numbers_come_with_company():
    alone = draw_people(grey(), points()[None], np.ones((1, 17)), [3])
    numbered = draw_people(grey(), points()[None], np.ones((1, 17)), [3], numbers=True)
    assert (alone[:25] == 120).all()
    assert (numbered[:45] != 120).any()


def test_lines_grow_with_the_person():
    def blue(size):
        image = np.full((800, 800, 3), 120, np.uint8)
        xy = points(400, size) + np.array((0, 550))
        return len(where(draw_people(image, xy[None], np.ones((1, 17)), [1]), LEFT)) / size

    assert blue(400) > 1.5 * blue(150)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 500, 3), (2160, 3840, 3)])
def test_odd_sizes_and_points_far_outside(shape):
    xy = np.stack([points(), points() * 1e7])
    drawn = draw_people(np.zeros(shape, np.uint8), xy, np.ones((2, 17)), [1, 2])
    assert drawn.shape == shape
