"""`poselift inspect` from a file of poses to a picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from poselift.demo.cli import main
from poselift.demo.commands import inspect
from poselift.lifter import models
from tests.lifter.small_nets import IMAGE, random_track, small_net


def write_weights(folder: Path, name: str = "convformer") -> Path:
    return models.save(small_net(name), folder / f"{name}.safetensors")


@pytest.fixture
def poses(tmp_path: Path) -> Path:
    """Two people as the demo saves them, the second from frame 12 on."""
    tracks = [random_track(20, seed=seed) for seed in (0, 1)]
    xy = np.stack([track.xy for track in tracks])
    score = np.stack([track.score for track in tracks])
    xy[1, :12], score[1, :12] = np.nan, 0
    file = tmp_path / "poses.npz"
    np.savez(file, pose2d=xy, score=score, ids=[3, 5], fps=30.0, size=IMAGE)
    return file


def run(poses: Path, weights: Path, *more: object) -> int:
    arguments = ["inspect", poses, "--checkpoint", weights, *more]
    return main([str(one) for one in arguments])


def test_a_picture_is_made(tmp_path: Path, poses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "maps.png"
    assert run(poses, write_weights(tmp_path), "--heads", "mean", "--out", out) == 0
    assert capsys.readouterr().out.strip() == str(out)
    picture = cv2.imread(str(out))
    assert min(picture.shape[:2]) > 300
    assert picture.std() > 10
    assert [file.name for file in out.parent.iterdir()] == ["maps.png"]


def texts(svg: Path) -> str:
    """Matplotlib writes each text as curves, and as a comment before them."""
    return svg.read_text(encoding="utf-8")


def test_one_block_of_one_person(tmp_path: Path, poses: Path) -> None:
    weights, out = write_weights(tmp_path), tmp_path / "maps.svg"
    assert run(poses, weights, "--person", 5, "--block", "spatial_blocks", "--out", out) == 0
    written = texts(out)
    assert "<!-- convformer: poses.npz, person 5, frame 16 -->" in written  # their middle one
    assert "<!-- spatial_blocks.0, head 2 -->" in written
    assert "<!-- left knee -->" in written
    assert "temporal_blocks" not in written


def test_the_blocks_are_listed(
    tmp_path: Path, poses: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(poses, write_weights(tmp_path), "--list") == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split() for line in listed] == [
        ["spatial_blocks.0", "2", "heads", "over", "17", "joints"],
        ["temporal_blocks.0", "2", "heads", "over", "9", "frames"],
    ]


def test_too_many_maps_become_means(
    tmp_path: Path,
    poses: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inspect, "_MOST_PANELS", 3)
    out = tmp_path / "maps.svg"
    assert run(poses, write_weights(tmp_path), "--out", out) == 0
    assert "4 maps are too many" in capsys.readouterr().err
    assert "<!-- temporal_blocks.0 -->" in texts(out)
    assert "head 2" not in texts(out)


@pytest.mark.parametrize(
    ("model", "options", "wrong", "what_to_do"),
    [
        ("convformer", "--frame 20", "Nobody is in frame 20", "0 to 19 (person 3), 12 to 19"),
        ("convformer", "--frame 5 --person 5", "Nobody is in frame 5", "12 to 19 (person 5)"),
        ("convformer", "--person 4", "no person 4", "3, 5"),
        ("convformer", "--block head", "No block is called 'head'", "temporal_blocks.0"),
        ("convformer", "--out maps.xyz", "'maps.xyz'", ".png"),
        ("convformer", "--checkpoint gone.safetensors", "No such file: gone.safetensors", "path"),
        ("convformer", "--lifter sct", "holds a convformer", "auto"),
        ("ftcm", "", "ftcm has no attention", "convformer"),
    ],
)
def test_what_can_be_mended_is_said_in_two_lines(
    tmp_path: Path,
    poses: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model: str,
    options: str,
    wrong: str,
    what_to_do: str,
) -> None:
    weights = write_weights(tmp_path, model)
    before = sorted(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    assert run(poses, weights, *options.split()) == 2
    *notes, message, hint = capsys.readouterr().err.strip().splitlines()
    assert [note.split()[0] for note in notes] == [one for one in ["--input"] if one in options]
    assert wrong in message
    assert what_to_do in hint
    assert sorted(tmp_path.iterdir()) == before


def test_a_video_is_refused_with_the_way_to_its_poses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"\x00\x00\x00\x20ftypisom" + bytes(200))
    assert run(tmp_path / "clip.mp4", write_weights(tmp_path)) == 2
    assert "poselift video CLIP --save npz" in capsys.readouterr().err


def test_poses_that_are_not_there_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "gone.npz", write_weights(tmp_path)) == 2
    assert "gone.npz" in capsys.readouterr().err
