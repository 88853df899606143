"""One room for everybody: how near the camera, floor, ways and feet are to the truth.

    python -m benchmarks.room CMU17.npz [PYBULLET17.npz ...] [--rooms 60] [--quick]
    python -m benchmarks.room --views FOLDER_OF_POSE2SIM
    python -m benchmarks.room CMU17.npz EXTRA17.npz --balance

Made rooms: validation clips of motion capture, one to five people, lenses of 30 to 90 degrees,
cameras that look 0 to 60 degrees down and are rolled up to 20, lifted from keypoints with a
keypointer's errors and by a perfect lifter. Every method sees the same rooms in the same run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import machine
from benchmarks.rooms_cameras import FPS, KINDS, SIZE
from benchmarks.rooms_cost import how_bodies_balance, print_cost
from benchmarks.rooms_judged import Found, Tally, picture_error
from benchmarks.rooms_live import (
    AFTER,
    FRAMES,
    from_rows,
    live_room,
    live_room_with_background,
    longer,
)
from benchmarks.rooms_made import MadeRoom, make_room, usable, without_noise
from benchmarks.rooms_rendered import followed
from poselift import lifter
from poselift.errors import PoseliftError
from poselift.lifter.clip import ClipLifter
from poselift.lifter.data.mocap import Clip, read_sets, split
from poselift.scene import room
from poselift.scene.camera import tilt_and_roll, up_from
from poselift.scene.given import Given
from poselift.scene.place import place
from poselift.scene.rays import field_of_view, focal_length
from poselift.scene.steps import CameraSteps
from poselift.scene.world import LEVEL, upright
from poselift.types import Motion

Method = Callable[[MadeRoom, Sequence[Motion]], Found]
_LENS = 55.0
_LIVE_MOVING = 8  # rooms: their pictures take long to draw


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    out.add_argument("mocap", nargs="*", type=Path, help="sets of motion capture")
    out.add_argument("--rooms", type=int, default=60)
    out.add_argument("--quick", action="store_true", help="12 rooms")
    out.add_argument("--seed", type=int, default=1, help="another one makes other rooms")
    out.add_argument("--lifter", default="auto")
    out.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of cameras")
    out.add_argument("--views", type=Path, help="the folder of pose2sim, for its four real views")
    out.add_argument("--balance", action="store_true", help="how bodies balance, of training clips")
    out.add_argument("--cost", action="store_true", help="only how long 600 frames of two take")
    out.add_argument("--pictures", type=Path, metavar="FOLDER", help="draw ten rooms from above")
    out.add_argument("--json", type=Path)
    return out


def level_camera(made: MadeRoom, motions: Sequence[Motion]) -> Found:
    """Everybody placed by a level camera of 55 degrees: the plainest reference."""
    worlds = place(motions, LEVEL, SIZE, _LENS)
    return Found(worlds, LEVEL[2], focal_length(SIZE, _LENS))


def stance_lines(made: MadeRoom, motions: Sequence[Motion]) -> Found:
    """Up from upright people's lines from the ankles to the head, 55 degrees: the earlier way."""
    rotation = upright([motion.pose3d for motion in motions]).rotation
    worlds = place(motions, rotation, SIZE, _LENS)
    return Found(worlds, rotation[2], focal_length(SIZE, _LENS))


def the_room(made: MadeRoom, motions: Sequence[Motion]) -> Found:
    """What Poselift does."""
    built = room.build(motions, SIZE)
    return Found(built.worlds, built.camera.at(0).rotation[:, 2], float(built.camera.at(0).focal))


def camera_given(made: MadeRoom, motions: Sequence[Motion]) -> Found:
    """The same with the true camera given, as `--camera` does."""
    tilt, roll = tilt_and_roll(made.camera.up[0])
    given = Given(tilt=tilt, roll=roll, focal=float(made.camera.focal[0]))
    built = room.build(motions, SIZE, given)
    return Found(built.worlds, made.camera.up[0], float(made.camera.focal[0]))


def with_background(made: MadeRoom, motions: Sequence[Motion]) -> Found:
    """The room with what the background shows, which is drawn and followed."""
    assert made.steps is not None
    return _moving(motions, made.steps)


