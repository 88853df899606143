"""People who cross a long way, crowds, the paths they came and the camera that filmed them."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.drawing.following import FollowingView, frame_clip
from poselift.drawing.layout import ClipPainter
from poselift.drawing.scene3d import Scene
from poselift.drawing.viewpoint import frame_view
from poselift.result import ClipMotion
from tests.scene.made import stander, walker

SIZE = (360, 360)


def clip(worlds: list[np.ndarray], **meta: object) -> ClipMotion:
    length = max(map(len, worlds))
    poses = np.full((len(worlds), length, 17, 3), np.nan, np.float32)
    for person, world in enumerate(worlds):
        poses[person, : len(world)] = world
    shape = poses.shape[:3]
    return ClipMotion(
        "clip", np.arange(length) / 30, 30.0, (1280, 720), np.arange(1, len(worlds) + 1), poses,
        np.full((*shape, 2), np.nan, np.float32), np.ones(shape, np.float32),
        np.zeros(shape[:2], bool), True, "made", meta,
    )  # fmt: skip


def panning(frames: int, back: float) -> dict[str, object]:
    turn = np.repeat(np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])[None], frames, axis=0)
    place = np.tile([0.0, -back, 1.5], (frames, 1))
    return {"rotation": turn, "position": place, "focal": np.full(frames, 1200.0),
            "size": [1280, 720], "centre": [640, 360]}  # fmt: skip


def test_a_view_goes_along_with_a_long_way_at_one_scale() -> None:
    motion = clip([walker((-12, 0), (12, 3), 8.0)])
    rig = frame_clip("three-quarter", SIZE, motion.pose3d, motion.time)
    assert isinstance(rig, FollowingView)
    still = frame_view("three-quarter", SIZE, motion.pose3d)
    assert rig.distance < 0.5 * still.distance
    for row in range(0, len(motion.time), 10):
        camera = rig.camera(motion.time[row])
        xy, _ = camera.project(motion.pose3d[0, row])
        assert ((xy > 0) & (xy < 360)).all(), row
        assert camera.focal == rig.camera(0).focal
    steps = np.diff([rig.camera(t).position for t in motion.time], 2, axis=0)
    assert np.abs(steps).max() < 0.01  # it glides


def test_a_short_way_is_seen_from_one_place() -> None:
    motion = clip([walker((-1.5, 0), (1.5, 0))])
    assert frame_clip("front", SIZE, motion.pose3d, motion.time).still


def test_one_wrong_position_does_not_make_everybody_small() -> None:
    motion = clip([stander((0, 0), 0, 5.0), stander((1, 0), 20, 5.0)])
    alone = frame_clip("front", SIZE, motion.pose3d, motion.time)
    motion.pose3d[1, 70:73, :, :2] += 60
    with_error = frame_clip("front", SIZE, motion.pose3d, motion.time)
    assert with_error.distance < 1.3 * alone.distance


def test_a_crowd_is_seen_from_further_up_in_a_wider_panel() -> None:
    crowd = [stander((2.5 * (i % 2), 3.0 * i), 30 * i, 1.0) for i in range(8)]
    motion = clip(crowd)
    few, many = ClipPainter(clip(crowd[:2])), ClipPainter(motion)
    assert many.size[0] > few.size[0]
    width, height = many.layout.panel[2:]
    rig = frame_clip("three-quarter", (width, height), motion.pose3d, motion.time)
    assert rig.camera().axes[2, 2] < few._scene.rig.camera().axes[2, 2] - 0.1
    xy, _ = rig.camera().project(motion.pose3d)
    assert ((xy > 0) & (xy < (width, height))).all()


@pytest.mark.parametrize("way", [0.0, 2.0])
def test_who_goes_leaves_a_trail_on_the_floor(way: float) -> None:
    motion = clip([walker((0, 0), (0.001 + way, 0), 2.0)])
    scene = Scene(motion.pose3d, SIZE, "top", time=motion.time)
    shown = [
        scene.render(motion.pose3d[:, 50], [1], 50 / 30, trails=trails)
        for trails in (None, list(motion.pose3d[:, :51, 0]))
    ]
    assert (shown[0] != shown[1]).any() == (way > 0)


@pytest.mark.parametrize("back", [3.0, 200.0])
def test_a_camera_that_moves_is_in_the_picture_where_it_is_near(back: float) -> None:
    motion = clip([walker((-1, 0), (1, 0), 2.0)])
    with_it = Scene(motion.pose3d, SIZE, "side", camera=panning(60, back), time=motion.time)
    xy, _ = with_it.rig.camera().project(np.array([0, -back, 1.5]))
    assert bool(((xy > 0) & (xy < 360)).all()) == (back < 10)
    empty = Scene(motion.pose3d, SIZE, "side", camera=panning(60, back), time=motion.time)
    empty._filmed = None
    nobody = np.zeros((0, 17, 3))
    assert (with_it.render(nobody, []) != empty.render(nobody, [])).any() == (back < 10)
