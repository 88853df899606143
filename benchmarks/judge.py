"""Lifters on real video with independent truth: four calibrated views of one person.

    python -m benchmarks.judge FOLDER_OF_POSE2SIM [--lifter poselift-27 ...]

The folder is the one of the installed pose2sim package, or its Demo_SinglePerson. The keypointer's
2D of all four views is triangulated (`benchmarks.real_views`); then each view is lifted alone and
compared with it over 12 limb joints and the middle of the hips: P-MPJPE, N-MPJPE in camera axes,
and how many degrees off up is, as a run finds it and, for lifters with heads, as they say
themselves. Everything is done with the keypointer's scores and again with one constant score,
which shows what the scores are worth. BlazePose's own 3D world landmarks are judged beside it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import machine, views
from benchmarks.real_views import Person, RealViews, read_views
from poselift import lifter
from poselift.detectors.blazepose import BlazePose
from poselift.errors import PoseliftError
from poselift.lifter import metrics
from poselift.lifter.engine import FIELD_OF_VIEW
from poselift.media import open_source
from poselift.scene import room
from poselift.skeleton import BLAZEPOSE_TO_COCO
from poselift.types import Motion, Track

#: SEEN joints as indices of COCO-17, in the same order.
_COCO = (12, 14, 16, 11, 13, 15, 5, 7, 9, 6, 8, 10)
#: What scores are replaced by: Thunder's mean.
_CONSTANT = 0.84

#: Rows of figures, a view each, by measure and then by lifter.
Results = dict[str, dict[str, list[float]]]
P, N, UP = "P-MPJPE, mm", "N-MPJPE, mm", "up, degrees off"


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    out.add_argument("folder", type=Path)
    out.add_argument("--lifter", nargs="+", default=["auto"])
    out.add_argument("--checkpoint", "--weights", nargs="+", type=Path, default=[], metavar="FILE")
    out.add_argument("--keypointer", default="auto")
    out.add_argument("--calibrated", action="store_true",
                     help="tell the lifters each camera's true field of view")  # fmt: skip
    out.add_argument("--no-peer", action="store_true", help="leave BlazePose out")
    out.add_argument("--json", type=Path)
    return out


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


def with_constant_score(track: Track) -> Track:
    """The track with one score for all that is seen."""
    return replace(track, score=np.where(track.score > 0, np.float32(_CONSTANT), np.float32(0)))


def errors(
    poses: np.ndarray, frames: np.ndarray, scene: RealViews, view: int
) -> tuple[float, float]:
    """P-MPJPE and N-MPJPE in millimetres of poses (N, 13, 3) in the camera's axes."""
    kept = scene.trusted(frames)
    truth = metrics.root_relative(scene.truth(view)[frames[kept]])
    guess = metrics.root_relative(poses[kept])
    return 1000 * metrics.p_mpjpe(guess, truth), 1000 * metrics.n_mpjpe(guess, truth)


def up_errors(
    motion: Motion, scene: RealViews, view: int, fov: float = FIELD_OF_VIEW
) -> dict[str, float]:
    """Degrees that up is off, as a run finds it and as the lifter says itself."""
    built = room.build([motion], scene.people[view].size, lifted_view=fov)
    found = {"": built.camera.rotation[:, 2]}
    if motion.up is not None and motion.up_certainty is not None:
        mean = (motion.up * motion.up_certainty[:, None]).sum(0)
        found[", as it says itself"] = mean / np.linalg.norm(mean)
    return {
        who: float(np.degrees(np.arccos(np.clip(up @ scene.up(view), -1, 1))))
        for who, up in found.items()
    }


def lifted(lift: lifter.ClipLifter, person: Person, track: Track, fov: float) -> Motion:
    """One view's motion."""
    [motion] = lift([track], image_size=person.size, fps=person.fps, field_of_view=fov)
    return motion


def true_fov(scene: RealViews, view: int) -> float:
    """Degrees along the picture's longer side."""
    focal = float(scene.cameras[view].matrix[[0, 1], [0, 1]].mean())
    return float(np.degrees(2 * np.arctan(max(scene.people[view].size) / 2 / focal)))


def judge(
    scene: RealViews, lifters: Iterable[lifter.ClipLifter], calibrated: bool, peer: bool
) -> Results:
    """Every measure of each lifter per view."""
    out: Results = {P: {}, N: {}, UP: {}}

    def note(name: str, found: Sequence[tuple[float, float]]) -> None:
        out[P][name], out[N][name] = ([one[i] for one in found] for i in (0, 1))

    for lift in lifters:
        for kind, change in (("", None), (", constant score", with_constant_score)):
            found = []
            for view, person in enumerate(scene.people):
                track = change(person.track) if change else person.track
                fov = true_fov(scene, view) if calibrated else FIELD_OF_VIEW
                motion = lifted(lift, person, track, fov)
                poses = views.judged_joints(motion.pose3d)
                found.append(errors(poses, person.track.frames, scene, view))
                for who, off in up_errors(motion, scene, view, fov).items():
                    out[UP].setdefault(f"{lift.name}{kind}{who}", []).append(off)
            note(f"{lift.name}{kind}", found)
    if peer:
        each = [peer_poses(v, one.track) for v, one in zip(scene.videos, scene.people, strict=True)]
        note("BlazePose world landmarks",
             [errors(poses, at, scene, view) for view, (at, poses) in enumerate(each)])  # fmt: skip
    return out


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    arguments = parser().parse_args(argv)
    try:
        lifters = [lifter.load("auto", checkpoint=path) for path in arguments.checkpoint]
        lifters += [lifter.load(name) for name in arguments.lifter if name != "none"]
        scene = read_views(arguments.folder, arguments.keypointer)
        results = judge(scene, lifters, arguments.calibrated, not arguments.no_peer)
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    count = len(scene.people)
    before, after = scene.pixels_off
    results = {"the truth, pixels off": {"before adjustment": before, "after": after}, **results}
    for measure, lines in results.items():
        rows = [
            [name, *(f"{value:.1f}" for value in row), f"{np.mean(row):.1f}"]
            for name, row in lines.items()
        ]
        print(machine.table([measure, *(f"view {i + 1}" for i in range(count)), "mean"], rows))
        print()
    if arguments.json:
        machine.write_json(arguments.json, results)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
