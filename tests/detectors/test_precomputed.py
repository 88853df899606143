from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poselift.detectors.precomputed import Precomputed
from poselift.detectors.registry import load_keypointer
from poselift.detectors.see import find_tracks
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17, H36M17, coco_to_h36m
from poselift.types import Frame, People, Track

IMAGE = np.zeros((100, 100, 3), np.uint8)
TRUTH = np.stack([np.arange(17) * 3 + 10, 80 - np.arange(17) * 2], axis=1).astype(np.float32)


def frames(*indices: int) -> list[Frame]:
    return [Frame(index, index / 30, IMAGE) for index in indices]


def rows(count: int, score: float = 0.5) -> list[float]:
    """`count` joints that begin with TRUTH, flat."""
    table = np.full((count, 3), score)
    table[:17, :2] = TRUTH
    return table.ravel().tolist()


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def openpose(count: int) -> list[float]:
    """TRUTH in the order of OpenPose's models, by their documented joint names."""
    start = "nose,neck,right shoulder,right elbow,right wrist,left shoulder,left elbow,left wrist,"
    legs = "right hip,right knee,right ankle,left hip,left knee,left ankle,"
    face = "right eye,left eye,right ear,left ear"
    names = (start + ("middle of hips," if count == 25 else "") + legs + face).split(",")
    table = np.zeros((count, 3))
    for row, name in enumerate(names):
        if name in COCO17.names:
            table[row] = [*TRUTH[COCO17.index(name)], 0.5]
    return table.ravel().tolist()


def check(keypointer: Precomputed, index: int, score: float = 0.5) -> None:
    ((people, joints),) = keypointer.find(frames(index))
    assert joints.skeleton is COCO17
    np.testing.assert_allclose(joints.xy, TRUTH[None])
    np.testing.assert_allclose(joints.score, score)
    assert (people.boxes[0, :2] < TRUTH.min(0)).all()
    assert (people.boxes[0, 2:] > TRUTH.max(0)).all()
    np.testing.assert_allclose(people.scores, [score], atol=1e-6)


@pytest.mark.parametrize("count", [17, 26, 136])
def test_alphapose(tmp_path: Path, count: int) -> None:
    content = [
        {"image_id": "12.jpg", "category_id": 1, "keypoints": rows(count), "score": 2.9, "idx": 1}
    ]
    keypointer = Precomputed(write(tmp_path / "alphapose-results.json", content))
    check(keypointer, 12)
    assert len(keypointer.find(frames(0))[0][0]) == 0


def test_coco_results(tmp_path: Path) -> None:
    content = [{"image_id": 7, "category_id": 1, "keypoints": rows(17), "score": 0.9}]
    path = write(tmp_path / "results.json", content)
    check(Precomputed(path), 7)
    check(Precomputed(path, first_frame=5), 2)


def test_coco_annotations(tmp_path: Path) -> None:
    """Images are frames in the order of their names; visibility 1 and 2 is seen, 0 is not."""
    keypoints = rows(17, 2)
    keypoints[2] = 1
    hidden = [0.0] * 51
    content = {
        "images": [{"id": 900, "file_name": "f10.jpg"}, {"id": 17, "file_name": "f9.jpg"}],
        "annotations": [
            {"image_id": 900, "keypoints": keypoints},
            {"image_id": 17, "keypoints": hidden},
            {"image_id": 17, "bbox": [0, 0, 1, 1]},
        ],
    }
    keypointer = Precomputed(write(tmp_path / "annotations.json", content))
    check(keypointer, 1, 1.0)
    assert len(keypointer.find(frames(0))[0][0]) == 0


@pytest.mark.parametrize("count", [18, 25])
def test_openpose(tmp_path: Path, count: int) -> None:
    for frame, people in ((3, [{"pose_keypoints_2d": openpose(count)}]), (4, [])):
        write(tmp_path / f"clip_2_{frame:012d}_keypoints.json", {"version": 1.3, "people": people})
    keypointer = Precomputed(tmp_path)
    check(keypointer, 3)
    assert len(keypointer.find(frames(4))[0][0]) == 0


def test_our_own_npz(tmp_path: Path) -> None:
    """Two people, the second of them away in frame 0 and out of frame 1 for one joint."""
    xy = np.tile(TRUTH, (2, 3, 1, 1))
    score = np.full((2, 3, 17), 0.5)
    xy[1, 0], score[1, 0] = np.nan, 0
    xy[1, 1, 4] = np.nan
    np.savez(tmp_path / "clip.npz", pose2d=xy, score=score, ids=[1, 2])
    keypointer = load_keypointer(f"precomputed:{tmp_path / 'clip.npz'}")
    assert keypointer.skeleton is H36M17
    found = keypointer.find(frames(0, 1, 2, 3))  # type: ignore[attr-defined]
    assert [len(people) for people, _ in found] == [1, 2, 2, 0]
    assert found[1][1].score[1, 4] == 0
    assert all(np.isfinite(joints.xy).all() for _, joints in found)


