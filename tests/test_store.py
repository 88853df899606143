"""What is kept of a clip: whole blocks come back, and nothing that lies in its place is harmed."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poselift import store as module
from poselift.seen_frames import SeenFrame, block_of, frames_of
from poselift.skeleton import H36M17
from poselift.store import TrackStore
from poselift.types import BACKGROUND, Keypoints

KEY = "0123456789abcdef"
RNG = np.random.default_rng(1)


def frames(count: int, first: int = 0) -> list[SeenFrame]:
    made = []
    for index in range(first, first + count):
        n = index % 3
        joints = Keypoints(
            RNG.random((n, 17, 2), np.float32), RNG.random((n, 17), np.float32), H36M17
        )
        moved = RNG.random(BACKGROUND)
        made.append(SeenFrame(index, index / 30, np.arange(n), joints, background=moved))
    return made


def state_after(index: int) -> dict[str, np.ndarray]:
    return {"tracker.last_id": np.array(index), "cadence.thumb": np.full((2, 3), index / 3)}


def keep(folder: Path, made: list[SeenFrame], *, finish: bool, key: str = KEY) -> None:
    store = TrackStore(folder, key)
    for frame in made[len(store.read().frames) :]:
        store.add(frame, state_after(frame.index))
    if finish:
        store.finish((64, 48))
    else:
        store.flush()
    store.close()


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRAMES_A_BLOCK", 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "clip" / ".cache"


def test_what_is_kept_comes_back_for_its_key_only(folder: Path) -> None:
    made = frames(25)
    keep(folder, made, finish=True)
    kept = TrackStore(folder, KEY).read()
    assert kept.size == (64, 48)
    assert [frame.index for frame in kept.frames] == list(range(25))
    for before, after in zip(made, kept.frames, strict=True):
        assert before.time == after.time
        assert before.ids.tolist() == after.ids.tolist()
        assert before.joints.xy.tobytes() == after.joints.xy.tobytes()
        assert before.joints.score.tobytes() == after.joints.score.tobytes()
        assert before.background.tobytes() == after.background.tobytes()
    other = TrackStore(folder, "another").read()
    assert (list(other.frames), other.size) == ([], None)
    assert [path.name for path in folder.iterdir()] == [f"{KEY}.2d"]


def test_an_interrupted_run_is_continued_as_often_as_it_takes(folder: Path) -> None:
    made = frames(60)
    for reached in (3, 14, 15, 47):
        keep(folder, made[:reached], finish=False)
        kept = TrackStore(folder, KEY).read()
        assert len(kept.frames) == reached
        assert kept.size is None
        assert kept.state["tracker.last_id"] == reached - 1
        assert len(list(folder.iterdir())) == 1
    keep(folder, made, finish=True)
    kept = TrackStore(folder, KEY).read()
    assert [frame.index for frame in kept.frames] == list(range(60))
    assert kept.frames[14].joints.xy.tobytes() == made[14].joints.xy.tobytes()
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("cut", [1, 20, 300])
def test_a_torn_end_loses_one_block(folder: Path, cut: int) -> None:
    keep(folder, frames(30), finish=False)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    kept = TrackStore(folder, KEY).read()
    assert len(kept.frames) == 20
    assert kept.state["tracker.last_id"] == 19


def test_a_changed_byte_ends_what_is_believed(folder: Path) -> None:
    keep(folder, frames(30), finish=True)
    (path,) = folder.iterdir()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    kept = TrackStore(folder, KEY).read()
    assert len(kept.frames) == 10
    assert kept.size is None


def test_any_other_bytes_are_nothing(folder: Path) -> None:
    folder.mkdir(parents=True)
    for content in (b"", b"not ours", b"poselift 2d 1\n", b"poselift 2d 1\n" + bytes(100)):
        (folder / f"{KEY}.2d").write_bytes(content)
        assert not TrackStore(folder, KEY).read().frames
    keep(folder, frames(5), finish=True)
    assert len(TrackStore(folder, KEY).read().frames) == 5


def test_an_interruption_while_writing_costs_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = frames(25)
    store = TrackStore(folder, KEY)
    store.read()
    for frame in made[:15]:
        store.add(frame, state_after(frame.index))
    whole = store._write

    def torn(data: bytes) -> None:
        whole(data[:50])
        store._length -= 50
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_write", torn)
    with pytest.raises(KeyboardInterrupt):
        store.flush()
    monkeypatch.setattr(store, "_write", whole)
    store.flush()
    assert len(TrackStore(folder, KEY).read().frames) == 15


def test_two_runs_at_once_do_not_disturb_each_other(folder: Path) -> None:
    made = frames(40)
    keep(folder, made[:12], finish=False)
    one, two = TrackStore(folder, KEY), TrackStore(folder, KEY)
    assert len(one.read().frames) == len(two.read().frames) == 12
    for frame in made[12:]:
        one.add(frame, state_after(frame.index))
        two.add(frame, state_after(frame.index))
    one.finish((64, 48))
    assert len(TrackStore(folder, KEY).read().frames) == 40
    two.finish((64, 48))
    kept = TrackStore(folder, KEY).read()
    assert (len(kept.frames), kept.size) == (40, (64, 48))


def test_a_finished_run_forgets_other_keys(folder: Path) -> None:
    keep(folder, frames(5), finish=True, key="old")
    keep(folder, frames(15), finish=False, key="older")
    keep(folder, frames(5), finish=True)
    assert [path.name for path in folder.iterdir()] == [f"{KEY}.2d"]


def test_a_link_in_place_of_the_folder_is_not_followed(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    behind = tmp_path / "precious"
    behind.mkdir()
    for name in (f"{KEY}.2d", "old.2d", "old.abc.part", "letter.txt"):
        (behind / name).write_text("mine")
    folder.parent.mkdir()
    folder.symlink_to(behind)
    with caplog.at_level(logging.WARNING):
        keep(folder, frames(25), finish=True)
    assert "cannot be cached" in caplog.text
    assert len(list(behind.iterdir())) == 4
    assert {path.read_text() for path in behind.iterdir()} == {"mine"}


def test_links_in_place_of_files_are_not_followed(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder.mkdir(parents=True)
    for name in (f"{KEY}.2d", f"{KEY}.0000.part", "other.2d"):
        (folder / name).symlink_to(precious)
    keep(folder, frames(25), finish=True)
    assert precious.read_text() == "mine"
    assert not (folder / f"{KEY}.2d").is_symlink()
    assert len(TrackStore(folder, KEY).read().frames) == 25


def test_a_link_to_a_file_of_ours_is_not_read(folder: Path, tmp_path: Path) -> None:
    keep(tmp_path / "elsewhere", frames(5), finish=True)
    folder.mkdir(parents=True)
    (folder / f"{KEY}.2d").symlink_to(tmp_path / "elsewhere" / f"{KEY}.2d")
    assert not TrackStore(folder, KEY).read().frames


def test_a_pipe_in_place_of_a_file_is_not_waited_for(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / f"{KEY}.2d")
    assert not TrackStore(folder, KEY).read().frames
    keep(folder, frames(5), finish=True)
    assert len(TrackStore(folder, KEY).read().frames) == 5


def test_a_file_in_place_of_the_folder_is_no_reason_to_stop(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.mkdir()
    folder.write_text("a file")
    keep(folder, frames(25), finish=True)
    assert "continuing without" in caplog.text
    assert folder.read_text() == "a file"


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_disk_that_takes_nothing_is_no_reason_to_stop(
    folder: Path, number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*given: Any, **named: Any) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    keep(folder, frames(25), finish=True)
    assert caplog.text.count("continuing without") == 1


def test_a_disk_that_is_full_halfway_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = TrackStore(folder, KEY)
    store.read()
    for frame in frames(15):
        store.add(frame, state_after(frame.index))

    def refuse(data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "_write", refuse)
    store.finish((64, 48))
    assert "No space left" in caplog.text
    assert list(folder.iterdir()) == []


def test_what_earlier_versions_kept_of_the_background_is_read() -> None:
    """They had six numbers a frame, and resumed runs go on with more."""
    joints = Keypoints(np.zeros((1, 17, 2)), np.ones((1, 17)), H36M17)
    frames = [
        SeenFrame(i, i / 30, np.zeros(1, int), joints, background=np.arange(BACKGROUND) + 1.0)
        for i in range(3)
    ]
    block = block_of(frames, {})
    assert [f.background.tolist() for f in frames_of(block)] == [[1, 2, 3, 4, 5, 6, 7, 8]] * 3
    block["background"] = block["background"][:, :6]
    assert [f.background.tolist() for f in frames_of(block)] == [[1, 2, 3, 4, 5, 6, 0, 0]] * 3
