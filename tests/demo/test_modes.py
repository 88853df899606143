"""Options that a mode would ignore are refused, and live has defaults of its own."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from poselift.demo import vis
from poselift.demo.modes import CLIPS_ONLY, LIVE_ONLY, Mode, refuse_ignored
from poselift.errors import PoseliftError
from poselift.settings import Settings

IN_LIVE = [
    ["--start", "3"], ["--end", "3"], ["--fps", "25"], ["--no-place"], ["--field-of-view", "60"],
    ["--save", "mp4"], ["--layout", "3d"], ["--no-audio"], ["--report"], ["--no-cache"],
]  # fmt: skip


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert vis.main(words) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2
    return lines[0]


@pytest.mark.parametrize("words", IN_LIVE, ids=lambda words: words[0])
def test_live_refuses_what_it_ignores(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert words[0] in refused(["--webcam", "0", *words], capsys)


@pytest.mark.parametrize("words", [["--lookahead", "2"], ["--record", "a.mp4"]])
def test_clips_refuse_what_they_ignore(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert words[0] in refused(["--video", "clip.mp4", *words], capsys)


def test_every_setting_belongs_to_a_mode() -> None:
    """A new setting that live does not read must be named in CLIPS_ONLY."""
    names = {field.name for field in dataclasses.fields(Settings)}
    read_by_live = {
        "lifter", "weights", "checkpoint", "detector", "pose", "device", "mirror", "every",
        "people", "max_people", "smooth", "out", "view", "height", "quality",
    }  # fmt: skip
    assert names - read_by_live - set(LIVE_ONLY) <= set(CLIPS_ONLY)
    for mode, others in (("live", CLIPS_ONLY), ("video", LIVE_ONLY)):
        for name in others:
            with pytest.raises(PoseliftError, match=name.replace("_", "-")):
                refuse_ignored([name], mode)  # type: ignore[arg-type]


def height_of(monkeypatch: pytest.MonkeyPatch, mode: Mode, *words: str) -> int:
    heights: list[int] = []

    def run(source: Any, settings: Settings, *_: object) -> int:
        heights.append(settings.height)
        return 0

    monkeypatch.setattr("poselift.demo.live.run_live", run)
    monkeypatch.setattr(vis, "_run_all", run)
    assert vis.main(["--webcam" if mode == "live" else "--video", "0", *words]) == 0
    return heights[0]


def test_live_is_480_high_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert height_of(monkeypatch, "live") == 480
    assert height_of(monkeypatch, "live", "--height", "900") == 900
    assert height_of(monkeypatch, "video") == 720
