"""Seen from the camera that filmed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poselift.drawing.layout import ClipPainter
from poselift.drawing.scene3d import Scene
from poselift.drawing.viewpoint import filmed_view
from poselift.errors import PoseliftError
from poselift.result import ClipMotion
from poselift.scene import room
from tests.scene.made import SIZE, film, stander, walker
from tests.scene.test_turning import panned


@pytest.fixture(scope="module")
def motion() -> ClipMotion:
    lifted = [
        film(stander((-0.8, 5), 20, 0.5), 15),
        film(stander((0.9, 6), 200, 0.5), 15, number=2),
    ]
    found = room.build(lifted, SIZE)
    time = np.arange(len(lifted[0])) / 30
    meta = found.as_meta(lifted)
    return ClipMotion.gather(
        "made", lifted, found.worlds, time, fps=30, size=SIZE, placed=True, meta=meta
    )


def test_bodies_lie_on_what_was_seen(motion: ClipMotion) -> None:
    for size in ((1280, 720), (640, 360)):
        view = filmed_view(motion.meta["camera"], size, motion.pose3d)
        pixels, _ = view.camera().project(motion.pose3d[:, 3])
        off = np.linalg.norm(pixels - motion.pose2d[:, 3] * size[0] / SIZE[0], axis=-1)
        assert off.mean() < 4


def test_the_whole_picture_fits_into_a_square(motion: ClipMotion) -> None:
    view = filmed_view(motion.meta["camera"], (360, 360), motion.pose3d)
    pixels, _ = view.camera().project(motion.pose3d[:, 3])
    expected = motion.pose2d[:, 3] * (360 / 1280) + [0, (360 - 202.5) / 2]
    assert np.linalg.norm(pixels - expected, axis=-1).mean() < 2


def test_the_solid_layout_paints_people_and_nothing_else(motion: ClipMotion) -> None:
    frame = np.full((720, 1280, 3), 90, np.uint8)
    picture = ClipPainter(motion, "solid", height=720).paint(frame, 3)
    assert picture.shape == (720, 1280, 3)
    x, y = np.rint(motion.pose2d[0, 3, 7]).astype(int)
    assert np.abs(picture[y, x].astype(int) - 90).max() > 25
    assert (picture[20:200, 20:200] == 90).all()


def test_the_room_from_the_camera(motion: ClipMotion) -> None:
    picture = ClipPainter(motion, "3d", "camera", 240).paint(np.zeros((8, 8, 3), np.uint8), 3)
    empty = Scene(motion.pose3d, (240, 240), "camera", camera=motion.meta["camera"])
    assert (picture != empty.render(np.zeros((0, 17, 3)), [])).any()


@pytest.fixture(scope="module")
def followed() -> ClipMotion:
    """Somebody who walks past a camera that turns with them."""
    true = walker((-1.5, 5.0), (1.5, 5.0), 2.0)
    lifted, steps = panned(true, np.arctan2(true[:, 0, 0], true[:, 0, 1]))
    found = room.build([lifted], SIZE, steps=steps)
    time = np.arange(len(lifted)) / 30
    return ClipMotion.gather(
        "followed", [lifted], found.worlds, time, fps=30, size=SIZE, placed=True,
        meta=found.as_meta([lifted]),
    )  # fmt: skip


def test_a_camera_that_moved_is_looked_through_frame_by_frame(followed: ClipMotion) -> None:
    view = filmed_view(followed.meta["camera"], SIZE, followed.pose3d)
    assert not view.still
    for frame in (0, 30, 59):
        pixels, _ = view.camera(frame=frame).project(followed.pose3d[0, frame])
        assert np.linalg.norm(pixels - followed.pose2d[0, frame], axis=-1).mean() < 8
    first, last = view.camera(), view.camera(frame=10_000)
    assert np.degrees(np.arccos(first.axes[2] @ last.axes[2])) > 20


def test_solid_bodies_stay_on_somebody_whom_the_camera_follows(followed: ClipMotion) -> None:
    painter = ClipPainter(followed, "solid", height=360)
    blank = np.full((360, 640, 3), 90, np.uint8)
    for row in (0, 59):
        picture = painter.paint(blank, row).astype(int)
        limbs = np.ptp(picture, axis=2) > 60  # blue and orange; the shadow and the caption are grey
        low, high = np.argwhere(limbs)[:, ::-1].min(axis=0), np.argwhere(limbs)[:, ::-1].max(axis=0)
        joints = followed.pose2d[0, row] / 2
        assert np.abs(low - joints[:7].min(axis=0))[0] < 15
        assert np.abs(high - joints[:7].max(axis=0)).max() < 15


def test_the_floor_goes_by_when_the_camera_turns(followed: ClipMotion) -> None:
    empty = Scene(followed.pose3d, (320, 180), "camera", camera=followed.meta["camera"])
    nobody = np.zeros((0, 17, 3))
    first, again, last = (empty.render(nobody, [], frame=frame) for frame in (0, 0, 59))
    assert (first == again).all()
    assert (first != last).any()


def test_a_result_without_a_camera_is_refused(motion: ClipMotion) -> None:
    plain = replace(motion, meta={})
    with pytest.raises(PoseliftError, match="does not know"):
        ClipPainter(plain, "solid")
    with pytest.raises(PoseliftError, match="does not know"):
        ClipPainter(plain, "side", "camera")
