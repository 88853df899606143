"""Long clips are worked through in sections and kept in files; what comes out is the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from poselift import large, lifting, sections
from poselift.detectors.choose import weight_of
from poselift.detectors.tracks import TrackBuilder
from poselift.export import write
from poselift.npz import read_npz
from poselift.progress import Silent
from poselift.result import ClipMotion
from poselift.scene import long
from poselift.sections import Blended
from poselift.settings import Settings
from poselift.skeleton import H36M17
from poselift.types import Keypoints, Motion, SeenClip, Track
from tests.live_parts import somebody

FRAMES = 900


class Flat:
    """Stands everybody in the plane of the picture."""

    name = "flat"

    def __call__(self, tracks: Sequence[Track], *, image_size, fps, progress=None) -> list[Motion]:
        out = []
        for track in tracks:
            flat = (track.xy - track.xy[:, :1]) / 60
            pose = np.concatenate([flat, np.zeros_like(flat[..., :1])], axis=-1)
            out.append(Motion(track, pose, fps, self.name, (track.score == 0).all(axis=1)))
        return out


@pytest.fixture
def short_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sections, lifting, long):
        monkeypatch.setattr(module, "WHOLE", 400)
    monkeypatch.setattr(sections, "_SECTION", 300)
    monkeypatch.setattr(sections, "_OVERLAP", 100)
    monkeypatch.setattr(large, "LARGE", 1000)
    monkeypatch.setattr(large, "BLOCK", 170)


def seen_clip(unseen: slice = slice(0, 0), fps: float = 30) -> SeenClip:
    builder = TrackBuilder()
    for frame in range(FRAMES):
        there = not unseen.start <= frame < unseen.stop
        xy = somebody(30 + 8 * np.sin(frame / 90), 48, 60)[None] * 8
        score = np.full((1, 17), 0.9, np.float32)
        joints = Keypoints(xy[:there].astype(np.float32), score[:there], H36M17)
        builder.add(frame, np.ones(int(there), int), joints)
    return SeenClip(np.arange(FRAMES) / fps, (640, 480), builder.tracks())


def lifted(seen: SeenClip) -> ClipMotion:
    return lifting.lift_clip("clip", seen, Flat(), Settings(), Silent(), {})


def is_in_a_file(array: np.ndarray) -> bool:
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return owner is not None


@pytest.fixture(scope="module")
def at_once() -> ClipMotion:
    return lifted(seen_clip())


def test_sections_give_what_the_whole_gives(
    at_once: ClipMotion, short_sections: None, tmp_path: Path
) -> None:
    motion = lifted(seen_clip())
    assert is_in_a_file(motion.pose3d)
    assert not is_in_a_file(at_once.pose3d)
    assert np.allclose(motion.pose2d, at_once.pose2d, atol=0.01, equal_nan=True)
    off = np.linalg.norm(motion.pose3d - at_once.pose3d, axis=-1)
    assert np.median(off) < 0.02
    assert off.max() < 0.2  # of somebody who is taken to be 9 m tall
    steps = np.linalg.norm(np.diff(motion.pose3d[0, :, 0], axis=0), axis=-1)
    whole = np.linalg.norm(np.diff(at_once.pose3d[0, :, 0], axis=0), axis=-1)
    assert steps.max() < 1.5 * whole.max()  # nothing jumps where sections meet


def test_files_do_not_depend_on_where_arrays_lie(
    at_once: ClipMotion, tmp_path: Path, short_sections: None
) -> None:
    ways = []
    for name in ("blocks", "one"):
        if name == "one":
            large.BLOCK = 10**6  # the fixture puts it back
        written = write(at_once, tmp_path / name, ["npz", "csv", "json"])
        ways.append([path.read_bytes() for path in written])
    assert ways[0] == ways[1]
    back = read_npz(tmp_path / "blocks" / "clip.npz")
    assert np.array_equal(back.pose3d, at_once.pose3d, equal_nan=True)


def test_who_is_not_seen_for_whole_sections_is_between_where_they_were(
    short_sections: None,
) -> None:
    motion = lifted(seen_clip(unseen=slice(350, 720), fps=240))  # not for long: a second and a half
    assert np.isfinite(motion.pose3d).all()
    assert motion.filled[0, 350:720].all()
    assert not motion.filled[0, :350].any()
    roots = motion.pose3d[0, 350:720, 0]
    assert np.linalg.norm(np.diff(roots, axis=0), axis=-1).max() < 0.1


def test_tracks_are_the_same_in_memory_and_in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    (usual,) = seen_clip(unseen=slice(40, 90)).tracks
    monkeypatch.setattr(large, "LARGE", 1000)
    monkeypatch.setattr(large, "BLOCK", 33)
    (track,) = seen_clip(unseen=slice(40, 90)).tracks
    assert is_in_a_file(track.xy)
    assert track.xy.tobytes() == usual.xy.tobytes()
    assert track.score.tobytes() == usual.score.tobytes()
    assert weight_of(track) == pytest.approx(weight_of(usual), rel=1e-5)


@pytest.mark.parametrize("length", [1, 3600, 3601, 5000, 108_000])
def test_every_row_counts_once(length: int) -> None:
    blend, own = Blended(length), np.zeros(length, int)
    for section in sections.sections(length):
        assert len(section.weight) == section.rows.stop - section.rows.start <= sections.WHOLE
        own[section.own] += 1
        blend.add(section, np.full((len(section.weight), 2), 3.0))
    assert (own == 1).all()
    assert np.allclose(blend.result(), 3)


def test_without_room_for_a_file_an_array_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(large, "_reserve", full)
    array = large.zeros((large.LARGE,), np.float64)
    assert not is_in_a_file(array)
    large.release(array, None)
    array[:] = 1


def test_what_is_released_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LARGE", 10)
    array = large.zeros((5000, 3), np.float32)
    array[:] = np.arange(15_000).reshape(5000, 3)
    large.release(array[100:200])
    assert np.array_equal(array.ravel(), np.arange(15_000))
