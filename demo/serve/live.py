"""One browser's camera: pictures in, people out, over one WebSocket."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from poselift.demo.live import make_live
from poselift.demo.serve.limits import Limits
from poselift.demo.serve.pictures import decode_jpeg
from poselift.demo.serve.recording import Recording
from poselift.errors import PoseliftError
from poselift.live import Live, LivePerson
from poselift.send import Sender, SentPerson
from poselift.settings import Settings

#: What a browser may choose; everything else is the server's own.
CHOICES = ("people", "lookahead", "lifter", "pose", "smooth")


class LiveClient:
    """The people of one connection. All but `talk` runs in the one thread of `executor`.

    A message is eight bytes, the picture's time in seconds as a little-endian float, and a JPEG; or
    text: a JSON object with `choose`, `record`. Each picture is answered before the next is read,
    so that a browser that waits for the answer always sends its newest. `turn` is held while
    there is work, so that what is less urgent can wait.
    """

    def __init__(
        self,
        settings: Settings,
        executor: Executor,
        limits: Limits,
        folder: Path,
        sender: Sender | None = None,
        turn: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._settings, self._executor, self._limits = settings, executor, limits
        self._folder, self._sender = folder, sender
        self._turn = turn or nullcontext()
        self._live: Live | None = None
        self._recording: Recording | None = None

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
                answer = await loop.run_in_executor(self._executor, self._safely, message.data)
                await socket.send_str(answer)
                if message.type is WSMsgType.BINARY:
                    # While the browser draws the answer and takes its next picture.
                    await loop.run_in_executor(self._executor, self._catch_up)
        except ConnectionError:
            return  # the browser is gone, and nobody waits for the answer
        finally:
            await loop.run_in_executor(self._executor, self._finish_safely)

    def _safely(self, data: bytes | str) -> str:
        """The answer as JSON; what went wrong in words, and no traceback."""
        try:
            with self._turn:
                answer = self._told(data) if isinstance(data, str) else self._seen(data)
        except PoseliftError as error:
            answer = self._problem(error.message, error.hint, data)
        except Exception:
            logging.getLogger(__name__).exception("a message of a browser failed")
            answer = self._problem("This did not work.", "The server's log says why.", data)
        return json.dumps(answer)

    def _problem(self, message: str, hint: str, data: bytes | str) -> dict[str, Any]:
        # Where its folder lies is not the browser's business.
        hidden = (str(self._folder.resolve()), str(self._folder))
        for folder in hidden:
            message, hint = (text.replace(f"{folder}/", "") for text in (message, hint))
        return {
            "problem": message,
            "hint": hint,
            "picture": not isinstance(data, str),
            "chosen": self._chosen(),
            "recording": self._recording is not None,
        }

    def _catch_up(self) -> None:
        if self._live is None:
            return
        try:
            with self._turn:
                self._live.catch_up()
        except Exception:
            # The next picture meets the same, and its answer says so.
            logging.getLogger(__name__).exception("finding people failed")

    def _seen(self, data: bytes) -> dict[str, Any]:
        begun = time.perf_counter()
        if len(data) < 9:
            raise PoseliftError("A message is too short.", "Send a time and a JPEG picture.")
        [moment] = struct.unpack_from("<d", data)
        image = decode_jpeg(memoryview(data)[8:], self._limits.pixels)
        if self._live is None:
            self._live = make_live(self._settings, deferred=True)
        people = self._live(image, moment)
        told = self._record(image, moment, people)
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
            "recording": self._recording is not None,
            "milliseconds": round((time.perf_counter() - begun) * 1000, 1),
            "people": [_plain(person) for person in people],
            **told,
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
            # Only what changes is made anew: people keep their numbers when the page connects.
            if self._live is None or settings != self._settings:
                live = make_live(settings, deferred=True)  # refused choices leave what was there
                live.warm_up()
                self._live, self._settings = live, settings
        if "record" in wanted:
            return self._switch_recording(bool(wanted["record"]))
        return {"chosen": self._chosen()}

    def _chosen(self) -> dict[str, Any]:
        return {name: getattr(self._settings, name) for name in CHOICES}

    def _switch_recording(self, on: bool) -> dict[str, Any]:
        if not on:
            return {"recording": False, "recorded": self._names(self.finish())}
        if self._recording is None:
            limits = self._limits
            self._recording = Recording(self._folder, self._settings, limits.recording, limits.disk)
        return {"recording": True}

    def _record(
        self, image: np.ndarray, moment: float, people: Sequence[LivePerson]
    ) -> dict[str, Any]:
        """Write the picture where one is recorded; what there is to say of it."""
        if self._recording is None:
            return {}
        assert self._live is not None
        try:
            ended = self._recording.add(image, moment, people, self._live.lifter.name)
        except Exception:
            recording, self._recording = self._recording, None
            recording.abort()
            raise
        if not ended:
            return {}
        names = self._names(self.finish())
        return {"recorded": names, "told": f"{ended} The recording ended and is whole."}

    @staticmethod
    def _names(paths: Sequence[Path]) -> list[str]:
        return [path.name for path in paths]

    def finish(self) -> list[Path]:
        """Make a recording whole; its files, none where nothing was recorded."""
        recording, self._recording = self._recording, None
        return recording.finish() if recording is not None else []

    def _finish_safely(self) -> None:
        try:
            self.finish()
        except Exception:  # nobody is there any more to be told
            logging.getLogger(__name__).exception("a recording could not be made whole")


def _plain(person: LivePerson) -> dict[str, Any]:
    pose = person.pose3d
    return {
        "id": person.number,
        "xy": np.round(person.xy, 1).ravel().tolist(),
        "score": np.round(person.score, 2).tolist(),
        "pose": None if pose is None else np.round(pose, 3).ravel().tolist(),
    }
