"""The queue and earlier results: kept over restarts, removed on request, shown as a page."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from poselift.demo.serve.clips import Clip, Clips
from poselift.errors import PoseliftError
from poselift.settings import Settings
from tests.page.conftest import Tab
from tests.serve.conftest import Running
from tests.serve.test_attacks import ask, cookie, upload
from tests.waiting import until


def states(clips: Clips) -> dict[str, str]:
    return {clip["shown"]: clip["state"] for clip in clips.all()}


class Work:
    """Takes the place of the pipeline: each clip waits until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = threading.Event()
        self.begun: list[str] = []
        work = self

        def process(clips: Clips, clip: Clip) -> list[str]:
            from poselift.demo.serve.clips import _StoppedError

            work.begun.append(clip.shown)
            while not work.go.wait(0.01):
                if clips._stopped.is_set() or clip.key in clips._dropped:
                    raise _StoppedError
            if "bad" in clip.shown:
                raise PoseliftError(f"Cannot read {clips.folder / clip.key / clip.file}.", "Hm.")
            (clips.folder / clip.key / "clip.html").write_text("<p>done</p>")
            return ["clip.html"]

        monkeypatch.setattr(Clips, "_process", process)


def send(clips: Clips, shown: str) -> str:
    key, path = clips.new_file(shown)
    path.write_bytes(b"film")
    clips.add(key, shown, path)
    return key


def test_results_and_the_queue_survive_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(monkeypatch)
    clips = Clips(tmp_path, Settings())
    work.go.set()
    done = send(clips, "done.mp4")
    send(clips, "bad.mp4")
    until(lambda: set(states(clips).values()) == {"done", "failed"})
    work.go.clear()
    send(clips, "working.mp4")
    send(clips, "waiting.mp4")
    until(lambda: states(clips)["working.mp4"] == "working")
    clips.stop()
    again = Clips(tmp_path, Settings())
    until(lambda: states(again)["working.mp4"] == "working")
    assert states(again) == {
        "waiting.mp4": "waiting", "working.mp4": "working", "bad.mp4": "failed", "done.mp4": "done"
    }  # fmt: skip
    assert again.result(done, "clip.html") is not None
    messages = {clip["shown"]: clip["message"] for clip in again.all()}
    assert messages["bad.mp4"] == "Cannot read bad.mp4. Hm."
    work.go.set()
    until(lambda: states(again)["waiting.mp4"] == "done")
    assert work.begun[-2:] == ["working.mp4", "waiting.mp4"]
    again.stop()


def test_what_never_came_whole_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for key, name in (("0" * 16, "clip.mp4.coming"), ("1" * 16, "clip.mp4"), ("mine", "a.coming")):
        (tmp_path / key).mkdir()
        (tmp_path / key / name).write_bytes(b"film")
    (tmp_path / ("2" * 16)).mkdir()
    (tmp_path / ("2" * 16) / "about.json").write_text("{broken")
    (tmp_path / ("3" * 16)).mkdir()
    about = {"key": "../x", "shown": "a", "file": "clip.mp4", "state": "done",
             "files": ["../secret", "clip.npz"], "more": 1}  # fmt: skip
    (tmp_path / ("3" * 16) / "about.json").write_text(json.dumps(about))
    (tmp_path / ("3" * 16) / "clip.npz").write_bytes(b"numbers")
    (tmp_path / "secret").write_bytes(b"secret")
    clips = Clips(tmp_path, Settings())
    clips.stop()
    assert not (tmp_path / ("0" * 16)).exists()
    assert {path.name for path in tmp_path.iterdir()} == {
        "1" * 16, "2" * 16, "3" * 16, "mine", "secret"
    }  # fmt: skip
    [clip] = clips.all()
    assert (clip["key"], clip["files"]) == ("3" * 16, ["clip.npz"])


def test_a_clip_can_be_removed_at_any_time(tmp_path: Path, monkeypatch: Any) -> None:
    work = Work(monkeypatch)
    clips = Clips(tmp_path, Settings())
    keys = [send(clips, name) for name in ("one.mp4", "two.mp4")]
    until(lambda: states(clips)["one.mp4"] == "working")
    assert clips.remove(keys[1])
    assert clips.remove(keys[0])
    assert not clips.remove(keys[0])
    until(lambda: not list(tmp_path.iterdir()))
    work.go.set()
    send(clips, "three.mp4")
    until(lambda: states(clips) == {"three.mp4": "done"})
    assert work.begun == ["one.mp4", "three.mp4"]
    clips.stop()


def test_clips_wait_while_live_is_at_work(running: Running) -> None:
    passed = threading.Event()
    with running.server._turn:
        thread = threading.Thread(
            target=lambda: (running.server._let_live_go_first(), passed.set())
        )
        thread.start()
        assert not passed.wait(0.2)
    assert passed.wait(5)
    thread.join()


def test_the_page_of_results(
    start: Any, tmp_path: Path, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(monkeypatch)
    first: Running = start(tmp_path)
    assert upload(first, "</script><img src=x>.mp4", b"film")[0] == 200
    work.go.set()
    until(lambda: first.server.clips.all()[0]["state"] == "done")
    first.stop()
    for name in ("live-20260102-030405.mp4", "live-20260102-030405.npz", "other.npz"):
        (tmp_path / name).write_bytes(b"x" * 1000)
    running: Running = start(tmp_path)
    tab = Tab(browser, viewport={"width": 320, "height": 640})
    page = tab.open(running.address, "window.live")
    page.get_by_role("link", name="All results").click()
    tab.until("document.querySelector('#clips [data-state=done]')")
    assert "<img src=x>" in page.locator("#clips b").inner_text()
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    tab.until("document.querySelectorAll('#recordings a').length === 2")
    assert "other" not in page.locator("#recordings").inner_text()
    page.get_by_role("button", name="Remove").click()
    assert len(running.server.clips) == 1
    page.get_by_role("button", name="Remove").click()
    tab.until("!document.getElementById('none').hidden")
    assert not list((tmp_path / "clips").iterdir())
    assert tab.wrong == []
    tab.context.close()


def test_recordings_are_listed_and_others_not_given(running: Running) -> None:
    (running.folder / "live-1.npz").write_bytes(b"x")
    (running.folder / "live-2.txt").write_bytes(b"x")
    headers = {"Cookie": cookie(running)}
    _, text, _ = ask(running, "/recordings.json", headers=headers)
    assert json.loads(text) == [{"name": "live-1.npz", "bytes": 1}]
    assert ask(running, "/recordings/live-2.txt", headers=headers)[0] == 404
    assert ask(running, "/recordings/live-1.npz", headers=headers)[0] == 200
