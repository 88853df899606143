"""One room while the camera runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poselift.scene.live import LiveRoom
from poselift.scene.rays import focal_length
from poselift.scene.stance import runs
from poselift.types import Motion
from tests.scene.made import FPS, SIZE, film, panned, stander, walker


def watch(
    motions: list[Motion], room: LiveRoom | None = None, turns: np.ndarray | None = None
) -> tuple[LiveRoom, np.ndarray]:
    """The room and (P, T, 17, 3) of everybody, frame by frame; `turns` of the camera."""
    room = room or LiveRoom(SIZE)
    poses = []
    for frame in range(min(len(motion) for motion in motions)):
        room.frame(frame / FPS, None if turns is None else turns[frame])
        room.learn()
        poses.append([
            room.place(m.track.id, m.pose3d[frame], m.track.xy[frame], m.track.score[frame],
                       frame / FPS)
            for m in motions
        ])  # fmt: skip
    return room, np.array(poses).swapaxes(0, 1)


def test_the_camera_is_learned_and_held() -> None:
    people = [walker((-1, 4), (1, 6.5), 7.0), stander((1.2, 5.5), 200, 7.0)]
    room, poses = watch([film(p, 25, number=i) for i, p in enumerate(people)])
    assert room.belief is not None
    tilt = np.degrees(np.arcsin(-room.belief.up[2]))
    assert tilt == pytest.approx(25, abs=6)
    head, feet = poses[1, -1, 10], poses[1, -1, [3, 6]].mean(axis=0)
    lean = np.degrees(np.arccos((head - feet)[2] / np.linalg.norm(head - feet)))
    assert lean < 7


def test_everybody_is_at_their_depth_in_one_room() -> None:
    people = [stander((-0.8, 4), 10, 6.0), stander((0.9, 6.5), 120, 6.0)]
    _, poses = watch([film(p, 12, number=i) for i, p in enumerate(people)])
    apart = poses[1, -1, 0] - poses[0, -1, 0]
    assert apart[:2] == pytest.approx([1.7, 2.5], abs=0.6)


def test_nothing_jumps_when_the_belief_improves() -> None:
    _, poses = watch([film(stander((0.3, 5), 30, 10.0), 30)])
    steps = np.linalg.norm(np.diff(poses[0], axis=0), axis=-1).max(axis=1)
    assert steps.max() < 0.08


def test_a_walk_is_followed_without_lag() -> None:
    true = walker((-1.5, 5), (1.5, 5), 3.0)
    _, poses = watch([film(true, 0)])
    moved = poses[0, -1, 0, 0] - poses[0, 0, 0, 0]
    assert moved == pytest.approx(3.0, abs=0.25)


def test_who_is_forgotten_begins_anew() -> None:
    room, _ = watch([film(stander((0, 5), 0, 1.0), 0)])
    room.forget(1)
    room.frame(2.0)
    motion = film(stander((2.0, 5), 0, 1.0), 0)
    pose = room.place(1, motion.pose3d[0], motion.track.xy[0], motion.track.score[0], 2.0)
    assert pose[0, 0] == pytest.approx(2.0, abs=0.3)


def test_feet_that_stand_stay_though_poses_tremble() -> None:
    true = walker((-2, 5), (2, 5), 5.0)
    motion = film(true, 10, noise=1.5)
    rng = np.random.default_rng(0)
    sway = 0.02 * np.sin(np.arange(len(true)) / 4)[:, None, None] * rng.standard_normal((1, 17, 3))
    motion = replace(motion, pose3d=(motion.pose3d + sway).astype(np.float32))
    _, poses = watch([motion])
    slides = []
    for ankle in (3, 6):
        speed = np.linalg.norm(np.gradient(true[:, ankle], axis=0), axis=1) * FPS
        for first, end in runs((speed < 0.02) & (true[:, ankle, 2] < 0.01)):
            if end - first > 12 and first > 30:
                step = poses[0, first + 6 : end - 1, ankle]
                slides.append(np.linalg.norm(step - step.mean(axis=0), axis=1).mean())
    assert len(slides) > 4
    assert np.mean(slides) < 0.01


def test_everybody_walks_on_the_floor_that_is_found() -> None:
    people = [walker((-1.2, 4), (1.2, 7), 7.0), walker((1.5, 6), (-1.5, 4.5), 7.0)]
    _, poses = watch([film(p, 30, height=3.0, number=i) for i, p in enumerate(people)])
    for pose, true in zip(poses, people, strict=True):
        off = (pose[:, [3, 6], 2] - true[:, [3, 6], 2])[150:]
        assert np.abs(off).mean() < 0.025


def test_who_jumps_is_in_the_air_and_lands_on_the_same_floor() -> None:
    true = stander((0.2, 5), 20, 6.0)
    time = np.arange(18) / FPS
    true[120:138, :, 2] += (9.81 / 2 * time * (time[-1] - time))[:, None]
    _, poses = watch([film(true, 10)])
    lowest = poses[0, :, :, 2].min(axis=1)
    assert lowest[129] == pytest.approx(true[129, :, 2].min(), abs=0.06)
    assert lowest[145:] == pytest.approx(0, abs=0.03)


def test_one_bad_reading_of_a_foot_moves_nobody() -> None:
    motion = film(stander((0, 5), 0, 5.0), 15)
    wrong = motion.pose3d.copy()
    wrong[120, 3, 1] += 0.8  # y points down in the picture
    _, poses = watch([replace(motion, pose3d=wrong)])
    heads = poses[0, 115:150, 10, 2]
    assert np.ptp(heads) < 0.06


@pytest.mark.parametrize("told", [True, False])
def test_a_camera_that_follows_somebody_takes_nobody_along(told: bool) -> None:
    true = walker((-2.5, 5.0), (2.5, 5.0), 5.0)
    pan = np.arctan2(true[:, 0, 0], true[:, 0, 1])
    motion, steps = panned(true, pan)
    moves = steps.moves(focal_length(SIZE, 55.0), (SIZE[0] / 2, SIZE[1] / 2))
    assert moves is not None
    _, poses = watch([motion], turns=moves.turn if told else None)
    way = np.linalg.norm(poses[0, -1, 0, :2] - poses[0, 0, 0, :2])
    if told:
        assert way == pytest.approx(5.0, rel=0.15)
        assert np.abs(poses[0, 60:, [3, 6], 2].min(axis=0)).mean() < 0.05
    else:
        assert way < 2.5


def test_up_is_found_while_the_camera_turns() -> None:
    true = walker((-2.5, 5.0), (2.5, 5.0), 7.0)
    pan = np.arctan2(true[:, 0, 0], true[:, 0, 1])
    motion, steps = panned(true, pan)
    moves = steps.moves(focal_length(SIZE, 55.0), (SIZE[0] / 2, SIZE[1] / 2))
    assert moves is not None
    room, _ = watch([motion], turns=moves.turn)
    assert room.belief is not None
    # As the first frame's camera has it, which looks 8 degrees down.
    assert np.degrees(np.arcsin(-room.belief.up[2])) == pytest.approx(8, abs=5)
    assert abs(np.degrees(np.arctan2(room.belief.up[0], -room.belief.up[1]))) < 5
