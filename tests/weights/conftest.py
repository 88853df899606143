"""A local HTTP server that misbehaves in the ways that real ones do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from poselift.weights.entry import WeightsEntry

CONTENT = bytes(range(256)) * 4096  # 1 MB


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; the path says how."""

    requests: ClassVar[list[tuple[str, str | None]]] = []
    has_been_cut: ClassVar[set[str]] = set()
    archive: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        type(self).requests.append((self.path, wanted))
        getattr(self, "serve_" + self.path.strip("/").removesuffix(".zip"))(wanted)

    def _answer(self, body: bytes, wanted: str | None, length: int | None = None) -> None:
        start = int(wanted[6:-1]) if wanted else 0
        if wanted and start >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if length != -1:
            self.send_header("Content-Length", str(length or len(body) - start))
        self.end_headers()
        self.wfile.write(body[start:])

    def serve_good(self, wanted: str | None) -> None:
        self._answer(CONTENT, wanted)

    def serve_cut(self, wanted: str | None) -> None:
        """Break off in the middle, once."""
        if wanted:
            self._answer(CONTENT, wanted)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 3])

    def serve_drip(self, wanted: str | None) -> None:
        """Break off after every 200 kB: more often than there are tries."""
        start = int(wanted[6:-1]) if wanted else 0
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : start + 200_000])

    def serve_norange(self, wanted: str | None) -> None:
        """Cut the first time; always all of it, whatever was asked for."""
        first = self.path not in self.has_been_cut
        self.has_been_cut.add(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000] if first else CONTENT)

    def serve_long(self, wanted: str | None) -> None:
        """Claim more bytes than there are, every time."""
        self._answer(CONTENT, None, len(CONTENT) + 500)

    def serve_short(self, wanted: str | None) -> None:
        """Claim fewer bytes than there are."""
        self._answer(CONTENT, None, len(CONTENT) - 500)

    def serve_nolength(self, wanted: str | None) -> None:
        self._answer(CONTENT, None, -1)

    def serve_other(self, wanted: str | None) -> None:
        self._answer(b"<html>please log in</html>", None)

    def serve_wrongrange(self, wanted: str | None) -> None:
        """Answer a range with another range."""
        self.send_response(206)
        self.send_header("Content-Range", f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def serve_gone(self, wanted: str | None) -> None:
        self.send_error(404)

    def serve_busy(self, wanted: str | None) -> None:
        self.send_error(503)

    def serve_odd_length(self, wanted: str | None) -> None:
        """Lengths that int() or a careless test would take."""
        self.send_response(200)
        self.send_header("Content-Length", "\u00b2")
        self.end_headers()
        self.wfile.write(CONTENT)

    def serve_negative(self, wanted: str | None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "-7")
        self.end_headers()
        self.wfile.write(CONTENT)

    def serve_huge(self, wanted: str | None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10**13))
        self.end_headers()
        self.wfile.write(CONTENT)

    def serve_endless(self, wanted: str | None) -> None:
        """No length, and no end until the client has had enough."""
        self.send_response(200)
        self.end_headers()
        while not self.server.release.is_set():  # type: ignore[attr-defined]
            try:
                self.wfile.write(CONTENT)
            except OSError:
                return

    def serve_trickle(self, wanted: str | None) -> None:
        """A byte now and then, for ever."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self._drip(CONTENT)

    def serve_slow_headers(self, wanted: str | None) -> None:
        """A status line and headers that never end, letter by letter."""
        self._drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 60_000)

    def _drip(self, content: bytes) -> None:
        for at in range(len(content)):
            try:
                self.wfile.write(content[at : at + 1])
                self.wfile.flush()
            except OSError:
                return
            if self.server.release.wait(0.02):  # type: ignore[attr-defined]
                return

    def serve_keeps_open(self, wanted: str | None) -> None:
        """All of it, and then the connection stays."""
        self._answer(CONTENT, wanted)
        self.server.release.wait(20)  # type: ignore[attr-defined]

    def _redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def serve_moved(self, wanted: str | None) -> None:
        self._redirect("/good")

    def serve_loop(self, wanted: str | None) -> None:
        self._redirect("/loop")

    def serve_to_file(self, wanted: str | None) -> None:
        self._redirect("file:///etc/passwd")

    def serve_to_ftp(self, wanted: str | None) -> None:
        self._redirect("ftp://127.0.0.1/x")

    def serve_archive(self, wanted: str | None) -> None:
        """What a test has put into `archive`."""
        self._answer(self.archive, wanted)

    def serve_silent(self, wanted: str | None) -> None:
        """Say nothing for longer than anybody waits."""
        self.server.release.wait(20)  # type: ignore[attr-defined]

    def log_message(self, *arguments: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of the server; `Handler.requests` lists what was asked of it."""
    Handler.requests = []
    Handler.has_been_cut = set()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.release = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.release.set()  # type: ignore[attr-defined]
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of the user's for weights."""
    monkeypatch.setenv("POSELIFT_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nothing"))
    return tmp_path


def make_entry(source: str, digits: int = 64) -> WeightsEntry:
    """An entry for CONTENT at an address."""
    digest = hashlib.sha256(CONTENT).hexdigest()[:digits]
    return WeightsEntry("test", "lifter", "sct", "test.bin", "MIT", source, digest)
