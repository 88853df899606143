"""Commands with arguments that cannot be meant, and files that never end: two lines and exit 2."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from poselift.demo.cli import main

PEOPLE = Path(__file__).parents[1] / "data" / "people"
CLIP = ["video", "clip.mp4"]
TRAIN = ["train", "--mocap", "clip.mp4", "--config", "ftcm", "--minutes", "1", "--out", "run"]
WRONG = {
    "a pipe": ["video", "pipe.mp4"],
    "a device": ["video", "/dev/zero"],
    "joints from a device": [*CLIP, "--pose", "precomputed:/dev/zero"],
    "joints from a pipe": [*CLIP, "--pose", "precomputed:pipe.mp4"],
    "weights from a device": [*CLIP, "--checkpoint", "/dev/zero"],
    "poses from a device": ["lift", "/dev/zero", "--size", "10", "10"],
    "poses from a pipe": ["lift", "pipe.mp4"],
    "a page of a pipe": ["page", "pipe.mp4"],
    "a capture of spaces": ["data", "cmu", "--bvh", "spaces", "--out", "set.npz"],
    "a camera with a raised digit": ["live", "²"],
    "a recording that is no video": ["live", "0", "--record", "x.txt"],
    "a recording without a name": ["live", "0", "--record", ""],
    "a recording onto a folder": ["live", "0", "--record", "."],
    "a start that live ignores": ["live", "clip.mp4", "--start", "3"],
    "a layout that live ignores": ["live", "0", "--layout", "solid"],
    "another maker's device": [*CLIP, "--device", "xla"],
    "a start that is no number": [*CLIP, "--start", "nan"],
    "an end that never comes": [*CLIP, "--end", "inf"],
    "an end before the start": [*CLIP, "--start", "5", "--end", "2"],
    "a wild rate": [*CLIP, "--fps", "1e9"],
    "a raised digit": [*CLIP, "--every", "²"],
    "nobody": [*CLIP, "--people", "1.2.3,4@1"],
    "a NUL in the folder": [*CLIP, "--out", "a\0b"],
    "a NUL in the clip": ["video", "cl\0ip.mp4"],
    "many threads": [*TRAIN, "--threads", "100000"],
    "no windows": [*TRAIN, "--batch", "0"],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copy(PEOPLE / "balance_small.mp4", "clip.mp4")
    os.mkfifo("pipe.mp4")
    Path("spaces").mkdir()
    Path("spaces/a.bvh").write_text(" " * 2_000_000)
    return tmp_path


def visible(folder: Path) -> set[str]:
    """The files that a user sees."""
    return {str(path) for path in folder.rglob("[!.]*") if not path.is_dir()}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in folders are POSIX's")
@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_it_is_told_at_once(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = visible(folder)
    assert main(words) == 2
    said = capsys.readouterr().err.splitlines()
    [error] = [number for number, line in enumerate(said) if line.startswith("error: ")]
    assert len(said) == error + 2
    assert said[-1].strip().endswith((".", ")"))
    assert not any(line.startswith("Traceback") for line in said)
    assert not any("see  " in line for line in said), "it was told after looking at the clip"
    assert visible(folder) == before
