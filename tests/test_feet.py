"""Heels and toes: from the keypointer through tracks and the store to files and pictures."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from poselift.detectors.repair import undo_swaps
from poselift.detectors.see import find_tracks
from poselift.detectors.tracks import TrackBuilder
from poselift.drawing.people2d import draw_people
from poselift.export.csv import write_csv
from poselift.export.json import SCHEMA, write_json
from poselift.npz import read_npz, write_npz
from poselift.result import ClipMotion
from poselift.seen_frames import SeenFrame
from poselift.skeleton import BLAZEPOSE33, COCO17, FEET4, H36M17, HALPE26, feet_of, to_h36m
from poselift.store import TrackStore
from poselift.types import Extra, Frame, Keypoints, Motion, Track
from tests.detectors.pictures import clip


def walker(frames: int = 12) -> tuple[list[Keypoints], list[Keypoints]]:
    """Somebody who drifts: joints in H36M-17 and feet, frame by frame."""
    random = np.random.default_rng(0)
    body = random.uniform(50, 150, (1, 17, 2)).astype(np.float32)
    soles = random.uniform(50, 150, (1, 4, 2)).astype(np.float32)
    ones, fours = np.ones((1, 17), np.float32), np.full((1, 4), 0.8, np.float32)
    joints = [Keypoints(body + i, ones, H36M17) for i in range(frames)]
    return joints, [Keypoints(soles + i, fours, FEET4) for i in range(frames)]


def track_of(joints: list[Keypoints], feet: list[Keypoints]) -> Track:
    builder = TrackBuilder()
    for frame, (one, sole) in enumerate(zip(joints, feet, strict=True)):
        builder.add(frame, np.array([1]), one, sole)
    (track,) = builder.tracks()
    return track


@pytest.mark.parametrize("skeleton", [HALPE26, BLAZEPOSE33])
def test_feet_are_picked_by_name(skeleton: object) -> None:
    assert isinstance(skeleton, type(HALPE26))
    xy = np.arange(len(skeleton) * 2, dtype=np.float32).reshape(1, -1, 2)
    found = feet_of(xy, np.ones((1, len(skeleton))), skeleton)
    assert found is not None
    for place, name in enumerate(FEET4.names):
        np.testing.assert_array_equal(found[0][0, place], xy[0, skeleton.index(name)])
    assert feet_of(xy[:, :17], np.ones((1, 17)), COCO17) is None


def test_halpe_is_lifted_by_its_coco_joints() -> None:
    xy = np.random.default_rng(1).uniform(0, 100, (3, 26, 2))
    ours, _ = to_h36m(xy, np.ones((3, 26)), HALPE26)
    coco, _ = to_h36m(xy[:, :17], np.ones((3, 17)), COCO17)
    np.testing.assert_array_equal(ours, coco)
    mirrored = [HALPE26.names[i] for i in HALPE26.mirror]
    swap = {"left": "right", "right": "left"}
    expected = [" ".join(swap.get(word, word) for word in n.split()) for n in HALPE26.names]
    assert mirrored == expected


def test_feet_travel_with_the_track() -> None:
    joints, feet = walker()
    track = track_of(joints, feet)
    assert track.extra is not None
    assert track.extra.names == FEET4.names
    np.testing.assert_array_equal(track.extra.xy, np.concatenate([one.xy for one in feet]))
    assert (track.extra.score == np.float32(0.8)).all()


def test_a_gap_has_no_feet() -> None:
    joints, feet = walker()
    builder = TrackBuilder()
    for frame in (0, 1, 2, 3, 4, 5, 8, 9):
        builder.add(frame, np.array([1]), joints[frame], feet[frame])
    (track,) = builder.tracks()
    assert track.extra is not None
    np.testing.assert_allclose(track.extra.score[:, 0], [0.8] * 6 + [0] * 2 + [0.8] * 2)


def test_feet_change_sides_with_their_legs() -> None:
    joints, _ = walker(30)
    hips, knees, ankles = (4, 1), (5, 2), (6, 3)
    xy = np.concatenate([one.xy for one in joints])
    for place, (left, right) in enumerate((hips, knees, ankles)):
        xy[:, left] = (60, 100 + 40 * place)
        xy[:, right] = (140, 100 + 40 * place)
    soles = np.tile(
        np.array([[50, 185], [70, 190], [130, 185], [150, 190]], np.float32), (30, 1, 1)
    )
    score = np.full((30, 4), 0.8, np.float32)
    good = Track(1, np.arange(30), xy, np.ones((30, 17)), Extra(FEET4.names, soles, score))
    swapped_xy, swapped_soles = xy.copy(), soles.copy()
    legs, other = [4, 5, 6, 1, 2, 3], [1, 2, 3, 4, 5, 6]
    swapped_xy[14:16, legs] = xy[14:16, other]
    swapped_soles[14:16] = soles[14:16][:, list(FEET4.mirror)]
    bad = replace(good, xy=swapped_xy, extra=Extra(FEET4.names, swapped_soles, score))
    repaired, changed = undo_swaps(bad)
    assert changed[14:16].all()
    np.testing.assert_array_equal(repaired.xy, good.xy)
    assert repaired.extra is not None
    np.testing.assert_array_equal(repaired.extra.xy, soles)


def test_the_store_keeps_feet(tmp_path: Path) -> None:
    joints, feet = walker(5)
    ids = np.array([1])
    store = TrackStore(tmp_path, "key")
    store.read()
    for frame in range(5):
        store.add(SeenFrame(frame, frame / 30, ids, joints[frame], feet[frame]), {})
    store.finish((640, 480))
    store.close()
    kept = TrackStore(tmp_path, "key").read()
    assert len(kept.frames) == 5
    for frame, sole in zip(kept.frames, feet, strict=True):
        assert frame.feet is not None
        np.testing.assert_array_equal(frame.feet.xy, sole.xy)
        np.testing.assert_array_equal(frame.feet.score, sole.score)


@pytest.fixture
def motion() -> ClipMotion:
    joints, feet = walker()
    track = track_of(joints, feet)
    pose = np.random.default_rng(2).uniform(-1, 1, (12, 17, 3)).astype(np.float32)
    lifted = Motion(track, pose, 30.0, "test", np.zeros(12, bool))
    return ClipMotion.gather(
        "clip", [lifted], [pose], np.arange(14) / 30, fps=30.0, size=(200, 200), placed=False,
        meta={},
    )  # fmt: skip


def test_files_hold_the_feet(motion: ClipMotion, tmp_path: Path) -> None:
    assert motion.extra is not None
    [path] = write_npz(motion, tmp_path / "clip.npz")
    again = read_npz(path).extra
    assert again is not None
    assert again.names == FEET4.names
    np.testing.assert_array_equal(again.xy, motion.extra.xy)
    np.testing.assert_array_equal(again.score, motion.extra.score)

    [path] = write_json(motion, tmp_path / "clip.json")
    content = json.loads(path.read_text())
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(content, json.loads(SCHEMA.read_text()))
    assert content["extra"] == list(FEET4.names)
    np.testing.assert_allclose(content["poses"][3]["extra2d"], motion.extra.xy[0, 3], atol=0.01)

    [path] = write_csv(motion, tmp_path / "clip.csv")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    toes = [row for row in rows if row["joint"] == "left toe"]
    assert len(toes) == 12
    assert toes[3]["x"] == ""
    assert float(toes[3]["u"]) == pytest.approx(float(motion.extra.xy[0, 3, 1, 0]), abs=0.01)


def test_without_feet_nothing_changes(motion: ClipMotion, tmp_path: Path) -> None:
    plain = replace(motion, extra=None)
    [path] = write_npz(plain, tmp_path / "clip.npz")
    assert read_npz(path).extra is None
    [path] = write_json(plain, tmp_path / "clip.json")
    assert "extra" not in json.loads(path.read_text())
    [path] = write_csv(plain, tmp_path / "clip.csv")
    assert "toe" not in path.read_text()


def test_feet_are_drawn_where_they_were_seen() -> None:
    image = np.full((200, 200, 3), 90, np.uint8)
    xy = np.tile(np.array([100.0, 60.0]), (1, 17, 1))
    xy[0, [3, 6]] = (60, 150), (140, 150)
    soles = np.array([[[140, 170], [170, 175], [60, 170], [30, 175]]], float)
    seen = Extra(FEET4.names, soles, np.array([[1.0, 1, 0, 0]]))
    without = draw_people(image, xy, np.ones((1, 17)), [1])
    drawn = draw_people(image, xy, np.ones((1, 17)), [1], feet=seen)
    changed = (drawn != without).any(axis=-1)
    assert changed[173, 155]
    assert not changed[:, :100].any()


def test_blazepose_reads_feet_in_a_clip() -> None:
    frames = [Frame(i, i / 30, f.image) for i, f in enumerate(clip("balance_small")[:6])]
    tracks = find_tracks(frames, keypointer="blazepose", device="cpu")
    assert tracks
    extra = tracks[0].extra
    assert extra is not None
    ankle = tracks[0].xy[:, H36M17.index("left ankle")]
    heel = extra.xy[:, extra.names.index("left heel")]
    size = np.ptp(tracks[0].xy[:, :, 1], axis=1)
    sure = extra.score[:, 0] > 0.3
    assert sure.any()
    assert (np.linalg.norm(heel - ankle, axis=1)[sure] < 0.25 * size[sure]).all()
