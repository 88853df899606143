"""A server on a free port of this machine, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from aiohttp import web

from poselift.demo.serve.app import Server
from poselift.demo.serve.guard import Guard
from poselift.demo.serve.limits import Limits
from poselift.send import Sender
from poselift.settings import Settings

TOKEN = "a-token-of-the-tests"
SMALL = Limits(clients=2, message=400_000, pixels=400_000, idle=1.5, upload=300_000, clips=3,
               disk=1000)  # fmt: skip


class Running:
    """A server that runs until `stop`."""

    def __init__(
        self, folder: Path, limits: Limits = SMALL, port: int = 0, sender: Sender | None = None
    ) -> None:
        self.folder, self._sender = folder, sender
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop: asyncio.Event
        self.server: Server
        self.port = port
        self._thread = threading.Thread(target=self._run, args=(limits,), daemon=True)
        self._thread.start()
        assert self._ready.wait(20)

    def _run(self, limits: Limits) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(limits))

    async def _serve(self, limits: Limits) -> None:
        self._stop = asyncio.Event()
        guard = Guard(TOKEN, "127.0.0.1")
        self.server = Server(Settings(), guard, self.folder, limits, self._sender)
        runner = web.AppRunner(self.server.app())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.origin}/?token={TOKEN}"

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    yield one
    one.stop()


@pytest.fixture
def start() -> Iterator[Any]:
    begun: list[Running] = []

    def begin(*arguments: Any) -> Running:
        begun.append(Running(*arguments))
        return begun[-1]

    yield begin
    for one in begun:
        one.stop()


@pytest.fixture(scope="session")
def person_jpeg(two_people: Path) -> bytes:
    """A frame of the sample clip in which somebody walks, 640 pixels wide, as JPEG."""
    from poselift.media import open_source

    with open_source(two_people, start=3.3, end=3.4) as clip:
        image = next(iter(clip.frames())).image
    small = cv2.resize(image, (640, 360), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.imencode(".jpg", small)[1]).tobytes()
