"""The CMU database as a set: files that are written here, through the command and read back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from poselift.demo.cli import main
from poselift.lifter.data import cmu, cutting, mocap
from poselift.skeleton import H36M17
from tests.lifter.data.cmu_files import (
    BVH_JOINTS,
    MOTIONBUILDER,
    UNIT,
    UPRIGHT,
    as_bvh,
    asf_folder,
    made,
    walk,
    write_amc,
    write_asf,
    write_bvh,
)


def test_asf_amc_becomes_a_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = asf_folder(tmp_path / "subjects", {"01_04": walk(121), "02_01": walk(241)})
    clips, notes = made(tmp_path, "--asf-amc", str(folder))
    assert list(clips) == ["asfamc/01/01_04", "asfamc/02/02_01"]
    clip = clips["asfamc/01/01_04"]
    assert clip.joints.shape == (61, 17, 3)
    assert clip.joints.dtype == np.float32
    assert clip.fps == 60
    np.testing.assert_allclose(clip.joints[0], UPRIGHT, atol=1e-6)
    along = clip.joints[:, H36M17.index("pelvis")] - UPRIGHT[0]
    np.testing.assert_allclose(along[:, 1], -np.arange(61) / 60, atol=1e-5)  # +z becomes -y
    np.testing.assert_allclose(along[:, [0, 2]], 0, atol=1e-6)
    note = notes["asfamc/01/01_04"]
    assert (note["source_file"], note["source_fps"]) == ("01/01_04.amc", 120)
    assert note["source_frames"] == [0, 121]
    assert note["metres_per_unit"] == pytest.approx(UNIT)
    training, validation = mocap.split(clips.values())
    assert [c.name for c in validation] == ["asfamc/01/01_04"]
    assert [c.name for c in training] == ["asfamc/02/02_01"]
    assert "2 clips, 0.1 minutes" in capsys.readouterr().err


def test_scale_is_said_or_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    joints = {name: (above, tuple(np.array(offset) * 1e-3 + 0.0))
              for name, (above, offset) in BVH_JOINTS.items()}  # fmt: skip
    folder = tmp_path / "b"
    write_bvh(folder / "01_01.bvh", [{"place": (0, 0.015, 0)}] * 90, joints=joints)
    out = str(tmp_path / "set.npz")
    assert main(["data", "cmu", "--bvh", str(folder), "--out", out]) == 2
    assert "Legs of 0.014 units" in capsys.readouterr().err
    assert main(["data", "cmu", "--bvh", str(folder), "--out", out, "--scale", "1"]) == 2
    assert "Legs of 0.014 m are no person's." in capsys.readouterr().err
    clips, _ = made(tmp_path, "--bvh", str(folder), "--scale", str(1000 * UNIT))
    np.testing.assert_allclose(clips["bvh/01/01_01"].joints[0], UPRIGHT, atol=1e-5)


def test_rates(tmp_path: Path) -> None:
    folder = asf_folder(tmp_path / "a", {"01_01": walk(121), "60_01": walk(61, 60)})
    clips, notes = made(tmp_path, "--asf-amc", str(folder), "--fps", "50")
    for name, source in {"asfamc/01/01_01": 120, "asfamc/60/60_01": 60}.items():
        clip = clips[name]
        assert (clip.fps, notes[name]["source_fps"]) == (50, source)
        assert clip.joints.shape == (51, 17, 3)
        along = clip.joints[:, 0, 1] - UPRIGHT[0, 1]
        np.testing.assert_allclose(along, -np.arange(51) / 50, atol=1e-4)
    _, notes = made(tmp_path, "--asf-amc", str(folder), "--source-fps", "30", "--fps", "30")
    assert [note["frames"] for note in notes.values()] == [121, 61]


def test_a_trial_is_cut_where_it_jumps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Two good stretches; between them a glitch of 0.6 s; behind them 0.25 s, too short for use.
    folder = asf_folder(tmp_path / "a", {"05_05": walk(462, jumps=(120, 192, 432))})
    clips, notes = made(tmp_path, "--asf-amc", str(folder))
    assert list(clips) == ["asfamc/05/05_05_p1", "asfamc/05/05_05_p2"]
    assert [note["source_frames"] for note in notes.values()] == [[0, 120], [192, 432]]
    assert [len(clip.joints) for clip in clips.values()] == [60, 120]
    assert all(mocap.is_validation(name) for name in clips)
    said = capsys.readouterr().err
    assert "1 trials cut where joints jump" in said
    assert "1 pieces too short" in said


def test_the_pose_that_a_conversion_begins_with_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = as_bvh(walk(121))
    first = {**frames[0], "lhumerus": (90, 0, 0)}
    write_bvh(tmp_path / "b" / "01_01.bvh", [first, *frames], MOTIONBUILDER)
    clips, notes = made(tmp_path, "--bvh", str(tmp_path / "b"))
    assert notes["bvh/01/01_01"]["source_frames"] == [1, 122]
    assert len(clips["bvh/01/01_01"].joints) == 61
    assert "jump" not in capsys.readouterr().err


def test_frames_that_are_nowhere_are_left_out() -> None:
    joints = np.tile(UPRIGHT, (300, 1, 1))
    joints[100, 5] = np.nan
    joints[200:] += 0.2  # 0.35 m in a 30th of a second is no jump, in a 60th it is
    assert cutting.sound_stretches(joints, 30) == [(0, 100), (101, 300)]
    assert cutting.sound_stretches(joints, 60) == [(0, 100), (101, 200), (200, 300)]


def test_unreadable_files_are_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = asf_folder(tmp_path / "a", {"01_01": walk(121), "01_02": walk(9)})
    cut_off = folder / "01" / "01_02.amc"
    cut_off.write_text("\n".join(cut_off.read_text().splitlines()[:-3]))
    (folder / "01" / "01_03.amc").write_bytes(bytes(range(256)))
    (folder / "02").mkdir()
    write_amc(folder / "02" / "02_01.amc", walk(121))
    write_asf(folder / "copy" / "01.asf")
    write_amc(folder / "copy" / "01_01.amc", walk(121))
    clips, _ = made(tmp_path, "--asf-amc", str(folder))
    assert list(clips) == ["asfamc/01/01_01"]
    said = capsys.readouterr().err
    assert f"Left out: {cut_off} has frames of different length" in said
    assert "01_03.amc" in said
    assert "02_01.amc has no skeleton" in said
    assert "The same trial as" in said
    assert "4 files not read" in said


def test_what_cannot_be_made_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set.npz"
    out.write_text("before")

    def refused(folder: Path, *options: str) -> str:
        assert main(["data", "cmu", "--bvh", str(folder), "--out", str(out), *options]) == 2
        assert out.read_text() == "before"
        assert sorted(one.name for one in tmp_path.iterdir() if ".part" in one.name) == []
        return capsys.readouterr().err

    assert "No such folder" in refused(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert "holds no .bvh files" in refused(tmp_path / "empty")
    (tmp_path / "empty" / "01_01.bvh").write_text("HIERARCHY\n")
    assert "None of 1 files could be read." in refused(tmp_path / "empty")
    write_bvh(tmp_path / "short" / "01_01.bvh", as_bvh(walk(30)), MOTIONBUILDER)
    assert "No clip lasts 0.5 s." in refused(tmp_path / "short")
    (tmp_path / "index.txt").write_text("nothing\n")
    assert "has no line such as" in refused(
        tmp_path / "short", "--index", str(tmp_path / "index.txt")
    )
    assert main(["data", "cmu", "--bvh", str(tmp_path / "short"), "--shortest", "0.1",
                 "--out", str(out / "below" / "set.npz")]) == 2  # fmt: skip
    assert "Cannot write" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = asf_folder(tmp_path / "a", {"01_01": walk(121)})

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cmu, "clips_of", stop)
    out = tmp_path / "made" / "set.npz"
    assert main(["data", "cmu", "--asf-amc", str(folder), "--out", str(out)]) == 130
    assert list(out.parent.iterdir()) == []
    assert "nothing was written" in capsys.readouterr().err


def test_descriptions_come_from_an_index(tmp_path: Path) -> None:
    index = tmp_path / "index.txt"
    index.write_text(
        "Subject #1 (climb)\n\n01_04\tplayground - climb\n 02_01\tUnknown\n", encoding="utf-8"
    )
    folder = asf_folder(tmp_path / "a", {"01_04": walk(121), "02_01": walk(121)})
    clips, _ = made(tmp_path, "--asf-amc", str(folder), "--index", str(index))
    assert [clip.action for clip in clips.values()] == ["playground - climb", "02_01"]


def test_names_without_numbers(tmp_path: Path) -> None:
    write_bvh(tmp_path / "b" / "ballet" / "turn.bvh", as_bvh(walk(121)), MOTIONBUILDER)
    clips, _ = made(tmp_path, "--bvh", str(tmp_path / "b"))
    assert list(clips) == ["bvh/ballet/turn"]
    assert not mocap.is_validation("bvh/ballet/turn")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("asfamc/01/01_04", True),
        ("asfamc/01/01_05", False),
        ("cyun_asfamc/03/03_02", True),
        ("iclone_bvh/005/005_19_p2", True),
        ("iclone_bvh/005/005_01", False),
        ("bvh/006/06_07", True),
        ("bvh/105/105_05", False),
        ("bvh/5/5_5", True),
        ("bvh/other/05_05", False),
        ("convseq2seq_expmap/test_walking/walking_1", True),
        ("convseq2seq_expmap/train_walking/walking_2", False),
        ("pybullet_data/walk", True),
        ("pybullet_data/run", False),
    ],
)
def test_the_same_trials_validate_whatever_their_source(name: str, kept: bool) -> None:
    assert mocap.is_validation(name) is kept


def test_the_command_by_itself(tmp_path: Path) -> None:
    folder = asf_folder(tmp_path / "a", {"01_01": walk(121)})
    command = [sys.executable, "-m", "poselift", "data", "cmu", "--asf-amc", str(folder)]
    ended = subprocess.run(
        [*command, "--out", str(tmp_path / "set.npz")], capture_output=True, text=True, check=True
    )
    assert ended.stdout == ""
    assert "1 clips" in ended.stderr
    ended = subprocess.run([*command[:5], "--out", "x.npz"], capture_output=True, text=True)
    assert ended.returncode == 2


def test_the_skeleton_is_found_by_how_the_name_begins(tmp_path: Path) -> None:
    for skeleton in ("HDM_bd", "HDM_bk"):
        write_asf(tmp_path / "cut" / f"{skeleton}.asf")
    write_amc(tmp_path / "cut" / "HDM_bd_walk_001_120.amc", walk(121))
    clips, _ = made(tmp_path, "--asf-amc", str(tmp_path / "cut"))
    assert list(clips) == ["asfamc/cut/HDM_bd_walk_001_120"]


@pytest.mark.parametrize(("speed", "left_out"), [(8.0, 4), (1.0, 0)])
def test_a_conversions_way_out_of_the_t_pose_is_left_out(speed: float, left_out: int) -> None:
    joints = np.repeat(UPRIGHT[None], 200, axis=0)  # its arms are out to its sides
    for frame in range(1, 200):
        way = min(frame, 4) * speed / 120
        joints[frame, [13, 16], 2] -= way
    assert cutting.after_rest_pose(joints, 120.0) == left_out
    assert cutting.after_rest_pose(joints[10:] - [0, 0, 1.0], 120.0) == 0
