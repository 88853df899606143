"""Identities through crossings, hiding, leaving and crowds."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.similarity import in_h36m
from poselift.detectors.track import Tracker, TrackerSettings
from poselift.skeleton import COCO17, H36M17
from poselift.types import Keypoints, People
from tests.detectors.walkers import SCENES, Shot, agreement, away, crowd, line, scene


def follow(shots: list[Shot], settings: TrackerSettings | None = None) -> list[np.ndarray]:
    tracker = Tracker(settings)
    return [tracker.update(shot.keypoints) for shot in shots]


def numbers_of(shots: list[Shot], given: list[np.ndarray], person: int) -> list[int]:
    """The numbers that one true person had, frame by frame, where it had one."""
    return [
        int(i)
        for shot, ids in zip(shots, given, strict=True)
        for truth, i in zip(shot.truth, ids, strict=True)
        if truth == person and i >= 0
    ]


@pytest.mark.parametrize("name", [name for name in SCENES if name != "twelve"])
@pytest.mark.parametrize("seed", [0, 1])
def test_everybody_keeps_their_number(name: str, seed: int) -> None:
    paths, length = SCENES[name]
    shots = scene(paths, length, seed=seed)
    share, switches = agreement(shots, follow(shots))
    assert switches == 0
    assert share > 0.98


def test_twelve_who_cross_each_other() -> None:
    paths, length = SCENES["twelve"]
    shots = scene(paths, length, seed=3)
    share, switches = agreement(shots, follow(shots))
    assert share > 0.9
    assert switches <= 4


def test_who_leaves_and_comes_back_soon_is_the_same() -> None:
    shots = scene([away(line(200, 500, 400, 120), 50, 75)], 120, false=0)
    assert set(numbers_of(shots, follow(shots), 0)) == {1}


def test_who_comes_back_late_and_elsewhere_is_new() -> None:
    first = away(line(100, 300, 400, 60), 40, 200)
    second = away(line(1100, 900, 400, 200, start=150), 0, 150)
    shots = scene([first, second], 200, false=0)
    given = follow(shots)
    assert set(numbers_of(shots, given, 0)) == {1}
    assert set(numbers_of(shots, given, 1)) == {2}


def test_who_changed_pose_while_hidden_is_found_again() -> None:
    shots = scene([away(line(300, 320, 400, 60), 30, 42)], 60, false=0, missed=0)
    crouched = []
    for index, shot in enumerate(shots):
        xy = shot.keypoints.xy.copy()
        if index >= 42:
            xy[..., 1] = 650 - (650 - xy[..., 1]) * 0.6
        crouched.append(Shot(shot.people, Keypoints(xy, shot.keypoints.score, H36M17), shot.truth))
    assert set(numbers_of(crouched, follow(crouched), 0)) == {1}


def test_a_crowd_of_fifty() -> None:
    shots = scene(crowd(50, 300), 30, seed=1)
    share, _ = agreement(shots, follow(shots))
    assert share > 0.85


def test_a_false_person_is_not_born() -> None:
    shots = scene([line(200, 800, 400, 60)], 60, false=0.3, seed=4)
    given = follow(shots)
    ghosts = [
        int(i)
        for shot, ids in zip(shots[1:], given[1:], strict=True)
        for truth, i in zip(shot.truth, ids, strict=True)
        if truth < 0
    ]
    assert len(ghosts) > 5
    assert set(ghosts) == {-1}


def test_who_appears_later_must_be_seen_three_times() -> None:
    walker = line(200, 800, 400, 60)
    shots = scene([walker, away(line(1000, 900, 400, 60), 0, 20)], 60, false=0, missed=0)
    given = follow(shots)
    newcomer = [ids[list(s.truth).index(1)] for s, ids in zip(shots[20:], given[20:], strict=True)]
    assert [int(i) for i in newcomer[:4]] == [-1, -1, 2, 2]


def test_the_first_frame_counts_at_once() -> None:
    (shot,) = scene([line(200, 800, 400, 60)], 1, false=0, missed=0)
    assert Tracker().update(shot.keypoints).tolist() == [1]


def test_low_scores_go_on_but_are_not_born() -> None:
    shots = scene([line(200, 500, 400, 40)], 40, false=0, missed=0)

    def dimmed(shot: Shot) -> Shot:
        score = np.full_like(shot.keypoints.score, 0.2)
        return Shot(shot.people, Keypoints(shot.keypoints.xy, score, H36M17), shot.truth)

    dim = [dimmed(shot) for shot in shots]
    assert set(numbers_of(shots, follow(shots[:10] + dim[10:30] + shots[30:]), 0)) == {1}
    assert all((ids == -1).all() for ids in follow(dim))


def test_two_readings_of_one_person_are_one() -> None:
    shots = scene([line(200, 800, 400, 20)], 20, false=0, missed=0)
    tracker = Tracker()
    for shot in shots:
        xy = np.concatenate([shot.keypoints.xy, shot.keypoints.xy + 2])
        score = np.concatenate([shot.keypoints.score, shot.keypoints.score * 0.8])
        assert tracker.update(Keypoints(xy, score, H36M17)).tolist() == [1, -1]


def test_the_order_of_people_does_not_matter() -> None:
    paths, length = SCENES["three cross"]
    shots = scene(paths, length, seed=5)
    back = [
        Shot(
            People(s.people.boxes[::-1], s.people.scores[::-1]),
            Keypoints(s.keypoints.xy[::-1], s.keypoints.score[::-1], H36M17),
            s.truth[::-1],
        )
        for s in shots
    ]
    share, switches = agreement(back, follow(back))
    assert (switches, share > 0.98) == (0, True)


def test_nobody_at_all_and_long_pauses() -> None:
    tracker = Tracker()
    for _ in range(5):
        assert tracker.update(Keypoints.none(H36M17)).shape == (0,)
    shots = scene([line(200, 300, 400, 30)], 30, false=0, missed=0)
    assert tracker.update(shots[0].keypoints).tolist() == [1]
    for _ in range(TrackerSettings().survival + 5):
        tracker.update(Keypoints.none(H36M17))
    again = [tracker.update(shot.keypoints).tolist() for shot in shots[1:6]]
    assert again == [[-1], [-1], [2], [2], [2]]


def test_what_is_no_number_is_not_seen() -> None:
    (shot,) = scene([line(200, 800, 400, 60)], 1, false=0, missed=0)
    xy = shot.keypoints.xy.copy()
    xy[:, 3] = np.nan
    tracker = Tracker()
    for _ in range(3):
        seen = in_h36m(Keypoints(xy, shot.keypoints.score, H36M17))
        assert tracker.update(seen) == [1]
    nothing = Keypoints(np.full_like(xy, np.nan), shot.keypoints.score, H36M17)
    assert tracker.update(in_h36m(nothing)).tolist() == [-1]


def test_another_skeleton_is_refused() -> None:
    with pytest.raises(ValueError, match="expected h36m17"):
        Tracker().update(Keypoints.none(COCO17))
