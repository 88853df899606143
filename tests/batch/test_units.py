"""Ids, shards, and a long list."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from poselift.batch import Batch, Shard
from poselift.batch.units import Identity
from poselift.errors import PoseliftError
from poselift.settings import Settings

ADDRESSES = [f"/clips/{number}.mp4" for number in range(2000)]


def test_the_parts_hold_every_unit_once_and_about_as_many_each() -> None:
    identity = Identity(Settings())
    parts = [{unit.id for unit in identity.units(ADDRESSES, Shard(index, 8))} for index in range(8)]
    assert len(set.union(*parts)) == sum(map(len, parts)) == len(ADDRESSES)
    assert all(180 < len(part) < 320 for part in parts)


def test_an_address_given_twice_is_one_unit() -> None:
    assert len(list(Identity(Settings()).units(["/a.mp4", "/b.mp4", "/a.mp4"]))) == 2


def test_namesakes_have_folders_of_their_own() -> None:
    one, other = Identity(Settings()).units(["/x/clip.mp4", "/y/clip.mp4"])
    assert one.folder != other.folder
    assert one.folder.startswith("clip-")


def test_the_id_is_of_the_result_and_not_of_the_place(tmp_path: Path) -> None:
    def name(**settings: object) -> str:
        return Identity(Settings().changed(**settings)).of("/a.mp4")

    assert name() == name(out="x", device="cuda", cache=False)
    assert name() != name(people="main")
    weights = tmp_path / "mine.npz"
    weights.write_bytes(b"one")
    before = name(checkpoint=str(weights))
    weights.write_bytes(b"two")
    assert name(checkpoint=str(weights)) != before


@pytest.mark.parametrize("text", ["8/8", "1", "a/b", "-1/3", "0/0", "1/2/3"])
def test_shards_that_do_not_exist(text: str) -> None:
    with pytest.raises(PoseliftError):
        Shard.parsed(text)


def test_a_hundred_thousand_lines_begin_at_once_in_little_memory(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(
        "".join(f"/archive/camera/clip-{number:06}.mp4\n" for number in range(100_000))
    )
    batch = Batch([listed], Settings(out=str(tmp_path / "out")))
    begun = time.process_time()
    assert batch._total() == 100_000
    assert next(batch.missing()).address == "/archive/camera/clip-000000.mp4"
    assert time.process_time() - begun < 5
    tracemalloc.start()
    for _ in zip(range(20_000), batch.units(), strict=False):
        pass
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
