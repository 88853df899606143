"""Every program of docs/python.md, as it stands on the page."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import pytest

import poselift
from poselift.media import VideoWriter, open_source
from poselift.skeleton import H36M17
from tests.lifter.data.test_windows import write_set
from tests.lifter.synthetic_motion import clips, motion
from tests.test_api import STICK, unregister  # noqa: F401

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
#: The programs by the heading that they stand under.
PROGRAMS: dict[str, str] = {
    section.split("\n", 1)[0]: "\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL))
    for section in re.split(r"^##? ", PAGE, flags=re.MULTILINE)
    if "```python" in section
}
#: What takes an hour on the page.
SMALLER = {"minutes=60": "steps=1, batch=8"}


def my_network(image: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A keypointer's network: it takes everybody for a standing stick figure."""
    height, width = image.shape[:2]
    points = np.array([0.3 * width, 0.1 * height]) + STICK * [0.4 * width, 0.8 * height]
    xy = np.tile(points.astype(np.float32), (len(boxes), 1, 1))
    return xy, np.full(xy.shape[:2], 0.9, np.float32)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, balance: Path) -> Path:
    """A third of a second of somebody who balances, small."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with (
        open_source(balance, 0.0, 0.34) as source,
        VideoWriter(path, source.size, source.fps) as out,
    ):
        for frame in source.frames():
            out.write(frame.image, frame.time)
    return path


@pytest.fixture
def desk(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a reader of the page works in, with files of the names on it."""
    monkeypatch.chdir(tmp_path)
    copy(clip, "clip.mp4")
    xy = 100 + 200 * np.repeat(STICK[None], 12, axis=0) + np.arange(12)[:, None, None]
    np.savez("own2d.npz", xy=xy, score=np.ones((12, 17)))
    walk = motion(60, 3)[None] + [0, 0, 1]
    made = poselift.ClipMotion(
        "clip", np.arange(60) / 60, 60.0, (640, 480), np.array([1]), walk.astype(np.float32),
        np.full((1, 60, 17, 2), 50, np.float32), np.ones((1, 60, 17), np.float32),
        np.zeros((1, 60), bool), True, "poselift-27",
    )  # fmt: skip
    made.save("out")
    made.save("my_bvh", "bvh")
    sets = [type(one)(f"mine/{word}/{word}", one.joints, 60.0, word)
            for word, one in zip(("walk", "dance"), clips(2), strict=True)]  # fmt: skip
    write_set(tmp_path / "my_set.npz", sets)
    return tmp_path


def run(heading: str, **given: Any) -> dict[str, Any]:
    """Run the program under a heading; the names that it leaves."""
    program = PROGRAMS[heading]
    for large, small in SMALLER.items():
        program = program.replace(large, small)
    names = {"__name__": "program", **given}
    exec(compile(program, f"docs/python.md, {heading}", "exec"), names)
    return names


def test_no_program_is_longer_than_ten_lines() -> None:
    assert len(PROGRAMS) == 8
    for heading, program in PROGRAMS.items():
        assert len([line for line in program.splitlines() if line.strip()]) <= 10, heading


def test_the_first_program(desk: Path) -> None:
    found = run("From Python")["motion"]
    assert found.pose3d.shape[1:] == (21, 17, 3)
    assert (desk / "out" / "clip.mp4").stat().st_size > 1000


def test_own_2d(desk: Path) -> None:
    run("Your own 2D to BVH and MP4")
    assert "HIERARCHY" in (desk / "out" / "dance.bvh").read_text()
    with open_source(desk / "out" / "dance.mp4") as drawn:
        assert drawn.size[0] > drawn.size[1]  # the clip beside the room


def test_own_camera_loop(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("Your own camera loop")
    assert capsys.readouterr().out.startswith("1 [")


def test_angles_in_pandas(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = run("Joint angles in pandas")["angles"]
    assert len(table) == 60
    assert "left_knee" in capsys.readouterr().out


def test_own_keypointer(desk: Path) -> None:
    found = run("Your own keypointer", my_network=my_network)["motion"]
    assert found.meta["options"]["pose"] == "MyKeypointer"
    assert len(found.ids) == 1


@pytest.mark.training
def test_training_on_own_motion(desk: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    found = run("Training on your own motion capture")["motion"]
    assert "2 clips to train on, 1 to validate with" in caplog.text
    assert found.lifter == "ema"


def test_drawing_own_poses(desk: Path) -> None:
    run("Drawing your own poses")
    assert all((desk / name).stat().st_size > 1000 for name in ("room.png", "people.png"))


@pytest.mark.usefixtures("unregister")
def test_names_of_ones_own(desk: Path) -> None:
    my_keypointer = run("Your own keypointer", my_network=my_network)["MyKeypointer"]
    table = {name: [name] for name in H36M17.names}
    joints = ["hip centre", *H36M17.names[1:]]
    found = run("Names of your own", MyKeypointer=my_keypointer, MY_JOINTS=joints, MY_TABLE=table)
    assert found["motion"].meta["options"]["pose"] == "mine"
