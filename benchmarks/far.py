"""How small people may be: `python -m benchmarks.far [--heights 40 60 80]`.

People cut out of the sample clips (`benchmarks/cutouts.py`), set into a 720p picture at several
heights, each picture seen by itself with the parts that ship. Printed: the share of them that is
found and read (OKS above 0.5) without and with the search for far people, and the OKS of the
keypointer where the true box is given.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.cutouts import Placed, actors, background, compose
from benchmarks.machine import describe, in_words, table
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.see import See
from poselift.detectors.similarity import in_h36m, pose_similarity
from poselift.skeleton import COCO17
from poselift.types import Frame, Keypoints, People


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--heights", type=int, nargs="+", default=[40, 60, 80, 110, 150, 220])
    options.add_argument("--cutouts", type=Path, help="keep the people cut out in this .npz")
    given = options.parse_args()
    print(in_words(describe()) + "\n")
    detector, keypointer = load_detector("nanodet"), load_keypointer("thunder")
    cast, rng, rows = actors(given.cutouts), np.random.default_rng(0), []
    for height in given.heights:
        alike: list[list[float]] = []
        for shots in cast.values():
            for shot in shots[::6]:
                x, feet = float(rng.uniform(150, 1100)), float(rng.uniform(300, 650))
                placed = Placed(shot, x, feet, float(height))
                picture = compose(background(1280, 720), [placed])[0]
                joints = placed.joints()[None]
                true = in_h36m(Keypoints(joints, shot.score[None], COCO17))
                low, high = joints[0].min(axis=0), joints[0].max(axis=0)
                box = np.concatenate([low - 0.1 * height, high + 0.1 * height])[None]
                one = People(box.astype(np.float32), np.ones(1, np.float32))
                read = [in_h36m(keypointer([picture], [one])[0])]
                for far in (False, True):
                    see = See(detector, keypointer, far=far)
                    read += [seen.joints for seen in see.frames([Frame(0, 0.0, picture)])]
                alike.append([_best(true, said) for said in read])
        given_box, whole, searched = np.array(alike).T
        rows.append([
            height, len(alike), f"{(whole > 0.5).mean():.2f}", f"{(searched > 0.5).mean():.2f}",
            f"{given_box.mean():.2f}",
        ])  # fmt: skip
    head = ["pixels", "people", "found", "found, far people searched", "OKS in the true box"]
    print(table(head, rows))


def _best(true: Keypoints, said: Keypoints) -> float:
    if not len(said):
        return 0.0
    return float(pose_similarity(true.xy, true.score, said.xy, said.score).max())


if __name__ == "__main__":
    main()
