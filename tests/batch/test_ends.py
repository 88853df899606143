"""A batch that is ended from outside, at any moment: what stays, and that no process does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from poselift.batch import Batch
from poselift.settings import Settings
from tests.batch import planted
from tests.batch.planted import PARTS, video
from tests.waiting import until

psutil = pytest.importorskip("psutil")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
SETTINGS = Settings().changed(save="npz", out="out", every="1")
ROOT = Path(__file__).parents[2]

#: As a program, so that it can be ended: the supervisor of one video.
PROGRAM = """
import sys
from poselift.batch import Batch
from poselift.demo.process import ending_by_signals
from tests.batch.test_ends import SETTINGS
from tests.batch.planted import PARTS, SlowlyLoaded

if __name__ == "__main__":
    parts = {**PARTS, "lifter": SlowlyLoaded()} if "loading" in sys.argv else PARTS
    with ending_by_signals():
        Batch(["clip.mp4"], SETTINGS, **parts).run()
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., object]]:
    """Starts the program and waits until it is where it should be ended."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM)
    video(tmp_path / "clip.mp4", planted.HANG)
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        started.append(subprocess.Popen([sys.executable, "program.py", *words], env=environment))
        until(Path("loading" if words else "hanging").exists, 60)
        return started[0]

    yield start
    for one in started:
        one.kill()
        one.wait()


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("moment", ["loading", "running"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_is_left_and_the_next_run_does_the_video(
    program: Callable[..., subprocess.Popen[bytes]], moment: str, number: signal.Signals
) -> None:
    supervisor = program(*["loading"] * (moment == "loading"))
    left = workers(supervisor)
    assert left
    os.kill(supervisor.pid, number)
    if number == signal.SIGINT:  # the first one lets the video finish, which this one never does
        time.sleep(0.5)
        assert supervisor.poll() is None
        os.kill(supervisor.pid, number)
    supervisor.wait(timeout=60)
    until(lambda: not any(one.is_running() and one.status() != "zombie" for one in left), 60)
    assert list(Path("out").glob("records/*/*")) == []
    assert list(Path("out").glob(".unfinished/*")) == []
    if number == signal.SIGKILL and moment == "running":
        video(Path("clip.mp4"), planted.FINE)
        assert Batch(["clip.mp4"], SETTINGS, **PARTS).run().done == 1
