"""One browser's camera: pictures in, people out, over one WebSocket."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from poselift.demo.live import make_live
from poselift.demo.live_picture import LivePicture
from poselift.demo.serve.limits import Limits
from poselift.demo.serve.pictures import decode_jpeg
from poselift.drawing.layout import fit_image
from poselift.errors import PoseliftError
from poselift.live import Live, LivePerson
from poselift.media import VideoWriter
from poselift.send import Sender, SentPerson
from poselift.settings import Settings

#: What a browser may choose; everything else is the server's own.
CHOICES = ("people", "lookahead", "lifter", "pose", "smooth")
_RATE = 25.0  # frames a second that a recording guides its encoder by; times are the camera's


class LiveClient:
    """The people of one connection. All but `talk` runs in the one thread of `executor`.

    A message is eight bytes, the picture's time in seconds as a little-endian float, and a JPEG; or
    text: a JSON object with `choose`, `record`. Each picture is answered before the next is read,
    so that a browser that waits for the answer always sends its newest.
    """

    def __init__(
        self,
        settings: Settings,
        executor: Executor,
        limits: Limits,
        folder: Path,
        sender: Sender | None = None,
    ) -> None:
        self._settings, self._executor, self._limits = settings, executor, limits
        self._folder, self._sender = folder, sender
        self._live: Live | None = None
        self._writer: VideoWriter | None = None
        self._picture: LivePicture | None = None
        self._began = 0.0

    async def talk(self, socket: web.WebSocketResponse) -> None:
        """Answer until the browser leaves, is idle for too long, or says what is not understood."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    message = await socket.receive(timeout=self._limits.idle)
                except TimeoutError:
                    await socket.close(code=1001, message=b"idle for too long")
                    return
                if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT):
                    return
                try:
                    answer = await loop.run_in_executor(self._executor, self._answer, message.data)
                except PoseliftError as error:
                    answer = {"problem": error.message, "hint": error.hint}
                await socket.send_str(json.dumps(answer))
        except ConnectionError:
            return  # the browser is gone, and nobody waits for the answer
        finally:
            await loop.run_in_executor(self._executor, self.finish)

    def _answer(self, data: bytes | str) -> dict[str, Any]:
        if isinstance(data, str):
            return self._told(data)
        begun = time.perf_counter()
        if len(data) < 9:
            raise PoseliftError("A message is too short.", "Send a time and a JPEG picture.")
        [moment] = struct.unpack_from("<d", data)
        image = decode_jpeg(data[8:], self._limits.pixels)
        if self._live is None:
            self._live = make_live(self._settings)
        people = self._live(image, moment)
        self._record(image, moment, people)
        if self._sender is not None:
            self._sender.send(moment, [
                SentPerson(person.number, person.pose3d, person.score)
                for person in people if person.pose3d is not None
            ])  # fmt: skip
        height, width = image.shape[:2]
        return {
            "time": moment,
            "size": [width, height],
            "lifter": self._live.lifter.name,
            "recording": self._writer is not None,
            "milliseconds": round((time.perf_counter() - begun) * 1000, 1),
            "people": [_plain(person) for person in people],
        }

    def _told(self, text: str) -> dict[str, Any]:
        try:
            wanted = json.loads(text)
        except ValueError:
            wanted = None
        if not isinstance(wanted, dict):
            raise PoseliftError("This is no message.", "Send a JSON object.")
        if isinstance(wanted.get("choose"), dict):
            chosen = {name: value for name, value in wanted["choose"].items() if name in CHOICES}
            named = [chosen.get("pose", ""), chosen.get("lifter", "")]
            # A part may be NAME:FILE: no browser opens files of this machine.
            if any(":" in str(name) or "/" in str(name) or "\\" in str(name) for name in named):
                raise PoseliftError("Parts with files are the server's choice.", "Name a part.")
            settings = self._settings.changed(**chosen)
            self._live = make_live(settings)  # refused choices leave what was there
            self._settings = settings
        if "record" in wanted:
            return self._switch_recording(bool(wanted["record"]))
        return {"chosen": {name: getattr(self._settings, name) for name in CHOICES}}

    def _switch_recording(self, on: bool) -> dict[str, Any]:
        if not on:
            path = self.finish()
            return {"recorded": path.name if path is not None else None}
        if self._writer is None:
            self._picture = LivePicture(self._settings.height, self._settings.view)
            self._began = -1.0
        return {"recording": True}

    def _record(self, image: np.ndarray, moment: float, people: Sequence[LivePerson]) -> None:
        if self._picture is None:
            return
        assert self._live is not None
        drawn = self._picture.draw(image, moment, people, self._live.lifter.name)
        if self._writer is None:
            name = time.strftime("live-%Y%m%d-%H%M%S.mp4")
            size = (drawn.shape[1], drawn.shape[0])
            self._writer = VideoWriter(self._folder / name, size, _RATE)
            self._began = moment
        self._writer.write(fit_image(drawn, self._writer.size), moment)
        if moment - self._began > self._limits.recording:
            self.finish()

    def finish(self) -> Path | None:
        """Make a recording whole; its path, None where nothing was recorded."""
        writer, self._writer, self._picture = self._writer, None, None
        return writer.close() if writer is not None else None


def _plain(person: LivePerson) -> dict[str, Any]:
    pose = person.pose3d
    return {
        "id": person.number,
        "xy": np.round(person.xy, 1).ravel().tolist(),
        "score": np.round(person.score, 2).tolist(),
        "pose": None if pose is None else np.round(pose, 3).ravel().tolist(),
    }
