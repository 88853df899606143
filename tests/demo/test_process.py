"""Signals, output that nobody reads, and errors of the system."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest

from poselift.demo import cli, window
from poselift.demo.console import JsonLines
from poselift.demo.live_outputs import PoseLines
from poselift.demo.process import SturdyStream

ROOT = Path(__file__).parents[2]


def command(monkeypatch: pytest.MonkeyPatch, action) -> None:
    """Let `poselift video` do `action` instead."""

    def run(options, reporter):
        action()
        return 0

    fake = types.ModuleType("fake")
    fake.__doc__ = "Nothing."
    fake.add_options, fake.run = (lambda parser: None), run
    monkeypatch.setitem(sys.modules, "poselift.demo.commands.video", fake)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_as_ctrl_c_does(monkeypatch, capsys, name):
    done = []
    number = getattr(signal, name)

    def work():
        try:
            os.kill(os.getpid(), number)
        except KeyboardInterrupt:
            done.append("made whole")
            raise

    command(monkeypatch, work)
    before = signal.getsignal(number)
    assert cli.main(["video"]) == 128 + number
    assert done == ["made whole"]
    assert name in capsys.readouterr().err
    assert signal.getsignal(number) == before


def test_a_signal_that_is_ignored_stays_so(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        command(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGHUP))
        assert cli.main(["video"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "out/a.csv"), "out/a.csv: No space"),
        (MemoryError("Unable to allocate 9 GiB"), "9 GiB"),
    ],
)
def test_errors_of_the_system_are_two_lines(monkeypatch, capsys, error, words):
    def fail():
        raise error

    command(monkeypatch, fail)
    assert cli.main(["video"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert words in lines[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_the_work_goes_on_where_nothing_can_be_told(monkeypatch):
    done = []
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        command(monkeypatch, lambda: (print("x" * 100_000, flush=True), done.append(1)))
        assert cli.main(["video"]) == 0
    assert done


def test_poses_that_nobody_reads_end_live():
    reader, writer = os.pipe()
    os.close(reader)
    stream = SturdyStream(os.fdopen(writer, "w"))
    lines = PoseLines(stream)
    stream.write("x")
    assert not lines.take(0.0, [], None)


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_json_lines_stay_json_in_any_encoding(encoding):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace")
    JsonLines(stream).say("caf\udce9 ü 👋", file="caf\udce9")
    [row] = [json.loads(line) for line in raw.getvalue().decode(encoding).splitlines()]
    assert row["text"] == "caf\udce9 ü 👋"


@pytest.mark.parametrize("how", ["closed", "ascii", "nobody reads"])
def test_standard_output_of_any_kind(how):
    words = [sys.executable, "-m", "poselift", "video", os.fsdecode(b"caf\xe9\xf0\x9f\x91\x8b.mp4")]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C", "LC_ALL": "C"}
    if how == "ascii":
        env |= {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    script = {"closed": '"$@" >&-', "ascii": '"$@"', "nobody reads": '"$@" --log json | true'}
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script[how]}", "-", *words],
        capture_output=True, env=env, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert result.returncode == 2, result.stderr
    assert b"Traceback" not in result.stderr
    assert b"Exception ignored" not in result.stderr


def test_a_display_that_is_not_there_does_not_end_the_process(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(window, "_TRY_TO_OPEN", "import os; os.abort()")
    assert not window.has_display()
    monkeypatch.setattr(window, "_TRY_TO_OPEN", "pass")
    assert window.has_display()
