"""The live page and dropped clips, with a real browser and without one."""

from __future__ import annotations

import base64
import io
import struct
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import poselift
from poselift.live import Live
from poselift.media import open_source
from poselift.send import SentPerson
from tests.page.conftest import Tab
from tests.serve.conftest import SMALL, TOKEN, Running
from tests.serve.test_attacks import over_socket

#: Drops a file on the page, as a hand does.
DROP = """
([name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const kind of ["dragover", "drop"]) {
    document.body.dispatchEvent(
      new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  }
}
"""
LARGE = replace(SMALL, upload=50_000_000, idle=60.0)


class Heard:
    """A sender that only remembers."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, list[SentPerson]]] = []
        self.closed = False

    def send(self, time: float, people: Any) -> None:
        self.sent.append((time, list(people)))

    def close(self) -> None:
        self.closed = True


def test_joints_come_back_and_a_recording_is_whole(
    start: Any, tmp_path: Path, person_jpeg: bytes
) -> None:
    heard = Heard()
    running = start(tmp_path, LARGE, 0, heard)

    async def film(socket: Any) -> list[Any]:
        await socket.send_json({"record": True})
        answers = [await socket.receive_json()]
        for number in range(12):
            await socket.send_bytes(struct.pack("<d", 100 + number / 25) + person_jpeg)
            answers.append(await socket.receive_json())
        await socket.send_json({"record": False})
        answers.append(await socket.receive_json())
        return answers

    first, *frames, last = over_socket(running, film)
    assert first == {"recording": True}
    assert frames[-1]["people"], frames[-1]
    [person, *_] = frames[-1]["people"]
    assert len(person["xy"]) == 34
    assert len(person["pose"]) == 51
    film_name, numbers = last["recorded"]
    with open_source(tmp_path / film_name) as clip:
        assert len(list(clip.frames())) == 12
    motion = poselift.load(tmp_path / numbers)
    np.testing.assert_allclose(motion.time, np.arange(12) / 25, atol=1e-9)
    assert motion.size == (640, 360)
    row = motion.ids.tolist().index(person["id"])
    assert motion.present[row].sum() >= 8
    np.testing.assert_allclose(motion.pose3d[row, -1].ravel(), person["pose"], atol=0.001)
    np.testing.assert_allclose(motion.pose2d[row, -1].ravel(), person["xy"], atol=0.1)
    assert len(heard.sent) == 12
    moment, people = heard.sent[-1]
    assert moment == pytest.approx(100 + 11 / 25)
    sent = {one.number: one.pose3d for one in people}
    np.testing.assert_allclose(sent[person["id"]].ravel(), person["pose"], atol=0.001)
    running.stop()
    assert heard.closed


def test_stopping_the_server_leaves_recordings_whole(
    start: Any, tmp_path: Path, person_jpeg: bytes
) -> None:
    running = start(tmp_path, LARGE)

    async def film(socket: Any) -> None:
        await socket.send_json({"record": True})
        await socket.receive_json()
        for number in range(5):
            await socket.send_bytes(struct.pack("<d", number / 25) + person_jpeg)
            await socket.receive_json()
        assert not list(tmp_path.glob("live-*.mp4"))
        running._loop.call_soon_threadsafe(running._stop.set)
        while not (await socket.receive()).type.name.startswith("CLOS"):
            pass

    over_socket(running, film)
    running.stop()
    [path] = tmp_path.glob("live-*.mp4")
    with open_source(path) as clip:
        assert len(list(clip.frames())) == 5


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory, person_jpeg: bytes) -> Path:
    """A fake camera for Chromium that always shows one picture."""
    path = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    path.write_bytes(person_jpeg * 30)
    return path


@pytest.fixture
def filmed(browser: Any, camera: Path) -> Any:
    """A tab of a browser with the fake camera."""
    again = browser.browser_type.launch(
        executable_path=browser_path(),
        args=["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
              f"--use-file-for-fake-video-capture={camera}", "--disable-background-networking",
              "--disable-component-update", "--disable-sync"],
    )  # fmt: skip
    yield Tab(again, viewport={"width": 1200, "height": 800})
    again.close()


def browser_path() -> str:
    import shutil

    return shutil.which("chromium") or shutil.which("google-chrome") or ""


def test_the_live_page_shows_the_joints_of_the_command(
    start: Any, tmp_path: Path, filmed: Tab, person_jpeg: bytes
) -> None:
    running = start(tmp_path, replace(LARGE, message=4_000_000))
    page = filmed.open(running.address, "window.live")
    page.get_by_role("button", name="Start the camera").click()
    filmed.until("live.answers > 9", 90)
    image = cv2.imdecode(np.frombuffer(person_jpeg, np.uint8), cv2.IMREAD_COLOR)
    live, people = Live(), []
    for number in range(10):
        people = live(image, number / 20)
    shown = page.evaluate("live.answer.people")
    size = page.evaluate("live.answer.size")
    assert len(shown) == len(people) > 0
    scale = np.array([size[0] / image.shape[1], size[1] / image.shape[0]])
    for one, other in zip(shown, people, strict=True):
        sure = other.score > 0.4
        apart = np.linalg.norm(np.reshape(one["xy"], (17, 2)) - other.xy * scale, axis=1)[sure]
        assert np.median(apart) < 0.05 * size[1]
    assert "ms from picture to screen" in page.locator("#facts").inner_text()
    assert filmed.wrong == []
    assert all(url.startswith((running.origin, "data:", "blob:")) for url in filmed.asked)


def test_as_a_source_of_pictures_only_the_people_are_there(
    start: Any, tmp_path: Path, filmed: Tab
) -> None:
    running = start(tmp_path, replace(LARGE, message=4_000_000))
    asked = "only=3d&background=transparent&view=back"
    page = filmed.open(f"{running.origin}/?{asked}&token={TOKEN}", "window.live")
    assert "token" not in page.url
    filmed.until("live.answers > 5 && live.answer.people.some((one) => one.pose)", 90)
    shot = page.screenshot(omit_background=True)
    alpha = np.asarray(Image.open(io.BytesIO(shot)).convert("RGBA"))[..., 3]
    assert alpha[:20].max() == 0
    assert 0.005 < (alpha > 200).mean() < 0.5
    assert page.evaluate("live.room.view") == "back"
    assert filmed.wrong == []


def test_a_dropped_clip_ends_in_its_result(start: Any, tmp_path: Path, browser: Any) -> None:
    running = start(tmp_path, LARGE)
    clip = short_clip(tmp_path.parent / f"{tmp_path.name}-<img src=x>.mp4")
    tab = Tab(browser, viewport={"width": 320, "height": 640})
    page = tab.open(running.address, "window.live")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.evaluate(DROP, [clip.name, base64.b64encode(clip.read_bytes()).decode()])
    tab.until("document.querySelector('#clips [data-state=done]')", 120)
    assert "<img src=x>" in page.locator("#clips b").inner_text()
    with tab.context.expect_page() as opened:
        page.evaluate("document.querySelector('#clips a').target = '_blank'")
        page.get_by_role("link", name="open the result").click()
    result = opened.value
    end = time.monotonic() + 30
    while not result.evaluate("Boolean(window.poselift)"):
        assert time.monotonic() < end
        result.wait_for_timeout(100)
    assert clip.name in result.locator("table.facts").first.inner_text()
    assert tab.wrong == []
    tab.context.close()


def test_a_clip_that_is_none_says_so(running: Running, browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"not a video")
    tab = Tab(browser)
    page = tab.open(running.address, "window.live")
    page.locator("#file").set_input_files(path)
    tab.until("document.querySelector('#clips [data-state=failed]')", 60)
    text = page.locator("#clips").inner_text()
    assert "Traceback" not in text
    assert str(running.folder) not in text
    tab.context.close()


def picture(moment: float) -> bytes:
    """A message of the page: an empty picture."""
    grey = np.full((120, 160, 3), 90, np.uint8)
    return struct.pack("<d", moment) + np.asarray(cv2.imencode(".jpg", grey)[1]).tobytes()


def short_clip(path: Path) -> Path:
    from poselift.media import VideoWriter

    sample = Path(__file__).parents[2] / "sample_videos" / "two_people.mp4"
    with open_source(sample, start=3.0, end=3.5) as clip, VideoWriter(path, (640, 360), 30) as out:
        for frame in clip.frames():
            out.write(cv2.resize(frame.image, (640, 360)), frame.time)
    return path
