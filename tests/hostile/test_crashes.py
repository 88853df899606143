"""Runs that are killed, ended, starved or doubled: the source stays, and results are whole."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from poselift.store import FRAMES_A_BLOCK
from tests.media.conftest import encode

ROOT = Path(__file__).parents[2]
FRAMES = 40
KILLS = 12
pytestmark = pytest.mark.slow


def start(clip: Path, home: Path, *more: object, **env: str) -> subprocess.Popen[str]:
    """A run into `home/out` that has loaded everything and begins now."""
    # Results tell their options: the same words everywhere make the same bytes.
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.small_run", str(clip), "out", *map(str, more)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **env},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def results(home: Path) -> dict[str, str]:
    """The digest of each file of results, which are all that may be there."""
    folder = home / "out" / "clip"
    files = [path for path in folder.iterdir() if path.is_file() and path.name != ".source"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class Quiet:
    """A clip, and what an undisturbed run makes of it."""

    def __init__(self, folder: Path, frames: int = FRAMES, pause: float = 0.01) -> None:
        self.clip = encode(folder / "clip.mp4", times=np.arange(frames) / 30)
        self.digest = hashlib.sha256(self.clip.read_bytes()).hexdigest()
        begun = time.monotonic()
        process = start(self.clip, folder, pause)
        self.loaded = time.monotonic() - begun
        assert process.wait() == 0, process.stderr
        self.seconds = time.monotonic() - begun - self.loaded
        self.results = results(folder)

    def check(self, home: Path) -> None:
        assert hashlib.sha256(self.clip.read_bytes()).hexdigest() == self.digest
        assert results(home) == self.results
        assert not list(home.rglob("*.part*"))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Quiet:
    made = Quiet(tmp_path_factory.mktemp("quiet"))
    assert {Path(name).suffix for name in made.results} == {
        ".mp4", ".gif", ".npz", ".json", ".csv", ".toml",
    }  # fmt: skip
    return made


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_any_moment(quiet: Quiet, tmp_path: Path, number: int) -> None:
    moment = random.Random(number).uniform(0, 1)
    process = start(quiet.clip, tmp_path, 0.01)
    time.sleep(moment * quiet.seconds)
    process.kill()
    process.wait()
    again = start(quiet.clip, tmp_path)
    assert again.wait() == 0, again.stderr
    quiet.check(tmp_path)


@pytest.fixture(scope="module")
def several_blocks(tmp_path_factory: pytest.TempPathFactory) -> Quiet:
    """A clip whose 2D joints take three blocks of the store."""
    return Quiet(tmp_path_factory.mktemp("long"), 2 * FRAMES_A_BLOCK + 100, 0.004)


@pytest.mark.parametrize("number", range(2))
def test_killed_twice_in_a_clip_of_several_blocks(
    several_blocks: Quiet, tmp_path: Path, number: int
) -> None:
    moments = random.Random(number)
    for _ in range(2):
        process = start(several_blocks.clip, tmp_path, 0.004)
        time.sleep(moments.uniform(0.2, 0.9) * several_blocks.seconds)
        process.kill()
        process.wait()
    again = start(several_blocks.clip, tmp_path)
    assert again.wait() == 0, again.stderr
    several_blocks.check(tmp_path)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.parametrize("share", [0.2, 0.9])
def test_ended_by_a_signal_nothing_half_is_left(
    quiet: Quiet, tmp_path: Path, name: str, share: float
) -> None:
    process = start(quiet.clip, tmp_path, 0.01)
    time.sleep(share * quiet.seconds)
    number = getattr(signal, name)
    process.send_signal(number)
    code = process.wait()
    if code in (0, -number):  # it came when the work was done, and Python was ending
        quiet.check(tmp_path)
    else:
        assert code == 130
    # The store's part is what the next run goes on from.
    assert not [path for path in tmp_path.rglob("*.part*") if ".cache" not in path.parts]


def test_three_at_once(quiet: Quiet, tmp_path: Path) -> None:
    runs = [start(quiet.clip, tmp_path, 0.005) for _ in range(3)]
    for run in runs:
        _, told = run.communicate()
        assert run.returncode == 0, told
    quiet.check(tmp_path)


@pytest.mark.parametrize("largest", [100, 3_000, 12_000])
def test_a_full_disk(quiet: Quiet, tmp_path: Path, largest: int) -> None:
    """By a limit on the size of files, which fails as a full disk does."""
    process = start(quiet.clip, tmp_path, 0.0, largest)
    _, told = process.communicate()
    assert process.returncode == 2, told
    assert "Traceback" not in told
    assert not [path for path in tmp_path.rglob("*.part*") if ".cache" not in path.parts]
    again = start(quiet.clip, tmp_path)
    assert again.wait() == 0
    quiet.check(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 kB."""
    home = tmp_path / "disk"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(home)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk may be mounted here")
    try:
        yield home
    finally:
        subprocess.run(["umount", str(home)], check=True)


