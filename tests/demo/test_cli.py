"""The command's words: names, help, what is refused and how it is told."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from poselift.demo import vis
from poselift.demo.cli import COMMANDS, main
from poselift.options import option_of
from poselift.settings import Settings

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "cv2", "scipy", "onnxruntime", "matplotlib", "numpy", "av", "rich"}
PROBE = """
import sys
from poselift.demo.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
sys.stderr.write(" ".join(sys.modules))
"""


@pytest.mark.parametrize("words", ["--help", "video --help", "live --help", "--version"])
def test_help_does_not_wait_for_what_it_does_not_need(words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words.split()],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert "poselift" in done.stdout
    assert not HEAVY & set(done.stderr.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: poselift {name}")
    assert f"\n  poselift {name}" in shown
    assert main(["--help"]) == 0
    assert f"  {name} " in capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    """The two lines with which `poselift WORDS` is refused."""
    assert main(list(words)) == 2
    message, hint = capsys.readouterr().err.splitlines()
    assert message.startswith("error: ")
    return message, hint


def test_no_such_command(capsys: pytest.CaptureFixture[str]) -> None:
    message, hint = refusal(capsys, "vidoe", "clip.mp4")
    assert "'vidoe'" in message
    assert "video" in hint


@pytest.mark.parametrize(
    ("words", "option", "way_out"),
    [
        ("video x.mp4 --lookahead 3", "--lookahead", "Leave it out"),
        ("video x.mp4 --record x.mp4", "--record", "--out"),
        ("live --start 2", "--start", "newest frame"),
        ("live --end 2", "--end", "Ctrl-C"),
        ("live --fps 25", "--fps", "camera has its own"),
        ("live --up level", "--up", "by itself"),
        ("live --no-place", "--no-place", "in the room"),
        ("live --save mp4", "--save", "--record"),
        ("live --layout 3d", "--layout", "always"),
        ("live --no-audio", "--no-audio", "no sound"),
        ("live --report", "--report", "`poselift video`"),
        ("live --no-cache", "--no-cache", "saves nothing"),
    ],
)
def test_what_a_mode_ignores_is_refused(
    capsys: pytest.CaptureFixture[str], words: str, option: str, way_out: str
) -> None:
    message, hint = refusal(capsys, *words.split())
    assert option in message
    assert "`poselift " in message
    assert way_out in hint


def test_hints_name_what_was_typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "`poselift video sample_videos" in refusal(capsys, "video")[1]
    monkeypatch.setattr(sys, "argv", ["/somewhere/poselift/__main__.py"])
    assert "`python -m poselift video sample_videos" in refusal(capsys, "video")[1]
    assert vis.main([]) == 2
    assert "`python demo/vis.py --video sample_videos" in capsys.readouterr().err
    assert vis.main(["--webcam", "--report"]) == 2
    assert "then use `python demo/vis.py --video`" in capsys.readouterr().err
    assert "--start is -1" in refusal(capsys, "video", "x.mp4", "--start", "-1")[0]
    assert "`python -m poselift video --help`" in refusal(capsys, "video", "--vidoe", "x")[1]


def test_errors_are_json_only_where_json_was_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "c.toml"
    config.write_text('log = "json"\n')
    gone = str(tmp_path / "clip.mp4")
    for words in (["--log", "json"], ["--log=json"], ["--config", str(config)]):
        assert main(["video", gone, *words]) == 2
        told = capsys.readouterr()
        [row] = [json.loads(line) for line in told.out.splitlines()]
        assert (row["event"], row["message"]) == ("error", f"No such file: {gone}")
        assert told.err == ""
    for words in (["--save", "json"], ["--out", "json"], ["--config", str(config), "--log=text"]):
        assert main(["video", gone, *words]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("error: No such file")
    assert main(["video", gone, "--log", "json", "--no-such-option"]) == 2
    assert json.loads(capsys.readouterr().out)["event"] == "error"
    config.write_text('log = "xml"\n')
    assert "text" in refusal(capsys, "video", gone, "--config", str(config))[1]


def test_former_names_are_taken_with_a_note(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gone = str(tmp_path / "clip.mp4")
    assert main(["video", "--video", gone, "--weights", "a.bin", "--upright", "level"]) == 2
    *notes, message, _ = capsys.readouterr().err.splitlines()
    assert gone in message
    assert [note.split(";")[0] for note in notes] == [
        "--video is now the plain argument CLIP",
        "--weights is now --checkpoint",
        "--upright is now --up",
    ]
    config = tmp_path / "c.toml"
    config.write_text('weights = "no-such-file.bin"\nupright = "level"\n')
    assert main(["video", str(ROOT / "sample_videos/balance.mp4"), "--config", str(config),
                 "--out", str(tmp_path)]) == 2  # fmt: skip
    *notes, message, _ = capsys.readouterr().err.splitlines()
    assert "no-such-file.bin" in message
    assert [note.split(";")[0] for note in notes] == [
        "'weights' in a config is now 'checkpoint'",
        "'upright' in a config is now 'up'",
    ]


def test_files_and_options_come_in_any_order(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gone = [str(tmp_path / name) for name in ("a.mp4", "b.mp4")]
    assert main(["video", gone[0], "--view", "side", gone[1], "--log", "json"]) == 2
    told = capsys.readouterr().out
    assert all(name in told for name in gone)


def test_settings_of_the_other_mode_in_a_config_are_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "c.toml"
    config.write_text('lookahead = 3\nsave = ["mp4", "npz"]\n')
    assert main(["video", str(tmp_path / "gone.mp4"), "--config", str(config)]) == 2
    assert "not used by `poselift video`: lookahead" in capsys.readouterr().err


def settings_of(monkeypatch: pytest.MonkeyPatch, *words: str) -> Settings:
    """The settings that the command would run with."""
    got: list[Settings] = []

    def run(source: Any, settings: Settings, *_: object) -> int:
        got.append(settings)
        return 0

    monkeypatch.setattr("poselift.demo.live.run_live", run)
    monkeypatch.setattr("poselift.demo.commands.video.run_clips", run)
    assert main(list(words)) == 0
    return got[0]


@pytest.mark.parametrize(
    ("words", "camera"),
    [(["live"], "0"), (["live", "1"], "1"), (["live", "clip.mp4", "--people", "main"], "clip.mp4"),
     (["live", "--webcam", "2"], "2")],
)  # fmt: skip
def test_live_takes_the_camera_that_is_named(
    monkeypatch: pytest.MonkeyPatch, words: list[str], camera: str
) -> None:
    got: list[tuple[str, str]] = []

    def run(source: str, settings: Settings, *_: object) -> int:
        got.append((source, settings.camera))
        return 0

    monkeypatch.setattr("poselift.demo.live.run_live", run)
    assert main(words) == 0
    assert got == [(camera, Settings.camera)]


def test_live_is_480_high_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_of(monkeypatch, "live").height == 480
    assert settings_of(monkeypatch, "live", "--height", "900").height == 900
    assert settings_of(monkeypatch, "video", "clip.mp4").height == 720


def test_every_setting_has_an_option_that_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "fps": "25", "start": "1", "end": "2", "field_of_view": "60", "max_people": "3",
        "height": "480", "every": "4", "smooth": "strong", "up": "h36m", "save": "csv",
        "view": "top", "layout": "3d", "quality": "best", "lookahead": "2",
        "people": "main",
    }  # fmt: skip
    for field in dataclasses.fields(Settings):
        option = f"--{field.name.replace('_', '-')}"
        mode = option_of(field).modes[0]
        words = [option, values.get(field.name, "x")]
        if isinstance(field.default, bool):
            words = [option.replace("--", "--no-") if field.default else option]
        settings = settings_of(monkeypatch, mode, *words)
        assert getattr(settings, field.name) != field.default
        assert settings.changed(**{field.name: field.default}) == settings_of(monkeypatch, mode)
