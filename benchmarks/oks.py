"""How good 2D joints are on labelled pictures: `python -m benchmarks.oks --coco DIR`.

DIR is any folder in COCO's keypoint form: a .json with `images`, `annotations` and 17 keypoints a
person, and the pictures in DIR or in folders of it. Every picture is processed by itself, from
pixels to joints, as the first frame of a clip would be. Printed are the mean object keypoint
similarity (OKS; 0 for people who are missed), the share found (OKS above 0.5), both also by size
and by how much of a person is hidden, and the average precision as pycocotools computes it
(`pip install pycocotools`).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe, in_words, table, write_json
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.protocols import Keypointer, PersonDetector
from poselift.detectors.see import See
from poselift.errors import PoseliftError
from poselift.reading import read_json
from poselift.skeleton import BLAZEPOSE33, BLAZEPOSE_TO_COCO, COCO17, HALPE26
from poselift.types import Frame, Keypoints

#: COCO's constants: how far careful labellers place each joint apart, in parts of the size.
SPREAD = 2 * np.array(
    [.026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062, .107, .107, .087, .087,
     .089, .089]
)  # fmt: skip
#: An OKS above this counts as found.
FOUND = 0.5
#: COCO's border between medium and large people, and its least size, in pixels of area.
LARGE, MEDIUM = 96**2, 32**2


@dataclass(frozen=True)
class Label:
    """A labelled person.

    Attributes:
        xy: (17, 2) pixels.
        visible: (17,) COCO's flags: 0 not labelled, 1 labelled but hidden, 2 visible.
        area: pixels.
    """

    xy: np.ndarray
    visible: np.ndarray
    area: float

    @property
    def size(self) -> str:
        """COCO's class of size."""
        return "large" if self.area > LARGE else "medium" if self.area > MEDIUM else "small"

    @property
    def occlusion(self) -> str:
        """How much is hidden: by the share of joints that are not visible."""
        unseen = float((self.visible < 2).mean())
        return "hardly" if unseen < 0.2 else "half" if unseen < 0.6 else "mostly"


@dataclass(frozen=True)
class Picture:
    """A picture of the set: its number in the file, where it lies, and who is in it."""

    number: int
    path: Path
    people: list[Label]


