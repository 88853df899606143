import dataclasses

import numpy as np
import pytest

from poselift.drawing import layout
from poselift.drawing.layout import ClipPainter, plan_layout
from poselift.drawing.style import LEFT
from poselift.drawing.views import LAYOUTS
from poselift.errors import PoseliftError
from tests.drawing.people import walking, where


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("source", [(1, 1), (1920, 1080), (1081, 1921), (5000, 20), (9, 4000)])
def test_sizes_are_even_bounded_and_hold_their_parts(kind, source):
    layout = plan_layout(kind, source, 360)
    width, height = layout.size
    assert width % 2 == height % 2 == 0
    assert height <= 360 or source[0] < 16
    for box in (layout.frame, layout.panel):
        if box is not None:
            assert box[0] + box[2] <= width
            assert box[1] + box[3] <= height


def test_the_frame_keeps_its_proportions():
    for source in ((1280, 720), (720, 1280), (640, 480)):
        box = plan_layout("side", source, 720).frame
        assert box is not None
        assert box[2] / box[3] == pytest.approx(source[0] / source[1], rel=0.01)


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize(("people", "frames"), [(1, 12), (0, 3), (2, 1)])
def test_every_layout_paints_every_row(kind, people, frames):
    motion = walking(people, frames)
    painter = ClipPainter(motion, kind, height=180)
    for row in (0, frames - 1, frames + 5):
        picture = painter.paint(np.full((180, 320, 3), 90, np.uint8), row)
        assert picture.shape == (painter.size[1], painter.size[0], 3)
        assert picture.dtype == np.uint8


def test_the_overlay_follows_the_frames_scaling():
    motion = walking(size=(640, 360))
    frame = np.full((360, 640, 3), 120, np.uint8)
    small = ClipPainter(motion, "side", height=180).paint(frame, 6)[:, :320]
    left_arm = where(small, LEFT)[:, 0].max()
    assert left_arm == pytest.approx(motion.pose2d[0, 6, 13, 0] / 2, abs=4)


def test_the_motion_moves_through_a_room_that_stays():
    painter = ClipPainter(walking(), "3d", "front", height=200)
    frame = np.zeros((180, 320, 3), np.uint8)
    first, last = painter.paint(frame, 0), painter.paint(frame, 11)
    assert where(first, LEFT)[:, 0].mean() < where(last, LEFT)[:, 0].mean() - 30
    assert np.array_equal(first[60:80, :10], last[60:80, :10])


def test_people_who_are_nowhere_leave_the_frame_alone():
    motion = walking()
    nobody = dataclasses.replace(
        motion,
        pose3d=np.full_like(motion.pose3d, np.nan),
        pose2d=np.full_like(motion.pose2d, np.nan),
        score=np.zeros_like(motion.score),
    )
    frame = np.full((180, 320, 3), 77, np.uint8)
    picture = ClipPainter(nobody, "side", height=180).paint(frame, 4)
    assert (picture[:, :320] == 77).all()


def test_an_unknown_layout_is_named():
    with pytest.raises(PoseliftError, match="stacked"):
        plan_layout("stacked", (10, 10))


def test_of_a_crowd_the_largest_are_drawn(monkeypatch):
    motion = walking(5, 3)
    motion.pose2d[2] = motion.pose2d[2].mean(axis=1, keepdims=True)  # far away
    motion.pose3d[4, 1], motion.pose2d[4, 1] = np.nan, np.nan
    painter = ClipPainter(motion, "side", height=64)
    assert painter._drawn(0).tolist() == [0, 1, 2, 3, 4]
    assert painter._drawn(1).tolist() == [0, 1, 2, 3]
    monkeypatch.setattr(layout, "MOST_DRAWN", 3)
    assert painter._drawn(1).tolist() == [0, 1, 3]
    assert painter.paint(np.zeros((64, 64, 3), np.uint8), 1).any()
