"""Couples who dance hand in hand, one partly behind the other: are both in one depth?

    python -m benchmarks.rooms_couples EXTRA17.npz [--rooms 40]

CMU's salsa pairs (subjects 60 and 61) were captured together, so where they stand to each other is
known. Joints that are behind the partner's limbs count as not seen. How far off one stands from the
other, in metres, over all frames of a room: mean, and along the line of sight.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import Generator

from benchmarks import machine
from benchmarks.room import Method, camera_given, level_camera, stance_lines, the_room
from benchmarks.rooms_cameras import FPS, SIZE, random_camera
from benchmarks.rooms_judged import turned_onto
from benchmarks.rooms_made import SECONDS, MadePerson, MadeRoom, filmed_person, resting_height
from poselift import lifter
from poselift.errors import PoseliftError
from poselift.lifter.data.mocap import Clip, read_sets
from poselift.scene.bones import NOMINAL_STATURE, stature
from poselift.skeleton import H36M17
from poselift.types import Motion

_WHO = ("/60/60_", "/61/61_")
_TOGETHER = 1.2  # metres between them, in the mean of a room
#: Metres: how thick limbs and trunks are that hide what is behind them, and how far behind.
_LIMB, _TRUNK, _BEHIND = 0.09, 0.16, 0.05
_LEGS = (2, 3, 5, 6)
_TRUNK_BONES = {(0, 7), (7, 8)}


def couples_of(clips: Sequence[Clip]) -> list[tuple[np.ndarray, np.ndarray]]:
    """World joints (T, 17, 3) of the two of each trial that both have as a whole."""
    found: dict[str, dict[int, Clip]] = {}
    for clip in clips:
        for number, who in enumerate(_WHO):
            if who in clip.name:
                found.setdefault(clip.name.partition(who)[2], {})[number] = clip
    pairs = [(trial[0], trial[1]) for trial in found.values() if len(trial) == 2]
    return [
        (one.at_rate(FPS).astype(float), other.at_rate(FPS).astype(float))
        for one, other in pairs
        if len(one.joints) == len(other.joints)
    ]


def couple_room(couples: Sequence[tuple[np.ndarray, np.ndarray]], seed: int) -> MadeRoom:
    """A room with one couple who stay together, and a still camera; the same for the same seed."""
    rng = np.random.default_rng(seed)
    torch_rng = Generator().manual_seed(seed)
    frames = round(SECONDS * FPS)
    for _ in range(400):
        whole = couples[rng.integers(len(couples))]
        start = int(rng.integers(len(whole[0]) - frames))
        worlds = [on_floor(joints[start : start + frames]) for joints in whole]
        if np.linalg.norm(worlds[0][:, 0] - worlds[1][:, 0], axis=1).mean() > _TOGETHER:
            continue
        middle = np.append(worlds[0][:, 0, :2].mean(axis=0), 0)
        worlds = [world - middle for world in worlds]
        camera = random_camera(np.stack(worlds), "still", rng)
        if camera is None:
            continue
        people = [
            filmed_person(world, stature(world) / NOMINAL_STATURE, camera, torch_rng, "salsa")
            for world in worlds
        ]
        room = MadeRoom(f"couple {seed}", "still", camera, tuple(people))
        return replace(room, people=(hidden_by(room, 0, 1), hidden_by(room, 1, 0)))
    raise RuntimeError("no camera sees a couple of these clips well")


def on_floor(joints: np.ndarray) -> np.ndarray:
    """The body with its ankles resting on z = 0."""
    return joints - np.array([0, 0, resting_height(joints)])


def hidden_by(room: MadeRoom, person: int, partner: int) -> MadePerson:
    """The person with score 0 for joints that are behind the partner's limbs in the picture."""
    pixels = room.true_pixels()
    depth, nearer = (
        room.camera.seen(room.people[number].world)[..., 2] for number in (person, partner)
    )
    covered = np.zeros(depth.shape, bool)
    for parent, child in H36M17.bones:
        thick = _TRUNK if (parent, child) in _TRUNK_BONES else _LIMB
        begin = pixels[partner][:, None, parent]
        bone = pixels[partner][:, None, child] - begin
        along = ((pixels[person] - begin) * bone).sum(axis=-1)
        along = np.clip(along / np.maximum(np.square(bone).sum(axis=-1), 1e-6), 0, 1)
        aside = np.linalg.norm(pixels[person] - begin - along[..., None] * bone, axis=-1)
        far = nearer[:, [parent]] + along * (nearer[:, [child]] - nearer[:, [parent]])
        wide = thick * room.camera.focal[:, None] / far
        covered |= (aside < wide) & (far < depth - _BEHIND)
    one = room.people[person]
    return replace(one, score=np.where(covered, 0, one.score).astype(np.float32))