def turned_in_one_place(made: MadeRoom, motions: Sequence[Motion]) -> Found:
    """A carried camera taken for one that only turns and zooms."""
    assert made.steps is not None
    return _moving(motions, replace(made.steps, carried=False, lens=None))


def _moving(motions: Sequence[Motion], steps: CameraSteps) -> Found:
    built = room.build(motions, SIZE, steps=steps)
    first = built.camera.at(0)
    return Found(built.worlds, first.rotation[:, 2], float(first.focal))


METHODS: dict[str, Method] = {
    "level camera, 55 degrees": level_camera,
    "lines of stance, 55 degrees": stance_lines,
    "room": the_room,
    "room, camera given": camera_given,
}
MOVING: dict[str, Method] = {
    "lines of stance, 55 degrees": stance_lines,
    "room, taken as still": the_room,
    "room, with the background": with_background,
}
CARRIED: dict[str, Method] = {
    "room, taken as still": the_room,
    "room, turned in one place": turned_in_one_place,
    "room, with the background": with_background,
}


def _timed(method: Method, made: MadeRoom, motions: Sequence[Motion]) -> Found:
    begun = time.perf_counter()
    found = method(made, motions)
    found.seconds = time.perf_counter() - begun
    return found


def judge(
    rooms: Sequence[tuple[MadeRoom, list[Motion]]], methods: Mapping[str, Method]
) -> dict[str, Tally]:
    """Every method over the rooms."""
    tallies = {name: Tally() for name in methods}
    for made, motions in rooms:
        for name, method in methods.items():
            found = _timed(method, made, motions)
            tallies[name].add(made, found)
            if method is the_room and made.kind == "still":
                camera = room.build(motions, SIZE).camera
                pixels = [camera.project(np.asarray(w, float)) for w in found.worlds]
                tallies[name].picture.append(picture_error(made, pixels))
                tallies[name].true_picture.append(picture_error(made, made.true_pixels()))
    return tallies


LIVE: dict[str, Method] = {"room, of the whole clip": the_room, "room, live": live_room}
LIVE_MOVING: dict[str, Method] = {
    "room, live, taken as still": live_room,
    "room, live, with the background": live_room_with_background,
}


def judge_live(
    rooms: Sequence[tuple[MadeRoom, list[Motion]]], methods: Mapping[str, Method]
) -> dict[str, Tally]:
    """Rooms of a running camera; milliseconds are of a frame, but for `the_room`."""
    tallies = {name: Tally() for name in methods}
    kept = np.arange(AFTER, FRAMES)
    for one, its_motions in rooms:
        made, motions = longer(one, its_motions, FRAMES)
        for tally, method in zip(tallies.values(), methods.values(), strict=True):
            found = _timed(method, made, motions)
            if method is not the_room:
                found.seconds /= FRAMES
            found.worlds = [world[AFTER:] for world in found.worlds]
            tally.add(from_rows(made, kept), found)
    return tallies


def print_tallies(title: str, tallies: dict[str, Tally]) -> None:
    """A table with a column a method."""
    figures = {name: tally.figures() for name, tally in tallies.items()}
    rows = [
        [row, *(figures[name][row] for name in figures)] for row in next(iter(figures.values()))
    ]
    print(f"\n{title}\n")
    print(machine.table(["", *figures], rows))


def made_rooms(options: argparse.Namespace) -> dict[str, dict[str, Tally]]:
    """The tables of made rooms."""
    clips = usable(split(read_sets(options.mocap))[1])
    lift = lifter.load(options.lifter)
    out = {}
    if "still" in options.kinds:
        out |= still_cameras(clips, lift, options)
    count = (12 if options.quick else options.rooms) // 3
    for kind in [one for one in options.kinds if one != "still"]:
        # Who carries a camera films somebody; others soon are out of the picture.
        people = 1 if kind == "carried" else None
        rooms = [make_room(clips, kind, 10_000 * options.seed + i, people) for i in range(count)]
        moving = [replace(made, steps=followed(made)) for made in rooms]
        title = f"{count} cameras, {kind}, lifted from detected keypoints"
        methods = CARRIED if kind == "carried" else MOVING
        lifted = [(made, made.motions(lift)) for made in moving]
        out[title] = judge(lifted, methods)
        print_tallies(title, out[title])
        if kind in ("panning", "hand-held"):
            few = lifted[:_LIVE_MOVING]
            title = f"the first {len(few)} of them, {kind}, live, after {AFTER / FPS:g} s"
            out[title] = tallies = judge_live(few, LIVE_MOVING)
            print_tallies(title, tallies)
    return out


