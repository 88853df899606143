"""Batches in worker processes: what fails, dies, hangs or is interrupted, and what stays."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from poselift.batch import Batch, Limits, Record, Shard
from poselift.errors import PoseliftError
from poselift.settings import Settings
from tests.batch import planted
from tests.batch.planted import PARTS, video

SETTINGS = Settings().changed(save="npz", out="out", every="1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def batch(*sources: str, shard: Shard | None = None, **settings: object) -> Batch:
    return Batch(list(sources), SETTINGS.changed(**settings), shard=shard, **PARTS)


def by_name(batch: Batch) -> dict[str, Record]:
    return {Path(record.source).stem: record for record in batch.records}


def leftovers() -> list[Path]:
    return list(Path("out/.unfinished").glob("*"))


def results() -> dict[str, bytes]:
    """Every file of the results but records, by its folder and name."""
    return {
        f"{path.parent.name}/{path.name}": path.read_bytes()
        for path in Path("out").rglob("*")
        if path.is_file() and path.parts[1] != "records"
    }


def test_a_video_that_kills_its_process_is_recorded_and_the_rest_is_done(folder: Path) -> None:
    deadly = str(video(folder / "deadly.mp4", planted.CRASH))
    many = batch(deadly, str(video(folder / "fine.mp4")))
    summary = many.run()
    assert (summary.done, summary.failed) == (1, 1)
    error = by_name(many)["deadly"].error
    assert error is not None
    assert (error.kind, by_name(many)["deadly"].attempts) == ("crash", 2)
    assert "SIGSEGV" in error.message
    assert leftovers() == []


@pytest.mark.slow
def test_each_fate_has_a_record_and_the_rest_is_done(folder: Path) -> None:
    fates = {
        "a_fine": planted.FINE, "b_crash": planted.CRASH, "c_hog": planted.HOG,
        "d_bug": planted.BUG, "f_fine": planted.FINE,
    }  # fmt: skip
    for name, width in fates.items():
        video(folder / "in" / f"{name}.mp4", width)
    (folder / "in" / "e_none.mp4").write_bytes(b"no video at all")
    many = batch("in")
    told: list[Record] = []
    summary = many.run(jobs=2, limits=Limits(memory=1500), told=told.append)
    assert (summary.done, summary.failed, summary.interrupted) == (2, 4, False)
    records = by_name(many)
    assert len(records) == len(told) == 6
    kinds = {name: record.error.kind for name, record in records.items() if record.error}
    assert kinds == {"b_crash": "crash", "c_hog": "memory", "d_bug": "bug", "e_none": "refused"}
    crash, bug = records["b_crash"].error, records["d_bug"].error
    assert crash is not None
    assert "SIGSEGV" in crash.message
    assert records["b_crash"].attempts == records["c_hog"].attempts == 2
    assert bug is not None
    assert "_bug" in bug.trace
    fine = records["f_fine"]
    assert (fine.people, fine.frames, fine.error) == (1, 4, None)
    assert {"see", "lift", "write", "total"} <= set(fine.seconds)
    for name, facts in fine.outputs.items():
        data = (Path("out") / fine.folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == facts["sha256"]
    assert leftovers() == []
    again = batch("in").run()
    assert (again.done, again.failed, again.kept, again.kept_failed) == (0, 0, 2, 4)


def test_a_video_that_never_ends_is_ended_and_tried_once(folder: Path) -> None:
    many = batch(str(video(folder / "clip.mp4", planted.HANG)))
    assert many.run(limits=Limits(seconds=0.5)).failed == 1
    [record] = many.records
    assert record.error is not None
    assert (record.error.kind, record.attempts) == ("time", 1)
    assert record.settings["every"] == "1"
    assert leftovers() == []


@pytest.mark.slow
def test_the_largest_first_where_that_is_asked_for(folder: Path) -> None:
    for name, frames in (("a", 4), ("b", 40), ("c", 12)):
        video(folder / "in" / f"{name}.mp4", frames=frames)
    told: list[str] = []
    many = batch("in")
    summary = many.run(
        largest_first=True, told=lambda record: told.append(Path(record.source).stem)
    )
    assert summary.done == 3
    assert told == ["b", "c", "a"]


def test_a_second_run_does_what_is_missing_whatever_the_shards(folder: Path) -> None:
    for name in ("x/clip", "y/clip", "z/other"):
        video(folder / "in" / f"{name}.mp4")
    assert batch("in/**/*.mp4").run(limit=1).done == 1
    first = results()
    assert len(list(batch("in/**/*.mp4").missing())) == 2
    assert len(list(batch("in/**/*.mp4", people="main").missing())) == 3
    others = [batch("in/**/*.mp4", shard=Shard(index, 2)).run() for index in range(2)]
    assert sum(summary.done for summary in others) == 2
    assert sum(summary.kept for summary in others) == 1
    everything = results()
    assert first.items() <= everything.items()
    assert sum(name.endswith("/clip.npz") for name in everything) == 2  # namesakes


@pytest.mark.slow
def test_several_processes_give_the_very_bytes_of_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [str(video(folder / f"{number}.mp4", frames=8)) for number in range(4)]
    assert batch(*clips).run().done == 4
    one = results()
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert batch(*clips).run(jobs=2).done == 4
    assert results() == one
    assert len(one) == 8


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as in a terminal: what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("presses", [1, 2])
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_finishes_what_runs_and_a_second_one_drops_it(folder: Path, presses: int) -> None:
    many = batch(*[str(video(folder / f"{number}.mp4")) for number in range(4)])

    def press(record: Record) -> None:
        for _ in range(presses):
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    if presses == 1:
        summary = many.run(told=press)
        assert (summary.interrupted, summary.done) == (True, 1)
    else:
        with pytest.raises(KeyboardInterrupt):
            many.run(told=press)
    assert [record.failed for record in many.records] == [False]
    assert signal.getsignal(signal.SIGINT) is handler
    assert multiprocessing.active_children() == []
    assert leftovers() == []


def test_a_full_destination_stops_the_batch_and_blames_no_video(folder: Path) -> None:
    many = batch(*[str(video(folder / f"{number}.mp4", planted.FULL)) for number in range(2)])
    with pytest.raises(PoseliftError, match="No space left"):
        many.run()
    assert list(many.records) == []


def test_a_destination_that_is_a_file_is_told_before_any_work(folder: Path) -> None:
    Path("out").write_text("in the way")
    with pytest.raises(PoseliftError, match="Cannot write out"):
        batch(str(video(folder / "clip.mp4"))).run()


def test_models_that_cannot_be_loaded_stop_the_batch(folder: Path) -> None:
    clip = str(video(folder / "clip.mp4"))
    deadly = {**PARTS, "lifter": planted.NoLifter()}
    with pytest.raises(PoseliftError, match="while it loaded the models: exit code 7"):
        Batch([clip], SETTINGS, **deadly).run()


def test_weights_that_are_none_stop_the_batch(folder: Path) -> None:
    Path("wrong.npz").write_bytes(b"no weights")
    settings = SETTINGS.changed(checkpoint="wrong.npz", lifter="sct")
    many = Batch([str(video(folder / "clip.mp4"))], settings)
    with pytest.raises(PoseliftError, match=r"wrong\.npz"):
        many.run()
    assert list(many.records) == []


def test_a_part_that_cannot_travel_is_refused(folder: Path) -> None:
    clip = str(video(folder / "clip.mp4"))
    with pytest.raises(PoseliftError, match="cannot be sent"):
        Batch([clip], SETTINGS, lifter=lambda tracks, **more: []).run()


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"memory": -1}, {"seconds": float("nan")}])
def test_limits_that_let_nothing_finish(limits: dict[str, float]) -> None:
    with pytest.raises(PoseliftError):
        Limits(**limits)
