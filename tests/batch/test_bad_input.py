"""What people give a batch that cannot be processed, and lists that are very long."""

from __future__ import annotations

import http.server
import os
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from poselift.batch import Batch
from poselift.batch.sources import Sources
from poselift.batch.to_do import ToDo
from poselift.errors import PoseliftError
from poselift.settings import Settings
from tests.batch.planted import PARTS, video

SETTINGS = Settings().changed(save="npz", out="out", every="1")
NOBODY = 65534


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may do everything, so be somebody else for a while."""
    if not hasattr(os, "seteuid") or os.getuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_read() -> None:
    with TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        closed = video(Path(open_to_all) / "in" / "clip.mp4").parent
        closed.chmod(0)
        try:
            with as_nobody(), pytest.raises(PoseliftError, match="Cannot read the folder"):
                Sources([closed], "out")
        finally:
            closed.chmod(0o755)


def test_a_destination_that_may_not_be_written(folder: Path) -> None:
    batch = Batch([str(video(folder / "clip.mp4"))], SETTINGS.changed(out="closed/out"), **PARTS)
    (folder / "closed").mkdir(mode=0o555)
    with as_nobody(), pytest.raises(PoseliftError, match="permission denied"):
        batch.run()
    assert list((folder / "closed").iterdir()) == []


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.slow
def test_addresses_that_are_no_videos_have_records_and_the_rest_is_done(folder: Path) -> None:
    (folder / "page.html").write_text("<p>This page shows a video.")
    video(folder / "fine.mp4")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = f"http://127.0.0.1:{server.server_port}"
    lines = [f"{site}/page.html?key=secret", f"{site}/gone.mp4", "nowhere.mp4", "fine.mp4"]
    (folder / "list.txt").write_text("\n".join(lines))
    batch = Batch(["list.txt"], SETTINGS, **PARTS)
    try:
        summary = batch.run()
    finally:
        server.shutdown()
    assert (summary.done, summary.failed) == (1, 3)
    told = {record.source: record.error.kind for record in batch.records if record.error}
    assert told == {
        f"{site}/page.html": "refused",
        f"{site}/gone.mp4": "refused",
        str(folder / "nowhere.mp4"): "refused",
    }
    everything = "".join(path.read_text() for path in Path("out/records").rglob("*.json"))
    assert "secret" not in everything


@pytest.mark.slow
def test_a_very_long_list_starts_at_once_in_little_memory(folder: Path) -> None:
    with Path("list.txt").open("w") as file:
        file.writelines(f"/clips/of/the/archive/{number:06d}.mp4\n" for number in range(100_000))
    begun = time.process_time()
    batch = Batch(["list.txt"], SETTINGS)
    assert sum(1 for _ in batch.units()) == 100_000  # as a run does, for its bar
    first = next(iter(ToDo(batch.records, batch.units(), batch.settings)))
    assert first is not None
    assert first.address.endswith("/000000.mp4")
    assert time.process_time() - begun < 5
    tracemalloc.start()
    try:
        assert sum(1 for _ in batch.units()) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 15e6
    finally:
        tracemalloc.stop()
