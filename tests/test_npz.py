"""A researcher's own file, through the command and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poselift import npz
from poselift.demo.cli import main
from poselift.errors import PoseliftError
from poselift.lifter import models
from poselift.lifter.clip import ClipLifter
from tests.drawing.people import walking
from tests.lifter.small_nets import IMAGE, random_track, small_net


@pytest.fixture
def weights_file(tmp_path: Path) -> Path:
    return models.save(small_net("ftcm"), tmp_path / "net.safetensors")


def write(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_the_command_gives_what_the_library_gives(tmp_path: Path, weights_file: Path) -> None:
    track = random_track(20)
    file = write(tmp_path / "poses.npz", xy=track.xy, score=track.score, fps=25, image_size=IMAGE)
    command = [str(file), "--checkpoint", str(weights_file), "--space", "camera", "--device", "cpu"]
    assert main(["lift", *command]) == 0
    out = np.load(tmp_path / "poses-3d.npz")
    [motion] = ClipLifter.from_net(small_net("ftcm"))([track], image_size=IMAGE, fps=25)
    assert np.allclose(out["pose3d"][0], motion.pose3d, atol=1e-6)
    assert out["time"][-1] == pytest.approx(19 / 25)
    assert json.loads(str(out["meta"]))["space"] == "camera"


def test_in_the_world_the_feet_are_on_the_floor(tmp_path: Path, weights_file: Path) -> None:
    track = random_track(20)
    file = write(tmp_path / "poses.npz", pose2d=track.xy)
    out = tmp_path / "new" / "out.npz"
    command = f"{file} --checkpoint {weights_file} --size 640 480 --out {out} --device cpu"
    assert main(["lift", *command.split()]) == 0
    assert np.load(out)["pose3d"][..., 2].min() == pytest.approx(0, abs=1e-6)


def test_several_people_who_come_and_go(tmp_path: Path) -> None:
    xy = np.stack([random_track(10, seed=s).xy for s in (1, 2)])
    xy[1, :3] = np.nan
    poses = npz.read_poses(write(tmp_path / "two.npz", keypoints=xy, ids=[4, 9]))
    assert [track.id for track in poses.tracks] == [4, 9]
    assert poses.tracks[1].frames.tolist() == list(range(3, 10))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    written = walking(people=2, frames=6)
    written.pose3d[1, 2:4] = np.nan
    [path] = npz.write_npz(written, tmp_path / "clip.npz")
    read = npz.read_npz(path)
    for name in ("time", "ids", "pose3d", "pose2d", "score", "filled"):
        assert np.array_equal(getattr(read, name), getattr(written, name), equal_nan=True), name
    for name in ("name", "fps", "size", "placed", "lifter", "meta"):
        assert getattr(read, name) == getattr(written, name), name


def test_a_file_without_3d_is_no_motion(tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match="pose3d"):
        npz.read_npz(write(tmp_path / "flat.npz", xy=np.zeros((5, 17, 2))))


def test_coco_points_are_converted_and_a_third_channel_is_the_score(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(1, 99, size=(6, 17, 3))
    points[..., 2] = 0.5
    [track] = npz.read_poses(write(tmp_path / "c.npz", xy=points), "coco17").tracks
    assert np.allclose(track.xy[:, 0], points[:, 11:13, :2].mean(axis=1), atol=1e-3)
    assert np.allclose(track.score, 0.5)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"other": np.zeros(3)}, "no 2D points"),
        ({"xy": np.zeros((5, 16, 2))}, r"expected \(T, 17, 2\).*got \(5, 16, 2\)"),
        ({"xy": np.zeros((5, 17, 2)), "score": np.zeros((4, 17))}, "score of"),
        ({"xy": np.full((5, 17, 2), np.nan)}, "never seen"),
        ({"xy": np.array([{"a": 1}], object)}, "plain arrays"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(PoseliftError, match=message):
        npz.read_poses(write(tmp_path / "bad.npz", **arrays))


def test_the_command_says_what_to_do_in_two_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.npz").write_text("hello")
    for name in ("gone.npz", "text.npz"):
        assert main(["lift", str(tmp_path / name)]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 2
    file = write(tmp_path / "poses.npz", xy=np.ones((5, 17, 2)))
    assert main(["lift", str(file)]) == 2
    assert "--size" in capsys.readouterr().err


def test_what_the_demo_writes_is_read_with_its_size(tmp_path: Path) -> None:
    xy = random_track(5).xy[None]
    poses = npz.read_poses(write(tmp_path / "demo.npz", pose2d=xy, fps=25.0, size=IMAGE))
    assert poses.picture(None) == IMAGE
    assert poses.picture((1920, 1080)) == (1920, 1080)
    assert poses.fps == 25
