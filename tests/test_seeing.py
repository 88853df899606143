"""Interrupted at any moment and started again, a clip has the very tracks of a quiet run."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from poselift import seeing, store
from poselift.detectors.blazepose import BlazePose
from poselift.detectors.movenet import MoveNet
from poselift.detectors.nanodet import NanoDet
from poselift.detectors.protocols import Keypointer
from poselift.detectors.see import See, Seen
from poselift.media import Source, open_source
from poselift.parts import Parts
from poselift.progress import Silent
from poselift.seeing import see_clip, what_matters
from poselift.settings import Settings
from poselift.types import Frame, SeenClip
from tests.detectors.pictures import PEOPLE, clip

ROOT = Path(__file__).parents[1]
BALANCE = PEOPLE / "balance_small.mp4"
LENGTH = 34
LIGHT = Settings(pose="lightning", end=LENGTH / 30 - 0.01)


def tracks_bytes(seen: SeenClip) -> bytes:
    parts = [seen.time.tobytes(), repr(seen.size).encode()]
    for track in seen.tracks:
        parts += [bytes([track.id]), track.frames.tobytes(), track.xy.tobytes()]
        parts += [track.score.tobytes()]
    assert seen.background is not None
    parts.append(seen.background.tobytes())
    return b"".join(parts)


class StoppedError(Exception):
    """Stands for Ctrl-C: a test runner must not see a real one."""


def seen(folder: Path | None, settings: Settings = LIGHT, stop_at: int | None = None) -> SeenClip:
    with open_source(BALANCE, settings.start, settings.end) as source:
        if stop_at is not None:
            frames = source.frames

            def some() -> Iterator[Frame]:
                for frame in frames():
                    if frame.index == stop_at:
                        raise StoppedError
                    yield frame

            source.frames = some  # type: ignore[method-assign]
        return see_clip(source, Parts(settings), Silent(), folder)


@pytest.fixture(scope="module")
def quiet() -> bytes:
    made = seen(None)
    assert len(made.time) == LENGTH
    assert len(made.tracks) >= 1
    return tracks_bytes(made)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FRAMES_A_BLOCK", 7)


@pytest.mark.parametrize(
    "stops",
    [
        (1,),
        (8, 19),
        (33,),
        *(pytest.param(stops, marks=pytest.mark.slow) for stops in [(2,), (7,), (13, 14, 15)]),
    ],
)
def test_a_resumed_run_gives_the_same_bytes(
    tmp_path: Path, quiet: bytes, stops: tuple[int, ...]
) -> None:
    for stop in stops:
        with pytest.raises(StoppedError):
            seen(tmp_path, stop_at=stop)
    assert tracks_bytes(seen(tmp_path)) == quiet
    assert tracks_bytes(seen(tmp_path)) == quiet, "and so does what is kept at the end"


def test_a_kept_clip_is_not_looked_at_again(
    tmp_path: Path, quiet: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(tmp_path)
    monkeypatch.setattr(seeing, "See", None)
    assert tracks_bytes(seen(tmp_path)) == quiet


@pytest.fixture(scope="module")
def detector() -> NanoDet:
    return NanoDet(threads=1)


@pytest.fixture(scope="module", params=["lightning", "blazepose"])
def keypointer(request: pytest.FixtureRequest) -> Keypointer:
    made: Keypointer
    made = BlazePose(threads=1) if request.param == "blazepose" else MoveNet("lightning", threads=1)
    return made


def test_the_state_after_every_frame_is_all_that_matters(
    detector: NanoDet, keypointer: Keypointer
) -> None:
    """Two people, one of them gone for a while: who is lost and found again is in the state too."""
    here = list(clip("two_people_small")[:14])
    frames = [*here[:6], *(dataclasses.replace(f, image=f.image * 0) for f in here[6:9]), *here[9:]]
    see = See(detector, keypointer)
    states, found = [], []
    for one in see.frames(frames):
        states.append(see.state())
        found.append(all_bytes(one))
    for after in (0, 3, 6, 7, 10):
        again = See(detector, keypointer)
        again.restore(states[after])
        for index, one in enumerate(again.frames(frames[after + 1 :]), after + 1):
            assert all_bytes(one) == found[index], f"resumed after {after}, differs in {index}"


def all_bytes(one: Seen) -> bytes:
    assert one.people.ids is not None
    arrays = one.people.ids, one.people.boxes, one.joints.xy, one.joints.score
    return b"".join(array.tobytes() for array in arrays)


KILLED = """
import os, signal, sys
from pathlib import Path
from poselift import store
from poselift.progress import Silent
from tests import test_seeing

