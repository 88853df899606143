from __future__ import annotations

from pathlib import Path

import numpy as np

from poselift import cache
from poselift.cache import SeenClip
from poselift.journal import Entry, Journal
from poselift.skeleton import COCO17
from poselift.types import Keypoints, People, Track


def seen_clip() -> SeenClip:
    rng = np.random.default_rng(0)
    track = Track(4, np.arange(2, 9), rng.random((7, 17, 2)) * 99, rng.random((7, 17)))
    return SeenClip(np.arange(10) / 24, (64, 48), [track])


def test_what_is_kept_comes_back_for_its_key_only(tmp_path: Path) -> None:
    path, clip = tmp_path / "a" / "tracks.npz", seen_clip()
    cache.save(path, "key", clip)
    kept = cache.load(path, "key")
    assert kept is not None
    assert kept.size == clip.size
    np.testing.assert_array_equal(kept.time, clip.time)
    np.testing.assert_array_equal(kept.tracks[0].xy, clip.tracks[0].xy)
    assert kept.tracks[0].id == 4
    assert cache.load(path, "another") is None
    assert cache.load(tmp_path / "nothing.npz", "key") is None


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "tracks.npz"
    cache.save(path, "key", seen_clip())
    path.write_bytes(path.read_bytes()[:200])
    assert cache.load(path, "key") is None


def test_the_key_changes_with_the_bytes_and_the_settings(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"one")
    first = cache.key_of(str(clip), {"pose": "thunder"})
    assert first == cache.key_of(str(clip), {"pose": "thunder"})
    assert first != cache.key_of(str(clip), {"pose": "lightning"})
    clip.write_bytes(b"two")
    assert first != cache.key_of(str(clip), {"pose": "thunder"})
    assert cache.key_of("rtsp://camera/1", {}) is None


def entries(count: int) -> list[Entry]:
    rng = np.random.default_rng(1)
    made = []
    for index in range(count):
        n = index % 3
        people = People(rng.random((n, 4), np.float32), rng.random(n, np.float32))
        joints = Keypoints(
            rng.random((n, 17, 2), np.float32), rng.random((n, 17), np.float32), COCO17
        )
        made.append(Entry(index, index / 30, people, joints))
    return made


def test_a_journal_gives_back_what_was_written_before_it_was_cut_off(tmp_path: Path) -> None:
    made = entries(700)
    journal = Journal(tmp_path / "j", "key", COCO17)
    for entry in made:
        journal.add(entry)
    journal.flush()
    again = list(Journal(tmp_path / "j", "key", COCO17).replay())
    assert [entry.index for entry in again] == list(range(700))
    for before, after in zip(made, again, strict=True):
        np.testing.assert_array_equal(before.keypoints.xy, after.keypoints.xy)
        np.testing.assert_array_equal(before.people.boxes, after.people.boxes)


def test_a_journal_of_another_key_is_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "old", COCO17)
    journal.add(entries(1)[0])
    journal.flush()
    assert list(Journal(tmp_path / "j", "new", COCO17).replay()) == []
    assert list(Journal(tmp_path / "j", "old", COCO17).replay()) == []


def test_a_damaged_journal_file_ends_what_can_be_resumed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "key", COCO17)
    for entry in entries(900):
        journal.add(entry)
    second = sorted((tmp_path / "j" / "key").iterdir())[1]
    second.write_bytes(b"not numpy")
    journal = Journal(tmp_path / "j", "key", COCO17)
    assert len(list(journal.replay())) == 300
    journal.add(entries(1)[0])
    journal.flush()
    assert len(list(Journal(tmp_path / "j", "key", COCO17).replay())) == 301
