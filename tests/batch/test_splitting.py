"""Long videos in parts: where they are cut, and that people keep their numbers across a cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from benchmarks.batch import compared, looped
from poselift import load
from poselift.batch import Batch, Record, Shard, Summary, joining
from poselift.batch.joining import join, same_people
from poselift.batch.splitting import RHYTHM, stretches
from poselift.errors import PoseliftError
from poselift.seen_frames import SeenFrame
from poselift.settings import Settings
from poselift.skeleton import H36M17
from poselift.store import TrackStore
from poselift.types import Keypoints
from tests.batch.planted import PARTS, video
from tests.live_parts import STANDING

SETTINGS = Settings().changed(save="npz", out="out", every="1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def long_video(path: Path, frames: int, fps: int, every: int) -> Path:
    """A video with a key frame every so many frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.gop_size = 64, 64, every
        image = np.full((64, 64, 3), 60, np.uint8)
        for _ in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def test_cuts_are_key_frames_and_the_last_part_is_not_tiny(folder: Path) -> None:
    clip = str(long_video(folder / "long.mp4", frames=430, fps=10, every=12))
    parts = stretches(clip, 20.0, Settings())
    assert [part.cut for part in parts] == pytest.approx([0.0, 19.2])  # and not 40, of 43 s
    assert [part.start for part in parts] == pytest.approx([0.0, 9.2])
    assert (parts[0].end, parts[1].end) == (parts[1].cut, None)
    within = stretches(clip, 10.0, Settings().changed(start=5.0, end=30.0))
    assert [part.cut for part in within] == pytest.approx([5.0, 14.4, 24.0])
    assert [part.start for part in within] == pytest.approx([5.0, 5.0, 14.0])
    assert within[-1].end == 30.0


def test_what_stays_whole(folder: Path) -> None:
    clip = str(long_video(folder / "long.mp4", frames=50, fps=10, every=10))
    assert stretches(clip, 10.0, Settings()) == []
    assert stretches("https://example.org/a.mp4", 1.0, Settings()) == []
    (folder / "broken.mp4").write_bytes(b"no video at all")
    assert stretches(str(folder / "broken.mp4"), 1.0, Settings()) == []
    bare = folder / "bare.ts"
    long_video(bare, frames=50, fps=10, every=10)
    assert stretches(str(bare), 1.0, Settings()) == []
    with pytest.raises(PoseliftError, match="Parts of 0 minutes"):
        Batch([clip], SETTINGS, split=0)


def seen(time: float, people: dict[int, float]) -> SeenFrame:
    """A frame with these people, each at so many pixels from the left."""
    xy = np.array([STANDING * 50 + [place, 40] for place in people.values()], np.float32)
    joints = Keypoints(xy.reshape(-1, 17, 2), np.full((len(people), 17), 0.9, np.float32), H36M17)
    return SeenFrame(round(time * 10), time, np.array(list(people), int), joints)


def test_people_are_known_again_by_where_they_are() -> None:
    before = [seen(t / 10, {1: 50.0 + t, 4: 300.0 - t}) for t in range(100)]
    after = [seen(t / 10, {1: 300.0 - t, 2: 50.0 + t, 3: 600.0}) for t in range(50, 120)]
    assert same_people(before, [one for one in after if one.time < 10]) == {1: 4, 2: 1}
    assert same_people([], after) == {}


def test_somebody_who_is_hidden_at_the_cut_is_known_again() -> None:
    before = [seen(t / 10, {7: 50.0} if t < 80 else {}) for t in range(100)]
    after = [seen(t / 10, {1: 50.0} if t < 80 or t > 110 else {}) for t in range(50, 150)]
    assert same_people(before, [one for one in after if one.time < 10]) == {1: 7}


def test_parts_become_one_clip(folder: Path) -> None:
    def part(name: str, frames: Sequence[SeenFrame]) -> Path:
        store = TrackStore(folder / name, "part")
        for index, frame in enumerate(frames):
            store.add(replace(frame, index=index), {})
        store.finish((64, 48))
        store.close()
        return folder / name

    first = part("one", [seen(t / 10, {1: 50.0 + t, 2: 300.0}) for t in range(60)])
    # The other way round; a third one comes, and the second goes for good.
    second = part(
        "two",
        [
            seen(t / 10, {2: 50.0 + t, 1: 300.0} if t < 70 else {2: 50.0 + t, 3: 500.0})
            for t in range(30, 120)
        ],
    )
    whole = join([first, second], [0.0, 6.0])
    assert whole.time.tolist() == [t / 10 for t in range(120)]
    assert whole.size == (64, 48)
    tracks = {track.id: track for track in whole.tracks}
    assert {n: (int(t.frames[0]), len(t)) for n, t in tracks.items()} == {
        1: (0, 120), 2: (0, 70), 3: (70, 50),
    }  # fmt: skip
    steps = np.diff(tracks[1].xy[:, 0, 0])
    np.testing.assert_allclose(steps, 1.0, atol=1e-3)
    (folder / "two" / "part.2d").write_bytes(b"half")
    with pytest.raises(PoseliftError, match="cannot be read"):
        join([first, second], [0.0, 6.0])


