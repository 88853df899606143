"""Judging on labelled pictures, on a tiny set in COCO's form."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import oks
from poselift.detectors.movenet import MoveNet
from poselift.detectors.nanodet import NanoDet
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17, H36M17
from poselift.types import Keypoints
from tests.detectors.pictures import ASTRONAUT, PEOPLE

POSE = np.random.default_rng(0).uniform(100, 300, (17, 2)).round()


def _person(picture: int, number: int, xy: np.ndarray, visible: np.ndarray) -> dict[str, Any]:
    return {
        "id": number, "image_id": picture, "category_id": 1, "iscrowd": 0, "area": 40000.0,
        "bbox": [100, 100, 200, 200], "num_keypoints": int((visible > 0).sum()),
        "keypoints": np.column_stack([xy, visible]).ravel().tolist(),
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of a woman, labelled in the eyes and shoulders, and two made-up people."""
    (tmp_path / "pictures").mkdir()
    for name in ("one.jpg", "two.jpg"):
        shutil.copy(PEOPLE / "astronaut.jpg", tmp_path / "pictures" / name)
    seen = np.full(17, 2)
    woman, known = np.zeros((17, 2)), np.zeros(17, int)
    for joint, place in ASTRONAUT.items():
        woman[COCO17.index(joint)], known[COCO17.index(joint)] = place, 2
    labels = {
        "images": [
            {"id": 7, "file_name": "one.jpg", "width": 512, "height": 512},
            {"id": 8, "file_name": "two.jpg", "width": 512, "height": 512},
        ],
        "annotations": [
            _person(7, 1, woman, known),
            _person(8, 2, POSE, seen),
            _person(8, 3, POSE + 150, np.where(np.arange(17) < 6, 2, 1)),
        ],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.names)}],
    }
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    (tmp_path / "other.json").write_text("[]")
    return tmp_path


def _said(*people: np.ndarray) -> Keypoints:
    xy = np.array(people, np.float32).reshape(-1, 17, 2)
    return Keypoints(xy, np.full(xy.shape[:2], 0.9, np.float32), COCO17)


def test_exact_joints_are_all_found(folder: Path) -> None:
    file = oks.labels_in(folder)
    pictures = oks.read_labels(file, folder)
    woman = pictures[0].people[0].xy
    said = [_said(woman), _said(POSE + 150, POSE)]
    rows = {row["people"]: row for row in oks.judge(pictures, said)["people"]}
    assert rows["all"] == {"people": "all", "count": 3, "mean OKS": 1.0, "found": 1.0}
    assert rows["large"]["count"] == 3
    assert {n: r["count"] for n, r in rows.items() if "hidden" in n} == {
        "hardly hidden": 1,
        "mostly hidden": 2,
    }
    assert oks.average_precision(file, pictures, said)["AP"] == 1.0


def test_a_joint_off_by_its_spread_counts_as_the_formula_says(folder: Path) -> None:
    pictures = oks.read_labels(oks.labels_in(folder), folder)
    off = POSE.copy()
    off[0, 0] += oks.SPREAD[0] * 200  # the area's root
    alike = oks.oks(pictures[1].people[0], off[None])
    assert alike[0] == pytest.approx((16 + np.exp(-0.5)) / 17)


def test_who_is_missed_counts_as_nothing_and_who_is_made_up_costs_precision(folder: Path) -> None:
    file = oks.labels_in(folder)
    pictures = oks.read_labels(file, folder)
    half = [_said(), _said(POSE)]
    row = oks.judge(pictures, half)["people"][0]
    assert row["found"] == pytest.approx(1 / 3, abs=1e-3)
    good = oks.average_precision(file, pictures, half)["AP"]
    false = oks.average_precision(file, pictures, [_said(POSE + 900, POSE), _said(POSE)])["AP"]
    assert 0 < false < good < 1


def test_the_parts_that_ship_find_the_woman(folder: Path) -> None:
    pictures = oks.read_labels(oks.labels_in(folder), folder)[:1]
    said = oks.read(pictures, NanoDet(threads=1), MoveNet("lightning", threads=1))
    assert oks.judge(pictures, said)["people"][0]["mean OKS"] > 0.5


def test_what_cannot_be_judged_is_told(folder: Path) -> None:
    with pytest.raises(PoseliftError, match="cannot be compared"):
        oks.in_coco(Keypoints.none(H36M17))
    (folder / "pictures" / "one.jpg").unlink()
    with pytest.raises(PoseliftError, match=r"one\.jpg"):
        oks.read_labels(oks.labels_in(folder), folder)
    (folder / "labels.json").unlink()
    with pytest.raises(PoseliftError, match="none"):
        oks.labels_in(folder)
