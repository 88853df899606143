"""People upside down and lying: `python -m benchmarks.turned [--against CHECKOUT]`.

People cut out of the sample clips (`benchmarks/cutouts.py`) stand in a picture that is turned with
them, by an angle that stays or, as in a cartwheel, once around in a second and a half. The first
ten frames are upright, so that the person is known; "from the start" leaves them out, so that the
detector has to find somebody who lies. The truth is the reading of the upright picture, turned.
Printed: the share of frames in which the person is found, and the object keypoint similarity (OKS)
of the joints then.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

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
_TALL = 440  # pixels
_UPRIGHT, _TURNED = 10, 30  # frames
_AROUND = 45  # frames of a cartwheel
_FOUND = 0.5  # OKS
SCENES: dict[str, tuple[float | None, bool]] = {
    "upright": (0, True),
    "45 degrees": (45, True),
    "lying": (90, True),
    "lying, from the start": (90, False),
    "upside down": (180, True),
    "upside down, from the start": (180, False),
    "cartwheel": (None, True),
}


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--pose", default="thunder")
    options.add_argument("--against", type=Path, help="another checkout, measured the same way")
    options.add_argument("--cutouts", type=Path, help="keep the people cut out in this .npz")
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    print(in_words(describe()))
    rows = measure(actors(given.cutouts), given.pose)
    print(f"\n{table(list(rows[0]), [list(row.values()) for row in rows])}", flush=True)
    if given.json:
        write_json(given.json, {"rows": rows})
    if given.against:
        run_against(given.against, "benchmarks.turned")


def measure(cast: dict[str, Sequence[Shot]], pose: str) -> list[dict[str, object]]:
    """One row a scene."""
    detector, keypointer = load_detector("nanodet"), load_keypointer(pose)
    rows: list[dict[str, object]] = []
    for scene, (angle, known) in SCENES.items():
        found, alike = [], []
        for shots in cast.values():
            see = See(detector, keypointer)
            skipped = _UPRIGHT if known else 0
            frames, truth = zip(*turned(shots, angle, known), strict=True)
            for seen, true in list(zip(see.frames(frames), truth, strict=True))[skipped:]:
                same = pose_similarity(true.xy, true.score, seen.joints.xy, seen.joints.score)
                best = float(same.max(initial=0))
                found.append(best > _FOUND)
                alike += [best] if best > _FOUND else []
        rows.append(
            {
                "scene": scene,
                "found": round(float(np.mean(found)), 3),
                "OKS": round(float(np.mean(alike)), 3) if alike else "-",
            }
        )
    return rows


def turned(
    shots: Sequence[Shot], angle: float | None, known: bool
) -> Iterator[tuple[Frame, Keypoints]]:
    """A scene's frames, and where the joints are in each; `angle` None is a cartwheel."""
    import cv2

    angles = [0.0] * (_UPRIGHT if known else 0)
    angles += [360 * t / _AROUND for t in range(_AROUND)] if angle is None else [angle] * _TURNED
    for index, degrees in enumerate(angles):
        shot = there_and_back(shots, index)
        placed = Placed(shot, WIDTH / 2, (HEIGHT + _TALL) / 2, _TALL)
        picture = compose(background(WIDTH, HEIGHT), [placed])[0]
        turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -degrees, 1.0)
        picture = cv2.warpAffine(picture, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        xy = (placed.joints() @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
        true = in_h36m(Keypoints(xy[None], shot.score[None], COCO17))
        yield Frame(index, index / 30, picture), true


if __name__ == "__main__":
    main()
