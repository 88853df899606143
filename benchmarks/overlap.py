"""How well people are told apart who cover each other: `python -m benchmarks.overlap`.

People cut out of the sample clips (`benchmarks/cutouts.py`) are set over each other, so that the
truth of everybody's joints is exact, also where they are hidden. Through the whole way from pixels
to numbered joints, with our tracker and with norfair and ByteTrack in its place where they can be
imported. `--against CHECKOUT` does the same with another version's code.

Printed for each scene: `found`, the share of frames in which the hidden person is read (OKS above
0.5 over the joints that are not covered) of those that show a third of them or more; `OKS` of
those joints, 0 where missed; `wrong`, limbs a hundred frames that are put onto somebody else;
`lost`, the share of joints in view that are not seen; `switches` of numbers; `kept`, whether the
hidden person ends with the number that they began with. Each scene is played with people who begin
at `--starts` different times of their clips; the rows are means over these.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cutouts import Placed, Shot, actors, background, compose, there_and_back
from benchmarks.machine import describe, in_words, table, write_json
from benchmarks.versus import run_against
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.protocols import Keypointer, PersonDetector
from poselift.detectors.see import See, Seen
from poselift.detectors.similarity import SEEN, in_h36m, person_size, pose_similarity
from poselift.skeleton import COCO17, H36M17
from poselift.types import Frame, Keypoints, People

LENGTH = 50  # frames of a scene
FEET = 690.0
_LATER = 9  # frames of the clips by which each start is later than the one before
_LIMBS = tuple(H36M17.index(f"{side} {joint}") for side in ("left", "right")
               for joint in ("elbow", "wrist", "knee", "ankle"))  # fmt: skip
#: In parts of the size: a joint that is farther than this from its true place is wrong,
_WRONG = 0.2
#: and one that is nearer than this to a joint of somebody else's is on them.
_ON_OTHER = 0.1
_IN_VIEW = 1 / 3  # of a person: what must be seen of them to be found
_FOUND = 0.5

Cast = dict[str, Sequence[Shot]]
#: The people of a frame, the farthest first, and for each who it is.
Scene = Callable[[Cast, int], list[tuple[int, Placed]]]


def _two(
    cast: Cast, frame: int, front: tuple[str, float, float], back: tuple[str, float, float],
    mirror: bool = False, swap: bool = False,
) -> list[tuple[int, Placed]]:  # fmt: skip
    """Two people by name, x and height; the second is the hidden one, and person 0."""
    placed = []
    for number, (name, x, height) in ((0, back), (1, front)):
        shot = there_and_back(cast[name], frame)
        if mirror and number == 1:
            shot = shot.mirrored()
        # Who is nearer stands lower in the picture.
        placed.append((number, Placed(shot, x, FEET + 0.15 * (height - 420), height)))
    return placed[::-1] if swap else placed


def _way(frame: int, *places: float) -> float:
    """Where somebody is who reaches each place after equal times."""
    return float(np.interp(frame, np.linspace(0, LENGTH - 1, len(places)), places))


def passing(cast: Cast, frame: int) -> list[tuple[int, Placed]]:
    """A walker passes in front of somebody who stands."""
    return _two(cast, frame, ("woman", _way(frame, 1050, 250), 440), ("performer", 650, 400))


def crossing(cast: Cast, frame: int) -> list[tuple[int, Placed]]:
    """Two walk past each other."""
    front, back = ("woman", _way(frame, 1000, 300), 420), ("woman", _way(frame, 300, 1000), 380)
    placed = _two(cast, frame, front, back)
    number, one = placed[0]
    return [(number, Placed(one.shot.mirrored(), one.x, one.feet, one.height)), placed[1]]


def near_and_far(cast: Cast, frame: int) -> list[tuple[int, Placed]]:
    """Somebody near passes in front of somebody far."""
    return _two(cast, frame, ("performer", _way(frame, 300, 950), 560), ("man", 640, 300))


def behind(cast: Cast, frame: int) -> list[tuple[int, Placed]]:
    """One steps right behind the other, stays there and comes out again."""
    x = _way(frame, 900, 680, 680, 680, 900)
    return _two(cast, frame, ("man", 630, 440), ("woman", x, 420))


def hug(cast: Cast, frame: int) -> list[tuple[int, Placed]]:
    """Two meet, stay close and part."""
    apart = _way(frame, 170, 50, 40, 40, 50, 170)
    return _two(
        cast, frame, ("performer", 640 + apart, 420), ("woman", 640 - apart, 420), mirror=True
    )


def dance(cast: Cast, frame: int) -> list[tuple[int, Placed]]:
    """Two turn about each other: now one is in front, now the other."""
    turn = 4 * np.pi * frame / LENGTH
    x = 120 * float(np.cos(turn))
    near = 20 * float(np.sin(turn))
    return _two(
        cast, frame, ("man", 640 + x, 420 + near), ("performer", 640 - x, 420 - near),
        swap=near < 0,
    )  # fmt: skip


def side_by_side(cast: Cast, frame: int) -> list[tuple[int, Placed]]:
    """Two walk together, one half hidden."""
    x = _way(frame, 950, 350)
    return _two(cast, frame, ("woman", x, 430), ("woman", x + 60, 410))


SCENES: dict[str, Scene] = {
    "passing": passing,
    "crossing": crossing,
    "near and far": near_and_far,
    "right behind": behind,
    "hug": hug,
    "dance": dance,
    "side by side": side_by_side,
}


@dataclass(frozen=True)
class Truth:
    """Who is in a frame: person 0 is the one who is hidden.

    Attributes:
        joints: (2, 17, 2) and (2, 17), in H36M-17; by person.
        covered: (2, 17) bool, the joints that somebody else covers.
        in_view: (2,) the share of each person that is not covered.
    """

    joints: Keypoints
    covered: np.ndarray
    in_view: np.ndarray


def film(scene: Scene, cast: Cast) -> Iterator[tuple[Frame, Truth]]:
    """A scene frame by frame."""
    for index in range(LENGTH):
        people = scene(cast, index)
        image, whose = compose(background(), [placed for _, placed in people])
        yield Frame(index, index / 30, image), _truth(people, whose)


def _truth(people: list[tuple[int, Placed]], whose: np.ndarray) -> Truth:
    xy, score = np.zeros((2, 17, 2), np.float32), np.zeros((2, 17), np.float32)
    in_view = np.zeros(2)
    covered = np.zeros((2, 17), bool)
    for depth, (number, placed) in enumerate(people):
        coco = Keypoints(placed.joints()[None], placed.shot.score[None], COCO17)
        h36m = in_h36m(coco)
        xy[number], score[number] = h36m.xy[0], h36m.score[0]
        alone = compose(np.zeros((*whose.shape, 3), np.uint8), [placed])[1]
        in_view[number] = ((whose == depth) & (alone == 0)).sum() / max((alone == 0).sum(), 1)
        column, row = xy[number].round().astype(int).T
        seen = whose[np.clip(row, 0, whose.shape[0] - 1), np.clip(column, 0, whose.shape[1] - 1)]
        covered[number] = seen > depth
    return Truth(Keypoints(xy, score, H36M17), covered, in_view)


def judge(
    truths: Sequence[Truth], said: Sequence[Keypoints], ids: Sequence[np.ndarray]
) -> dict[str, float]:
    """Compare what was seen with the truth."""
    alike, counted, wrong, lost, in_view = [], 0, 0, 0, 0
    numbers: tuple[list[int], list[int]] = ([], [])
    for truth, joints, given in zip(truths, said, ids, strict=True):
        # People whose number is not yet sure count for the joints, not for the numbers.
        owner = _owners(truth, joints)
        for person in (0, 1):
            row = owner[person]
            if row >= 0 and given[row] >= 0:
                numbers[person].append(int(given[row]))
            if row >= 0:
                off, unseen, could = _limbs(truth, joints, person, row)
                wrong, lost, in_view = wrong + off, lost + unseen, in_view + could
        if truth.in_view[0] >= _IN_VIEW:
            counted += 1
            alike.append(_oks(truth, joints, 0, owner[0]))
    switches = sum(int((np.diff(one) != 0).sum()) for one in numbers)
    hidden = numbers[0]
    return {
        "found": round(float((np.array(alike) > _FOUND).mean()), 3),
        "OKS": round(float(np.mean(alike)), 3),
        "wrong": round(100 * wrong / len(truths), 1),
        "lost": round(lost / max(in_view, 1), 3),
        "switches": switches,
        "kept": int(bool(hidden) and hidden[0] == hidden[-1]),
    }


def _owners(truth: Truth, joints: Keypoints) -> list[int]:
    """The row of what was read of each of the two people; -1 for none."""
    from scipy.optimize import linear_sum_assignment

    owner = [-1, -1]
    if len(joints):
        true = truth.joints
        alike = pose_similarity(true.xy, true.score, joints.xy, joints.score, 2.0)
        for person, row in zip(*linear_sum_assignment(alike, maximize=True), strict=True):
            if alike[person, row] > 0.1:
                owner[int(person)] = int(row)
    return owner


def _oks(truth: Truth, joints: Keypoints, person: int, row: int) -> float:
    """Over the joints that are not covered; what is not seen counts as 0."""
    if row < 0:
        return 0.0
    true, open_ = truth.joints, ~truth.covered[person]
    score = np.where(open_, true.score[person], 0)[None]
    seen = (joints.score[row] > SEEN) & open_ & (true.score[person] > SEEN)
    share = seen.sum() / max((open_ & (true.score[person] > SEEN)).sum(), 1)
    both = np.ones((1, 17)) * seen
    alike = pose_similarity(true.xy[[person]], both, joints.xy[[row]], both)[0, 0]
    return float(alike * share) if score.any() else 1.0


def _limbs(truth: Truth, joints: Keypoints, person: int, row: int) -> tuple[int, int, int]:
    """Limbs that are on somebody else, limbs in view that are unseen, and limbs in view."""
    true = truth.joints
    size = person_size(true.xy, np.ones((2, 17)))
    said, score = joints.xy[row], joints.score[row]
    limbs = list(_LIMBS)
    seen = score[limbs] > SEEN
    off = np.linalg.norm(said[limbs] - true.xy[person][limbs], axis=1) / size[person]
    other = np.linalg.norm(said[limbs][:, None] - true.xy[1 - person][limbs][None], axis=-1)
    on_other = other.min(axis=1) / size[1 - person] < _ON_OTHER
    in_view = ~truth.covered[person][limbs] & (true.score[person][limbs] > 0.3)
    wrong = seen & (off > _WRONG) & on_other
    return int(wrong.sum()), int((in_view & ~seen).sum()), int(in_view.sum())


def ours(seen: list[Seen]) -> list[np.ndarray]:
    """The numbers that `See` gave."""
    return [np.asarray(one.people.ids) for one in seen]


def by(follow: Callable[[list[Any]], list[np.ndarray]]) -> Callable[[list[Seen]], list[np.ndarray]]:
    """The numbers that another tracker gives to the same readings."""
    from tests.detectors.walkers import Shot as Given

    def numbered(seen: list[Seen]) -> list[np.ndarray]:
        shots = []
        for one in seen:
            surety = one.joints.score.mean(axis=1)
            people = People(one.people.boxes, surety.astype(np.float32))
            shots.append(Given(people, one.joints, np.zeros(len(people), int)))
        return follow(shots)

    return numbered


def play(
    scene: Scene,
    cast: Mapping[str, Sequence[Shot]],
    starts: int,
    detector: PersonDetector,
    keypointer: Keypointer,
) -> dict[str, list[dict[str, float]]]:
    """By who follows, a row for each start."""
    from benchmarks.track import FOLLOWERS

    rows: dict[str, list[dict[str, float]]] = {}
    for start in range(starts):
        people = {who: shots[_LATER * start :] for who, shots in cast.items()}
        frames, truths = zip(*film(scene, people), strict=True)
        began = time.process_time()
        seen = list(See(detector, keypointer).frames(frames))
        spent = 1e3 * (time.process_time() - began) / len(frames)
        for follower, follow in FOLLOWERS.items():
            try:
                ids = ours(seen) if follower == "poselift" else by(follow)(seen)
            except ImportError:
                continue
            row = judge(truths, [one.joints for one in seen], ids)
            rows.setdefault(follower, []).append({**row, "ms": round(spent)})
    return rows


def means(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The mean of every figure."""
    return {
        key: round(float(np.mean([row[key] for row in rows])), 3)
        for key, value in rows[0].items()
        if not isinstance(value, str)
    }


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--against", type=Path, help="another checkout, measured the same way")
    options.add_argument("--pose", default="thunder")
    options.add_argument("--scenes", nargs="*", default=list(SCENES), choices=list(SCENES))
    options.add_argument("--starts", type=int, default=3, help="play each scene so many times")
    options.add_argument("--cutouts", type=Path, help="keep the people cut out in this .npz")
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    warnings.filterwarnings("ignore")
    print(in_words(describe()))
    cast = actors(given.cutouts)
    detector, keypointer = load_detector("nanodet"), load_keypointer(given.pose)
    rows: dict[str, list[dict[str, Any]]] = {}
    for name in given.scenes:
        for follower, played in play(
            SCENES[name], cast, given.starts, detector, keypointer
        ).items():
            told = {"scene": name, **means(played)}
            rows.setdefault(follower, []).append(told)
            if follower == "poselift":
                print(told, flush=True)
    for follower, found in rows.items():
        found.append({"scene": "mean", **means(found)})
        print(f"\n{follower}\n\n{table(list(found[0]), [list(row.values()) for row in found])}")
    if given.json:
        write_json(given.json, rows)
    if given.against:
        run_against(given.against, "benchmarks.overlap")


if __name__ == "__main__":
    main()