def test_a_disk_that_is_truly_full(quiet: Quiet, small_disk: Path, tmp_path: Path) -> None:
    process = start(quiet.clip, small_disk)
    _, told = process.communicate()
    assert process.returncode == 2, told
    assert "the disk is full" in told
    assert "Traceback" not in told
    assert not [path for path in small_disk.rglob("*.part*") if ".cache" not in path.parts]
    assert hashlib.sha256(quiet.clip.read_bytes()).hexdigest() == quiet.digest


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_permission_is_taken_away(quiet: Quiet, share: float) -> None:
    """Somebody makes the folder of results read-only while they are written."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # pytest's own is closed to others
        home, nobody = Path(folder), 65534
        env = {}
        os.chmod(home, 0o755)  # noqa: PTH101
        if os.geteuid() == 0:
            env = {"RUN_AS": str(nobody), "XDG_DATA_HOME": str(home)}
            os.chown(home, nobody, nobody)
        clip = Path(shutil.copy(quiet.clip, home / "clip.mp4"))
        os.chmod(clip, 0o444)  # noqa: PTH101
        process = start(clip, home, 0.03, **env)
        results = home / "out" / "clip"
        time.sleep(share * quiet.seconds)
        for _ in range(100):
            if results.is_dir():
                break
            time.sleep(0.05)
        results.chmod(0o555)
        _, told = process.communicate()
        assert process.returncode in (0, 2), told
        assert "Traceback" not in told
        results.chmod(0o755)
        again = start(clip, home)
        _, told = again.communicate()
        assert again.returncode == 0, told
        quiet.check(home)


def test_the_folder_goes(quiet: Quiet, tmp_path: Path) -> None:
    process = start(quiet.clip, tmp_path, 0.05)
    time.sleep(1)
    shutil.rmtree(tmp_path / "out")
    _, told = process.communicate()
    assert process.returncode in (0, 2)
    assert "Traceback" not in told
    assert hashlib.sha256(quiet.clip.read_bytes()).hexdigest() == quiet.digest


def test_a_file_in_the_place_of_the_cache(quiet: Quiet, tmp_path: Path) -> None:
    cache = tmp_path / "out" / "clip" / ".cache"
    cache.parent.mkdir(parents=True)
    cache.write_text("a file")
    process = start(quiet.clip, tmp_path)
    assert process.wait() == 0
    cache.unlink()
    quiet.check(tmp_path)


def test_a_link_in_the_place_of_the_cache(quiet: Quiet, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "old.2d").write_text("precious")
    (tmp_path / "out" / "clip").mkdir(parents=True)
    (tmp_path / "out" / "clip" / ".cache").symlink_to(precious)
    assert start(quiet.clip, tmp_path).wait() == 0
    assert [path.name for path in precious.iterdir()] == ["old.2d"]
