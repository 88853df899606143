"""Fast steps and jumps: `python -m benchmarks.fast [--pose NAME] [--against CHECKOUT]`.

The sample clips with frames left out, so that everybody moves twice to four times as fast, and
blurred, and cropped to the people's surroundings. The truth is how the whole clip is read, at the
same frames. Printed: the share of people found; their OKS to the truth; joints that are off by more
than a tenth of the person's size, of 100; and, for the repair of single frames, such joints of 100
after arms and legs were put elsewhere on purpose in every tenth frame, without and with the repair.
Among the right joints that the repair moves are true errors of the reading.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.machine import describe, in_words, table, write_json
from benchmarks.versus import run_against
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.repair import undo_swaps
from poselift.detectors.see import find_tracks
from poselift.detectors.similarity import JOINT_SPREAD, person_size
from poselift.media import open_source
from poselift.types import Frame, Track

CLIPS = Path(__file__).parents[1] / "sample_videos"
_KNOWN = 0.3  # score of a joint whose true place is trusted
_WRONG = 0.1  # of the person's size
_LIMBS = ((2, 3), (5, 6), (12, 13), (15, 16))  # knee and ankle, elbow and wrist
SPEEDS = (1, 2, 3, 4)


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pose", default="lightning")
    options.add_argument("--json", type=Path, help="also write the figures here")
    options.add_argument("--against", type=Path, help="another checkout, measured the same way")
    given = options.parse_args()
    print(in_words(describe()))
    frames = {clip.stem: _frames(clip) for clip in sorted(CLIPS.glob("*.mp4"))}
    truth = {name: _seen(shown, given.pose) for name, shown in frames.items()}
    rows = [measure(how, speed, frames, truth, given.pose) for how in CHANGES for speed in SPEEDS]
    print(f"\n{table(list(rows[0]), [list(row.values()) for row in rows])}", flush=True)
    mended = [planted(speed, truth) for speed in SPEEDS]
    print(f"\n{table(list(mended[0]), [list(row.values()) for row in mended])}", flush=True)
    if given.json:
        write_json(given.json, {"followed": rows, "repaired": mended})
    if given.against:
        run_against(given.against, "benchmarks.fast")


def _plain(image: np.ndarray) -> np.ndarray:
    return image


def _blurred(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), 0.004 * image.shape[0])


def _cropped(image: np.ndarray) -> np.ndarray:
    """Without the outer tenth of it: grey, so that all stays in its place."""
    height, width = image.shape[:2]
    out = np.full_like(image, 128)
    rows, columns = slice(height // 10, -height // 10), slice(width // 10, -width // 10)
    out[rows, columns] = image[rows, columns]
    return out


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": _plain,
    "blurred": _blurred,
    "cropped": _cropped,
}


def _frames(clip: Path) -> list[np.ndarray]:
    with open_source(clip) as source:
        return [frame.image for frame in source.frames()]


def _seen(pictures: list[np.ndarray], pose: str) -> list[Track]:
    shown = (Frame(i, i / 30, picture) for i, picture in enumerate(pictures))
    return find_tracks(shown, load_detector("nanodet"), load_keypointer(pose))


def measure(
    how: str,
    speed: int,
    frames: dict[str, list[np.ndarray]],
    truth: dict[str, list[Track]],
    pose: str,
) -> dict[str, object]:
    """One row: both clips, changed and sped up."""
    people = found = joints = wrong = 0
    alike: list[float] = []
    for name, pictures in frames.items():
        said = _seen([CHANGES[how](picture) for picture in pictures[::speed]], pose)
        for true in truth[name]:
            for off, known in _offs(true, said, speed):
                people += 1
                if off is None:
                    continue
                found += 1
                joints += int(known.sum())
                wrong += int((off > _WRONG)[known].sum())
                alike.append(float(np.exp(-((off / JOINT_SPREAD) ** 2) / 8)[known].mean()))
    return {
        "clips": how,
        "speed": speed,
        "people": people,
        "found": round(found / max(people, 1), 3),
        "OKS": round(float(np.mean(alike)), 4),
        "wrong of 100": round(100 * wrong / max(joints, 1), 2),
    }


def _offs(
    true: Track, said: list[Track], speed: int
) -> Iterator[tuple[np.ndarray | None, np.ndarray]]:
    """For each frame: how far joints are off in parts of the size, and which are known."""
    size = person_size(true.xy, true.score)
    for row, frame in enumerate(true.frames.tolist()):
        known = true.score[row] > _KNOWN
        if frame % speed or known.sum() < 6:
            continue
        best = None
        for track in said:
            here = np.flatnonzero(track.frames == frame // speed)
            if len(here) and track.score[here[0]].any():
                off = np.linalg.norm(track.xy[here[0]] - true.xy[row], axis=1) / size[row]
                if best is None or np.median(off[known]) < np.median(best[known]):
                    best = off
        lost = best is None or np.median(best[known]) > 0.5
        yield None if lost else best, known


def planted(speed: int, truth: dict[str, list[Track]]) -> dict[str, object]:
    """One row: errors of one frame put into what was read, and how much of them is repaired."""
    counts = np.zeros(5)
    rng = np.random.default_rng(speed)
    for track in (track for tracks in truth.values() for track in tracks):
        rows = slice(None, None, speed)
        xy, score = track.xy[rows].copy(), track.score[rows].copy()
        size = person_size(xy, score)
        hit = np.zeros(xy.shape[:2], bool)
        for t in range(5, len(xy) - 1, 10):
            limb = list(_LIMBS[rng.integers(4)])
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.6) * size[t]
            xy[t, limb] += far * np.array([np.cos(angle), np.sin(angle)])
            hit[t, limb] = True
        broken = Track(track.id, np.arange(len(xy)), xy, score)
        mended = _repaired(broken)
        before = np.linalg.norm(xy - track.xy[rows], axis=-1) / size[:, None]
        after = np.linalg.norm(mended.xy - track.xy[rows], axis=-1) / size[:, None]
        counts += (
            hit.sum(),
            (before > _WRONG)[hit].sum(),
            (after > _WRONG)[hit].sum(),
            (~hit).sum(),
            (after > 0.02)[~hit].sum(),
        )
    return {
        "speed": speed,
        "planted": int(counts[0]),
        "wrong, %": round(float(100 * counts[1] / counts[0]), 1),
        "wrong after the repair, %": round(float(100 * counts[2] / counts[0]), 1),
        "right joints moved by the repair, %": round(float(100 * counts[4] / counts[3]), 2),
    }


def _repaired(track: Track) -> Track:
    swapped = undo_swaps(track)[0]
    try:
        from poselift.detectors.slips import undo_slips
    except ImportError:  # not in versions before
        return swapped
    return undo_slips(swapped)[0]


if __name__ == "__main__":
    main()