def test_a_single_person_in_coco_joints(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", pose2d=TRUTH[None], score=np.full((1, 17), 0.5), skeleton="coco17")
    check(Precomputed(tmp_path / "p.npz"), 0)


def test_as_a_plain_keypointer_it_counts_the_pictures(tmp_path: Path) -> None:
    content = [{"image_id": 1, "keypoints": rows(17)}]
    keypointer = Precomputed(write(tmp_path / "r.json", content))
    box = np.array([[*TRUTH.min(0), *TRUTH.max(0)], [90, 90, 99, 99]], np.float32)
    first, second = keypointer([IMAGE, IMAGE], [People(box, np.ones(2))] * 2)
    assert (first.score == 0).all()
    np.testing.assert_allclose(second.xy[0], TRUTH)
    assert (second.score[1] == 0).all()


def test_a_clip_becomes_the_tracks_that_the_file_holds(tmp_path: Path) -> None:
    """Two people, one walks to the right and one to the left, without a pixel to be seen."""
    paths = [(100, 8), (700, -8)]  # where each begins, and pixels per frame
    content = [
        {"image_id": frame, "keypoints": joined(standing(start + step * frame))}
        for frame in range(20)
        for start, step in paths
    ]
    path = write(tmp_path / "results.json", content)
    clip = [Frame(index, index / 30, np.zeros((400, 900, 3), np.uint8)) for index in range(20)]
    tracks = find_tracks(clip, keypointer=Precomputed(path))
    assert len(tracks) == 2
    for track, (start, step) in zip(sorted(tracks, key=starts_at), paths, strict=True):
        assert track.frames.tolist() == list(range(20))
        walked = np.stack([standing(start + step * frame) for frame in range(20)])
        expected, _ = coco_to_h36m(walked, np.ones((20, 17)))
        np.testing.assert_allclose(track.xy, expected, atol=1e-3)
        np.testing.assert_allclose(track.score, 0.9)


def starts_at(track: Track) -> float:
    return float(track.xy[0, 0, 0])


def standing(x: float) -> np.ndarray:
    """(17, 2): a person of 200 pixels who stands at x and faces us."""
    left = {5: (20, 40), 7: (30, 75), 9: (32, 105), 11: (12, 105), 13: (13, 150), 15: (14, 200)}
    xy = np.array([[0, 10], [4, 6], [-4, 6], [8, 8], [-8, 8], *[[0, 0]] * 12], np.float32)
    for joint, (across, down) in left.items():
        xy[joint], xy[joint + 1] = (across, down), (-across, down)
    return xy + np.array([x, 50], np.float32)


def joined(xy: np.ndarray) -> list[float]:
    return np.column_stack([xy, np.full(17, 0.9)]).ravel().tolist()


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.json", "{", "not a JSON file"),
        ("a.json", "3", "not a file of 2D joints"),
        ("a.json", '{"poses": []}', "not a file of 2D joints"),
        ("a.json", '[{"image_id": "x.jpg", "keypoints": [1, 2, 3]}]', "no number"),
        ("a.json", '[{"image_id": 1, "keypoints": [1, 2, 3]}]', "1 joints"),
        ("a.npz", "not a zip", "not an .npz"),
        ("a.txt", "", "no 2D joints"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: str, what: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(PoseliftError, match=what):
        Precomputed(tmp_path / name)


def test_arrays_that_do_not_fit_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", keypoints=TRUTH)
    with pytest.raises(PoseliftError, match="it has keypoints"):
        Precomputed(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", pose2d=np.zeros((4, 13, 2)), score=np.zeros((4, 13)))
    with pytest.raises(PoseliftError, match="do not fit"):
        Precomputed(tmp_path / "b.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PoseliftError, match="holds no"):
        Precomputed(tmp_path / "empty")
    with pytest.raises(PoseliftError, match="No such file"):
        Precomputed(tmp_path / "nothing.npz")


def test_crowds_and_frames_of_no_clip(tmp_path: Path) -> None:
    pose = {"keypoints": [1.0, 2.0, 0.5] * 17}
    rows = [{**pose, "image_id": 7}] * 300 + [{**pose, "image_id": 8}]
    (tmp_path / "crowd.json").write_text(json.dumps(rows))
    [(people, _), (one, _)] = Precomputed(tmp_path / "crowd.json").find([frame(7), frame(8)])
    assert (len(people), len(one)) == (200, 1)
    for number in (10**30, 10**9, -1):
        (tmp_path / "far.json").write_text(json.dumps([{**pose, "image_id": number}]))
        with pytest.raises(PoseliftError, match=r"frame|Overflow"):
            Precomputed(tmp_path / "far.json")


def frame(index: int) -> Frame:
    return Frame(index, index / 30, np.zeros((4, 4, 3), np.uint8))