def main() -> None:
    """Judge, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--coco", type=Path, required=True, help="folder of pictures and labels")
    options.add_argument("--labels", type=Path, help="the .json, where DIR holds several")
    options.add_argument("--detector", default="auto")
    options.add_argument("--pose", default="auto")
    options.add_argument("--most", type=int, help="stop after so many pictures")
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    try:
        file = given.labels or labels_in(given.coco)
        pictures = read_labels(file, given.coco)[: given.most]
        print(in_words(describe()))
        readings = read(pictures, load_detector(given.detector), load_keypointer(given.pose))
    except PoseliftError as error:
        sys.exit(f"{error.message}\n{error.hint}")
    figures = judge(pictures, readings)
    print(f"\n{table(list(figures['people'][0]), [list(r.values()) for r in figures['people']])}")
    figures["ap"] = average_precision(file, pictures, readings)
    print("\n" + "\n".join(f"{name}: {value}" for name, value in figures["ap"].items()))
    if given.json:
        write_json(given.json, figures)


def labels_in(folder: Path) -> Path:
    """The one .json with keypoints in a folder or its folders."""
    if not folder.is_dir():
        raise PoseliftError(f"No such folder: {folder}", "Name the folder of a COCO set.")
    found = [file for file in sorted(folder.rglob("*.json")) if _has_keypoints(file)]
    if len(found) != 1:
        told = ", ".join(str(file.relative_to(folder)) for file in found) or "none"
        raise PoseliftError(
            f"{folder} should hold one .json with labelled keypoints; found: {told}.",
            "Name it: --labels FILE.",
        )
    return found[0]


def _has_keypoints(file: Path) -> bool:
    try:
        content = json.loads(file.read_text())
    except ValueError:
        return False
    labels = content.get("annotations") if isinstance(content, dict) else None
    return bool(labels) and any("keypoints" in one for one in labels)


def read_labels(file: Path, folder: Path) -> list[Picture]:
    """The pictures of a set; those that show nobody count for the precision."""
    content: Any = read_json(file)
    by_picture: dict[int, list[dict[str, Any]]] = {}
    for one in content["annotations"]:
        if one.get("num_keypoints", 0) > 0 and not one.get("iscrowd"):
            by_picture.setdefault(one["image_id"], []).append(one)
    places = {path.name: path for path in sorted(folder.rglob("*")) if path.is_file()}
    pictures = []
    for one in content["images"]:
        name = Path(one["file_name"]).name
        people = by_picture.get(one["id"], [])
        if name not in places:
            if people:
                raise PoseliftError(f"{folder} does not hold the picture {name}.", "Copy it there.")
            continue
        pictures.append(Picture(one["id"], places[name], [_label(label) for label in people]))
    return pictures


def _label(label: dict[str, Any]) -> Label:
    points = np.array(label["keypoints"], float).reshape(17, 3)
    _, _, width, height = label["bbox"]
    return Label(points[:, :2], points[:, 2], float(label.get("area") or width * height))


def read(
    pictures: Sequence[Picture], detector: PersonDetector, keypointer: Keypointer
) -> list[Keypoints]:
    """What is seen in each picture, in COCO-17."""
    return list(_read(pictures, detector, keypointer))


def _read(
    pictures: Sequence[Picture], detector: PersonDetector, keypointer: Keypointer
) -> Iterator[Keypoints]:
    import cv2

    for picture in pictures:
        image = cv2.imread(str(picture.path))
        if image is None:
            raise PoseliftError(f"{picture.path} cannot be read as a picture.", "Replace it.")
        (seen,) = See(detector, keypointer).frames([Frame(0, 0.0, image)])
        yield in_coco(seen.keypoints)


def in_coco(keypoints: Keypoints) -> Keypoints:
    """The same people in COCO-17."""
    joints = {
        COCO17.name: range(17),
        HALPE26.name: range(17),
        BLAZEPOSE33.name: BLAZEPOSE_TO_COCO,
    }.get(keypoints.skeleton.name)
    if joints is None:
        raise PoseliftError(
            f"Joints in {keypoints.skeleton.name} cannot be compared with COCO's.",
            "Choose a keypointer that reads eyes and ears, not H36M's joints.",
        )
    rows = list(joints)
    return Keypoints(keypoints.xy[:, rows], keypoints.score[:, rows], COCO17)


def oks(label: Label, xy: np.ndarray) -> np.ndarray:
    """The similarity of each of N people (N, 17, 2) to a label, over its labelled joints: (N,)."""
    known = label.visible > 0
    squared = ((xy - label.xy) ** 2).sum(axis=-1)[:, known]
    alike: np.ndarray = np.exp(-squared / (2 * SPREAD[known] ** 2 * max(label.area, 1e-9)))
    return alike.mean(axis=1)


def matched(labels: Sequence[Label], xy: np.ndarray) -> np.ndarray:
    """The OKS of each label with the one reading that is meant for it, the best way overall."""
    from scipy.optimize import linear_sum_assignment

    best = np.zeros(len(labels))
    if len(labels) and len(xy):
        alike = np.stack([oks(label, xy) for label in labels])
        rows, columns = linear_sum_assignment(alike, maximize=True)
        best[rows] = alike[rows, columns]
    return best


def judge(pictures: Sequence[Picture], readings: Sequence[Keypoints]) -> dict[str, Any]:
    """Mean OKS and share found: of all, by size and by occlusion."""
    labels = [label for picture in pictures for label in picture.people]
    alike = np.concatenate(
        [np.zeros(0)] + [matched(p.people, r.xy) for p, r in zip(pictures, readings, strict=True)]
    )
    groups = {"all": np.ones(len(labels), bool)}
    for kind in ("size", "occlusion"):
        values = np.array([getattr(label, kind) for label in labels])
        order = ("large", "medium", "small", "hardly", "half", "mostly")
        for value in sorted(set(values.tolist()), key=order.index):
            groups[value if kind == "size" else f"{value} hidden"] = values == value
    rows = [
        {
            "people": name,
            "count": int(rows.sum()),
            "mean OKS": round(float(alike[rows].mean()), 3),
            "found": round(float((alike[rows] > FOUND).mean()), 3),
        }
        for name, rows in groups.items()
        if rows.any()
    ]
    return {"pictures": len(pictures), "people": rows}


def average_precision(
    file: Path, pictures: Sequence[Picture], readings: Sequence[Keypoints]
) -> dict[str, float]:
    """AP and AR of the pictures as pycocotools computes them; empty where it is not installed."""
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError:
        print("AP: pycocotools is not installed", file=sys.stderr)
        return {}
    results = [
        {
            "image_id": picture.number,
            "category_id": 1,
            "keypoints": np.column_stack([xy, score]).ravel().tolist(),
            "score": float(score.mean()),
        }
        for picture, reading in zip(pictures, readings, strict=True)
        for xy, score in zip(reading.xy, reading.score, strict=True)
    ]
    names = ("AP", "AP .5", "AP .75", "AP medium", "AP large", "AR", "AR .5", "AR .75",
             "AR medium", "AR large")  # fmt: skip
    if not results:
        return dict.fromkeys(names, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(file))
        judged = COCOeval(truth, truth.loadRes(results), "keypoints")
        judged.params.imgIds = [picture.number for picture in pictures]
        judged.params.catIds = [1]
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return {name: round(float(v), 3) for name, v in zip(names, judged.stats, strict=True)}


if __name__ == "__main__":
    main()
