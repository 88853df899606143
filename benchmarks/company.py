"""What a crowd costs: `python -m benchmarks.company [--against CHECKOUT]`.

Ten people cut out of the sample clips (`benchmarks/cutouts.py`) stand and walk in a 720p picture,
large and small, with a still camera and with one that pans; and one person alone. From pixels to
numbered joints with the parts that ship, without decoding. `--against` does the same with another
version's code. On a busy machine compare "processor ms" (of all threads, a frame), not frames per
second. "OKS" is the mean over everybody and all frames, 0 for who is missed, against each person's
joints as they are read alone.
"""

from __future__ import annotations

import argparse
import inspect
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cutouts import Placed, Shot, actors, background, compose, there_and_back
from benchmarks.machine import describe, in_words, table, write_json
from benchmarks.versus import run_against
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.see import See
from poselift.detectors.similarity import in_h36m, pose_similarity
from poselift.skeleton import COCO17
from poselift.types import Frame, Keypoints

WIDTH, HEIGHT = 1280, 720
#: Name, x of the middle, y of the feet, height, pixels a frame, speed of the movements; the
#: farthest first.
CROWD = (
    ("man", 90, 470, 170, 0.0, 0.25), ("woman", 240, 475, 180, 1.2, 1.0),
    ("man", 430, 480, 180, 0.0, 0.25), ("woman", 900, 485, 185, -1.2, 1.0),
    ("performer", 1100, 500, 200, 0.0, 0.5), ("man", 600, 510, 200, 0.0, 0.25),
    ("woman", 340, 600, 280, 1.5, 1.0), ("man", 1000, 610, 290, 0.0, 0.25),
    ("performer", 170, 690, 380, 0.5, 1.0), ("woman", 760, 700, 400, -2.0, 1.0),
)  # fmt: skip


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--frames", type=int, default=120)
    options.add_argument("--against", type=Path, help="another checkout, measured the same way")
    options.add_argument("--cutouts", type=Path, help="keep the people cut out in this .npz")
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    print(in_words(describe()))
    cast = actors(given.cutouts)
    scenes: dict[str, dict[str, Any]] = {
        "one person": {"count": 1},
        "ten people": {"count": 10},
        "ten, camera pans": {"count": 10, "pan": 3.0},
        "ten, five wanted": {"count": 10, "most": 5},
    }
    rows = []
    for name, scene in scenes.items():
        rows.append({"scene": name, **measure(cast, given.frames, **scene)})
        print(rows[-1], flush=True)
    print(f"\n{table(list(rows[0]), [list(row.values()) for row in rows])}", flush=True)
    if given.json:
        write_json(given.json, {"rows": rows})
    if given.against:
        run_against(given.against, "benchmarks.company")


def measure(
    cast: dict[str, Sequence[Shot]],
    frames: int,
    count: int,
    pan: float = 0.0,
    most: int | None = None,
) -> dict[str, float]:
    """See one scene; `pan` is the camera's speed, pixels a frame."""
    takes_most = most is not None and "most" in inspect.signature(See).parameters
    see = See(
        load_detector("nanodet"),
        load_keypointer("thunder"),
        **({"most": most} if takes_most else {}),
    )
    black = Frame(0, 0.0, np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    list(See(see.detector, see.keypointer).frames([black]))
    spent = passed = 0.0
    alike: list[float] = []
    found, detections = 0, 0
    for index in range(frames):
        people = crowd(cast, index, count, pan)
        picture = compose(_backdrop(pan * index), people)[0]
        began, process = time.perf_counter(), time.process_time()
        (seen,) = see.frames([Frame(index, index / 30, picture)])
        passed += time.perf_counter() - began
        spent += time.process_time() - process
        detections += seen.detected
        found += len(seen.people)
        alike.append(_oks(people, seen.joints))
    return {
        "found": round(found / frames, 2),
        "OKS": round(float(np.mean(alike)), 3),
        "detections": detections,
        "processor ms": round(1e3 * spent / frames, 1),
        "frames/s": round(frames / passed, 1),
    }


def crowd(
    cast: dict[str, Sequence[Shot]], index: int, count: int, pan: float = 0.0
) -> list[Placed]:
    """The people of a frame, the nearest `count`."""
    people = []
    for number, (name, x, feet, height, speed, pace) in enumerate(CROWD[-count:]):
        shot = there_and_back(cast[name], round(pace * index) + 7 * number)
        shot = shot.mirrored() if speed > 0 else shot
        people.append(Placed(shot, x + speed * index - pan * index, feet, height))
    return people


def _backdrop(shift: float) -> np.ndarray:
    """The empty picture, moved to the left by whole pixels and continued as in a mirror."""
    empty = background(WIDTH, HEIGHT)
    wide = np.concatenate([empty, empty[:, ::-1]], axis=1)
    return np.roll(wide, -round(shift), axis=1)[:, :WIDTH]


def _oks(people: Sequence[Placed], joints: Keypoints) -> float:
    """The mean over those who are in the picture."""
    from scipy.optimize import linear_sum_assignment

    xy = np.stack([placed.joints() for placed in people])
    true = in_h36m(Keypoints(xy, np.stack([placed.shot.score for placed in people]), COCO17))
    inside = (true.xy[:, 0, 0] > 0) & (true.xy[:, 0, 0] < WIDTH)
    true = Keypoints(true.xy[inside], true.score[inside], true.skeleton)
    best = np.zeros(len(true))
    if len(true) and len(joints):
        alike = pose_similarity(true.xy, true.score, joints.xy, joints.score)
        rows, columns = linear_sum_assignment(alike, maximize=True)
        best[rows] = alike[rows, columns]
    return float(best.mean()) if len(best) else 1.0


if __name__ == "__main__":
    main()
