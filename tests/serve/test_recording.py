"""What a browser records: film and numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import poselift
from poselift.demo.serve.recording import LiveNumbers, Recording
from poselift.live import LivePerson
from poselift.settings import Settings
from tests.serve.conftest import SMALL, Running
from tests.serve.test_attacks import over_socket
from tests.serve.test_live_page import picture

GREY = np.full((48, 64, 3), 90, np.uint8)


def seen(number: int, at: float, pose_time: float | None) -> LivePerson:
    """Somebody whose joints lie at `at`, with the pose of another frame."""
    pose = None if pose_time is None else np.full((17, 3), pose_time, np.float32)
    xy, score = np.full((17, 2), at, np.float32), np.full(17, 0.9, np.float32)
    return LivePerson(number, np.zeros(4, np.float32), xy, score, pose, pose_time)


def test_numbers_are_of_the_frame_that_the_pose_is_of() -> None:
    numbers = LiveNumbers()
    for frame in range(10):  # a lookahead of two frames; person 4 comes later and goes earlier
        there = [seen(1, frame, None if frame < 2 else (frame - 2) / 10)]
        if 3 <= frame < 8:
            there.append(seen(4, 20 + frame, None if frame < 5 else (frame - 2) / 10))
        numbers.add(frame / 10, (64, 48), there)
    numbers.add(0.5, (64, 48), [seen(1, 99, 0.5)])  # time does not run backwards
    motion = numbers.motion("live", "a lifter", {})
    assert motion is not None
    assert motion.ids.tolist() == [1, 4]
    assert motion.fps == 10
    assert motion.present.tolist() == [
        [True] * 8 + [False] * 2,
        [False] * 3 + [True] * 3 + [False] * 4,
    ]
    assert motion.pose2d[1, 4, 0, 0] == 24
    np.testing.assert_allclose(motion.pose3d[0, :8, 0, 0], np.arange(8) / 10, atol=1e-6)
    assert np.isnan(motion.pose2d[~motion.present]).all()


def test_a_camera_that_is_turned_keeps_to_the_first_picture() -> None:
    numbers = LiveNumbers()
    numbers.add(0.0, (64, 48), [seen(1, 10, 0.0)])
    numbers.add(0.1, (48, 64), [seen(1, 12, 0.1)])
    motion = numbers.motion("live", "a lifter", {})
    assert motion is not None
    assert motion.size == (64, 48)
    assert motion.pose2d[0, 1, 0].tolist() == [16, 9]


def test_two_recordings_of_one_second_are_two(tmp_path: Path) -> None:
    both = [Recording(tmp_path, Settings(), 60, 0) for _ in range(2)]
    for frame in range(3):
        for number, one in enumerate(both):
            assert one.add(GREY, frame / 10, [seen(number, 5, frame / 10)], "a lifter") == ""
    names = [path.name for one in both for path in one.finish()]
    assert len(set(names)) == 4
    for number, name in enumerate(names[1::2]):
        motion = poselift.load(tmp_path / name)
        assert motion.ids.tolist() == [number]
        assert motion.lifter == "a lifter"


def test_a_disk_that_fills_ends_a_recording_whole(
    start: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    free = [10**12]
    usage = lambda path: type("Usage", (), {"free": free[0]})  # noqa: E731
    monkeypatch.setattr("poselift.demo.serve.recording.shutil.disk_usage", usage)
    running: Running = start(tmp_path, replace(SMALL, disk=10**9, idle=60.0))

    async def film(socket: Any) -> list[Any]:
        await socket.send_json({"record": True})
        answers = [await socket.receive_json()]
        for number in range(4):
            if number == 3:
                free[0] = 10**8
            await socket.send_bytes(picture(number / 25))
            answers.append(await socket.receive_json())
        await socket.send_json({"record": True})
        return [*answers, await socket.receive_json()]

    *_, last, refused = over_socket(running, film)
    assert "nearly full" in last["told"]
    assert not last["recording"]
    assert sorted(last["recorded"]) == sorted(p.name for p in tmp_path.glob("live-*"))
    assert len(last["recorded"]) == 2
    assert "nothing can be recorded" in refused["problem"]


def test_a_recording_that_cannot_be_written_leaves_live_going(
    start: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    from poselift.errors import PoseliftError

    running: Running = start(tmp_path, replace(SMALL, idle=60.0))

    def fails(*_: Any) -> None:
        raise PoseliftError(f"Cannot write {tmp_path}/live.mp4: the disk is full.", "Make room.")

    monkeypatch.setattr("poselift.media.VideoWriter.write", fails)

    async def film(socket: Any) -> list[Any]:
        await socket.send_json({"record": True})
        await socket.receive_json()
        answers = []
        for number in range(2):
            await socket.send_bytes(picture(number / 25))
            answers.append(await socket.receive_json())
        return answers

    first, second = over_socket(running, film)
    assert first["problem"] == "Cannot write live.mp4: the disk is full."
    assert first["picture"]
    assert not first["recording"]
    assert "people" in second
    assert not list(tmp_path.glob("*live-*"))
