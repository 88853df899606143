"""What OpenVINO saves, and what it changes: `python -m benchmarks.engines [--frames 40]`.

Each part that ships looks at frames of the sample clips with onnxruntime and with OpenVINO, on one
thread, turn by turn. Printed: the least processor time of a call, and how alike the answers are:
object keypoint similarity of the joints, overlap (IoU) of the boxes; mean and worst.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe, in_words, table
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.similarity import box_overlaps, in_h36m, pose_similarity
from poselift.media import open_source
from poselift.types import People

CLIPS = Path(__file__).parents[1] / "sample_videos"
_ENGINES = {"onnxruntime": "cpu", "OpenVINO": "auto"}  # by device


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--frames", type=int, default=40, help="of each sample clip")
    given = options.parse_args()
    if importlib.util.find_spec("openvino") is None:
        sys.stderr.write('OpenVINO is not installed.\npip install "poselift[openvino]"\n')
        return 2
    print(in_words(describe()) + "\n")
    pictures = [
        image for clip in sorted(CLIPS.glob("*.mp4")) for image in _some(clip, given.frames)
    ]
    detect = {name: load_detector("nanodet", d, threads=1) for name, d in _ENGINES.items()}
    seen: list[People] = []
    rows = [_boxes(pictures, detect, seen)]
    for pose in ("thunder", "lightning"):
        read = {name: load_keypointer(pose, d, threads=1) for name, d in _ENGINES.items()}
        rows.append(_joints(pose, pictures, seen, read))
    print(table(["part", "onnxruntime ms", "OpenVINO ms", "ratio", "alike", "worst"], rows))
    return 0


def _some(clip: Path, count: int) -> list[np.ndarray]:
    with open_source(clip) as source:
        images = [frame.image for frame in source.frames()]
    return images[:: max(len(images) // count, 1)][:count]


def _boxes(pictures: list[np.ndarray], detect: dict[str, Any], seen: list[People]) -> list[object]:
    spent: dict[str, list[float]] = {name: [] for name in detect}
    alike: list[float] = []
    for picture in pictures:
        found = {}
        for name, detector in detect.items():
            begun = time.process_time()
            [found[name]] = detector([picture])
            spent[name].append(time.process_time() - begun)
        seen.append(found["onnxruntime"])
        overlaps = box_overlaps(found["onnxruntime"].boxes, found["OpenVINO"].boxes)
        sure = found["onnxruntime"].scores > 0.5
        alike += list(overlaps.max(axis=1, initial=0)[sure])
    return _row("nanodet", spent, alike)


def _joints(
    pose: str, pictures: list[np.ndarray], seen: list[People], read: dict[str, Any]
) -> list[object]:
    spent: dict[str, list[float]] = {name: [] for name in read}
    alike: list[float] = []
    for picture, people in zip(pictures, seen, strict=True):
        # One person a call: of several, the time would depend on how many there are.
        for i in range(len(people)):
            one = People(people.boxes[[i]], people.scores[[i]])
            joints = {}
            for name, keypointer in read.items():
                begun = time.process_time()
                joints[name] = in_h36m(keypointer([picture], [one])[0])
                spent[name].append(time.process_time() - begun)
            a, b = joints["onnxruntime"], joints["OpenVINO"]
            if people.scores[i] > 0.5:
                alike.append(float(pose_similarity(a.xy, a.score, b.xy, b.score)[0, 0]))
    return _row(pose, spent, alike)


def _row(part: str, spent: dict[str, list[float]], alike: list[float]) -> list[object]:
    plain, faster = (1000 * min(spent[name]) for name in _ENGINES)
    return [
        part, f"{plain:.1f}", f"{faster:.1f}", f"{plain / faster:.2f}",
        f"{np.mean(alike):.4f}", f"{min(alike):.3f}",
    ]  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
