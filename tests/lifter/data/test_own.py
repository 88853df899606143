"""Motion capture of your own: BVH files, folders of them, and what of it only validates."""

from pathlib import Path

import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.lifter.data import mocap
from poselift.lifter.data.own import read_motion, read_motions
from poselift.lifter.train import TrainData, training_and_validation
from poselift.result import ClipMotion
from poselift.skeleton import H36M17
from tests.lifter.data.test_windows import write_set
from tests.lifter.synthetic_motion import clips, motion


@pytest.fixture
def exported(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """What Poselift writes as BVH, and the poses that it was made of."""
    poses = np.add(motion(90, 3), [0, 0, 1]).astype(np.float32)[None]
    made = ClipMotion(
        "walk", np.arange(90) / 60, 60.0, (640, 480), np.array([1]), poses,
        np.zeros((1, 90, 17, 2), np.float32), np.ones((1, 90, 17), np.float32),
        np.zeros((1, 90), bool), True, "",
    )  # fmt: skip
    [path] = made.save(tmp_path / "steps", "bvh")
    return path, poses[0]


def test_what_is_exported_can_be_trained_on(exported: tuple[Path, np.ndarray]) -> None:
    path, poses = exported
    [clip] = read_motion(path)
    assert (clip.name, clip.fps, len(clip.joints)) == ("steps/walk", 60.0, 90)
    # The rig turns hips and shoulders with the trunk only; the ends of limbs tell the most.
    for name in ("left ankle", "right knee", "left wrist", "right elbow", "head"):
        joint = H36M17.index(name)
        away = np.linalg.norm(
            (clip.joints - clip.joints[:, :1] - poses + poses[:, :1])[:, joint], axis=-1
        )
        assert np.median(away) < 0.03, name


def test_a_folder_is_read_with_those_below(exported: tuple[Path, np.ndarray]) -> None:
    path, _ = exported
    (path.parent / "more").mkdir()
    (path.parent / "more" / "run.BVH").write_bytes(path.read_bytes())
    assert [clip.name for clip in read_motion(path.parent)] == ["more/run", "steps/walk"]
    assert len(read_motions([path, path.parent])) == 3


def test_what_holds_no_motion_is_told(tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match=r"no \.bvh files"):
        read_motion(tmp_path)
    with pytest.raises(PoseliftError, match="No such file"):
        read_motion(tmp_path / "gone.bvh")


@pytest.fixture
def own_set(tmp_path: Path) -> Path:
    """Three clips, of which one is named as a validation trial of CMU's."""
    names = ("mine/01/01_04", "mine/dance/dance_1", "mine/walk/walk_1")
    made = [mocap.Clip(name, one.joints, 60.0, name)
            for name, one in zip(names, clips(3), strict=True)]  # fmt: skip
    return write_set(tmp_path / "own.npz", made)


def names(clips: list[mocap.Clip]) -> list[str]:
    return [clip.name.split("/")[-1] for clip in clips]


def test_patterns_say_what_validates(own_set: Path) -> None:
    training, validation = training_and_validation(TrainData([own_set], validate=["*/dance*"]))
    assert names(validation) == ["dance_1"]
    assert names(training) == ["01_04", "walk_1"]  # a name like CMU's means nothing then


def test_without_patterns_the_known_trials_validate(own_set: Path) -> None:
    training, validation = training_and_validation(TrainData([own_set]))
    assert names(validation) == ["01_04"]
    assert len(training) == 2


def test_further_files_only_validate(own_set: Path, exported: tuple[Path, np.ndarray]) -> None:
    data = TrainData([own_set], validate=[exported[0]])
    training, validation = training_and_validation(data)
    assert names(validation) == ["walk"]
    assert len(training) == 3


def test_a_split_that_cannot_work_is_refused(own_set: Path) -> None:
    with pytest.raises(PoseliftError, match="matches 'dnce"):
        training_and_validation(TrainData([own_set], validate=["dnce*"]))
    with pytest.raises(PoseliftError, match="All clips are held out"):
        training_and_validation(TrainData([own_set], validate=["*"]))
