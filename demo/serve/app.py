"""The server: its addresses and what answers them."""

from __future__ import annotations

import asyncio
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from aiohttp import WSCloseCode, web

from poselift.demo.serve.choices import choices
from poselift.demo.serve.clips import Clips
from poselift.demo.serve.guard import Guard, guarding
from poselift.demo.serve.limits import Limits
from poselift.demo.serve.live import LiveClient
from poselift.errors import PoseliftError
from poselift.export import html
from poselift.export.page_data import look
from poselift.send import Sender
from poselift.settings import Settings

PAGE = Path(__file__).with_name("page")
#: Files of the result's page that the live page draws with.
SHARED = ("geometry.js", "shapes.js", "overlay.js", "room.js", "page.css")
OWN = {
    "/": "live.html", "/results": "results.html", "/live.js": "live.js", "/clips.js": "clips.js",
    "/results.js": "results.js", "/live.css": "live.css",
}  # fmt: skip
_CHUNK = 1 << 20


@dataclass
class Server:
    """What the handlers share.

    Attributes:
        settings: of live and of clips.
        guard: lets requests in.
        folder: where recordings and clips go.
        limits: what is taken, at most.
        sender: hears of live people too.
    """

    settings: Settings
    guard: Guard
    folder: Path
    limits: Limits = field(default_factory=Limits)
    sender: Sender | None = None

    def __post_init__(self) -> None:
        self.executor = ThreadPoolExecutor(1, thread_name_prefix="live")
        self._turn = threading.Lock()
        self.clips = Clips(self.folder / "clips", self.settings, self._let_live_go_first)
        self.sockets: set[web.WebSocketResponse] = set()
        self.uploading = 0

    def app(self) -> web.Application:
        """The application, to be run or tested."""
        app = web.Application(
            middlewares=[guarding(self.guard)], client_max_size=self.limits.message
        )
        for address, name in OWN.items():
            app.router.add_get(address, _file(PAGE / name))
        for name in SHARED:
            app.router.add_get(f"/{name}", _file(html.FOLDER / name))
        app.router.add_get("/look.json", self._look)
        app.router.add_get("/choices.json", self._choices)
        app.router.add_get("/favicon.ico", self._no_icon)
        app.router.add_get("/live", self._live)
        app.router.add_get("/clips.json", self._all_clips)
        app.router.add_post("/clips", self._upload)
        app.router.add_delete("/clips/{key}", self._remove)
        app.router.add_get("/recordings.json", self._all_recordings)
        app.router.add_get("/results/{key}/{name}", self._result)
        app.router.add_get("/recordings/{name}", self._recording)
        app.on_shutdown.append(self._shut_down)
        return app

    async def _look(self, request: web.Request) -> web.Response:
        return web.json_response(look())

    async def _choices(self, request: web.Request) -> web.Response:
        return web.json_response(choices(self.settings))

    async def _no_icon(self, request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        # JPEG does not get smaller: compressing it again only costs time, in the browser most.
        socket = web.WebSocketResponse(
            max_msg_size=self.limits.message, heartbeat=20, compress=False
        )
        await socket.prepare(request)
        if len(self.sockets) >= self.limits.clients:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many browsers")
            return socket
        self.sockets.add(socket)
        client = LiveClient(
            self.settings, self.executor, self.limits, self.folder, self.sender, self._turn
        )
        try:
            await client.talk(socket)
        finally:
            self.sockets.discard(socket)
        return socket

    async def _all_clips(self, request: web.Request) -> web.Response:
        return web.json_response(self.clips.all())

    async def _upload(self, request: web.Request) -> web.Response:
        """Take a clip as the request's body; its name is in the header `X-Name`."""
        shown = unquote(request.headers.get("X-Name", ""))[:400]
        if len(self.clips) + self.uploading >= self.limits.clips:
            raise web.HTTPTooManyRequests(text="There are too many clips; remove some.")
        if (request.content_length or 0) > self.limits.upload:
            raise web.HTTPRequestEntityTooLarge(self.limits.upload, text="The clip is too large.")
        try:
            key, path = self.clips.new_file(shown)
        except PoseliftError as error:
            raise web.HTTPBadRequest(text=f"{error.message} {error.hint}") from error
        self.uploading += 1
        whole = False
        try:
            await self._receive(request, path)
            whole = True
        finally:
            self.uploading -= 1
            if not whole:
                self.clips.drop(path)
        self.clips.add(key, shown, path)
        return web.json_response({"key": key})

    async def _receive(self, request: web.Request, path: Path) -> None:
        loop, taken = asyncio.get_running_loop(), 0
        with path.open("wb") as file:
            async for chunk in request.content.iter_chunked(_CHUNK):
                taken += len(chunk)
                if taken > self.limits.upload:
                    text = "The clip is too large."
                    raise web.HTTPRequestEntityTooLarge(self.limits.upload, text=text)
                if shutil.disk_usage(path.parent).free < self.limits.disk:
                    raise web.HTTPInsufficientStorage(text="The server's disk is nearly full.")
                await loop.run_in_executor(None, file.write, chunk)
        if not taken:
            raise web.HTTPBadRequest(text="The clip is empty.")

    async def _remove(self, request: web.Request) -> web.Response:
        if not self.clips.remove(request.match_info["key"]):
            raise web.HTTPNotFound(text="There is no such clip.")
        return web.Response(status=204)

    async def _result(self, request: web.Request) -> web.StreamResponse:
        path = self.clips.result(request.match_info["key"], request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound(text="There is no such result.")
        return web.FileResponse(path)

    def _recordings(self) -> dict[str, Path]:
        kinds = (".mp4", ".npz")
        found = [p for p in self.folder.glob("live-*") if p.suffix in kinds and p.is_file()]
        return {path.name: path for path in sorted(found, reverse=True)}

    async def _all_recordings(self, request: web.Request) -> web.Response:
        sizes = [{"name": n, "bytes": p.stat().st_size} for n, p in self._recordings().items()]
        return web.json_response(sizes)

    async def _recording(self, request: web.Request) -> web.StreamResponse:
        path = self._recordings().get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound(text="There is no such recording.")
        return web.FileResponse(path, headers={"Content-Disposition": "attachment"})

    def _let_live_go_first(self) -> None:
        with self._turn:
            pass

    async def _shut_down(self, app: web.Application) -> None:
        """Close every connection, which makes its recording whole, and end the work on clips."""
        for socket in set(self.sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the server stops")
        while self.sockets:
            await asyncio.sleep(0.02)
        await asyncio.get_running_loop().run_in_executor(None, self.clips.stop)
        self.executor.shutdown(wait=True)
        if self.sender is not None:
            self.sender.close()


def _file(path: Path):  # type: ignore[no-untyped-def]
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path)

    return answer
