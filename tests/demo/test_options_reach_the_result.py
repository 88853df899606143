"""What is asked for on the command line is in the result, from joints that are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from poselift.demo.cli import main
from tests.demo.test_vis import clip_without_people
from tests.lifter.synthetic_motion import clips

FRAMES = 40
SIZE = (320, 240)


def write_joints(path: Path, people: int) -> Path:
    """People who walk before a level camera and are seen with a little noise, as H36M-17."""
    motion = clips(1)[0].joints[:FRAMES]  # (T, 17, 3), z up
    rng = np.random.default_rng(0)
    xy = np.stack([
        np.stack([60.0 + 80 * one + 40 * motion[..., 0], 200 - 60 * motion[..., 2]], axis=-1)
        for one in range(people)
    ])  # fmt: skip
    xy += rng.normal(0, 0.8, xy.shape)
    score = np.ones(xy.shape[:3], np.float32)
    np.savez(path, pose2d=xy.astype(np.float32), score=score, skeleton="h36m17")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., np.ndarray]:
    """Run the command on the clip; the (T, 17, 3) poses of the first person."""
    clip = clip_without_people(tmp_path / "clip.mp4", FRAMES, SIZE)
    joints = write_joints(tmp_path / "joints.npz", 1)

    def poses(*words: str) -> np.ndarray:
        line = ["video", str(clip), "--out", str(tmp_path), "--save", "npz", "--no-cache"]
        assert main([*line, "--pose", f"precomputed:{joints}", "--no-place", *words]) == 0
        with np.load(tmp_path / "clip" / "clip.npz") as data:
            return np.array(data["pose3d"][0])

    return poses


def test_the_mirror_option_is_passed_on(run: Callable[..., np.ndarray]) -> None:
    assert np.abs(run() - run("--no-mirror")).max() > 1e-4


def test_up_is_passed_on(run: Callable[..., np.ndarray]) -> None:
    level, h36m = run("--up", "level"), run("--up", "h36m")
    assert np.abs(level - h36m).max() > 0.05
    assert np.abs(run("--up", "auto") - h36m).max() > 0.05


def test_smoothing_is_passed_on(run: Callable[..., np.ndarray]) -> None:
    shake = [
        float(np.abs(np.diff(run("--smooth", name), n=2, axis=0)).mean())
        for name in ("off", "light", "auto", "strong")
    ]
    # What is light may shake as raw joints do: the lifter itself calms those.
    assert shake[1:] == sorted(shake[1:], reverse=True)
    assert len(set(shake)) == 4
    assert shake[3] < 0.9 * shake[0]


def test_the_files_written_are_printed(
    run: Callable[..., np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    told = capsys.readouterr().err.splitlines()
    for name in ("clip.npz", "clip.toml"):
        assert f"wrote {tmp_path / 'clip' / name}" in told


def test_a_file_of_somebody_who_is_no_longer_there_goes(tmp_path: Path) -> None:
    clip = clip_without_people(tmp_path / "clip.mp4", FRAMES, SIZE)
    folder = tmp_path / "clip"

    def run(people: int, formats: str) -> set[str]:
        joints = write_joints(tmp_path / f"{people}.npz", people)
        assert main(["video", str(clip), "--out", str(tmp_path), "--save", formats, "--no-cache",
                     "--pose", f"precomputed:{joints}"]) == 0  # fmt: skip
        return {path.name for path in folder.iterdir()}

    three = run(3, "bvh,csv")
    bodies = sorted(name for name in three if name.endswith(".bvh"))
    assert len(bodies) == 3
    (folder / "clip_9.bvh").write_text("of the user")
    assert run(3, "npz") == {*three, "clip.npz", "clip_9.bvh"}
    assert run(2, "bvh") == {*three, "clip.npz", "clip_9.bvh"} - {bodies[2]}