def without_legs(room: MadeRoom) -> MadeRoom:
    """The room with nobody's knees and ankles seen."""
    people = []
    for person in room.people:
        score = person.score.copy()
        score[:, _LEGS] = 0
        people.append(replace(person, score=score))
    return replace(room, people=tuple(people))


@dataclass(frozen=True)
class Apart:
    """Metres by which one of a couple is misplaced to the other: in all, and in depth."""

    place: float
    depth: float


def judged(room: MadeRoom, worlds: Sequence[np.ndarray]) -> Apart:
    """Mean over the frames, after the turn about the vertical that fits both ways best."""
    first, second = (person.world[:, 0] for person in room.people)
    turn, *_ = turned_onto(
        np.concatenate([world[:, 0] for world in worlds]), np.concatenate([first, second])
    )
    found = (np.asarray(worlds[0][:, 0], float) - worlds[1][:, 0]) @ turn.T
    off = found - (first - second)
    ahead = room.camera.rotation[0, 2] * [1, 1, 0]
    ahead /= np.linalg.norm(ahead)
    return Apart(float(np.linalg.norm(off, axis=1).mean()), float(np.abs(off @ ahead).mean()))


METHODS: dict[str, Method] = {
    "level camera, 55 degrees": level_camera,
    "lines of stance, 55 degrees": stance_lines,
    "room": the_room,
    "room, camera given": camera_given,
}


def tell(rooms: Sequence[tuple[MadeRoom, list[Motion]]]) -> None:
    """Print the table."""
    ways = [[person.world[:, 0] for person in room.people] for room, _ in rooms]
    true = [float(np.linalg.norm(one - other, axis=1).mean()) for one, other in ways]
    unseen = np.mean([person.score == 0 for room, _ in rooms for person in room.people])
    print(
        f"{len(rooms)} couples, {np.mean(true):.2f} m apart in the mean, "
        f"{100 * unseen:.0f}% of their joints hidden"
    )
    rows = []
    for name, method in METHODS.items():
        off = [judged(room, method(room, motions).worlds) for room, motions in rooms]
        place, depth = [one.place for one in off], [one.depth for one in off]
        rows.append([
            name, f"{np.median(place):.2f} / {np.percentile(place, 90):.2f}",
            f"{np.median(depth):.2f} / {np.percentile(depth, 90):.2f}",
        ])  # fmt: skip
    print(machine.table(["", "place, median / 90th, m", "depth, median / 90th, m"], rows))


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mocap", nargs="+", type=Path, help="sets with CMU's subjects 60 and 61")
    parser.add_argument("--rooms", type=int, default=40)
    parser.add_argument("--legs-unseen", action="store_true", help="knees and ankles unseen")
    parser.add_argument("--lifter", default="auto")
    options = parser.parse_args(argv)
    try:
        couples = couples_of(read_sets(options.mocap))
        if not couples:
            raise PoseliftError("These sets hold no couples.", "Give the one with salsa (60, 61).")
        lift = lifter.load(options.lifter)
        rooms = [couple_room(couples, seed) for seed in range(options.rooms)]
        if options.legs_unseen:
            rooms = [without_legs(room) for room in rooms]
        print(f"{machine.in_words(machine.describe())}; {SIZE[0]}x{SIZE[1]}, lifted by {lift.name}")
        tell([(room, room.motions(lift)) for room in rooms])
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
