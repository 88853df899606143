import numpy as np
import pytest

from poselift.drawing.scene3d import Scene
from poselift.drawing.shadow import cast_shadows
from poselift.drawing.style import DARK, LEFT, LIGHT, RIGHT
from poselift.drawing.views import VIEWS
from poselift.errors import PoseliftError
from tests.drawing.people import standing, where

ROOM = np.array([[-2, -2, 0], [2, 2, 1.7]], float)


def test_left_is_on_the_pictures_right_when_somebody_faces_the_camera():
    image = Scene(ROOM, (240, 240), "front").render(standing()[None], [1])
    assert where(image, LEFT)[:, 0].min() > where(image, RIGHT)[:, 0].max() - 3


def test_sides_change_over_when_seen_from_behind():
    image = Scene(ROOM, (240, 240), "back").render(standing()[None], [1])
    assert where(image, RIGHT)[:, 0].min() > where(image, LEFT)[:, 0].max() - 3


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_both_sides_inside_the_picture(view, theme):
    scene = Scene(ROOM, (240, 240), view, theme)
    image = scene.render(standing(0.5, 0.3)[None], [1], time=1.0)
    empty = scene.render(np.zeros((0, 17, 3)), [], time=1.0)
    changed = np.argwhere((image != empty).any(-1))
    assert len(changed) > 300
    assert changed.min() > 0
    assert changed.max() < 239


def test_scale_and_floor_do_not_change_through_a_clip():
    scene = Scene(ROOM, (200, 200), "front")
    camera = scene.rig.camera(0.0)
    for time in (0.5, 7.0):
        assert np.array_equal(scene.rig.camera(time).position, camera.position)
    empty = scene.render(np.zeros((0, 17, 3)), [])
    jumping = scene.render(standing()[None] + np.array((0, 0, 0.4)), [1], time=3.0)
    assert np.array_equal(jumping[:, :30], empty[:, :30])
    on_floor = scene.render(standing()[None], [1])
    rise = [where(image, LEFT)[:, 1].min() for image in (on_floor, jumping)]
    assert rise[0] - rise[1] > 5


def test_somebody_who_is_not_there_is_not_drawn():
    scene = Scene(ROOM, (160, 160))
    gone = standing()
    gone[3] = np.nan
    empty = scene.render(np.zeros((0, 17, 3)), [])
    assert np.array_equal(scene.render(gone[None], [1]), empty)
    assert np.array_equal(
        scene.render(np.stack([gone, standing()]), [1, 2], numbers=False),
        scene.render(standing()[None], [2], numbers=False),
    )


def test_low_scores_and_filled_people_fade():
    scene = Scene(ROOM, (200, 200), "front")
    empty = scene.render(np.zeros((0, 17, 3)), []).astype(int)

    def strength(**how):
        return np.abs(scene.render(standing()[None], [1], **how).astype(int) - empty).sum()

    assert strength(score=np.zeros((1, 17))) < 0.6 * strength(score=np.ones((1, 17)))
    assert strength(filled=[True]) < 0.7 * strength(filled=[False])


def test_the_nearer_person_hides_the_farther_whatever_their_order():
    scene = Scene(ROOM, (200, 200), "front")
    near, far = standing(0, -1), standing(0, 1)
    alone = scene.render(near[None], [1], numbers=False)
    x, y = np.rint(scene.rig.camera().project(near[8])[0]).astype(int)
    for order in ([0, 1], [1, 0]):
        both = np.stack([near, far])[order]
        image = scene.render(both, np.array([1, 2])[order], numbers=False)
        assert np.array_equal(
            image[y - 2 : y + 3, x - 2 : x + 3], alone[y - 2 : y + 3, x - 2 : x + 3]
        )
        assert not np.array_equal(image, alone)


def test_a_touching_body_darkens_the_floor_more_than_a_flying_one():
    camera = Scene(ROOM, (240, 240)).rig.camera()

    def brightest_loss(height):
        floor = np.full((240, 240, 3), 250, np.uint8)
        pose = standing()[None] + np.array((0, 0, height))
        cast_shadows(floor, pose, np.ones(1), camera, 0.6)
        return 250 - int(floor.min())

    assert brightest_loss(0.0) > brightest_loss(0.8) + 20
    assert brightest_loss(0.8) > 0


def test_the_same_input_gives_the_same_picture():
    views = [
        Scene(ROOM, (150, 150), "turntable").render(standing()[None], [1], time=2.5)
        for _ in range(2)
    ]
    assert np.array_equal(*views)


def test_the_turntable_turns():
    scene = Scene(ROOM, (150, 150), "turntable")
    first, later = (scene.render(standing()[None], [1], time=t) for t in (0.0, 3.0))
    assert not np.array_equal(first, later)


@pytest.mark.parametrize("bounds", [np.zeros((0, 3)), np.full((5, 17, 3), np.nan), np.zeros(3)])
def test_a_room_without_motion_fits_one_person(bounds):
    scene = Scene(bounds, (200, 200), "front")
    xy, _ = scene.rig.camera().project(standing())
    assert (xy > 0).all()
    assert (xy < 200).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (1920, 1080)])
def test_odd_sizes(size):
    image = Scene(ROOM, size).render(standing()[None], [1])
    assert image.shape == (size[1], size[0], 3)


def test_somebody_behind_the_camera_does_no_harm():
    scene = Scene(ROOM, (100, 100), "front")
    assert scene.render(standing(0, -300)[None], [1]).shape == (100, 100, 3)


def test_it_draws_into_a_part_of_a_larger_picture():
    scene = Scene(ROOM, (60, 60))
    whole = np.zeros((60, 100, 3), np.uint8)
    drawn = scene.render(standing()[None], [1], out=whole[:, 40:])
    assert np.shares_memory(drawn, whole)
    assert np.array_equal(whole[:, 40:], scene.render(standing()[None], [1]))
    assert not whole[:, :40].any()


def test_an_unknown_view_is_named():
    with pytest.raises(PoseliftError, match="sideways") as caught:
        Scene(ROOM, (100, 100), "sideways")
    assert "three-quarter" in caught.value.hint


def test_limbs_that_the_lifter_is_not_sure_of_fade():
    scene = Scene(ROOM, (240, 240), "front")
    sure, unsure = np.full((1, 17), 0.05), np.full((1, 17), 0.05)
    unsure[0, [15, 16]] = 0.4
    plain = scene.render(standing()[None], [1])
    assert (scene.render(standing()[None], [1], spread=sure) == plain).all()
    assert (scene.render(standing()[None], [1], spread=unsure) != plain).any()
