"""Live on the command line: what it asks of `Live`, and where the people go."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from poselift.demo import live as command
from poselift.demo.live_outputs import LiveOutput, PoseLines, Preview, Recorder
from poselift.demo.live_picture import LivePicture
from poselift.live import LivePerson
from poselift.progress import Silent
from poselift.settings import Settings
from poselift.types import Frame
from tests.live_parts import STANDING, somebody


class Told(Silent):
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.facts: dict[str, Any] = {}

    def say(self, text: str, **facts: Any) -> None:
        self.lines.append(text)
        self.facts.update(facts)


def person(number: int = 1, x: float = 300, lifted: bool = True) -> LivePerson:
    pose = np.stack([STANDING[:, 0], 0 * STANDING[:, 0], 0.5 - STANDING[:, 1]], axis=-1) * 1.7
    return LivePerson(
        number,
        np.array([x - 60, 80, x + 60, 400], np.float32),
        somebody(x, 240, 300),
        np.full(17, 0.9, np.float32),
        pose.astype(np.float32) if lifted else None,
        0.25 if lifted else None,
    )


class FakeCamera:
    """Frames at once, five seconds old when they are done."""

    name, size, fps, dropped = "fake", (640, 480), 30.0, 2

    def __init__(self, source: str | None, images: Sequence[np.ndarray]) -> None:
        self._images = images

    def frames(self) -> Iterator[Frame]:
        for index, image in enumerate(self._images):
            yield Frame(index, index / 30, image)

    def clock(self) -> float:
        return 5.0

    def __enter__(self) -> FakeCamera:
        return self

    def __exit__(self, *_: object) -> None: ...


class FakeLive:
    """One person in every picture."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.lifter = type("Lifter", (), {"name": "fake"})()
        self.events: list[str] = []

    def warm_up(self) -> None:
        self.events.append("warm")

    def __call__(self, image: np.ndarray, time: float) -> list[LivePerson]:
        self.events.append("frame")
        return [person()]


class Sink:
    """An output that has enough after so many frames."""

    def __init__(self, most: int, needs_picture: bool = False) -> None:
        self.most, self.needs_picture = most, needs_picture
        self.pictures: list[np.ndarray | None] = []
        self.finished = 0

    def take(self, time: float, people: Sequence[LivePerson], picture: np.ndarray | None) -> bool:
        self.pictures.append(picture)
        return len(self.pictures) < self.most

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[..., FakeLive]]:
    """Replace camera, Live and the display; what comes back runs the command."""

    def replace(display: bool = False, frames: int = 4) -> Callable[..., FakeLive]:
        made: list[FakeLive] = []
        images = [np.full((480, 640, 3), 30 * index, np.uint8) for index in range(frames)]
        monkeypatch.setattr(command, "LiveCamera", lambda source: FakeCamera(source, images))
        monkeypatch.setattr(
            command, "Live", lambda **options: made.append(FakeLive(**options)) or made[-1]
        )
        monkeypatch.setattr(command, "has_display", lambda: display)

        def run(reporter: Any = None, **settings: Any) -> FakeLive:
            assert command.run_live("0", Settings(**settings), reporter or Silent()) == 0
            return made[-1]

        return run

    return replace


def test_all_that_is_asked_for_reaches_live(fakes: Any) -> None:
    live = fakes()(
        people="main", max_people=3, detector="d", pose="p", lifter="l", every="5",
        smooth="strong", mirror=False, lookahead=2, field_of_view=70.0, device="cpu",
    )  # fmt: skip
    assert live.options.pop("checkpoint") is None
    assert live.options == {
        "people": "main", "max_people": 3, "detector": "d", "keypointer": "p", "lifter": "l",
        "every": 5, "smooth": "strong", "mirror": False, "lookahead": 2,
        "field_of_view": 70.0, "device": "cpu", "deferred": False,
    }  # fmt: skip


