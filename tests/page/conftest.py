"""A real browser, where one is installed, and a clip whose frames carry their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import numpy as np
import pytest

from poselift.media import VideoWriter
from poselift.result import ClipMotion
from tests.export.conftest import clip_of, walker

SIZE = (320, 240)
BITS = 10


class Tab:
    """A page of the browser that remembers what went wrong in it and what it asked for."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def open(self, address: str, ready: str = "window.poselift") -> Any:
        self.page.goto(address)
        self.until(ready)
        return self.page

    def until(self, condition: str, seconds: float = 60) -> None:
        """Wait for what JavaScript says: Playwright's own way is an eval, which pages forbid."""
        end = monotonic() + seconds
        while not self.page.evaluate(f"Boolean({condition})"):
            assert monotonic() < end, f"never came true: {condition}"
            self.page.wait_for_timeout(50)


@pytest.fixture
def tab(browser: Any) -> Iterator[Tab]:
    one = Tab(browser, viewport={"width": 1200, "height": 900})
    yield one
    one.context.close()


@pytest.fixture
def phone(browser: Any) -> Iterator[Tab]:
    one = Tab(browser, viewport={"width": 320, "height": 640}, has_touch=True)
    yield one
    one.context.close()


def numbered(number: int) -> np.ndarray:
    """A picture with the bits of `number` as black and white blocks along its lower edge."""
    width, height = SIZE
    image = np.full((height, width, 3), 90, np.uint8)
    image[:, :, 1] = np.linspace(40, 200, width, dtype=np.uint8)
    block = width // BITS
    for bit in range(BITS):
        image[height - 40 :, bit * block : (bit + 1) * block] = 255 if number >> bit & 1 else 0
    cv2.putText(image, str(number), (90, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255,) * 3, 3)
    return image


def uneven_times(count: int) -> np.ndarray:
    """Like a phone's: 30 a second, each up to a quarter period early or late; not from 0."""
    wobble = np.random.default_rng(4).uniform(-0.25, 0.25, count)
    return 5.0 + (np.arange(count) + wobble) / 30


@pytest.fixture(scope="session")
def numbered_clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ClipMotion]:
    """A video of 400 numbered frames at uneven times, and two people walking through it."""
    path, time = tmp_path_factory.mktemp("clip") / "numbers.mp4", uneven_times(400)
    with VideoWriter(path, SIZE, 30.0) as writer:
        for number, moment in enumerate(time):
            writer.write(numbered(number), float(moment))
    poses = np.stack([walker(400), walker(400, heading=2.0)])
    motion = clip_of(poses, time=time - time[0], name="numbers")
    inside = (160 + 8 * poses[..., :2]).astype(np.float32)
    return path, replace(motion, size=SIZE, pose2d=inside)


@pytest.fixture(scope="session")
def page_file(
    numbered_clip: tuple[Path, ClipMotion], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The page of that clip."""
    path, motion = numbered_clip
    [page] = motion.save(tmp_path_factory.mktemp("pages"), ["html"], source=path)
    return page