class Eyes:
    """Stands for what has seen a part: only when its detector runs matters."""

    def __init__(self, beat: int) -> None:
        self.beat = beat

    def state(self) -> dict[str, np.ndarray]:
        return {RHYTHM: np.array([self.beat])}


@pytest.mark.parametrize("converges", [True, False])
def test_a_run_is_continued_over_a_cut_until_both_see_the_same(
    folder: Path, converges: bool
) -> None:
    """The part after the cut has seen somebody elsewhere for two seconds, or for ever."""

    def part(name: str, begin: int, end: int, off: float, until: int) -> Path:
        store = TrackStore(folder / name, "part")
        for index, t in enumerate(range(begin, end)):
            place = 50.0 + t + (off if t < until else 0.0)
            store.add(replace(seen(t / 10, {1: place}), index=index), {"from": np.array(begin)})
        store.finish((64, 48))
        store.close()
        np.save(folder / name / "beats.npy", np.array([[t % 10] for t in range(begin, end)]))
        return folder / name

    parts = [
        part("one", 0, 60, 0.0, 0),
        part("two", 30, 120, 5.0, 80 if converges else 120),
        part("three", 90, 150, 0.0, 0),
    ]
    asked: list[tuple[int, int]] = []

    def again(index: int, state: Mapping[str, np.ndarray]) -> Iterator[tuple[SeenFrame, Any]]:
        asked.append((index, int(state["from"]) if "from" in state else int(state[RHYTHM][0])))
        for t in range(60, 120) if index == 1 else range(120, 150):
            reached.append(t)
            yield seen(t / 10, {1: 50.0 + t}), Eyes(t % 10)

    reached: list[int] = []
    whole = join(parts, [0.0, 6.0, 12.0], again)
    [track] = whole.tracks
    np.testing.assert_allclose(np.diff(track.xy[:, 0, 0]), 1.0, atol=1e-3)
    assert len(whole.time) == 150
    # From the end of a part's own run, or of the run that was continued all through it.
    assert asked == [(1, 0), (2, 30 if converges else 9)]
    in_two = [t for t in reached if t < 120]
    assert in_two[-1] == (79 + joining._STEADY if converges else 119)
    assert reached[-1] == 119 + joining._STEADY


def run(shard: Shard | None = None, split: float | None = 0.1) -> tuple[Batch, Summary]:
    batch = Batch(["in"], SETTINGS, shard=shard, split=split, **PARTS)
    return batch, batch.run(jobs=1)


def test_a_video_in_parts_is_the_same_as_whole(folder: Path) -> None:
    (folder / "in").mkdir()
    long_video(folder / "in" / "long.mp4", frames=200, fps=10, every=5)
    video(folder / "in" / "short.mp4")
    batch, summary = run()
    assert (summary.done, summary.failed, summary.waiting) == (2, 0, 0)
    records: dict[str, Record] = {Path(one.source).stem: one for one in batch.records}
    assert (records["long"].frames, records["long"].people) == (200, 1)
    assert list(Path("out/.parts").rglob("*.*")) == []
    assert run()[1].kept == 2
    whole, summary = run(split=None)
    assert summary.done == 2
    [other] = [one for one in whole.records if one.frames == 200 and one.id != records["long"].id]
    one, two = (load(Path("out", r.folder, "long.npz")) for r in (records["long"], other))
    np.testing.assert_array_equal(one.time, two.time)
    np.testing.assert_array_equal(one.ids, two.ids)
    np.testing.assert_allclose(one.pose3d, two.pose3d, atol=1e-5)


@pytest.mark.slow
def test_parts_in_shards_are_joined_by_whoever_does_the_last(folder: Path) -> None:
    (folder / "in").mkdir()
    long_video(folder / "in" / "long.mp4", frames=400, fps=10, every=5)
    summaries = [run(Shard(index, 2))[1] for index in range(2)]
    assert [summary.done for summary in summaries] == [0, 1]
    assert sum(summary.waiting for summary in summaries) == 1
    assert list(Path("out/.parts").rglob("*.2d")) == []


@pytest.mark.slow
def test_people_of_a_film_in_parts_are_those_of_the_whole(folder: Path) -> None:
    """Two people who cross and dance, cut in the middle of it; the picture jumps at each loop."""
    clip = looped(folder / "clip.mp4", 24.0)
    apart = compared(clip, folder, 0.24, "movenet-lightning")
    assert apart.whole == apart.joined
    assert len(apart.whole) >= 2
    assert np.nanmax(apart.mm) < 5
