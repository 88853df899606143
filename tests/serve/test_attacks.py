"""What must not get in: each attack is tried."""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest

from poselift.demo.serve.guard import Guard, is_loopback
from poselift.demo.serve.pictures import decode_jpeg, jpeg_size
from poselift.errors import PoseliftError
from tests.serve.conftest import SMALL, TOKEN, Running


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What `coroutine` returns; in a thread, since Playwright keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def ask(running: Running, path: str, **options: Any) -> tuple[int, str, Any]:
    """Status, text and headers of a request with the given headers."""

    async def go() -> tuple[int, str, Any]:
        method = options.pop("method", "GET")
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method, running.origin + path, allow_redirects=False, **options
            ) as answer,
        ):
            return answer.status, await answer.text(), answer.headers

    return finished(go())


def over_socket(running: Running, talk: Callable[[Any], Awaitable[Any]], **headers: str) -> Any:
    """What `talk` returns of a WebSocket that is opened as the page does."""

    async def go() -> Any:
        given = {"Origin": running.origin, "Cookie": cookie(running), **headers}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{running.origin}/live", headers=given) as socket,
        ):
            return await talk(socket)

    return finished(go())


def cookie(running: Running) -> str:
    return f"poselift-{running.port}={TOKEN}"


def test_the_token_lets_in_and_leaves_the_address(running: Running) -> None:
    status, _, headers = ask(running, f"/?only=3d&token={TOKEN}")
    assert status == 303
    assert headers["Location"] == "/?only=3d"
    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=Strict" in headers["Set-Cookie"]
    status, text, headers = ask(running, "/", headers={"Cookie": cookie(running)})
    assert status == 200
    assert "Poselift live" in text
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/live", "/clips.json", "/look.json", "/results/a/b",
                                  "/room.js", "/recordings/live-1.mp4"])  # fmt: skip
@pytest.mark.parametrize("given", ["", "?token=", "?token=wrong", "?token=%ff"])
def test_without_the_token_nothing_is_answered(running: Running, path: str, given: str) -> None:
    status, text, _ = ask(running, path + given)
    assert status == 403
    assert TOKEN not in text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "",
                                  "192.168.1.7", "127.0.0.1:99999999"])  # fmt: skip
def test_another_host_is_refused(running: Running, host: str) -> None:
    status, text, _ = ask(running, f"/?token={TOKEN}", headers={"Host": host})
    assert status == 403
    assert "that name" in text


def test_addresses_are_answered_where_the_network_is_listened_to() -> None:
    guard = Guard("", "0.0.0.0")
    assert guard.knows_host("192.168.1.7:8060")
    assert not guard.knows_host("evil.example:8060")
    assert not is_loopback("0.0.0.0")
    assert is_loopback("::1")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", ""])
def test_another_origin_gets_no_socket(running: Running, origin: str) -> None:
    async def nothing(socket: Any) -> None:
        return None

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        over_socket(running, nothing, Origin=origin)
    assert refused.value.status == 403


def test_another_origin_cannot_upload(running: Running) -> None:
    for headers in ({"Origin": "http://evil.example"}, {}):
        headers = {**headers, "Cookie": cookie(running), "X-Name": "a.mp4"}
        assert ask(running, "/clips", method="POST", data=b"x", headers=headers)[0] == 403
        headers["Origin"] = "http://evil.example"
        assert ask(running, "/clips/0", method="DELETE", headers=headers)[0] == 403
    assert not list((running.folder / "clips").glob("*"))


def test_a_message_over_the_bound_closes_the_socket(running: Running) -> None:
    async def shout(socket: Any) -> Any:
        await socket.send_bytes(b"\0" * (SMALL.message + 1))
        await socket.receive()
        return socket.close_code

    assert over_socket(running, shout) == 1009


def jpeg(width: int, height: int) -> bytes:
    image = np.zeros((height, width, 3), np.uint8)
    return np.asarray(cv2.imencode(".jpg", image)[1]).tobytes()