store.FRAMES_A_BLOCK = 5
class Killing(Silent):
    def stage(self, name, total=None):
        from contextlib import contextmanager
        @contextmanager
        def watched():
            yield lambda done: done == 23 and os.kill(os.getpid(), getattr(signal, sys.argv[2]))
        return watched()
test_seeing.Silent = Killing
test_seeing.seen(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("how", ["SIGKILL", pytest.param("SIGTERM", marks=pytest.mark.slow)])
def test_a_killed_run_is_resumed(tmp_path: Path, quiet: bytes, how: str) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -getattr(signal, how), done.stderr
    assert len(list(tmp_path.glob("*.part"))) == 1
    assert tracks_bytes(seen(tmp_path)) == quiet


def key_with(**changes: object) -> str:
    return repr(what_matters(Parts(dataclasses.replace(LIGHT, **changes))))  # type: ignore[arg-type]


def test_all_that_changes_what_is_seen_is_in_the_key(tmp_path: Path) -> None:
    changes: list[dict[str, object]] = [
        {}, {"every": "5"}, {"start": 0.1}, {"end": 0.5}, {"fps": 25.0}, {"pose": "thunder"},
        {"detector": "blazepose"},
    ]  # fmt: skip
    assert len({key_with(**change) for change in changes}) == len(changes)
    same: list[dict[str, object]] = [{"lifter": "sct"}, {"view": "front"}, {"smooth": "off"}]
    assert {key_with(**change) for change in same} == {key_with()}
    assert key_with(detector="auto") == key_with(detector="nanodet")


def test_another_edition_of_the_code_sees_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_with()
    monkeypatch.setattr(seeing, "_EDITION", seeing._EDITION + 1)
    assert key_with() != before


def test_the_key_knows_the_content_of_named_files(tmp_path: Path) -> None:
    joints = tmp_path / "joints.json"
    joints.write_text("[]")
    first = key_with(pose=f"precomputed:{joints}")
    joints.write_text("[ ]")
    assert key_with(pose=f"precomputed:{joints}") != first
    folder = tmp_path / "openpose"
    folder.mkdir()
    (folder / "clip_0_keypoints.json").write_text('{"people": []}')
    first = key_with(pose=f"precomputed:{folder}")
    (folder / "clip_1_keypoints.json").write_text('{"people": []}')
    assert key_with(pose=f"precomputed:{folder}") != first
    model = tmp_path / "model.onnx"
    model.write_bytes(b"graph")
    first = key_with(detector=f"yolo:{model}")
    (tmp_path / "model.onnx.data").write_bytes(b"weights")
    second = key_with(detector=f"yolo:{model}")
    model.write_bytes(b"another graph")
    assert len({first, second, key_with(detector=f"yolo:{model}")}) == 3


def test_an_edited_file_of_joints_is_read_again(tmp_path: Path) -> None:
    def write(x: float) -> None:
        xy = np.full((LENGTH, 17, 2), x) + np.random.default_rng(0).uniform(0, 90, (17, 2))
        np.savez(tmp_path / "joints.npz", pose2d=xy, score=np.ones((LENGTH, 17)))

    settings = dataclasses.replace(LIGHT, pose=f"precomputed:{tmp_path / 'joints.npz'}")
    write(100)
    first = seen(tmp_path / ".cache", settings)
    write(150)
    second = seen(tmp_path / ".cache", settings)
    np.testing.assert_allclose(second.tracks[0].xy - first.tracks[0].xy, 50, atol=1e-3)


def uneven(path: Path) -> Source:
    """Twenty frames, the first ten 20 ms apart and the others 100 ms."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=50)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = stream.time_base = __import__("fractions").Fraction(
            1, 1000
        )
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9 * number, np.uint8), "bgr24")
            frame.pts = 20 * number if number < 10 else 200 + 100 * (number - 10)
            frame.time_base = stream.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return open_source(path)


def test_precomputed_joints_are_those_of_the_frame_after_start(tmp_path: Path) -> None:
    uneven(tmp_path / "clip.mp4").close()
    xy = np.random.default_rng(0).uniform(0, 40, (17, 2)) + np.arange(20.0)[:, None, None]
    np.savez(tmp_path / "joints.npz", pose2d=xy, score=np.ones((20, 17)))
    for start, first in ((0.1, 5), (0.3, 11), (0.5, 13)):
        settings = Settings(pose=f"precomputed:{tmp_path / 'joints.npz'}", start=start)
        with open_source(tmp_path / "clip.mp4", start) as source:
            assert source.frames_before_start() == first
            (track,) = see_clip(source, Parts(settings), Silent()).tracks
        np.testing.assert_allclose(track.xy, xy[first:], atol=1e-3)
