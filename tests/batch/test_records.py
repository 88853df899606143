"""What is done, what is to be done again, and what is in the manifest."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from poselift.batch import Record, Records, write_manifest
from poselift.batch.records import Failure
from poselift.batch.scratch import remove_left
from poselift.batch.stamps import content_of, stamp_of
from poselift.batch.telling import shown
from poselift.batch.units import Unit
from poselift.errors import PoseliftError

NAME = "00112233445566aa"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"a video")
    return path


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "out")


def done(records: Records, source: Path, content: bytes = b"result") -> Unit:
    """Place a result and its record."""
    unit = Unit(NAME, str(source))
    made = records.out / ".unfinished" / "try" / "clip"
    made.mkdir(parents=True)
    (made / "clip.npz").write_bytes(content)
    facts = {"clip.npz": {"bytes": len(content), "sha256": ""}}
    record = Record(
        NAME, shown(unit), stamp_of(unit.address), content_of(unit.address),
        folder=unit.folder, outputs=facts, seconds={"total": 2.5},
    )  # fmt: skip
    records.place(made, record)
    return unit


def test_a_record_comes_back_as_it_was(records: Records, source: Path) -> None:
    done(records, source)
    record = records.read(NAME)
    assert record is not None
    assert Record.from_dict(json.loads(json.dumps(record.as_dict()))) == record
    assert [one.id for one in records] == [NAME]


def test_what_is_done_stays_done(records: Records, source: Path) -> None:
    unit = done(records, source)
    assert records.settled(unit) is not None
    os.utime(source, (1, 1))  # as a copy on another machine
    assert records.settled(unit) is not None
    source.unlink()  # deleted once it was processed
    assert records.settled(unit) is not None


def test_a_source_with_other_bytes_is_done_again(records: Records, source: Path) -> None:
    unit = done(records, source)
    source.write_bytes(b"A video")
    os.utime(source, (1, 1))
    assert records.settled(unit) is None


@pytest.mark.parametrize("harm", ["no file", "short file", "no folder"])
def test_results_that_are_gone_are_made_again(records: Records, source: Path, harm: str) -> None:
    unit = done(records, source)
    result = records.out / unit.folder / "clip.npz"
    if harm == "short file":
        result.write_bytes(b"res")
    else:
        result.unlink()
    if harm == "no folder":
        result.parent.rmdir()
    assert records.settled(unit) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 99}', "[" * 100_000])
def test_a_record_that_cannot_be_used_counts_as_none(
    records: Records, source: Path, text: str
) -> None:
    unit = done(records, source)
    [path] = (records.out / "records").rglob("*.json")
    path.write_text(text)
    assert records.settled(unit) is None
    assert list(records) == []


def test_a_failure_stays_until_it_is_to_be_retried(records: Records, source: Path) -> None:
    unit = Unit(NAME, str(source))
    failure = Failure("refused", "No.", "Hint.")
    records.write(Record(NAME, shown(unit), stamp_of(unit.address), error=failure))
    assert records.settled(unit) is not None
    assert records.settled(unit, retry_failed=True) is None
    source.write_bytes(b"mended")
    assert records.settled(unit) is None


def test_two_who_made_the_same_leave_one_whole_result(records: Records, source: Path) -> None:
    """The record always belongs to the files that are there."""

    def place(mark: int) -> None:
        content = bytes([mark]) * (mark + 1)
        made = records.out / ".unfinished" / str(mark) / "clip"
        made.mkdir(parents=True)
        (made / "clip.npz").write_bytes(content)
        facts = {"clip.npz": {"bytes": len(content), "sha256": ""}}
        records.place(made, Record(NAME, "clip.mp4", folder="clip-x", outputs=facts))

    for _ in range(10):
        threads = [threading.Thread(target=place, args=(mark,)) for mark in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        record = records.read(NAME)
        assert record is not None
        size = (records.out / "clip-x" / "clip.npz").stat().st_size
        assert record.outputs["clip.npz"]["bytes"] == size
        for mark in range(6):
            (records.out / ".unfinished" / str(mark)).rmdir()


def test_the_manifest_is_what_the_records_say(records: Records, source: Path) -> None:
    done(records, source)
    failure = Failure("crash", "Its process ended: SIGSEGV.", "Hint.")
    records.write(Record("ff" + NAME[2:], "other.mp4", error=failure))
    path = Path(write_manifest(records.out)[0])
    first, second = map(json.loads, path.read_text().splitlines())
    assert (first["status"], first["seconds"], first["files"]) == ("done", 2.5, ["clip.npz"])
    assert (second["status"], second["error_kind"]) == ("failed", "crash")


def test_the_same_rows_as_parquet(records: Records, source: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    done(records, source)
    lines, table = map(Path, write_manifest(records.out))
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    assert parquet.read_table(table).to_pylist() == rows


def test_no_manifest_without_records(tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match="no records"):
        write_manifest(tmp_path)


def test_only_what_was_left_long_ago_is_removed(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / ".unfinished" / name).mkdir(parents=True)
    (tmp_path / ".unfinished" / "old" / "a.npz").write_bytes(b"x")
    for path in (tmp_path / ".unfinished" / "old" / "a.npz", tmp_path / ".unfinished" / "old"):
        os.utime(path, (1, 1))
    assert remove_left(tmp_path) == 1
    assert [path.name for path in (tmp_path / ".unfinished").iterdir()] == ["new"]
