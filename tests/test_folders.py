"""Each clip has a folder of its own, and no result is a source."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from poselift.errors import PoseliftError
from poselift.folders import (
    claim_folder,
    files_named_in,
    folder_of,
    refuse_results_over_sources,
)
from poselift.media.source import safe_name
from poselift.pipeline import Pipeline
from poselift.settings import Settings

NAMESAKES = ["a/clip.mp4", "a/clip.mov", "b/clip.mp4", "b/clip..mp4", "b/clip .mp4", "b/clip.mkv"]


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in NAMESAKES]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text(path.name)
    return paths


def test_namesakes_get_folders_of_their_own_and_find_them_again(
    tmp_path: Path, clips: list[Path]
) -> None:
    first = [claim_folder(tmp_path / "out", str(clip)) for clip in clips]
    assert len(set(first)) == len(clips)
    assert first[0].name == "clip"
    again = [claim_folder(tmp_path / "out", str(clip)) for clip in reversed(clips)]
    assert again == first[::-1]


def test_a_link_to_a_clip_is_the_clip(tmp_path: Path, clips: list[Path]) -> None:
    folder = claim_folder(tmp_path, str(clips[0]))
    (tmp_path / "clip.mp4").symlink_to(clips[0])
    assert folder_of(tmp_path, str(tmp_path / "clip.mp4")) == folder


def test_the_folder_of_a_clip_that_is_gone_is_free(tmp_path: Path, clips: list[Path]) -> None:
    folder = claim_folder(tmp_path / "out", str(clips[0]))
    clips[0].unlink()
    assert claim_folder(tmp_path / "out", str(clips[1])) == folder


def test_a_planted_claim_is_not_followed(tmp_path: Path, clips: list[Path]) -> None:
    (tmp_path / "out" / "clip").mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "out" / "clip" / ".source").symlink_to(precious)
    claim_folder(tmp_path / "out", str(clips[0]))
    os.mkfifo(tmp_path / "out" / "pipe")
    assert precious.read_text() == "precious"


def test_an_address_is_not_written_down(tmp_path: Path) -> None:
    folder = claim_folder(tmp_path, "rtsp://me:secret@camera/1")
    assert b"secret" not in (folder / ".source").read_bytes()
    assert claim_folder(tmp_path, "rtsp://other@camera/1") != folder


def test_many_at_once_never_share(tmp_path: Path) -> None:
    clips = [tmp_path / str(number) / "clip.mp4" for number in range(8)]
    for clip in clips:
        clip.parent.mkdir()
        clip.touch()
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda c=clip: found.append(claim_folder(tmp_path / "o", str(c))))
        for clip in clips
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(clips)


@pytest.mark.parametrize("link", ["itself", "symlink", "hardlink"])
def test_a_result_over_its_source_is_refused_before_anything_is_read(
    tmp_path: Path, link: str
) -> None:
    result = tmp_path / "clip" / "clip.mp4"
    result.parent.mkdir()
    source = result
    if link != "itself":
        source = tmp_path / "clip.mp4"
    source.write_text("precious")
    if link == "symlink":
        result.symlink_to(source)
    elif link == "hardlink":
        result.hardlink_to(source)
    with pytest.raises(PoseliftError, match="which is an input") as caught:
        Pipeline(out=str(tmp_path), save="mp4").process(source)
    assert caught.value.hint
    assert source.read_text() == "precious"
    assert not (tmp_path / "clip" / ".source").exists()


def test_nor_over_another_clip_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    clips = [tmp_path / "clip.mov", tmp_path / "clip" / "clip.mp4"]
    for clip in clips:
        clip.write_text("precious")
    with pytest.raises(PoseliftError, match="which is an input"):
        Pipeline(out=str(tmp_path), save="mp4").check(clips)
    Pipeline(out=str(tmp_path), save="npz").check(clips)


def test_nor_over_files_that_settings_name(tmp_path: Path) -> None:
    joints = tmp_path / "clip" / "clip.npz"
    joints.parent.mkdir()
    joints.touch()
    settings = Settings(pose=f"precomputed:{joints}", save=("npz",))
    with pytest.raises(PoseliftError, match="which is an input"):
        refuse_results_over_sources(joints.parent, settings, files_named_in(settings))


@pytest.mark.parametrize("source", ["pictures", "pictures/%05d.png"])
def test_nor_among_the_pictures_that_are_read(tmp_path: Path, source: str) -> None:
    (tmp_path / "pictures").mkdir()
    with pytest.raises(PoseliftError, match="among the input pictures"):
        Pipeline(out=str(tmp_path)).check([tmp_path / source])


@pytest.mark.parametrize(
    "name", ["ü" * 200, "👨‍👩‍👧‍👦" * 20, os.fsdecode(b"caf\xe9"), "a\nb", "x" * 250, " . ", "CON?*"]
)
def test_any_name_makes_a_name_for_files(tmp_path: Path, name: str) -> None:
    made = safe_name(f"{name}.mp4")
    assert 0 < len(made.encode()) <= 120
    assert made == safe_name(f"{name}.mp4")
    (tmp_path / f"{made}_12.bvh").touch()


def test_long_names_that_begin_alike_stay_apart() -> None:
    assert safe_name("x" * 200 + "1.mp4") != safe_name("x" * 200 + "2.mp4")
