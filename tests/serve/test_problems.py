"""What goes wrong is told on the page, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.page.conftest import Tab
from tests.serve.conftest import SMALL, Running

PATIENT = replace(SMALL, idle=60.0)


@pytest.fixture
def one(browser: Any) -> Any:
    tab = Tab(browser, viewport={"width": 700, "height": 700})
    yield tab
    tab.context.close()


def camera_on(tab: Tab, running: Running) -> Any:
    page = tab.open(running.address, "window.live")
    page.get_by_role("button", name="Start the camera").click()
    return page


def told(tab: Tab, text: str, seconds: float = 30) -> None:
    tab.until(f"document.getElementById('problem').textContent.includes({text!r})", seconds)
    assert tab.page.locator("#problem").is_visible()


def test_a_server_without_weights(
    start: Any, tmp_path: Path, one: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poselift.weights.places.FILES", tmp_path / "nothing")
    monkeypatch.setattr("poselift.weights.places.user_folder", lambda: tmp_path / "nothing")
    running: Running = start(tmp_path / "out", PATIENT)
    page = one.open(running.address, "window.live")
    told(one, "no weights")
    assert page.locator("#lifter option").count() == 1
    page.get_by_role("button", name="Start the camera").click()
    told(one, "weights list")
    assert str(tmp_path) not in page.locator("#problem").inner_text()
    monkeypatch.undo()  # the weights were fetched: the page goes on by itself
    one.until("live.answers > 0")
    one.until("document.getElementById('problem').hidden")


@pytest.mark.slow
def test_a_choice_that_cannot_be_leaves_what_was_there(
    start: Any, tmp_path: Path, one: Tab
) -> None:
    running: Running = start(tmp_path, PATIENT)
    page = camera_on(one, running)
    one.until("live.answers > 0")
    page.evaluate("document.getElementById('lifter').add(new Option('gone', 'gone'))")
    page.locator("#lifter").select_option("gone")
    page.locator("#start").focus()
    told(one, "gone")
    one.until("document.getElementById('lifter').value === 'auto'")
    before = page.evaluate("live.answers")
    one.until(f"live.answers > {before} + 2")
    page.locator("#lifter").select_option("poselift-27")
    one.until("document.getElementById('problem').hidden")


def test_a_connection_that_breaks_is_told_and_taken_up_again(
    start: Any, tmp_path: Path, one: Tab
) -> None:
    first: Running = start(tmp_path, PATIENT)
    page = camera_on(one, first)
    one.until("live.answers > 0")
    page.get_by_role("button", name="Record").click()
    one.until("live.recording && live.answers > 3")
    first.stop()
    told(one, "connection to the server was lost")
    assert "kept" in page.locator("#problem").inner_text()
    assert page.locator("#record").inner_text() == "Record"
    assert len(list(tmp_path.glob("live-*"))) == 2
    before = page.evaluate("live.answers")
    start(tmp_path, PATIENT, first.port)
    one.until(f"live.answers > {before}")
    assert page.locator("#problem").is_hidden()


def test_an_upload_that_breaks_is_told(start: Any, tmp_path: Path, one: Tab) -> None:
    running: Running = start(tmp_path, PATIENT)
    page = one.open(running.address, "window.live")
    page.route("**/clips", lambda route: route.abort("connectionreset"))
    clip = tmp_path / "walk.mp4"
    clip.write_bytes(b"film")
    page.locator("#file").set_input_files(clip)
    one.until("document.querySelector('#clips .warning')")
    assert "the connection broke" in page.locator("#clips").inner_text()


@pytest.mark.parametrize(
    ("error", "words"),
    [("NotAllowedError", "camera was refused"), ("NotFoundError", "no camera"),
     ("NotReadableError", "in use")],
)  # fmt: skip
def test_a_camera_that_cannot_be_had(running: Running, one: Tab, error: str, words: str) -> None:
    page = one.open(running.address, "window.live")
    page.evaluate(
        "(name) => void (navigator.mediaDevices.getUserMedia = async () => "
        "{ throw new DOMException('no', name); })",
        error,
    )
    page.get_by_role("button", name="Start the camera").click()
    told(one, words)
    page.evaluate("delete navigator.mediaDevices.getUserMedia")
    page.get_by_role("button", name="Start the camera").click()
    one.until("document.getElementById('problem').hidden")


def test_a_camera_that_is_unplugged(start: Any, tmp_path: Path, one: Tab) -> None:
    page = camera_on(one, start(tmp_path, PATIENT))
    one.until("live.answers > 0")
    page.evaluate("live.stream.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    told(one, "unplugged")
    assert page.locator("#start").inner_text() == "Start the camera"


def test_more_browsers_than_there_may_be(start: Any, tmp_path: Path, one: Tab) -> None:
    running: Running = start(tmp_path, replace(PATIENT, clients=0))
    camera_on(one, running)
    told(one, "as many browsers as it takes")
