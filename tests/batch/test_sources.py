"""What people type becomes addresses, or a clear message before anything starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poselift.batch.sources import Sources
from poselift.errors import PoseliftError


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for name in ("b10.mp4", "b9.mp4", "deep/c.mov", "deep/.hidden.mp4", "notes.txt"):
        (tmp_path / "clips" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "clips" / name).write_bytes(b"x")
    return tmp_path / "clips"


def names(typed: list[str | Path], root: Path) -> list[str]:
    return [os.path.relpath(address, root) for address in Sources(typed, root / "out")]


def test_a_folder_is_its_videos_in_natural_order(clips: Path) -> None:
    assert names([clips], clips) == ["b9.mp4", "b10.mp4"]


def test_a_pattern_reaches_any_depth_but_not_the_results(clips: Path) -> None:
    (clips / "out" / "b9-0").mkdir(parents=True)
    (clips / "out" / "b9-0" / "b9.mp4").write_bytes(b"x")
    assert names([f"{clips}/**/*.m*"], clips) == ["b9.mp4", "b10.mp4", "deep/c.mov"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(clips: Path) -> None:
    (clips / "a[1].mp4").write_bytes(b"x")
    assert names([clips / "a[1].mp4"], clips) == ["a[1].mp4"]


def test_a_list_is_lines_of_any_names(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    listed = tmp_path / "list.txt"
    text = "\ufeffclips/b9.mp4\r\n\n# a comment\nhttps://example.org/a.mp4\n  gone.mp4 \n"
    listed.write_bytes(text.encode() + b"caf\xe9.mp4\n")
    assert list(Sources(["list.txt"], "out")) == [
        str(clips / "b9.mp4"),
        "https://example.org/a.mp4",
        str(tmp_path / "gone.mp4"),
        os.fsdecode(bytes(tmp_path) + b"/caf\xe9.mp4"),
    ]


def test_sources_can_be_gone_through_again(clips: Path) -> None:
    (clips / "list.txt").write_text("a.mp4\nb.mp4\n")
    sources = Sources([clips / "list.txt", clips], "out")
    assert list(sources) == list(sources)
    assert len(list(sources)) == 4


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (None, "no videos"),
        ("empty.txt", "names no videos"),
        ("binary.txt", "not a text file"),
        ("empty", "no video in the folder"),
        ("none/*.mp4", "No video matches"),
        ("clips/b9.mp", "No such file"),
        ("hdfs://bucket/a.mp4", "not one of s3://"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str | None, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("empty.txt").write_text("\n# nothing\n")
    Path("binary.txt").write_bytes(b"\x00\x01\x02")
    with pytest.raises(PoseliftError, match=words) as refused:
        Sources([] if typed is None else [typed], "out")
    assert refused.value.hint
