"""Everybody stands and moves in one room."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.scene import room
from poselift.scene.given import Given
from poselift.scene.rays import field_of_view, focal_length
from tests.scene.made import BODY, FPS, SIZE, film, stander, walker

KNOWN = Given(tilt=15, roll=0, focal=focal_length(SIZE, 55), height=2.0)


def test_a_walk_is_as_long_as_it_is_and_its_feet_stay() -> None:
    true = walker((-1.0, 4.5), (1.2, 6.5))
    found = room.build([film(true, 15)], SIZE, KNOWN)
    world, planted = found.worlds[0].astype(float), found.planted[0]
    way = np.linalg.norm(world[-1, 0, :2] - world[0, 0, :2])
    assert way == pytest.approx(np.linalg.norm(true[-1, 0, :2] - true[0, 0, :2]), rel=0.05)
    assert planted.mean() > 0.4
    for side, ankle in enumerate((3, 6)):
        stands = planted[:, side] & np.roll(planted[:, side], 1)
        stands[0] = False
        moved = np.linalg.norm(np.diff(world[:, ankle], axis=0), axis=1)[stands[1:]]
        assert np.percentile(moved, 80) < 0.004
        assert abs(np.median(world[planted[:, side], ankle, 2])) < 0.01


def test_bones_keep_their_lengths() -> None:
    motion = film(walker((-1, 5), (1, 6)), 15, noise=2.0)
    world = room.build([motion], SIZE, KNOWN).worlds[0].astype(float)
    for joint, parent in ((2, 1), (3, 2), (5, 4), (6, 5), (12, 11), (13, 12)):
        length = np.linalg.norm(world[:, joint] - world[:, parent], axis=1)
        assert np.ptp(length) < 1e-4


def test_the_room_projects_to_what_was_seen() -> None:
    motion = film(walker((-1, 5), (1, 6)), 15)
    found = room.build([motion], SIZE, KNOWN)
    pixels = found.camera.project(found.worlds[0].astype(float))
    tall = np.ptp(motion.track.xy[..., 1], axis=1).mean()
    assert np.linalg.norm(pixels - motion.track.xy, axis=-1).mean() < 0.01 * tall


def test_two_people_stand_where_they_are_to_each_other() -> None:
    near, far = stander((-0.6, 4), 0), stander((0.9, 7), 60)
    found = room.build([film(near, 15), film(far, 15, number=2)], SIZE, KNOWN)
    apart = found.worlds[1][:, 0] - found.worlds[0][:, 0]
    assert apart.mean(axis=0)[:2] == pytest.approx([1.5, 3.0], abs=0.25)
    assert abs(apart[:, 2]).max() < 0.05


def test_standing_far_away_does_not_wander() -> None:
    motion = film(stander((0, 7.5), 20, seconds=6), 15, noise=3.0)
    world = room.build([motion], SIZE, KNOWN).worlds[0]
    assert np.ptp(world[:, 0, 1]) < 0.15


def test_a_jump_is_as_high_as_its_time_in_the_air() -> None:
    frames, up = 90, 15
    poses = stander((0, 5), 10)
    time = np.arange(frames) / FPS - 1.0
    flight = (time > 0) & (time < up / FPS)
    poses[..., 2] += np.where(flight, 9.81 / 2 * time * (up / FPS - time), 0)[:, None]
    world = room.build([film(poses, 15)], SIZE, KNOWN).worlds[0]
    assert world[:, 0, 2].max() - world[0, 0, 2] == pytest.approx(0.31, abs=0.05)


def test_who_stands_on_something_stays_up_there() -> None:
    floor = [stander((-0.8, 5), 0), walker((0, 4.5), (1, 5.5))]
    roof = stander((0.2, 7.5), 0) + np.array([0, 0, 1.5])
    motions = [film(p, 15, number=i) for i, p in enumerate([*floor, roof])]
    worlds = room.build(motions, SIZE, KNOWN).worlds
    assert abs(np.median(worlds[0][:, [3, 6], 2])) < 0.03
    assert np.median(worlds[2][:, [3, 6], 2]) == pytest.approx(1.5, abs=0.3)


def test_nobody_seen_for_a_while_goes_straight_on() -> None:
    motion = film(walker((-1, 5), (1, 5)), 15)
    motion.track.score[40:60] = 0
    motion.track.xy[40:60] = np.nan
    world = room.build([motion], SIZE, KNOWN).worlds[0]
    assert np.isfinite(world).all()
    assert np.linalg.norm(np.diff(world[:, 0], axis=0), axis=1).max() < 0.08


def test_the_nominal_body_is_as_tall_as_people_are() -> None:
    from poselift.scene.bones import stature

    assert stature(BODY[None]) == pytest.approx(1.68, abs=0.05)


def test_the_lens_that_the_file_tells_of_is_taken_and_said() -> None:
    far = film(stander((0.3, 6), 20, seconds=3), 12, view=38)
    told = room.build([far], SIZE, Given(likely_focal=focal_length(SIZE, 40)))
    assert field_of_view(SIZE, float(told.camera.focal)) == pytest.approx(39, abs=2.5)
    assert "the lens that the file tells of" in told.how
    given = room.build([far], SIZE, Given(focal=focal_length(SIZE, 60), likely_focal=100.0))
    assert field_of_view(SIZE, float(given.camera.focal)) == pytest.approx(60, abs=0.1)
    assert "the file" not in given.how
