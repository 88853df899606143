"""Joints beyond the picture's border: `python -m benchmarks.cropped [--against CHECKOUT]`.

People cut out of the sample clips (`benchmarks/cutouts.py`) are set so far beyond each border that
a quarter to three fifths of them is cut off, or so near that only head, shoulders and some of the
trunk are seen, as at a desk, or head and shoulders only ("face"). Every picture is shown for three
frames, by itself, with the parts that ship. The truth is where their joints are read when nothing
is cut off. Printed for each border: the share of people who are found and have a number at the end;
of the joints beyond the border the share that is called unseen, which should be near 1; and of
those inside the share that is lost, which should be near 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.cutouts import Placed, Shot, actors, background, compose
from benchmarks.machine import describe, in_words, table, write_json
from benchmarks.versus import run_against
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.places import rows_of
from poselift.detectors.see import See
from poselift.detectors.similarity import SEEN, in_h36m
from poselift.skeleton import COCO17
from poselift.types import Frame, Keypoints

WIDTH, HEIGHT = 1280, 720
BORDERS = ("lower", "upper", "left", "right", "desk", "face")
_KNOWN = 0.3  # score of a joint whose true place is trusted


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--against", type=Path, help="another checkout, measured the same way")
    options.add_argument("--cutouts", type=Path, help="keep the people cut out in this .npz")
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    print(in_words(describe()))
    cast = actors(given.cutouts)
    rows = measure(cast)
    print(f"\n{table(list(rows[0]), [list(row.values()) for row in rows])}", flush=True)
    if given.json:
        write_json(given.json, {"rows": rows})
    if given.against:
        run_against(given.against, "benchmarks.cropped")


def measure(cast: dict[str, Sequence[Shot]]) -> list[dict[str, object]]:
    """One row a border, and one for all."""
    detector, keypointer = load_detector("nanodet"), load_keypointer("thunder")
    counts: dict[str, np.ndarray] = {}
    for border, placed in cut_off(cast):
        picture = compose(background(WIDTH, HEIGHT), [placed])[0]
        frames = [Frame(index, index / 30, picture) for index in range(3)]
        *_, seen = See(detector, keypointer).frames(frames)
        assert seen.people.ids is not None
        numbered = rows_of(seen.joints, np.flatnonzero(seen.people.ids > 0))
        shown = Keypoints(placed.joints()[None], placed.shot.score[None], COCO17)
        counts[border] = counts.get(border, 0) + _count(in_h36m(shown), numbered)
    counts["all"] = np.sum(list(counts.values()), axis=0)
    return [
        {
            "border": border,
            "people": int(people),
            "found": round(found / people, 3),
            "beyond, unseen": round(unseen / max(beyond, 1), 3),
            "inside, lost": round(lost / max(inside, 1), 3),
        }
        for border, (people, found, beyond, unseen, inside, lost) in counts.items()
    ]


def cut_off(cast: dict[str, Sequence[Shot]]) -> Iterator[tuple[str, Placed]]:
    """Everybody in some of their shots, beyond each border."""
    rng = np.random.default_rng(0)
    for shots in cast.values():
        for shot in shots[::8]:
            for border in BORDERS:
                height, cut = float(rng.uniform(300, 600)), float(rng.uniform(0.25, 0.6))
                x, feet = float(rng.uniform(400, 900)), HEIGHT - 30.0
                if border == "lower":
                    feet = HEIGHT + cut * height
                elif border == "desk":
                    height = float(rng.uniform(1000, 1700))
                    feet = HEIGHT + float(rng.uniform(0.55, 0.72)) * height
                elif border == "face":
                    height = float(rng.uniform(1500, 2500))
                    feet = HEIGHT + float(rng.uniform(0.68, 0.8)) * height
                elif border == "upper":
                    feet = (1 - cut) * height
                else:
                    across = Placed(shot, 0, feet, height).joints()[:, 0]
                    width = float(np.ptp(across))
                    left = border == "left"
                    x = -across.min() - cut * width if left else WIDTH - across.max() + cut * width
                yield border, Placed(shot, float(x), feet, height)


def _count(true: Keypoints, said: Keypoints) -> np.ndarray:
    """People, found; joints beyond the border, unseen of those; joints inside, lost of those."""
    known = true.score[0] > _KNOWN
    inside = ((true.xy[0] >= 0) & (true.xy[0] < [WIDTH, HEIGHT])).all(axis=-1)
    if not len(said):
        return np.array([1, 0, 0, 0, 0, 0])
    # Whoever is nearest to the visible joints is meant.
    off = np.linalg.norm(said.xy - true.xy, axis=-1)[:, inside & known]
    row = int(np.median(off, axis=1).argmin()) if off.size else 0
    seen = said.score[row] > SEEN
    beyond, within = known & ~inside, known & inside
    return np.array(
        [1, 1, beyond.sum(), (beyond & ~seen).sum(), within.sum(), (within & ~seen).sum()]
    )


if __name__ == "__main__":
    main()
