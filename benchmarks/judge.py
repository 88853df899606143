"""Lifters on real video with independent truth: four calibrated views of one person.

    python -m benchmarks.judge FOLDER_OF_POSE2SIM [--lifter poselift-27 ...]

The folder is the one of the installed pose2sim package, or its Demo_SinglePerson. The keypointer's
2D of all four views is triangulated (the cameras refined by bundle adjustment); then each view is
lifted alone and compared with it, P-MPJPE over 12 limb joints and the middle of the hips.
BlazePose's own 3D world landmarks are judged beside it as the peer.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import machine, views
from poselift import lifter
from poselift.detectors.blazepose import BlazePose
from poselift.detectors.see import find_tracks
from poselift.errors import PoseliftError
from poselift.lifter import metrics
from poselift.media import open_source
from poselift.skeleton import BLAZEPOSE_TO_COCO
from poselift.types import Track

#: SEEN joints as indices of COCO-17, in the same order.
_COCO = (12, 14, 16, 11, 13, 15, 5, 7, 9, 6, 8, 10)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    out.add_argument("folder", type=Path)
    out.add_argument("--lifter", nargs="+", default=["auto"])
    out.add_argument("--weights", nargs="+", type=Path, default=[], metavar="FILE")
    out.add_argument("--keypointer", default="auto")
    out.add_argument("--no-peer", action="store_true", help="leave BlazePose out")
    out.add_argument("--json", type=Path)
    return out


def find_demo(folder: Path) -> Path:
    """The folder with `videos` and `calibration` in or under `folder`."""
    for place in (folder, folder / "Demo_SinglePerson", folder / "Pose2Sim/Demo_SinglePerson"):
        if (place / "videos").is_dir() and (place / "calibration").is_dir():
            return place
    raise PoseliftError(
        f"{folder} has no Demo_SinglePerson with videos and calibration.",
        "pip install --no-deps pose2sim; give the folder it is installed in.",
    )


def main_person(video: Path, keypointer: str) -> tuple[Track, tuple[int, int], float]:
    """The person with most of the picture, the picture's size and the rate."""
    with open_source(str(video)) as source:
        tracks = find_tracks(source.frames(), keypointer=keypointer)
        size, fps = source.size, source.fps
    if not tracks:
        raise PoseliftError(f"Nobody was found in {video.name}.", "Is it the right file?")
    return max(tracks, key=lambda t: float(t.score.sum() * np.ptp(t.xy[..., 1]))), size, fps


def whole(track: Track, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """(T, 12, 2) and (T, 12) of SEEN over the whole clip, score 0 where there is nothing."""
    xy, score = np.zeros((frames, 12, 2)), np.zeros((frames, 12))
    inside = track.frames < frames
    xy[track.frames[inside]] = track.xy[inside][:, list(views.SEEN)]
    score[track.frames[inside]] = track.score[inside][:, list(views.SEEN)]
    return xy, score


def peer_poses(video: Path, track: Track) -> tuple[np.ndarray, np.ndarray]:
    """BlazePose's own 3D of the tracked person: frames (N,) and (N, 13, 3)."""
    model, frames, poses = BlazePose(), [], []
    place = {int(frame): row for row, frame in enumerate(track.frames)}
    with open_source(str(video)) as source:
        for frame in source.frames():
            row = place.get(frame.index)
            if row is None or not (track.score[row] > 0.2).any():
                continue
            seen = track.xy[row][track.score[row] > 0.2]
            box = np.concatenate([seen.min(0), seen.max(0)])
            [body] = model.read(frame.image, box[None])
            limbs = body.world[list(BLAZEPOSE_TO_COCO)][list(_COCO)]
            frames.append(frame.index)
            poses.append(views.with_pelvis(limbs[None])[0])
    return np.array(frames), np.stack(poses)


def aligned(poses: np.ndarray, frames: np.ndarray, truth: np.ndarray, good: np.ndarray) -> float:
    """P-MPJPE in millimetres over the frames whose truth is good."""
    kept = (frames < len(truth)) & good[np.minimum(frames, len(truth) - 1)]
    return 1000 * metrics.p_mpjpe(poses[kept], truth[frames[kept]])


def judge(
    demo: Path, lifters: Sequence[lifter.ClipLifter], keypointer: str, peer: bool
) -> dict[str, list[float]]:
    """P-MPJPE of each lifter per view, and how well the truth itself fits its views."""
    videos = sorted((demo / "videos").glob("*.mp4"))
    cameras = views.read_qualisys(next((demo / "calibration").glob("*.qca.txt")))
    people = [main_person(video, keypointer) for video in videos]
    frames = min(int(track.frames[-1]) + 1 for track, _, _ in people)
    pairs = [whole(track, frames) for track, _, _ in people]
    points = np.stack([c.undistort(xy) for c, (xy, _) in zip(cameras, pairs, strict=True)])
    score = np.stack([s for _, s in pairs])
    before = views.robust_triangulation(cameras, points, score)[1]
    cameras = views.refine(cameras, points[:, ::4], score[:, ::4])
    world, errors = views.robust_triangulation(cameras, points, score)
    truth = views.with_pelvis(world)
    good = np.median(errors, axis=(0, 2)) < 15
    out = {
        "pixels off before": [float(np.median(one)) for one in before],
        "pixels off": [float(np.median(one)) for one in errors],
    }
    for lift in lifters:
        out[lift.name] = []
        for track, size, fps in people:
            [motion] = lift([track], image_size=size, fps=fps)
            poses = views.judged_joints(motion.pose3d)
            out[lift.name].append(aligned(poses, track.frames, truth, good))
    if peer:
        out["BlazePose world landmarks"] = [
            aligned(poses, at, truth, good)
            for at, poses in (peer_poses(v, p[0]) for v, p in zip(videos, people, strict=True))
        ]
    return out


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    arguments = parser().parse_args(argv)
    try:
        lifters = [lifter.load("auto", checkpoint=path) for path in arguments.weights]
        lifters += [lifter.load(name) for name in arguments.lifter if name != "none"]
        results = judge(
            find_demo(arguments.folder), lifters, arguments.keypointer, not arguments.no_peer
        )
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    rows = [
        [name, *(f"{value:.1f}" for value in row), f"{np.mean(row):.1f}"]
        for name, row in results.items()
    ]
    count = len(next(iter(results.values())))
    print(machine.table(["P-MPJPE, mm", *(f"view {i + 1}" for i in range(count)), "mean"], rows))
    if arguments.json:
        machine.write_json(arguments.json, results)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
