"""BVH, read back by bvhio."""

import bvhio
import numpy as np
import pytest

from poselift.export.bvh import write_bvh
from poselift.export.people import y_up
from poselift.export.rig import NODES, fit_rig


def world_positions(path, names, frames):
    """(F, N, 3) by bvhio's own forward kinematics."""
    root = bvhio.readAsHierarchy(str(path))
    found = []
    for frame in frames:
        root.loadPose(frame)
        found.append([list(root.filter(name, isEqual=True)[0].PositionWorld) for name in names])
    return np.array(found)


def joints_of_nodes(pose):
    from poselift.skeleton import H36M17

    return y_up(pose[:, [H36M17.index(node.at) for node in NODES]])


def test_joints_are_where_they_were(walk, tmp_path):
    [path] = write_bvh(walk, tmp_path / "walk.bvh")
    assert path == tmp_path / "walk.bvh"
    frames = range(0, 90, 7)
    read = world_positions(path, [node.name for node in NODES], frames)
    true = joints_of_nodes(walk.pose3d[0])[list(frames)]
    assert np.abs(read - true).max() < 0.002  # metres


def test_rate_and_length(walk, tmp_path):
    [path] = write_bvh(walk, tmp_path / "walk.bvh")
    bvh = bvhio.readAsBvh(str(path))
    assert bvh.FrameCount == 90
    assert bvh.FrameTime == pytest.approx(1 / 30, abs=1e-6)


def test_bones_stay_constant_under_noise(make_clip, make_walker, tmp_path):
    noisy = make_walker()[None] + np.random.default_rng(1).normal(0, 0.02, (1, 90, 17, 3))
    [path] = write_bvh(make_clip(noisy), tmp_path / "noisy.bvh")
    read = world_positions(path, ["LeftUpLeg", "LeftLeg", "LeftFoot"], range(0, 90, 10))
    lengths = np.linalg.norm(np.diff(read, axis=1), axis=-1)
    np.testing.assert_allclose(lengths, lengths[:1].repeat(len(lengths), 0), atol=1e-4)
    np.testing.assert_allclose(lengths[0], [0.45, 0.43], atol=0.02)


def test_nothing_flips(make_walker):
    """Turning on the spot for four turns, arms and legs swinging: no angle ever jumps."""
    pose = make_walker(240)
    yaw = np.linspace(0, 8 * np.pi, 240)
    turn = np.zeros((240, 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(yaw)
    turn[:, 1, 0], turn[:, 0, 1], turn[:, 2, 2] = np.sin(yaw), -np.sin(yaw), 1
    rig = fit_rig(y_up(np.einsum("tij,tkj->tki", turn, pose)))
    for name, angles in rig.euler.items():
        assert np.abs(np.diff(angles, axis=0)).max() < 25, name


@pytest.mark.parametrize("name", ["left knee", "right elbow"])
def test_a_fully_folded_limb_is_still_a_rotation(make_clip, make_walker, tmp_path, name):
    from poselift.skeleton import H36M17

    pose = make_walker(5)
    joint = H36M17.index(name)
    child, parent = joint + 1, H36M17.parents[joint]
    pose[:, child] = pose[:, parent]  # the ankle on the hip, the wrist on the shoulder
    [path] = write_bvh(make_clip(pose[None]), tmp_path / "folded.bvh")
    read = world_positions(path, ["Hips", "LeftFoot", "RightHand"], range(5))
    assert np.isfinite(read).all()
    assert np.abs(read[:, 0] - y_up(pose[:, 0])).max() < 1e-3


def test_a_point_is_no_reason_to_fail(make_clip, tmp_path):
    [path] = write_bvh(make_clip(np.zeros((1, 3, 17, 3))), tmp_path / "point.bvh")
    assert np.isfinite(world_positions(path, ["Head"], range(3))).all()


def test_gaps_are_held_and_files_run_together(two, tmp_path):
    paths = write_bvh(two, tmp_path / "walk.bvh")
    assert [path.name for path in paths] == ["walk_1.bvh", "walk_2.bvh"]
    read = world_positions(paths[1], ["Hips"], [0, 5, 10, 85, 89])[:, 0]
    pelvis = y_up(two.pose3d[1, :, 0])
    np.testing.assert_allclose(read[:3], pelvis[[10, 10, 10]], atol=1e-3)
    np.testing.assert_allclose(read[3:], pelvis[[79, 79]], atol=1e-3)
    assert bvhio.readAsBvh(str(paths[1])).FrameCount == 90


def test_uneven_frames_are_resampled(make_clip, make_walker, tmp_path):
    time = np.arange(90) / 30 + np.where(np.arange(90) > 45, 1.0, 0.0)  # it stood still a second
    clip = make_clip(make_walker()[None], time)
    [path] = write_bvh(clip, tmp_path / "uneven.bvh")
    bvh = bvhio.readAsBvh(str(path))
    assert bvh.FrameCount * bvh.FrameTime == pytest.approx(time[-1], abs=0.1)
    half = round(2.5 / bvh.FrameTime)
    read = world_positions(path, ["Hips"], [half])[0, 0]
    true = [np.interp(2.5, time, column) for column in y_up(clip.pose3d[0, :, 0]).T]
    np.testing.assert_allclose(read, true, atol=0.02)


def test_one_frame(make_clip, make_walker, tmp_path):
    [path] = write_bvh(make_clip(make_walker(1)[None]), tmp_path / "one.bvh")
    assert bvhio.readAsBvh(str(path)).FrameCount == 1
