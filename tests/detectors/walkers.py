"""Made-up scenes of walking people with known identities, for tests and the benchmark.

Stick figures seen from the side or from the front walk through a 1280x720 picture. Who is nearer
is larger and hides who is behind; on top come noise, missed people and false ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from poselift.detectors.similarity import box_overlaps, keypoint_boxes
from poselift.skeleton import H36M17
from poselift.types import Keypoints, People

# The figure standing, in parts of its height from the feet: x to its left, y up.
STANDING = np.array(
    [[0, .53], [-.07, .53], [-.07, .28], [-.07, .04], [.07, .53], [.07, .28], [.07, .04], [0, .68],
     [0, .82], [0, .9], [0, 1.], [.1, .82], [.13, .65], [.14, .5], [-.1, .82], [-.13, .65],
     [-.14, .5]]
)  # fmt: skip

Path = Callable[[np.ndarray], np.ndarray]  # frames (T,) to (T, 2): x of the feet, height in pixels


def figure(x: float, feet: float, height: float, phase: float, turn: float) -> np.ndarray:
    """(17, 2) pixels: a walker at a phase of its gait; `turn` 0 is seen from the front, 1 side."""
    swing = 0.16 * np.sin(phase)
    points = STANDING.copy()
    points[:, 0] *= 1 - 0.85 * turn
    for joint, part in ((2, 0.5), (3, 1.0), (12, -0.3), (13, -0.7)):
        points[joint, 0] += turn * part * swing
    for joint, part in ((5, -0.5), (6, -1.0), (15, 0.3), (16, 0.7)):
        points[joint, 0] += turn * part * swing
    points[3, 1] += 0.04 * max(np.cos(phase), 0)
    points[6, 1] += 0.04 * max(-np.cos(phase), 0)
    return np.stack([x + points[:, 0] * height, feet - points[:, 1] * height], axis=1)


@dataclass(frozen=True)
class Shot:
    """One frame of a scene: what a detector would have said, and who it truly is (-1: nobody)."""

    people: People
    keypoints: Keypoints
    truth: np.ndarray


def scene(
    paths: list[Path],
    length: int,
    *,
    noise: float = 0.012,
    missed: float = 0.03,
    false: float = 0.02,
    seed: int = 0,
    feet: float = 650.0,
) -> list[Shot]:
    """Film walkers: `paths` give each one's x and height; NaN where it is out of the picture.

    Args:
        paths: one per person.
        length: frames.
        noise: of the joints, in parts of the height.
        missed: share of people not found.
        false: false people per frame.
        seed: of all that is random.
        feet: y of the feet of somebody 400 pixels tall.
    """
    rng = np.random.default_rng(seed)
    frames = np.arange(length)
    ways = [path(frames) for path in paths]
    phases = rng.uniform(0, 6, len(paths))
    shots = []
    for t in frames:
        found = []
        for number, way in enumerate(ways):
            x, height = way[t]
            if np.isfinite(x):
                points = figure(
                    x, feet + (height - 400) * 0.2, height, 0.22 * t + phases[number], 0.7
                )
                found.append((number, height, points))
        found.sort(key=lambda one: -one[1])  # the nearest first
        shots.append(_film(found, rng, noise, missed, false))
    return shots


def _film(found: list, rng: np.random.Generator, noise: float, missed: float, false: float) -> Shot:
    xy, score, truth = [], [], []
    taken = np.zeros((0, 4))
    for number, height, points in found:
        box = keypoint_boxes(points[None], np.ones((1, 17)))
        hidden = box_overlaps(box, taken).max(initial=0.0)
        taken = np.concatenate([taken, box])
        if hidden > 0.55 or rng.random() < missed:
            continue
        sure = 0.8 if hidden < 0.2 else 0.45
        xy.append(points + rng.normal(0, noise * height * (1 + 2 * hidden), points.shape))
        score.append(np.clip(rng.normal(sure, 0.08, 17), 0.05, 1))
        truth.append(number)
    for _ in range(rng.poisson(false)):
        at = rng.uniform((0, 300), (1280, 700))
        xy.append(figure(at[0], at[1], rng.uniform(100, 300), 0, 0.3))
        score.append(rng.uniform(0.2, 0.5, 17))
        truth.append(-1)
    if not xy:
        return Shot(People.none(), Keypoints.none(H36M17), np.zeros(0, int))
    order = rng.permutation(len(xy))
    points = np.stack(xy)[order].astype(np.float32)
    scores = np.stack(score)[order].astype(np.float32)
    people = People(keypoint_boxes(points, scores).astype(np.float32), scores.mean(axis=1))
    return Shot(people, Keypoints(points, scores, H36M17), np.array(truth)[order])


def line(x0: float, x1: float, height: float, length: int, start: int = 0) -> Path:
    """From x0 at frame `start` to x1 at the end, at one distance."""

    def path(frames: np.ndarray) -> np.ndarray:
        x = np.interp(frames, [start, length - 1], [x0, x1])
        return np.stack([x, np.full(len(frames), height)], axis=1)

    return path


def meet(height: float, side: int, length: int) -> Path:
    """To the middle, half a second there, and back where it came from."""

    def path(frames: np.ndarray) -> np.ndarray:
        half = length / 2
        x = np.interp(frames, [0, half - 8, half + 8, length], [440, 60, 60, 440])
        return np.stack([640 + side * x, np.full(len(frames), height)], axis=1)

    return path


def away(path: Path, first: int, last: int) -> Path:
    """The same, but out of the picture from frame `first` to before `last`."""

    def with_gap(frames: np.ndarray) -> np.ndarray:
        way = path(frames)
        way[(frames >= first) & (frames < last)] = np.nan
        return way

    return with_gap


def crowd(count: int, length: int, seed: int = 0) -> list[Path]:
    """Many who cross each other's ways at several distances."""
    rng = np.random.default_rng(seed)
    return [
        line(*rng.uniform(30, 1250, 2), float(rng.uniform(90, 320)), length) for _ in range(count)
    ]


