"""An S3 server of its own for a test, and a network in front of it that breaks."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def moto_server() -> str | None:
    """The program, which lives in an environment of its own: its pins exclude ours."""
    named = os.environ.get("POSELIFT_MOTO_SERVER")
    own = ROOT / ".venv" / "moto" / "bin" / "moto_server"
    return named or (str(own) if own.exists() else shutil.which("moto_server"))


@contextmanager
def s3_server(log: Path) -> Iterator[int]:
    """The port of a server that runs in this block, with a bucket `clips`."""
    program = moto_server()
    assert program is not None
    port = free_port()
    with log.open("wb") as file:
        server = subprocess.Popen([program, "-p", str(port)], stdout=file, stderr=file)
    try:
        _make_bucket(port, "clips")
        yield port
    finally:
        server.kill()
        server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _make_bucket(port: int, name: str) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{name}", method="PUT")
    for _ in range(300):
        try:
            urllib.request.urlopen(request)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


class BreakingNetwork:
    """Passes bytes to a server, and cuts a connection that has brought back more than `most`.

    Attributes:
        port: where it listens.
        most: bytes that a connection brings back; None for any number.
        cut: how many connections were cut.
    """

    def __init__(self, server: int) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.most: int | None = None
        self.cut = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            far = socket.create_connection(("127.0.0.1", self._server))
            threading.Thread(target=self._pass, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, self), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, bound: object) -> None:
        passed = 0
        try:
            while data := source.recv(1 << 16):
                passed += len(data)
                if bound is not None and self.most is not None and passed > self.most:
                    self.cut += 1
                    break
                target.sendall(data)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
