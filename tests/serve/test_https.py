"""The command itself, with a certificate made for the occasion, as a phone would meet it."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import poselift
from poselift.demo.cli import main
from poselift.demo.commands.serve import _shown
from poselift.media import open_source
from tests.page.conftest import Tab


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate and its key, made as docs/serve.md says."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    folder = tmp_path_factory.mktemp("https")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key),
         "-out", str(cert), "-days", "30", "-subj", "/CN=poselift"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts `poselift serve` with options; the address that it prints."""
    begun: list[subprocess.Popen[str]] = []

    def begin(*options: str) -> str:
        words = ["serve", "--port", "0", "--out", str(tmp_path), *options]
        one = subprocess.Popen(
            [sys.executable, "-m", "poselift", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        begun.append(one)
        assert one.stdout is not None
        said = ""
        for line in one.stdout:
            said += line
            if found := re.search(r"https?://\S+", line):
                return found.group()
        raise AssertionError(said)

    def end() -> None:
        while begun:
            one = begun.pop()
            one.send_signal(signal.SIGINT)
            assert one.wait(30) == 0
            assert one.stdout is not None
            assert "Traceback" not in one.stdout.read()
            one.stdout.close()

    begin.end = end  # type: ignore[attr-defined]
    yield begin
    end()


def network_address() -> str:
    """This machine's own address in its network."""
    address = _shown("0.0.0.0")
    if address.startswith("127."):
        pytest.skip("this machine has no network")
    return address


def test_a_phone_in_the_network_records_over_https_until_ctrl_c(
    command: Any, certificate: tuple[Path, Path], browser: Any, tmp_path: Path
) -> None:
    address = network_address()
    cert, key = certificate
    opened = command("--host", "0.0.0.0", "--certificate", str(cert), "--key", str(key))
    assert opened.startswith(f"https://{address}:")
    tab = Tab(
        browser, viewport={"width": 390, "height": 800}, has_touch=True, ignore_https_errors=True
    )
    page = tab.open(opened, "window.live")
    assert page.evaluate("isSecureContext")
    [cookie] = tab.context.cookies()
    assert cookie["secure"]
    page.get_by_role("button", name="Start the camera").tap()
    tab.until("live.answers > 0")
    assert page.evaluate("live.socket.url").startswith("wss://")
    page.get_by_role("button", name="Record").tap()
    before = page.evaluate("live.answers")
    tab.until(f"live.recording && live.answers > {before} + 2")
    assert tab.wrong == []
    command.end()
    [film, numbers] = sorted(tmp_path.glob("live-*"))
    with open_source(film) as clip:
        count = len(list(clip.frames()))
    assert count == len(poselift.load(numbers).time) > 0
    assert not list(tmp_path.glob(".*"))
    tab.context.close()


@pytest.mark.slow
def test_without_a_certificate_a_phone_is_told_why_it_has_no_camera(
    command: Any, browser: Any
) -> None:
    address = network_address()
    opened = command("--host", "0.0.0.0")
    assert opened.startswith(f"http://{address}:")
    tab = Tab(browser)
    page = tab.open(opened, "window.live")
    page.get_by_role("button", name="Start the camera").click()
    assert "--certificate" in page.locator("#problem").inner_text()
    tab.context.close()


def test_a_certificate_that_is_none_is_told(tmp_path: Path, capsys: Any) -> None:
    bad = tmp_path / "cert.pem"
    for content in (None, "no certificate"):
        if content:
            bad.write_text(content)
        assert main(["serve", "--certificate", str(bad), "--out", str(tmp_path)]) == 2
        assert "cert.pem cannot be used" in capsys.readouterr().err


def test_the_address_to_open() -> None:
    assert _shown("127.0.0.1") == "127.0.0.1"
    assert _shown("::1") == "[::1]"
    assert _shown("laptop.local") == "laptop.local"
    assert socket.inet_aton(_shown("0.0.0.0"))
