"""The real command on real video, and what it says to bad input."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import av
import numpy as np
import pytest

from poselift.demo.vis import main

ROOT = Path(__file__).parents[2]
BALANCE = ROOT / "sample_videos" / "balance.mp4"


def as_process(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "demo" / "vis.py"), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd="/",  # the command must not depend on where it is run from
    )


def vis(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in this process: a new one takes seconds until it has loaded everything."""
    out, err = io.StringIO(), io.StringIO()
    said = [str(word) for word in words]
    with (
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(said)
    return subprocess.CompletedProcess(said, code, out.getvalue(), err.getvalue())


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 2, result.stderr
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in result.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("out")
    result = as_process(
        "--video", BALANCE, "--out", out, "--end", "0.5", "--height", "240",
        "--save", "mp4,gif,npz,json,csv,bvh,trc", "--log", "json", "--report",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return out / "balance", result


def test_every_kind_of_file_is_written_and_told(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, result = run
    events = [json.loads(line) for line in result.stdout.splitlines()]
    told = [Path(name) for event in events if event["event"] == "result" for name in event["files"]]
    kinds = {path.suffix for path in told}
    assert {".mp4", ".gif", ".npz", ".json", ".csv", ".bvh", ".trc", ".toml", ".pdf"} <= kinds
    assert all(path.is_file() and path.stat().st_size > 0 for path in told)
    assert not list(folder.rglob("*.part*"))


def test_the_video_has_the_clip_s_frames_and_times(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = run

    def times(path: Path) -> list[float]:
        with av.open(str(path)) as clip:
            return [float(frame.time or 0) for frame in clip.decode(video=0)]

    source = [time for time in times(BALANCE) if time < 0.5]
    made = times(folder / "balance.mp4")
    np.testing.assert_allclose(made, np.array(source) - source[0], atol=1e-3)


def test_the_data_shows_somebody_who_stands(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = run
    with np.load(folder / "balance.npz", allow_pickle=False) as data:
        pose, joints = data["pose3d"], [str(name) for name in data["joint_names"]]
        assert pose.shape[1:] == (len(data["time"]), 17, 3)
    performer = np.nanmedian(pose[0], axis=0)  # (17, 3)
    height = {name: performer[i, 2] for i, name in enumerate(joints)}
    assert height["head"] > height["thorax"] > height["pelvis"] > height["right knee"] > 0.2
    assert 1.2 < height["head"] - min(height["left ankle"], height["right ankle"]) < 2.1


def test_a_second_run_takes_the_tracks_of_the_first(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = run
    again = vis(
        "--video", BALANCE, "--out", folder.parent, "--end", "0.5", "--save", "csv",
        "--people", "main", "--no-place", "--log", "json",
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    events = [json.loads(line) for line in again.stdout.splitlines()]
    assert any(event.get("cached") for event in events)
    assert not any(event["event"] == "stage" and event["name"] == "see" for event in events)


def test_the_written_settings_are_a_config(
    run: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder, _ = run
    result = vis(
        "--config", folder / "balance.toml", "--video", BALANCE, "--out", tmp_path,
        "--save", "npz", "--end", "0.1",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "balance" / "balance.npz").is_file()


def clip_without_people(path: Path, frames: int, size: tuple[int, int]) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv444p" if size[0] % 2 or size[1] % 2 else "yuv420p"
        for shade in range(frames):
            image = np.full((size[1], size[0], 3), shade, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path


@pytest.mark.parametrize(("frames", "size"), [(6, (64, 48)), (1, (32, 32)), (2, (1, 1))])
def test_a_clip_with_nobody_is_shown_as_it_is(
    tmp_path: Path, frames: int, size: tuple[int, int]
) -> None:
    clip = clip_without_people(tmp_path / "ein Räum ünd nix.mp4", frames, size)
    result = vis("--video", clip, "--out", tmp_path / "out", "--save", "mp4,npz,csv,bvh")
    assert result.returncode == 0, result.stderr
    assert "nobody" in result.stderr
    made = tmp_path / "out" / "ein Räum ünd nix" / "ein Räum ünd nix.mp4"
    with av.open(str(made)) as video:
        assert sum(1 for _ in video.decode(video=0)) == frames


def test_nobody_in_the_first_frames_is_no_reason_to_stop(tmp_path: Path) -> None:
    clip = tmp_path / "late.mp4"
    with av.open(str(BALANCE)) as source, av.open(str(clip), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 360, 640, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number == 14:
                break
            image = frame.to_ndarray(format="bgr24", width=360, height=640)
            if number < 3:
                image[:] = 0
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    result = vis("--video", clip, "--out", tmp_path, "--save", "npz")
    assert result.returncode == 0, result.stderr
    with np.load(tmp_path / "late" / "late.npz") as data:
        assert len(data["ids"]) >= 1
        assert np.isnan(data["pose3d"][0, 0]).all()
        assert np.isfinite(data["pose3d"][0, -1]).all()


def test_no_such_file(tmp_path: Path) -> None:
    refused(vis("--video", tmp_path / "clip.mp4", "--out", tmp_path), "No such file")


def test_what_is_no_video(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("this is no video\n" * 200)
    for path in (empty, text):
        refused(vis("--video", path, "--out", tmp_path / "out"), path.name)
    assert not list((tmp_path / "out").rglob("*.mp4"))


def test_a_folder_goes_on_after_a_bad_clip(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "a.mp4").write_text("no video")
    clip_without_people(folder / "b.mp4", 3, (32, 32))
    result = vis("--video", folder, "--out", tmp_path / "out", "--save", "npz")
    assert result.returncode == 2
    assert "a.mp4" in result.stderr
    assert (tmp_path / "out" / "b" / "b.npz").is_file()


def test_a_folder_without_videos(tmp_path: Path) -> None:
    refused(vis("--video", tmp_path, "--out", tmp_path / "out"), "no video")


def test_names_that_are_nearly_right(tmp_path: Path) -> None:
    words = ("--video", str(BALANCE), "--out", str(tmp_path))
    refused(vis(*words, "--lifter", "poselit"), "poselift")
    refused(vis(*words, "--detector", "nanodett"), "nanodet")
    refused(vis(*words, "--pose", "thundr"), "thunder")
    refused(vis(*words, "--view", "fornt"), "front")
    refused(vis(*words, "--vidoe", "x"), "--video")


def test_weights_of_something_else(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.bin"
    wrong.write_bytes(b"not weights")
    words = ("--video", str(BALANCE), "--out", str(tmp_path))
    refused(vis(*words, "--lifter", "sct", "--checkpoint", wrong), "wrong.bin")
    refused(vis(*words, "--lifter", "sct", "--checkpoint", tmp_path / "none.bin"), "none.bin")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only folders")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    refused(vis("--video", BALANCE, "--out", tmp_path / "out"), "Cannot write")


def test_an_output_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    refused(vis("--video", BALANCE, "--out", tmp_path / "out"), "Cannot write")


def test_nothing_to_look_at() -> None:
    refused(vis(), "--video")
    refused(vis("--video", BALANCE, "--webcam"), "Give one of them")


def test_the_lists_and_the_help_are_there() -> None:
    listed = vis("--list")
    assert listed.returncode == 0
    assert "+ nanodet" in listed.stdout
    with pytest.raises(SystemExit) as end, contextlib.redirect_stdout(io.StringIO()) as shown:
        main(["--help"])
    assert end.value.code == 0
    assert "examples:" in shown.getvalue()


def test_live_from_a_clip_without_a_display_prints_poses(tmp_path: Path) -> None:
    clip = tmp_path / "camera.mp4"
    with av.open(str(BALANCE)) as source, av.open(str(clip), "w") as out:
        stream = out.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 360, 640, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number < 15:
                image = frame.to_ndarray(format="bgr24", width=360, height=640)
                for packet in stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")):
                    out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    result = vis("--webcam", clip, DISPLAY="", WAYLAND_DISPLAY="")
    assert result.returncode == 0, result.stderr
    poses = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(poses) >= 3
    assert np.isfinite(poses[-1]["pose3d"]).all()
    recorded = tmp_path / "live.mp4"
    result = vis("--webcam", clip, "--record", recorded, DISPLAY="", WAYLAND_DISPLAY="")
    assert result.returncode == 0, result.stderr
    with av.open(str(recorded)) as video:
        assert sum(1 for _ in video.decode(video=0)) >= 3


def test_no_such_camera() -> None:
    refused(vis("--webcam", "77"), "camera 77")


#: Presses Ctrl-C from within, at a stage's first sign of progress: from outside it may come late.
INTERRUPTED = """
import json, os, signal, sys
stage, *words = sys.argv[1:]
out, pressed = sys.stdout, []

class Watched:
    def write(self, text):
        out.write(text)
        if not pressed and '"progress"' in text and json.loads(text)["name"] == stage:
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)
    def __getattr__(self, name):
        return getattr(out, name)

# A shell starts what runs in the background with Ctrl-C ignored, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.stdout = Watched()
from poselift.demo.vis import main
raise SystemExit(main(words))
"""


def interrupted_in(stage: str, *words: str | Path) -> tuple[int, list[dict[str, object]]]:
    """Run the command and press Ctrl-C once `stage` is on its way."""
    command = [sys.executable, "-c", INTERRUPTED, stage, *map(str, words), "--log", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_ctrl_c_while_looking_loses_nothing_that_was_seen(tmp_path: Path) -> None:
    words = ("--video", BALANCE, "--out", tmp_path, "--save", "npz", "--end", "1",
             "--pose", "lightning")  # fmt: skip
    code, _ = interrupted_in("see", *words)
    assert code == 130
    assert not list(tmp_path.rglob("balance.part.npz")) + list(tmp_path.rglob("balance.npz"))
    again = vis(*words, "--log", "json")
    assert again.returncode == 0, again.stderr
    events = [json.loads(line) for line in again.stdout.splitlines()]
    resumed = [event["resumed"] for event in events if "resumed" in event]
    assert resumed
    assert 0 < resumed[0] < 60
    with np.load(tmp_path / "balance" / "balance.npz") as data:
        assert len(data["time"]) == 60
        assert len(data["ids"]) >= 1


def test_ctrl_c_while_drawing_leaves_a_video_that_plays(tmp_path: Path) -> None:
    words = (
        "--video",
        BALANCE,
        "--out",
        tmp_path,
        "--save",
        "mp4",
        "--pose",
        "lightning",
        "--end",
        "1",
    )
    code, events = interrupted_in("draw", *words, "--height", "1440", "--pose", "lightning")
    assert code == 130
    assert any("interrupted" in str(event.get("text")) for event in events)
    with av.open(str(tmp_path / "balance" / "balance.mp4")) as video:
        assert 0 < sum(1 for _ in video.decode(video=0)) < 30