def test_the_networks_are_warm_before_the_camera_opens(
    fakes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fakes()
    opened = command.LiveCamera
    order: list[str] = []
    monkeypatch.setattr(FakeLive, "warm_up", lambda self: order.append("warm"))
    monkeypatch.setattr(
        command, "LiveCamera", lambda source: (order.append("camera"), opened(source))[1]
    )
    run()
    assert order == ["warm", "camera"]


def test_without_display_and_recording_poses_are_printed_and_nothing_is_drawn(
    fakes: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def draw(*_: object) -> None:
        raise AssertionError("drawn though nobody looks")

    monkeypatch.setattr(LivePicture, "draw", draw)
    told = Told()
    fakes()(told)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["event"] for row in rows] == ["pose"] * 4
    assert rows[0]["person"] == 1
    assert rows[0]["time"] == 0.25  # of the pose, not of the newest frame
    np.testing.assert_allclose(rows[0]["pose3d"], person().pose3d, atol=1e-4)
    assert any("standard output" in line for line in told.lines)
    assert told.facts["pictures"] == 4
    assert told.facts["latency_median_ms"] == pytest.approx(5000, rel=0.02)


def test_a_recording_is_drawn_and_nothing_printed(
    fakes: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told, path = Told(), tmp_path / "made" / "live.mp4"
    fakes()(told, record=str(path), height=96)
    assert capsys.readouterr().out == ""
    with av.open(str(path)) as video:
        frames = list(video.decode(video=0))
    assert [round(float(frame.time or 0), 2) for frame in frames] == [0, 0.03, 0.07, 0.1]
    assert (frames[0].width, frames[0].height) == (128 + 96, 96)
    assert told.facts["file"] == str(path)


def test_an_error_in_the_middle_leaves_the_recording_whole(
    fakes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, path = fakes(frames=3), tmp_path / "live.mp4"
    calls = iter([[person()], [person()]])

    def fail(self: FakeLive, image: np.ndarray, time: float) -> list[LivePerson]:
        people = next(calls, None)
        if people is None:
            raise RuntimeError("unplugged")
        return people

    monkeypatch.setattr(FakeLive, "__call__", fail)
    with pytest.raises(RuntimeError, match="unplugged"):
        run(record=str(path), height=96)
    with av.open(str(path)) as video:
        assert sum(1 for _ in video.decode(video=0)) == 2


def test_ctrl_c_ends_live_and_tells_how_it_went(
    fakes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, told, path = fakes(), Told(), tmp_path / "live.mp4"
    frames = FakeCamera.frames

    def interrupted(self: FakeCamera) -> Iterator[Frame]:
        yield from list(frames(self))[:2]
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeCamera, "frames", interrupted)
    run(told, record=str(path), height=96)
    assert "stopped by Ctrl-C" in told.lines
    assert told.facts["pictures"] == 2
    assert path.is_file()


def test_the_loop_ends_when_an_output_has_enough_and_all_get_the_last_frame() -> None:
    images = [np.zeros((48, 64, 3), np.uint8)] * 9
    first, second = Sink(3, needs_picture=True), Sink(99)
    outputs: list[LiveOutput] = [first, second]
    pace = command.Pace()
    camera, live = FakeCamera(None, images), FakeLive()
    command.run_loop(camera, live, LivePicture(64, "front"), outputs, pace)  # type: ignore[arg-type]
    assert len(first.pictures) == len(second.pictures) == len(pace.all_ages) == 3
    assert first.pictures[0] is not None


def test_a_recording_keeps_its_size_when_the_camera_does_not(tmp_path: Path) -> None:
    path = tmp_path / "live.mp4"
    recorder = Recorder(str(path), 30.0, "draft", Silent())
    recorder.take(0.0, [], np.zeros((96, 160, 3), np.uint8))
    recorder.take(0.1, [], np.zeros((96, 200, 3), np.uint8))
    recorder.finish()
    recorder.finish()
    with av.open(str(path)) as video:
        assert {(f.width, f.height) for f in video.decode(video=0)} == {(160, 96)}


def test_a_recording_of_nothing_is_no_file(tmp_path: Path) -> None:
    told = Told()
    Recorder(str(tmp_path / "live.mp4"), 30.0, "draft", told).finish()
    assert not list(tmp_path.iterdir())
    assert not told.lines


def test_who_has_no_pose_yet_is_not_printed() -> None:
    stream = io.StringIO()
    PoseLines(stream).take(0.0, [person(1, lifted=False), person(2)], None)
    [line] = stream.getvalue().splitlines()
    assert json.loads(line)["person"] == 2


class FakeWindow:
    """Keys are pressed as written."""

    def __init__(self, keys: str) -> None:
        self._keys = list(keys)
        self.shown = self.closed = 0

    def show(self, image: np.ndarray) -> str:
        self.shown += 1
        return self.wait()

    def wait(self, milliseconds: int = 50) -> str:
        return self._keys.pop(0).replace("-", "")

    def close(self) -> None:
        self.closed += 1


def test_the_keys_of_the_window(tmp_path: Path) -> None:
    window, turned, told = FakeWindow("-vs x q"), [], Told()
    folder = tmp_path / "new"
    preview = Preview(folder, lambda: turned.append(1), told, window)  # type: ignore[arg-type]
    picture = np.full((20, 30, 3), 77, np.uint8)
    assert "q quit" in told.lines[0]
    assert preview.take(0, [], picture)  # nothing pressed
    assert preview.take(0, [], picture)
    assert len(turned) == 1
    assert preview.take(0, [], picture)
    [snapshot] = folder.iterdir()
    assert np.array_equal(cv2.imread(str(snapshot)), picture)
    assert told.facts["file"] == str(snapshot)
    assert preview.take(0, [], picture)  # space holds, x does nothing, space goes on
    assert not preview.take(0, [], picture)
    assert window.shown == 5
    preview.finish()
    assert window.closed == 1


def test_quitting_while_it_holds() -> None:
    preview = Preview(Path(), lambda: None, Silent(), FakeWindow(" q"))  # type: ignore[arg-type]
    assert not preview.take(0, [], np.zeros((2, 2, 3), np.uint8))


def test_with_a_display_there_is_a_window_and_no_json(
    fakes: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    window = FakeWindow("--q")
    monkeypatch.setattr("poselift.demo.live_outputs.PreviewWindow", lambda title: window)
    live = fakes(display=True)(height=96)
    assert window.shown == 3
    assert window.closed == 1
    assert live.events.count("frame") == 3
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("height", [120, 720])
def test_the_picture_is_as_high_as_asked_and_shows_people_on_both_sides(height: int) -> None:
    picture = LivePicture(height, "front")
    image = np.zeros((480, 640, 3), np.uint8)
    empty = picture.draw(image, 0.0, [], "")
    one = picture.draw(image, 0.0, [person()], "")
    wide = round(height * 4 / 3)
    assert one.shape == (height, wide + height, 3)
    changed = (one != empty).any(axis=2)
    assert changed[:, :wide].any()
    assert changed[:, wide:].any()
    waiting = picture.draw(image, 0.0, [person(lifted=False)], "")
    changed = (waiting != empty).any(axis=2)
    assert changed[:, :wide].any()
    assert not changed[:, wide:].any()


def test_people_stand_where_they_are_in_the_room() -> None:
    picture = LivePicture(240, "front")
    image = np.zeros((480, 640, 3), np.uint8)
    people = [person(1, 100), person(2, 540)]
    for one, x in zip(people, (-1.2, 1.2), strict=True):
        assert one.pose3d is not None
        one.pose3d[:, 0] += x
    picture.draw(image, 0.0, people, "")
    empty = picture.draw(image, 0.0, [], "")[:, 320:]
    both = (picture.draw(image, 0.0, people, "")[:, 320:] != empty).any(axis=(0, 2))
    assert both[:110].any()
    assert both[130:].any()
    assert not both[117:123].any()


def test_the_next_view_is_another_one() -> None:
    picture = LivePicture(120, "front")
    image = np.zeros((480, 640, 3), np.uint8)
    before = picture.draw(image, 0.0, [person()], "")
    picture.next_view()
    assert (picture.draw(image, 0.0, [person()], "") != before).any()


def test_pace_is_of_the_last_two_seconds() -> None:
    pace = command.Pace()
    assert pace.rate == pace.age == 0
    for step in range(200):
        pace.add(step / 10 if step < 100 else 10 + (step - 100) / 40, 0.2 if step < 100 else 0.05)
    assert pace.rate == pytest.approx(40)
    assert pace.age == pytest.approx(0.05)
    assert len(pace.all_ages) == 200
