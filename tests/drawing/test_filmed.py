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
from tests.scene.made import SIZE, film, stander


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


def test_a_result_without_a_camera_is_refused(motion: ClipMotion) -> None:
    plain = replace(motion, meta={})
    with pytest.raises(PoseliftError, match="does not know"):
        ClipPainter(plain, "solid")
    with pytest.raises(PoseliftError, match="does not know"):
        ClipPainter(plain, "side", "camera")
