"""A batch from and to S3, with a real server: moto, in an environment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from poselift import load
from poselift.batch import Batch, Record, objects
from poselift.batch.objects import at
from poselift.demo.cli import main
from poselift.settings import Settings
from tests.batch.planted import PARTS, video
from tests.batch.stores import BreakingNetwork, moto_server, s3_server

pytest.importorskip("obstore", reason="needs the `stores` extra")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        moto_server() is None,
        reason="needs moto_server: POSELIFT_MOTO_SERVER, .venv/moto, or on the PATH",
    ),
]
SETTINGS = Settings().changed(save="npz", every="1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with s3_server(tmp_path_factory.mktemp("moto") / "log") as port:
        yield port


@pytest.fixture
def network(
    server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BreakingNetwork]:
    """The server behind a network that breaks when it is told to."""
    between = BreakingNetwork(server)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-nobody-may-read")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{between.port}")
    objects._bucket.cache_clear()
    yield between
    objects._bucket.cache_clear()


def put(address: str, content: bytes | Path) -> None:
    bucket, key = at(address)
    bucket.write(key, content)


def objects_below(address: str) -> dict[str, bytes]:
    bucket, prefix = at(address)
    return {
        one.key.removeprefix(f"{prefix}/"): bucket.read(one.key) or b""
        for one in bucket.below(prefix)
    }


def by_name(batch: Batch) -> dict[str, Record]:
    return {Path(record.source).stem: record for record in batch.records}


def test_from_a_store_to_a_store_and_again(network: BreakingNetwork, tmp_path: Path) -> None:
    clip = video(tmp_path / "one.mp4")
    put("s3://clips/first/one.mp4", clip)
    put("s3://clips/first/two.mp4", video(tmp_path / "two.mp4", frames=6))
    put("s3://clips/first/broken.mp4", b"no video at all")
    batch = Batch(["s3://clips/first/"], SETTINGS.changed(out="s3://clips/done"), **PARTS)
    summary = batch.run(jobs=2)
    assert (summary.done, summary.failed) == (2, 1)
    records = by_name(batch)
    error = records["broken"].error
    assert error is not None
    assert error.message.startswith("broken.mp4 is not a video")
    assert records["one"].seconds["fetch"] > 0
    there = objects_below("s3://clips/done")
    assert not any(b"a-secret" in content for content in there.values())
    for record in (records["one"], records["two"]):
        assert {f"{record.folder}/{name}" for name in record.outputs} <= set(there)
    # The same as from a folder to a folder.
    assert Batch([str(clip)], SETTINGS.changed(out="here"), **PARTS).run().done == 1
    [local] = Path("here").glob("one-*/one.npz")
    stored = tmp_path / "stored.npz"
    stored.write_bytes(there[f"{records['one'].folder}/one.npz"])
    np.testing.assert_array_equal(load(stored).pose3d, load(local).pose3d)
    again = batch.run()
    assert (again.done, again.kept, again.kept_failed) == (0, 2, 1)
    put("s3://clips/first/one.mp4", video(tmp_path / "other.mp4", frames=5))
    assert batch.run().done == 1
    assert by_name(batch)["one"].frames == 5
    assert list(Path("tmp").rglob("*.*")) == []


def test_a_network_that_breaks_is_tried_again_and_then_recorded(
    network: BreakingNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = video(tmp_path / "large.mp4")
    with large.open("ab") as file:
        file.write(b"\0" * 3_000_000)  # read, and of no meaning to a player
    put("s3://clips/second/large.mp4", large)
    put("s3://clips/second/small.mp4", video(tmp_path / "small.mp4"))
    batch = Batch(["s3://clips/second/"], SETTINGS.changed(out="results"), **PARTS)
    network.most = 20_000  # large.mp4 never comes through
    summary = batch.run()
    assert network.cut >= objects.TRIES
    assert (summary.done, summary.failed) == (1, 1)
    error = by_name(batch)["large"].error
    assert error is not None
    assert error.kind == "network"
    assert "s3://clips/second/large.mp4 could not be read" in error.message
    network.most, network.cut = 1_000_000, 0
    assert batch.run(retry_failed=True).done == 1
    assert network.cut >= 3


def test_from_the_command_line(
    network: BreakingNetwork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put("s3://clips/third/broken.mp4", b"no video at all")
    Path("list.txt").write_text("s3://clips/third/broken.mp4\ns3://clips/third/gone.mp4\n")
    assert main(["batch", "list.txt", "--out", "s3://clips/cli"]) == 2
    assert "s3://clips/cli/manifest.jsonl" in capsys.readouterr().err
    assert main(["batch", "--out", "s3://clips/cli", "--list-failed"]) == 0
    told = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert told["s3://clips/third/gone.mp4"].startswith("No such object")
    assert main(["batch", "s3://nowhere/", "--out", "results"]) == 2
    assert "no such bucket" in capsys.readouterr().err
    assert main(["batch", "list.txt", "--out", "s3://nowhere/x"]) == 2
    assert "no such bucket" in capsys.readouterr().err


def test_keys_that_are_refused(
    network: BreakingNetwork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network.most = 0
    assert main(["batch", "s3://clips/third/", "--out", "results"]) == 2
    message, hint = capsys.readouterr().err.splitlines()
    assert "s3://clips/third could not be listed" in message
    assert "network" in hint
