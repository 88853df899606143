"""The system's Firefox, driven over WebDriver BiDi: Playwright drives only its own build."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Coroutine
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import aiohttp

_PREFERENCES = {
    "security.fileuri.strict_origin_policy": True,  # as its users have it
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "media.navigator.streams.fake": True,  # a camera that shows a pattern
    "media.navigator.permission.disabled": True,
}
_WAIT = 60.0  # seconds


def firefox_path() -> str | None:
    """Where Firefox is installed; None where it is not."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One window of a headless Firefox.

    Args:
        path: the browser.
        profile: an empty folder for its settings.
    """

    def __init__(self, path: str, profile: Path) -> None:
        rows = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in _PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(rows))
        self._process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--profile", str(profile),
             "--remote-debugging-port", "0", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._number = 0
        try:
            self._session, self._socket = self._run(self._connect(self._address()))
            self._ask("session.new", capabilities={})
            self._ask("session.subscribe", events=["log.entryAdded"])
            self._tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]
        except BaseException:
            self.close()
            raise
        self.wrong: list[str] = []

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self._ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, awaited where it is a promise; through JSON."""
        done = self._ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert done["type"] == "success", done["exceptionDetails"]["text"]
        value = done["result"].get("value")
        return None if value is None else json.loads(value)

    def until(self, condition: str, seconds: float = _WAIT) -> None:
        """Wait for what JavaScript says."""
        end = monotonic() + seconds
        while not self.evaluate(f"Boolean({condition})"):
            assert monotonic() < end, f"never came true: {condition}"
            sleep(0.05)

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(20)
        if self._process.stderr is not None:
            self._process.stderr.close()
        if hasattr(self, "_session"):
            self._run(self._session.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _address(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"ws://\S+", line):
                # What Firefox says later must go somewhere, or it would wait with a full pipe.
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return f"{found.group()}/session"
        raise AssertionError("Firefox ended before it could be driven")

    async def _connect(self, address: str) -> tuple[Any, Any]:
        session = aiohttp.ClientSession()
        return session, await session.ws_connect(address, max_msg_size=0)

    def _ask(self, method: str, **parameters: Any) -> Any:
        return self._run(self._answer(method, parameters))

    async def _answer(self, method: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=3 * _WAIT)
            if message.get("method") == "log.entryAdded":
                if message["params"]["level"] == "error":
                    self.wrong.append(str(message["params"]["text"]))
            elif message.get("id") == self._number:
                assert message["type"] == "success", message
                return message["result"]

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(4 * _WAIT)
