"""`poselift batch`: what it prints, lists and returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poselift.batch import Record, Records
from poselift.batch.records import Failure
from poselift.demo.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_failure_from_the_first_run_to_the_list(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.mp4").write_bytes(b"no video at all")
    words = ["batch", "broken.mp4", "--out", "results"]
    assert main([*words, "--log", "json"]) == 2
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [told] = [event for event in events if event.get("status") == "failed"]
    assert told["source"] == str(folder / "broken.mp4")
    assert [event["failed"] for event in events if "kept_failed" in event] == [1]
    [row] = Path("results/manifest.jsonl").read_text().splitlines()
    assert json.loads(row)["error_kind"] == "refused"

    assert main(["batch", "--out", "results", "--list-failed"]) == 0
    address, error = capsys.readouterr().out.strip().split("\t")
    assert address == told["source"]
    assert error == told["error"]["message"]

    assert main([*words, "--dry-run"]) == 0
    assert capsys.readouterr().out == ""
    assert main([*words, "--dry-run", "--retry-failed"]) == 0
    assert capsys.readouterr().out == f"{folder / 'broken.mp4'}\n"
    # Nothing is tried, but not everything is there.
    assert main(words) == 2
    assert "1 failed before" in capsys.readouterr().err


def test_a_dry_run_lists_what_a_shard_would_do_and_makes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("list.txt").write_text("".join(f"{number}.mp4\n" for number in range(40)))
    shares = []
    for shard in ("0/2", "1/2"):
        assert main(["batch", "list.txt", "--dry-run", "--shard", shard, "--log", "text"]) == 0
        shares.append(capsys.readouterr().out.splitlines())
    assert sorted(shares[0] + shares[1]) == sorted(str(folder / f"{n}.mp4") for n in range(40))
    assert 8 < len(shares[0]) < 32
    assert main(["batch", "list.txt", "--dry-run", "--limit", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert [path.name for path in folder.iterdir()] == ["list.txt"]


def test_the_manifest_by_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Records("out").write(Record("ab" * 8, "clip.mp4", error=Failure("crash", "Dead.")))
    assert main(["batch", "--out", "out", "--manifest"]) == 0
    assert "manifest.jsonl" in capsys.readouterr().err
    assert len(Path("out/manifest.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "no videos"),
        ("gone.mp4", "No such file"),
        ("list.txt --shard 2/2", "no shard 2 of 2"),
        ("list.txt --jobs 0", "0 jobs"),
        ("list.txt --limit 0", "limit of 0"),
        ("list.txt --time-limit 0", "time limit"),
        ("list.txt --out hdfs://bucket/results", "not one of s3://"),
        ("list.txt --dry-run --manifest", "not allowed with"),
        ("list.txt --lookahead 3", "poselift live"),
        ("--out nowhere --manifest", "no records"),
    ],
)
def test_what_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], words: str, told: str
) -> None:
    Path("list.txt").write_text("a.mp4\n")
    assert main(["batch", *words.split()]) == 2
    message, hint = capsys.readouterr().err.splitlines()
    assert told in message
    assert hint
    assert not Path("hdfs:").exists()
