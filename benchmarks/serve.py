"""How long `poselift serve` takes from a picture to the joints.

    python -m benchmarks.serve [--frames 200] [--browser]

One picture is on its way at a time, as the page does it. "At once": a client sends the next picture
as soon as the answer is there; "as a camera": 30 a second at most. The client sends pictures that
are encoded already, so what is measured is the server and the socket. With --browser, Chromium
shows the live page with a fake camera, on the same machine: from taking a camera's picture until it
and its joints are painted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import cv2
import numpy as np
from aiohttp import web

from poselift.demo.serve.app import Server
from poselift.demo.serve.guard import Guard
from poselift.media import open_source
from poselift.settings import Settings

SAMPLES = Path(__file__).parents[1] / "sample_videos"
WARM = 40
TOKEN = "token"


def one_person() -> list[bytes]:
    """One person, 640 x 480: the begin of the sample clip between grey bars; there and back."""
    out = []
    with open_source(SAMPLES / "two_people.mp4", end=1.3) as clip:
        for frame in clip.frames():
            small = cv2.resize(frame.image, (640, 360), interpolation=cv2.INTER_AREA)
            out.append(_jpeg(cv2.copyMakeBorder(small, 60, 60, 0, 0, 0, value=(90,) * 3)))
    return out + out[::-1]


def two_people() -> list[bytes]:
    """Two people walk past others, 640 x 360."""
    with open_source(SAMPLES / "two_people.mp4") as clip:
        return [
            _jpeg(cv2.resize(frame.image, (640, 360), interpolation=cv2.INTER_AREA))
            for frame in clip.frames()
        ]


def _jpeg(image: np.ndarray) -> bytes:
    return np.asarray(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]).tobytes()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server in a thread; its origin."""
    loop, ready, end = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    origin = []

    async def serve() -> None:
        runner = web.AppRunner(Server(Settings(), Guard(TOKEN, "127.0.0.1"), folder).app())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        origin.append(f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}")  # type: ignore[attr-defined]
        ready.set()
        await end.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield origin[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


async def ask(origin: str, pictures: list[bytes], frames: int, period: float) -> np.ndarray:
    """Seconds from a picture's sending to its answer."""
    took = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{origin}/live?token={TOKEN}", headers={"Origin": origin}) as socket,
    ):
        for number in range(WARM + frames):
            begun = time.perf_counter()
            await socket.send_bytes(struct.pack("<d", begun) + pictures[number % len(pictures)])
            answer = await socket.receive_json()
            assert "people" in answer, answer
            now = time.perf_counter()
            if number >= WARM:
                took.append(now - begun)
            # The next picture of the camera: those that came meanwhile are left out.
            await asyncio.sleep(period - (now - begun) % period if period else 0)
    return np.array(took)


def in_browser(origin: str, pictures: list[bytes], frames: int, folder: Path) -> np.ndarray:
    """Seconds until picture and joints were painted, as the live page measures them."""
    from playwright.sync_api import sync_playwright

    camera = folder / "camera.mjpeg"
    camera.write_bytes(b"".join(pictures))
    took: list[float] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                  f"--use-file-for-fake-video-capture={camera}"],
        )  # fmt: skip
        page = browser.new_page(viewport={"width": 1200, "height": 760})
        page.goto(f"{origin}/?token={TOKEN}")
        page.locator("#start").click()
        _wait(lambda: page.evaluate("Boolean(window.live) && live.answers") > WARM)
        page.evaluate("live.latencies = []")
        seen = 0
        while len(took) < frames:
            page.wait_for_timeout(500)
            new = page.evaluate("live.latencies.splice(0)")
            took += [ms / 1000 for ms in new]
            seen = seen if new else seen + 1
            assert seen < 60, page.locator("#problem").inner_text()
        browser.close()
    return np.array(took[:frames])


def _wait(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def tell(what: str, took: np.ndarray) -> None:
    """Print the median and the 95th percentile."""
    ms = took * 1000
    print(
        f"{what}, {len(ms)} pictures: median {np.median(ms):.0f} ms, "
        f"95th percentile {np.percentile(ms, 95):.0f} ms",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--browser", action="store_true", help="with Chromium and a fake camera")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    clips = {"one person": one_person(), "two people": two_people()}
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as origin:
        for who, pictures in clips.items():
            for pace, period in (("as a camera", 1 / 30), ("at once", 0.0)):
                took = asyncio.run(ask(origin, pictures, options.frames, period))
                tell(f"server and socket, {who}, {pace}", took)
        if options.browser:
            took = in_browser(origin, clips["one person"], options.frames, Path(name))
            tell("page and server, one person", took)


if __name__ == "__main__":
    main()