SCENES: dict[str, tuple[list[Path], int]] = {
    "two cross": ([line(100, 1180, 420, 120), line(1180, 100, 360, 120)], 120),
    "three cross": (
        [line(100, 1180, 420, 150), line(1180, 100, 360, 150), line(400, 800, 300, 150)], 150
    ),
    "meet and turn back": ([meet(420, -1, 150), meet(380, 1, 150)], 150),
    "side by side": ([line(100, 1100, 400, 150), line(190, 1190, 380, 150)], 150),
    "behind a pillar": (
        [away(line(100, 1100, 400, 150), 60, 85), line(900, 700, 350, 150)], 150
    ),
    "twelve": (crowd(12, 200), 200),
}  # fmt: skip


def agreement(shots: list[Shot], given: list[np.ndarray]) -> tuple[float, int]:
    """IDF1-like share of true sights numbered consistently, and the count of switches."""
    from scipy.optimize import linear_sum_assignment

    pairs = [
        (t, i)
        for s, ids in zip(shots, given, strict=True)
        for t, i in zip(s.truth, ids, strict=True)
    ]
    true = sorted({int(t) for t, _ in pairs if t >= 0})
    numbers = sorted({int(i) for _, i in pairs if i >= 0})
    counts = np.zeros((len(true), len(numbers)))
    last: dict[int, int] = {}
    switches = 0
    for t, i in pairs:
        if t >= 0 and i >= 0:
            counts[true.index(t), numbers.index(i)] += 1
            switches += last.get(int(t), int(i)) != i
            last[int(t)] = int(i)
    matched = counts[linear_sum_assignment(counts, maximize=True)].sum()
    sights = sum(t >= 0 for t, _ in pairs) + sum(i >= 0 for _, i in pairs)
    return 2 * matched / max(sights, 1), switches