def test_a_large_picture_is_refused_before_it_is_decoded(running: Running) -> None:
    claims = bytearray(jpeg(16, 16))
    at = claims.index(b"\xff\xc0")
    claims[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    assert jpeg_size(bytes(claims)) == (65535, 65535)
    with pytest.raises(PoseliftError, match="too large"):
        decode_jpeg(bytes(claims), 400_000)

    async def send(socket: Any) -> Any:
        await socket.send_bytes(struct.pack("<d", 0.0) + bytes(claims))
        return await socket.receive_json()

    assert "too large" in over_socket(running, send)["problem"]


@pytest.mark.parametrize(
    "data",
    [b"", b"short", b"\0" * 50, b"\0" * 8 + b"\xff\xd8", b"\0" * 8 + b"\xff\xd8\xff\xd8" * 9],
)
def test_what_is_no_picture_is_told_and_survived(running: Running, data: bytes) -> None:
    async def send(socket: Any) -> Any:
        await socket.send_bytes(data)
        first = await socket.receive_json()
        await socket.send_str("[]")
        return first, await socket.receive_json()

    for answer in over_socket(running, send):
        assert answer["problem"]
        assert "Traceback" not in answer["problem"] + answer["hint"]


def test_settings_with_files_are_refused(running: Running) -> None:
    async def send(socket: Any) -> list[Any]:
        out = []
        for choose in ({"pose": "precomputed:/etc/passwd"}, {"lifter": "../x"},
                       {"lookahead": "many"}, {"people": "1"}, {"pose": ["a"]}):  # fmt: skip
            await socket.send_json({"choose": choose})
            out.append(await socket.receive_json())
        return out

    for answer in over_socket(running, send):
        assert "problem" in answer


def test_browsers_are_bounded(running: Running) -> None:
    async def crowd(first: Any) -> Any:
        headers = {"Origin": running.origin, "Cookie": cookie(running)}
        async with aiohttp.ClientSession() as session:
            second = await session.ws_connect(f"{running.origin}/live", headers=headers)
            third = await session.ws_connect(f"{running.origin}/live", headers=headers)
            await third.receive()
            code = third.close_code
            await second.close()
            return code

    assert over_socket(running, crowd) == 1013


def test_who_says_nothing_is_let_go(running: Running) -> None:
    async def wait(socket: Any) -> Any:
        await socket.receive(timeout=10)
        return socket.close_code

    assert over_socket(running, wait) == 1001


def upload(running: Running, name: str, data: Any) -> tuple[int, str, Any]:
    headers = {"Origin": running.origin, "Cookie": cookie(running), "X-Name": name}
    return ask(running, "/clips", method="POST", data=data, headers=headers)


@pytest.mark.parametrize("name", ["..%2F..%2Fevil.mp4", "%2Fetc%2Fcron.d%2Fx.mp4",
                                  "..%5Cx.mp4", "a%00b.mp4", "<script>.mp4"])  # fmt: skip
def test_names_of_uploads_never_become_paths(running: Running, name: str) -> None:
    before = set(running.folder.parent.iterdir())
    status, *_ = upload(running, name, b"no video")
    assert status == 200
    assert set(running.folder.parent.iterdir()) == before
    for path in (running.folder / "clips").rglob("*"):
        # Among them is what is being written just now.
        assert re.fullmatch(
            r"[0-9a-f]{16}|clip\.mp4|about\.json|\.about\.[0-9a-f]{16}\.part\.json", path.name
        )


def test_uploads_are_bounded_in_size_number_and_kind(running: Running) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b"\0" * 10_000

    assert upload(running, "a.exe", b"x")[0] == 400
    assert upload(running, "a.mp4", b"")[0] == 400
    assert upload(running, "a.mp4", b"\0" * (SMALL.upload + 1))[0] == 413
    assert upload(running, "a.mp4", endless())[0] == 413
    assert not list((running.folder / "clips").rglob("*.mp4"))
    for _ in range(SMALL.clips):
        assert upload(running, "a.mp4", b"x")[0] == 200
    assert upload(running, "a.mp4", b"x")[0] == 429


def test_a_disk_that_fills_is_told(start: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    running = start(tmp_path, replace(SMALL, disk=1 << 60))
    status, text, _ = upload(running, "a.mp4", b"x")
    assert status == 507
    assert "disk" in text
    assert not list((tmp_path / "clips").rglob("*.mp4"))


@pytest.mark.parametrize(
    "path",
    ["/results/..%2F..%2F/x", "/results/a/..%2F..%2Fpasswd", "/recordings/..%2Fsecret", "/..%2Fx"],
)
def test_no_path_leads_out(running: Running, path: str) -> None:
    (running.folder / "secret").write_text("secret")
    status, text, _ = ask(running, path, headers={"Cookie": cookie(running)})
    assert status == 404
    assert "secret" not in text


def test_no_traceback_reaches_the_browser(running: Running, monkeypatch: Any) -> None:
    def broken() -> Any:
        raise RuntimeError("inner workings")

    monkeypatch.setattr(running.server.clips, "all", broken)
    status, text, _ = ask(running, "/clips.json", headers={"Cookie": cookie(running)})
    assert status == 500
    assert "inner" not in text
    assert "Traceback" not in text

    async def say(socket: Any) -> Any:
        await socket.send_json({"choose": {}})
        return await socket.receive_json()

    monkeypatch.setattr("poselift.demo.serve.live.make_live", lambda *_, **__: broken())
    answer = over_socket(running, say)
    assert answer["problem"] == "This did not work."
    assert "inner" not in str(answer)
