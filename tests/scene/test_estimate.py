"""The camera is found from the people before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poselift.scene import room
from poselift.scene.camera import up_from
from poselift.scene.given import Given, parse_camera
from poselift.scene.rays import focal_length
from poselift.skeleton import H36M17
from tests.scene.made import BODY, FPS, SIZE, film, stander, turned, walker

_LEGS = ("knee", "ankle")


def built(*motions, **options):  # type: ignore[no-untyped-def]
    return room.build(list(motions), SIZE, **options)


@pytest.mark.parametrize("tilt", [0, 15, 35, 55])
@pytest.mark.parametrize("roll", [0, 14])
def test_tilt_and_roll_are_found_from_two_people(tilt: float, roll: float) -> None:
    far = 2 / np.tan(np.radians(tilt)) if tilt > 25 else 5.0
    people = [stander((-0.7, far), 30), walker((0.2, far - 0.6), (1.0, far + 0.8))]
    motions = [film(p, tilt, roll, number=i + 1) for i, p in enumerate(people)]
    camera = built(*motions).camera
    assert camera.tilt == pytest.approx(tilt, abs=5)
    assert camera.roll == pytest.approx(roll, abs=4)


def test_the_uncertainty_is_smaller_with_more_people() -> None:
    one = film(stander((0, 5), 0), 20)
    more = [film(stander((x, y), 40 * x), 20, number=i) for i, (x, y) in
            enumerate([(-1.5, 4), (0, 5), (1.5, 6), (0.5, 7)])]  # fmt: skip
    alone, together = built(one).camera.uncertainty, built(*more).camera.uncertainty
    assert together["tilt"] < 0.8 * alone["tilt"]
    assert together["roll"] < alone["roll"]


def test_who_balances_on_one_leg_does_not_roll_the_camera() -> None:
    # The trunk leans 40 degrees aside, the other leg the other way: in balance over the foot.
    pose = BODY.copy()
    lean = np.radians(40)
    turn = np.array([[np.cos(lean), 0, np.sin(lean)], [0, 1, 0], [-np.sin(lean), 0, np.cos(lean)]])
    upper = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    pose[upper] = (BODY[upper] - BODY[0]) @ turn.T + BODY[0]
    pose[[5, 6]] = BODY[4] + (BODY[[5, 6]] - BODY[4]) @ turn.T
    from poselift.scene.balance import centre_of_mass

    pose[[2, 3], 0] += np.array([0.5, 1.0]) * (centre_of_mass(pose)[0] - pose[3, 0])
    poses = np.repeat(pose[None], 90, axis=0) + np.array([0, 5, 0])
    poses[:, [5, 6], 1] += np.array([0.1, 0.2]) * np.sin(np.arange(90) / 4)[:, None]  # it swings
    rolled = built(film(poses, 10)).camera.roll
    # The line from the feet to the head leans by 26 degrees.
    assert abs(rolled) < 16


def test_who_lies_is_not_stood_up() -> None:
    lying = np.repeat(BODY[None][..., [2, 1, 0]], 60, axis=0) + np.array([-0.8, 5, 0.1])
    camera = built(film(lying, 10)).camera
    assert abs(camera.roll) < 6
    assert -10 < camera.tilt < 25


def test_nobody_at_all_is_a_usual_camera_and_says_so() -> None:
    found = built()
    assert found.worlds == []
    assert abs(found.camera.roll) < 1e-6
    assert "usual" in found.how


def test_nobody_ever_stands() -> None:
    sitting = BODY.copy()
    sitting[[2, 5]] = BODY[[1, 4]] + np.array([0, 0.42, 0])
    sitting[[3, 6]] = sitting[[2, 5]] - np.array([0, 0, 0.42])
    poses = np.repeat(sitting[None], 60, axis=0) + np.array([0, 5, -0.42])
    found = built(film(poses, 10))
    assert np.isfinite(found.worlds[0]).all()
    assert abs(found.camera.roll) < 6
    assert -5 < found.camera.tilt < 20
    assert "usual" in found.how


def test_one_frame() -> None:
    found = built(film(stander((0, 5), 20)[:1], 15))
    assert found.worlds[0].shape == (1, 17, 3)
    assert np.isfinite(found.worlds[0]).all()


def test_who_is_cut_at_the_knees_has_no_feet_to_believe() -> None:
    motion = film(walker((-1, 5), (1, 5)), 12)
    score = motion.track.score.copy()
    score[:, [2, 3, 5, 6]] = 0.05
    xy = motion.track.xy.copy()
    xy[:, [2, 3, 5, 6], 1] = SIZE[1] - 1
    cut = replace(motion, track=replace(motion.track, score=score, xy=xy))
    found = built(cut)
    assert np.isfinite(found.worlds[0]).all()
    assert abs(found.camera.tilt - 12) < 15
    assert not found.planted[0].any()


def test_a_camera_that_looks_straight_down() -> None:
    people = [stander((0.3, 0.4), 0), stander((-0.8, 0.2), 90)]
    motions = [film(p, 88, height=7.0, number=i) for i, p in enumerate(people)]
    found = built(*motions)
    assert all(np.isfinite(world).all() for world in found.worlds)
    assert found.camera.tilt > 50


def test_what_is_given_is_taken_as_it_is() -> None:
    motion = film(walker((-1, 5), (1, 6)), 20, roll=5)
    found = built(motion, given=parse_camera("tilt=33,roll=-4,fov=70,height=3", SIZE))
    assert found.camera.tilt == pytest.approx(33, abs=1e-6)
    assert found.camera.roll == pytest.approx(-4, abs=1e-6)
    assert found.camera.field_of_view == pytest.approx(70)
    assert found.camera.position[2] == pytest.approx(3)
    assert found.camera.uncertainty["tilt"] == 0
    assert "(given)" in found.how


def test_a_height_sets_the_size_of_the_room() -> None:
    motion = film(walker((-1, 5), (1, 6)), 15)
    small = built(motion, heights={1: 1.4}, given=Given(focal=1229.5, tilt=15, roll=0))
    large = built(motion, heights={0: 2.0}, given=Given(focal=1229.5, tilt=15, roll=0))
    assert small.heights[0] == pytest.approx(1.4, abs=0.01)
    assert large.heights[0] == pytest.approx(2.0, abs=0.01)
    way = [np.linalg.norm(w.worlds[0][-1, 0] - w.worlds[0][0, 0]) for w in (small, large)]
    assert way[1] / way[0] == pytest.approx(2.0 / 1.4, rel=0.03)


def test_other_rates_find_the_same_camera() -> None:
    slow = built(film(walker((-1, 5), (1, 6.5)), 18)).camera
    fast = built(film(walker((-1, 5), (1, 6.5), fps=60), 18, fps=60)).camera
    assert FPS == 30
    assert fast.tilt == pytest.approx(slow.tilt, abs=1.5)
    assert fast.field_of_view == pytest.approx(slow.field_of_view, rel=0.08)


def test_turning_somebody_round_is_a_turn() -> None:
    assert turned(BODY, 90)[4] == pytest.approx([0, 0.1, 0.84])


def test_a_lens_that_bends_what_is_straight_is_no_worse_than_a_level_camera() -> None:
    people = [walker((-1, 4), (1.5, 5.5)), stander((1.6, 4.5), 130, 4.0)]
    motions = []
    for number, person in enumerate(people):
        motion = film(person, 22, 6, view=90, number=number)
        xy = motion.track.xy - np.array(SIZE) / 2
        radius = np.linalg.norm(xy, axis=-1, keepdims=True)
        focal = 0.6 * focal_length(SIZE, 90)
        bent = focal * np.arctan(radius / focal) / np.maximum(radius, 1e-6) * xy
        track = replace(motion.track, xy=bent + np.array(SIZE) / 2)
        motions.append(replace(motion, track=track))
    found = built(*motions).camera.rotation[:, 2]
    true = up_from(22, 6)
    level = np.degrees(np.arccos(up_from(0, 0) @ true))
    assert np.degrees(np.arccos(found @ true)) < 0.5 * level


@pytest.mark.parametrize("view", [35.0, 80.0])
def test_how_strong_perspective_looks_tells_the_lens_of_somebody_who_only_stands(
    view: float,
) -> None:
    far = 2.0 / np.tan(np.radians(view) / 2)  # fills as much of the picture with every lens
    motion = film(stander((0.0, far), 160.0), 5, view=view)
    close = 1 / np.hypot(far, 2.0 - 0.84)
    said = np.tile([close, 0.02], (len(motion), 1)).astype(np.float32)
    plain, told = (built(one).camera for one in (motion, replace(motion, closeness=said)))
    off, better = (abs(np.log(camera.focal / focal_length(SIZE, view))) for camera in (plain, told))
    assert better < 0.12
    assert better < 0.6 * off
    assert told.uncertainty["field_of_view"] < plain.uncertainty["field_of_view"]


def test_without_feet_the_camera_is_doubted_more_and_the_line_says_so() -> None:
    whole = film(stander((0, 5), 0), 20)
    legs = [H36M17.index(f"{side} {joint}") for side in ("left", "right") for joint in _LEGS]
    score = whole.track.score.copy()
    score[:, legs] = 0
    upper = replace(whole, track=replace(whole.track, score=score))
    seen, hidden = built(whole).camera, built(upper).camera
    assert hidden.uncertainty["tilt"] > 1.2 * seen.uncertainty["tilt"]
    assert hidden.uncertainty["roll"] > 1.1 * seen.uncertainty["roll"]
    assert "no feet are seen" in hidden.how
    assert "no feet are seen" not in seen.how