def still_cameras(
    clips: Sequence[Clip], lift: ClipLifter, options: argparse.Namespace
) -> dict[str, dict[str, Tally]]:
    """Those of cameras that stand still: lifted, lifted perfectly, and live."""
    count = 12 if options.quick else options.rooms
    rooms = [make_room(clips, "still", 10_000 * options.seed + i) for i in range(count)]
    lifted = [(made, made.motions(lift)) for made in rooms]
    perfect = [(made, made.motions(None)) for made in map(without_noise, rooms)]
    out = {}
    for title, pairs in (
        (f"{count} still cameras, lifted by {lift.name} from detected keypoints", lifted),
        (f"the same {count}, true keypoints, perfect lifter", perfect),
    ):
        out[title] = judge(pairs, METHODS)
        print_tallies(title, out[title])
    title = f"the {count} still cameras of the first table, live, after {AFTER / FPS:g} s"
    out[title] = judge_live(lifted, LIVE)
    print_tallies(title, out[title])
    if options.pictures:
        from benchmarks.rooms_drawn import draw_rooms

        draw_rooms([(made, ms, the_room(made, ms)) for made, ms in lifted[:10]], options.pictures)
    return out


def real_views(folder: Path, name: str) -> dict[str, list[float]]:
    """How far up is off in the four calibrated views of pose2sim's demo, in degrees."""
    from benchmarks import views
    from benchmarks.real_views import find_demo, main_person

    demo = find_demo(folder)
    cameras = views.read_qualisys(next((demo / "calibration").glob("*.qca.txt")))
    lift = lifter.load(name)
    out: dict[str, list[float]] = {"level": [], "lines of stance": [], "room": []}
    for video, view in zip(sorted((demo / "videos").glob("*.mp4")), cameras, strict=True):
        person = main_person(video, "auto")
        size = person.size
        motions = lift([person.track], image_size=size, fps=person.fps)
        camera = room.build(motions, size).camera
        found = camera.rotation[:, 2]
        true = view.rotation[:, 2]
        lines = upright([motion.pose3d for motion in motions]).rotation[2]
        for key, up in (("level", up_from(0, 0)), ("lines of stance", lines), ("room", found)):
            out[key].append(float(np.degrees(np.arccos(np.clip(up @ true, -1, 1)))))
        tilt, roll = tilt_and_roll(found)
        true_tilt, true_roll = tilt_and_roll(true)
        print(
            f"{video.name}: tilt {tilt:.0f} (true {true_tilt:.0f}), roll {roll:.0f} "
            f"({true_roll:.0f}), field of view {camera.field_of_view:.0f} "
            f"({field_of_view(size, view.matrix[0, 0]):.0f})"
        )
    return out


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    options = parser().parse_args(argv)
    results: dict[str, object] = {}
    try:
        if options.balance:
            how_bodies_balance(split(read_sets(options.mocap))[0])
        elif options.cost:
            print_cost(options)
        elif options.mocap:
            print(machine.in_words(machine.describe()))
            results = {
                title: {name: tally.figures() for name, tally in tallies.items()}
                for title, tallies in made_rooms(options).items()
            }
        if options.views:
            views = real_views(options.views, options.lifter)
            rows = [
                [name, *(f"{v:.1f}" for v in row), f"{np.mean(row):.1f}"]
                for name, row in views.items()
            ]
            print(machine.table(["up off, degrees", *"1234", "mean"], rows))
            results["views"] = views
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    if options.json:
        machine.write_json(options.json, results)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
