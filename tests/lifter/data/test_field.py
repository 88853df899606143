import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from poselift import lifter
from poselift.errors import PoseliftError
from poselift.lifter import models, scores
from poselift.lifter.clip import ClipLifter
from poselift.lifter.data import field
from poselift.lifter.data.objects import read_objects
from poselift.lifter.data.resection import camera_rotation
from tests.lifter.synthetic_motion import motion

FOCAL = 1145.0


def cameras(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(rotation, shift) of level cameras around the middle, 5 m off."""
    out = []
    for i in range(count):
        turn = Rotation.from_euler("z", 90 * i + 20, degrees=True).as_matrix()
        look = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # x right, y down, z away
        out.append((look @ turn, np.array([0.0, 0.6, 5.0])))
    return out


def picture(world: np.ndarray, camera: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    seen = world @ camera[0].T + camera[1]
    return (seen[..., :2] / seen[..., 2:] * FOCAL + 500).astype(np.float32)


def write_h36m(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    bodies: dict[str, dict[str, np.ndarray]] = {}
    points: dict[str, dict[str, list[np.ndarray]]] = {}
    for number, subject in enumerate(("S1", "S5", "S6", "S7", "S8", "S9", "S11")):
        bodies[subject], points[subject] = {}, {}
        for action in ("Walking", "Walking 1", "Sitting"):
            body = motion(40, number * 10 + len(action))
            full = np.zeros((40, 32, 3), np.float32)
            full[:, list(field.H36M_FROM_32)] = body
            bodies[subject][action] = full
            points[subject][action] = [picture(body, c) for c in cameras(4)]
    np.savez(folder / "data_3d_h36m.npz", positions_3d=np.array(bodies, dtype=object))
    np.savez(
        folder / "data_2d_h36m_gt.npz",
        positions_2d=np.array(points, dtype=object),
        metadata=np.array({"num_joints": 17}, dtype=object),
    )
    longer = {s: {a: [np.concatenate([v, v[-2:]]) for v in views] for a, views in actions.items()}
              for s, actions in points.items()}  # fmt: skip
    np.savez(
        folder / "data_2d_h36m_cpn_ft_h36m_dbb.npz", positions_2d=np.array(longer, dtype=object)
    )
    return bodies


def test_h36m_is_read_into_camera_space(tmp_path: Path) -> None:
    bodies = write_h36m(tmp_path)
    read = list(field.h36m(tmp_path, field.H36M_TEST))
    assert len(read) == 2 * 3 * 4
    for one in read:
        body = bodies[one.subject][one.action][:, list(field.H36M_FROM_32)]
        turn = cameras(4)[int(one.camera)][0]
        truth = (body - body[:, :1]) @ turn.T
        assert np.abs(one.poses - truth).max() < 2e-3
        assert one.points.shape == (40, 17, 2)


def test_detected_2d_may_be_longer_than_the_truth(tmp_path: Path) -> None:
    write_h36m(tmp_path)
    read = list(field.h36m(tmp_path, ("S9",), "cpn_ft_h36m_dbb"))
    assert {len(one.points) for one in read} == {40}


def test_an_unknown_subject_or_file_is_said(tmp_path: Path) -> None:
    write_h36m(tmp_path)
    with pytest.raises(PoseliftError, match="no subject S2"):
        list(field.h36m(tmp_path, ("S2",)))
    with pytest.raises(PoseliftError, match="No such file"):
        list(field.h36m(tmp_path, ("S9",), "cpn"))


def test_3dhp_train_and_test(tmp_path: Path) -> None:
    body = motion(30, 4)
    order = np.argsort(field.H36M_FROM_3DHP)
    theirs = (body[:, order] * 1000).astype(np.float32)
    points = picture(body, cameras(1)[0])[:, order]
    train = {"S1 Seq1": [{"0": {"data_3d": theirs, "data_2d": points}}]}
    valid = np.ones(30)
    valid[:10] = 0
    test = {"TS5": {"data_3d": theirs, "data_2d": points, "valid": valid}}
    np.savez(tmp_path / "data_train_3dhp.npz", data=np.array(train, dtype=object))
    np.savez(tmp_path / "data_test_3dhp.npz", data=np.array(test, dtype=object))
    [trained] = field.mpi3dhp(tmp_path, "train")
    [tested] = field.mpi3dhp(tmp_path, "test")
    assert np.allclose(trained.poses, body - body[:, :1], atol=1e-5)
    assert (trained.subject, trained.action) == ("S1", "Seq1")
    assert tested.size == (1920, 1080)
    assert tested.judged.sum() == 20


def test_humaneva_makes_spine_and_neck(tmp_path: Path) -> None:
    body = motion(60, 5).astype(np.float64)
    fifteen = np.zeros((60, 15, 3))
    for ours, theirs in enumerate(field.H36M_FROM_HUMANEVA):
        if ours not in (7, 9):
            fifteen[:, theirs] = body[:, ours]
    camera = cameras(1)[0]
    seen = fifteen @ camera[0].T + camera[1]
    points = (seen[..., :2] / seen[..., 2:] * 700 + [320, 240]).astype(np.float32)
    bodies = {"Validate/S1": {"Walking 1 chunk0": fifteen[:30], "Walking 1 chunk1": fifteen[30:]}}
    pictures = {
        "Validate/S1": {"Walking 1 chunk0": [points[:30]], "Walking 1 chunk1": [points[30:]]}
    }
    np.savez(tmp_path / "data_3d_humaneva15.npz", positions_3d=np.array(bodies, dtype=object))
    np.savez(tmp_path / "data_2d_humaneva15_gt.npz", positions_2d=np.array(pictures, dtype=object))
    read = list(field.humaneva(tmp_path))
    assert [one.action for one in read] == ["Walking 1", "Walking 1"]
    truth = (body - body[:, :1]) @ camera[0].T
    kept = [joint for joint in range(17) if joint not in read[0].made]
    assert np.abs(read[0].poses[:, kept] - truth[:30][:, kept]).max() < 3e-3


def test_windows_of_a_data_set_stay_inside_their_sequence(tmp_path: Path) -> None:
    write_h36m(tmp_path)
    source = field.FieldWindows(field.h36m(tmp_path, ("S9",)), 9, flip=True, seed=0)
    windows = source.windows(300)
    assert windows.x.shape == (300, 9, 17, 3)
    jumps = windows.y.diff(dim=1).norm(dim=-1).max()
    assert jumps < 0.5
    assert (windows.known == 0).any()


def test_scores_on_a_data_set_go_through_the_whole_lifter(tmp_path: Path) -> None:
    write_h36m(tmp_path)
    torch.manual_seed(0)
    net = models.create("ftcm", frames=9, width=64, blocks=1)
    lift = ClipLifter.from_net(net, "screen")
    result = scores.score_field(
        lift, field.h36m(tmp_path, ("S9",)), lambda one: one.action.split(" ")[0]
    )
    assert set(result.actions) == {"Walking", "Sitting"}
    assert result.overall["MPJPE"] > result.overall["P-MPJPE"] > 0
    assert lifter.metrics.root_relative(np.ones((1, 17, 3))).max() == 0


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("run",)

    np.savez(tmp_path / "evil.npz", data=np.array({"x": Evil()}, dtype=object))
    with pytest.raises(PoseliftError, match=r"builtins\.print"):
        read_objects(tmp_path / "evil.npz")
    (tmp_path / "broken.npz").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(PoseliftError, match="not a complete"):
        read_objects(tmp_path / "broken.npz")


def test_points_of_another_scene_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(PoseliftError, match=r"belong together|one camera"):
        camera_rotation(rng.normal(size=(100, 3)), rng.uniform(0, 1000, (100, 2)), (1000, 1000))
