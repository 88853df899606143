"""How well identities are kept: `python -m benchmarks.track [--json FILE] [--seeds N]`.

Made-up scenes with known identities, ten seeds each, through our tracker and through the trackers
of other packages that can be imported here (norfair, ByteTrack of trackers).
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from poselift.detectors.track import Tracker
from tests.detectors.walkers import SCENES, Shot, agreement, scene

Follow = Callable[[list[Shot]], list[np.ndarray]]


def ours(shots: list[Shot]) -> list[np.ndarray]:
    """`poselift.detectors.track.Tracker`."""
    tracker = Tracker()
    return [tracker.update(shot.keypoints) for shot in shots]


def norfair(shots: list[Shot]) -> list[np.ndarray]:
    """norfair on the joints, by mean distance in parts of the height."""
    from norfair import Detection
    from norfair import Tracker as Norfair

    def distance(detection: Any, tracked: Any) -> float:
        points = detection.points
        size = np.ptp(points[:, 1]) + 1
        return float(np.linalg.norm(points - tracked.estimate, axis=1).mean() / size)

    tracker = Norfair(
        distance_function=distance, distance_threshold=0.35, hit_counter_max=45,
        initialization_delay=2,
    )  # fmt: skip
    given = []
    for shot in shots:
        found = [
            Detection(p, scores=s)
            for p, s in zip(shot.keypoints.xy, shot.keypoints.score, strict=True)
        ]
        ids = np.full(len(found), -1)
        rows = {id(one): row for row, one in enumerate(found)}
        for tracked in tracker.update(detections=found):
            row = rows.get(id(tracked.last_detection))
            if row is not None and tracked.id is not None:
                ids[row] = tracked.id
        given.append(ids)
    return given


def _boxes(tracker: Any, shots: list[Shot]) -> list[np.ndarray]:
    import supervision

    given = []
    for shot in shots:
        count = len(shot.people)
        found = supervision.Detections(
            xyxy=shot.people.boxes.reshape(-1, 4), confidence=shot.people.scores,
            class_id=np.zeros(count, int), data={"row": np.arange(count)},
        )  # fmt: skip
        step = getattr(tracker, "update_with_detections", None) or tracker.update
        out = step(found)
        ids = np.full(count, -1)
        if len(out) and out.tracker_id is not None:
            ids[np.asarray(out.data["row"], int)] = out.tracker_id
        given.append(ids)
    return given


def trackers_bytetrack(shots: list[Shot]) -> list[np.ndarray]:
    """The trackers package's ByteTrack on the boxes."""
    from trackers import ByteTrackTracker

    return _boxes(ByteTrackTracker(lost_track_buffer=45), shots)


FOLLOWERS: dict[str, Follow] = {
    "poselift": ours,
    "norfair": norfair,
    "trackers ByteTrack": trackers_bytetrack,
}


def measure(follow: Follow, seeds: int) -> list[dict[str, Any]]:
    """One row a scene: consistency (IDF1), switches per clip, milliseconds per frame."""
    rows = []
    for name, (paths, length) in SCENES.items():
        shares, switches, seconds = [], [], 0.0
        for seed in range(seeds):
            shots = scene(paths, length, seed=seed)
            began = time.perf_counter()
            given = follow(shots)
            seconds += time.perf_counter() - began
            share, count = agreement(shots, given)
            shares.append(share)
            switches.append(count)
        rows.append(
            {
                "scene": name,
                "idf1": round(float(np.mean(shares)), 3),
                "switches": round(float(np.mean(switches)), 2),
                "ms": round(1000 * seconds / seeds / length, 2),
            }
        )
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    table = {}
    print(
        "| tracker | scene | IDF1 | switches per clip | ms per frame |\n"
        "| --- | --- | --- | --- | --- |"
    )
    for name, follow in FOLLOWERS.items():
        try:
            table[name] = measure(follow, options.seeds)
        except ImportError as error:
            print(f"{name}: not here ({error})")
            continue
        for row in table[name]:
            print(f"| {name} | {row['scene']} | {row['idf1']} | {row['switches']} | {row['ms']} |")
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
