"""Sources and records in an object store, in obstore's own store in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from poselift.batch import objects, records_at, write_manifest
from poselift.batch.fetching import as_file
from poselift.batch.object_records import ObjectRecords
from poselift.batch.objects import NetworkError, at
from poselift.batch.records import DestinationError, Failure, Record
from poselift.batch.sources import Sources
from poselift.batch.stamps import content_of, has_changed, stamp_of
from poselift.batch.units import Unit
from poselift.errors import PoseliftError

pytest.importorskip("obstore", reason="needs the `stores` extra")


@pytest.fixture(autouse=True)
def in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from obstore.store import MemoryStore

    monkeypatch.setattr(objects, "_open", lambda root: MemoryStore())
    monkeypatch.setattr(objects, "_WAIT", 0.0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    objects._bucket.cache_clear()
    yield
    objects._bucket.cache_clear()


def put(address: str, content: bytes = b"x") -> None:
    bucket, key = at(address)
    bucket.write(key, content)


def keys(root: str) -> set[str]:
    return {one.key for one in at(root)[0].below("")}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("s3://clips/in/b9.mp4", ["b9.mp4"]),
        ("s3://clips/in/", ["b9.mp4", "b10.mp4"]),
        ("s3://clips/in", ["b9.mp4", "b10.mp4"]),
        ("s3://clips/in/**/*.mp4", ["b9.mp4", "b10.mp4", "deep/ü 1.mp4"]),
        ("s3://clips/i?/b[0-9].mp4", ["b9.mp4"]),
        ("S3://clips/in/*/*.m*", ["deep/ü 1.mp4"]),
    ],
)
def test_folders_and_patterns_of_a_store(typed: str, found: list[str]) -> None:
    for name in ("b10.mp4", "b9.mp4", "deep/ü 1.mp4", "notes.txt", "out/clip-1/clip.mp4"):
        put(f"s3://clips/in/{name}")
    expected = [f"s3://clips/in/{name}" for name in found]
    assert list(Sources([typed], "s3://clips/in/out")) == expected


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("s3://clips/gone.mp4", "No such object"),
        ("s3://clips/nothing/", "no video in the folder"),
        ("s3://clips/*.mp4", "No video matches"),
    ],
)
def test_what_a_store_has_not_is_told_at_once(typed: str, words: str) -> None:
    with pytest.raises(PoseliftError, match=words):
        Sources([typed], "out")


def unit(name: str = "ab" * 8) -> Unit:
    return Unit(name, "/clips/clip.mp4")


def placed(records: ObjectRecords, folder: Path, files: dict[str, bytes]) -> Record:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    outputs = {name: {"bytes": len(content), "sha256": ""} for name, content in files.items()}
    record = Record(unit().id, "/clips/clip.mp4", folder=unit().folder, outputs=outputs)
    records.place(folder, record)
    return record


def test_a_unit_is_settled_once_its_files_and_its_record_are_there(tmp_path: Path) -> None:
    records = records_at("s3://results/day 1/")
    assert isinstance(records, ObjectRecords)
    assert not records.any()
    assert records.settled(unit()) is None
    record = placed(records, tmp_path / "made", {"a.npz": b"123", "a.toml": b"4"})
    assert records.any()
    assert records.settled(unit()) == record
    assert list(records) == [record]
    assert f"day 1/{unit().folder}/a.npz" in keys("s3://results")
    at("s3://results/")[0].remove([f"day 1/{unit().folder}/a.npz"])
    assert records.settled(unit()) is None


def test_files_of_an_earlier_result_go(tmp_path: Path) -> None:
    records = records_at("s3://results")
    assert isinstance(records, ObjectRecords)
    placed(records, tmp_path / "one", {"a.npz": b"123", "a_2.bvh": b"5"})
    placed(records, tmp_path / "two", {"a.npz": b"12345"})
    inside = {Path(key).name for key in keys("s3://results") if not key.startswith("records")}
    assert inside == {"a.npz"}
    found = at("s3://results")[0].head(f"{unit().folder}/a.npz")
    assert found is not None
    assert found.bytes == 5


def test_records_by_the_hundred_in_order_and_the_table_of_them() -> None:
    records = records_at("s3://results/x")
    names = [f"{number:016x}" for number in range(100)]
    for name in names:
        records.write(Record(name, "clip.mp4", error=Failure("crash", "Dead.")))
    at("s3://results")[0].write(f"x/records/00/{'0' * 15}f.json", b"{half a rec")
    assert [record.id for record in records] == [name for name in names if name[-2:] != "0f"]
    looked_up = list(records.looked_up(map(unit, names)))
    assert [one.id for one, _ in looked_up] == names
    assert [one.id for one, record in looked_up if record is None] == [f"{15:016x}"]
    wrote = write_manifest("s3://results/x")
    assert wrote[0] == "s3://results/x/manifest.jsonl"
    content = at("s3://results")[0].read("x/manifest.jsonl")
    assert content is not None
    assert json.loads(content.splitlines()[0])["error_kind"] == "crash"
    assert len(content.splitlines()) == 99


def test_a_source_that_was_replaced_has_changed() -> None:
    put("s3://clips/a.mp4", b"one")
    stamp, content = stamp_of("s3://clips/a.mp4"), content_of("s3://clips/a.mp4")
    assert content is not None
    assert not has_changed("s3://clips/a.mp4", stamp, content)
    put("s3://clips/a.mp4", b"two")
    assert has_changed("s3://clips/a.mp4", stamp, content)
    at("s3://clips")[0].remove(["a.mp4"])
    assert not has_changed("s3://clips/a.mp4", stamp, content)


def test_a_copy_lives_as_long_as_it_is_needed(tmp_path: Path) -> None:
    put("s3://clips/deep/ü 1.mp4", b"content" * 100)
    folder = tmp_path / f"poselift-batch-{__import__('os').getuid()}" / "x.source"
    with as_file("s3://clips/deep/ü 1.mp4", folder) as path:
        assert Path(path) == folder / "ü 1.mp4"
        assert Path(path).read_bytes() == b"content" * 100
    assert not folder.exists()
    with as_file("/clips/a.mp4", folder) as path:
        assert path == "/clips/a.mp4"
    with (
        pytest.raises(PoseliftError, match=r"0\.0005 are fetched"),
        as_file("s3://clips/deep/ü 1.mp4", folder, most=0.0005),
    ):
        pass
    with pytest.raises(PoseliftError, match="No such object"), as_file("s3://clips/z.mp4", folder):
        pass


def test_a_disk_without_room_is_no_fault_of_the_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("s3://clips/a.mp4", b"content")
    monkeypatch.setattr("poselift.batch.fetching._SPARE", 1 << 60)
    folder = tmp_path / f"poselift-batch-{__import__('os').getuid()}" / "x.source"
    with pytest.raises(DestinationError, match="to spare"), as_file("s3://clips/a.mp4", folder):
        pass


class Breaking:
    """Lets a bucket's pieces fail as often as is said, one number for each piece."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: list[int]) -> None:
        self.failures = failures
        self._whole = objects.Bucket._piece
        monkeypatch.setattr(objects, "PIECE", 10)
        monkeypatch.setattr(objects.Bucket, "_piece", lambda *args: self.piece(*args))

    def piece(self, bucket: objects.Bucket, found: objects.Found, start: int) -> bytes:
        if self.failures[start // 10]:
            self.failures[start // 10] -= 1
            raise NetworkError("broken", "Again.")
        return self._whole(bucket, found, start)


def test_a_download_that_breaks_is_taken_up_where_it_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(35))
    put("s3://clips/a.mp4", content)
    bucket, key = at("s3://clips/a.mp4")
    found = bucket.head(key)
    assert found is not None
    most = objects.TRIES - 1
    Breaking(monkeypatch, [most, 0, most, 1])
    bucket.fetch(found, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == content
    broken = Breaking(monkeypatch, [0, most + 1])
    with pytest.raises(NetworkError):
        bucket.fetch(found, tmp_path / "a.mp4")
    assert broken.failures == [0, 0]


def test_an_object_that_is_replaced_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("s3://clips/a.mp4", b"one")
    bucket, key = at("s3://clips/a.mp4")
    found = bucket.head(key)
    assert found is not None
    put("s3://clips/a.mp4", b"two")
    with pytest.raises(PoseliftError, match="changed while it was read"):
        bucket.fetch(found, tmp_path / "a.mp4")
