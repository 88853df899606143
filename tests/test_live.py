"""`poselift.Live`: people frame by frame, and what a camera does that a clip does not."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import poselift
from poselift.errors import PoseliftError
from poselift.lifter.clip import ClipLifter
from poselift.live import Live
from poselift.scene.rays import focal_length
from poselift.types import Keypoints, People
from tests.detectors.pictures import clip
from tests.lifter.small_nets import small_net
from tests.live_parts import Stage, StandingLifter, somebody
from tests.scene.test_motion import SIZE, pictures

BLACK = np.zeros((480, 640, 3), np.uint8)
NEAR, FAR = somebody(200, 240, 300), somebody(480, 240, 150)


def make(stage: Stage, **options: Any) -> Live:
    parts = {"detector": stage.detect, "keypointer": stage, "lifter": StandingLifter(), "every": 1}
    return Live(**{**parts, **options})


def numbers(people: list[poselift.LivePerson]) -> list[int]:
    return [person.number for person in people]


def test_everybody_is_there_in_2d_and_3d_the_largest_first() -> None:
    live = make(Stage(FAR, NEAR), smooth="off")
    near, far = live(BLACK, 0.0)
    for person, body in ((near, NEAR), (far, FAR)):
        assert np.array_equal(person.xy, body)
        assert person.score.shape == (17,)
        low, high = person.box[:2], person.box[2:]
        assert (low <= body.min(axis=0)).all()
        assert (high >= body.max(axis=0)).all()
        assert person.pose3d is not None
        assert person.pose3d.shape == (17, 3)
        assert person.pose3d[:, 2].min() == 0  # stands on the floor
        assert person.pose3d[10, 2] == pytest.approx(np.ptp(body[:, 1]) / 100)  # head up
        assert person.pose_time == 0.0
    assert near.number != far.number
    with pytest.raises(dataclasses.FrozenInstanceError):
        near.number = 7  # type: ignore[misc]


@pytest.mark.parametrize("pans", [True, False])
def test_who_is_filmed_along_goes_through_the_room(pans: bool) -> None:
    """Somebody in the middle of the picture of a camera that turns to the right by 20 degrees."""
    width, height = SIZE
    degrees = np.linspace(0, 20, 45) if pans else np.zeros(45)
    focal = focal_length(SIZE, 55.0)
    live = make(Stage(somebody(width / 2, height / 2, 200)), smooth="off")
    for frame, image in enumerate(pictures(degrees, np.zeros(45), np.ones(45), focal)):
        [person] = live(image, frame / 30)
    assert person.pose3d is not None
    distance = focal * 2.0 / 200  # of a body of 2 m that is 200 pixels high
    across = distance * np.sin(np.radians(20)) if pans else 0.0
    assert person.pose3d[0, 0] == pytest.approx(across, abs=0.15 * distance)
    if pans:
        assert person.pose3d[0, 0] > 0.2 * distance


def test_main_is_one_person_and_stays_the_same() -> None:
    stage = Stage(NEAR, FAR)
    live = make(stage, people="main")
    [main] = live(BLACK, 0.0)
    assert np.array_equal(main.xy, NEAR)
    for step in range(1, 6):  # the other one comes and is a little larger, on and off
        stage.bodies[1] = somebody(480, 240, 310 if step % 2 else 290)
        assert numbers(live(BLACK, step / 30)) == [main.number]
    stage.bodies[1] = somebody(480, 240, 420)
    others = [live(BLACK, step / 30) for step in range(6, 12)]
    assert np.array_equal(others[-1][0].xy, stage.bodies[1])
    assert numbers(others[-1]) != [main.number]


def test_deferred_pictures_never_wait_for_the_detector() -> None:
    stage = Stage(NEAR)
    live = make(stage, deferred=True, every="auto")
    assert live(BLACK, 0.0) == []
    assert stage.detections == 0
    live.catch_up()
    assert stage.detections == 1
    live.catch_up()  # once for each picture
    assert stage.detections == 1
    for step in range(1, 40):
        [person] = live(BLACK, step / 30)
        before = stage.detections
        live.catch_up()
        assert stage.detections - before <= 1
    assert person.pose3d is not None
    assert 4 < stage.detections < 15
    stage.bodies = [FAR]
    assert live(BLACK, 40 / 30) == []
    before = stage.detections
    live.catch_up()
    assert stage.detections == before + 1, "somebody was lost"
    for step in range(41, 46):  # somebody new must be seen for some frames
        people = live(BLACK, step / 30)
        live.catch_up()
    assert len(people) == 1


def test_at_most_so_many() -> None:
    stage = Stage(somebody(100, 240, 200), somebody(300, 240, 260), somebody(500, 240, 230))
    assert len(make(stage)(BLACK, 0.0)) == 3
    two = make(stage, max_people=2)(BLACK, 0.0)
    assert [person.xy[0, 0] for person in two] == [300, 500]


def test_who_is_gone_is_not_told_and_comes_back_under_the_same_number() -> None:
    stage = Stage(NEAR)
    live = make(stage)
    [before] = live(BLACK, 0.0)
    stage.bodies = []
    assert live(BLACK, 1 / 30) == []
    stage.bodies = [NEAR + 5]
    [after] = live(BLACK, 2 / 30)
    assert after.number == before.number


def test_nothing_is_lifted_for_whom_nobody_sees() -> None:
    stage, lifter = Stage(NEAR, FAR), StandingLifter()
    lifted = []

    def counting(tracks, **options):
        lifted.append(len(tracks))
        return lifter(tracks, **options)

    live = make(stage, lifter=counting)
    live.lifter.name = "counting"
    assert len(live(BLACK, 0.0)) == 2
    stage.bodies = [NEAR]
    before = len(lifted)
    for step in range(1, 6):
        assert len(live(BLACK, step / 30)) == 1
    assert len(lifted) == before + 5
    stage.bodies = [NEAR, FAR]
    for step in range(6, 10):
        people = live(BLACK, step / 30)
    assert len(people) == 2
    assert people[1].pose3d is not None


def test_who_was_gone_for_long_begins_anew() -> None:
    stage, lifter = Stage(NEAR), StandingLifter()
    live = make(stage, lifter=lifter, smooth="strong")
    live(BLACK, 0.0)
    stage.bodies = []
    for step in range(1, 40):
        assert live(BLACK, step / 30) == []
    stage.bodies = [NEAR + 8]
    [person] = live(BLACK, 40 / 30)
    assert lifter.lengths[-1] == 1
    assert np.array_equal(person.xy, NEAR + 8)  # not dragged back to where it was


def test_a_keypointer_with_a_memory_is_told_of_a_new_scene() -> None:
    class Remembering(Stage):
        forgotten = 0

        def forget(self) -> None:
            self.forgotten += 1

    stage = Remembering(NEAR)
    live = make(stage)
    live(BLACK, 1.0)
    live(BLACK, 1.1)
    before = stage.forgotten
    live(BLACK, 0.0)
    assert stage.forgotten == before + 1


def test_the_pose_is_that_of_the_frame_lookahead_ago() -> None:
    stage = Stage(NEAR)
    live = make(stage, lookahead=2, smooth="off")
    heights = []
    for step in range(6):
        stage.bodies = [somebody(200, 240, 300 + 10 * step)]
        [person] = live(BLACK, step / 30)
        assert person.xy[3, 1] == stage.bodies[0][3, 1]  # 2D is the newest
        if step < 2:
            assert person.pose3d is None
            assert person.pose_time is None
        else:
            assert person.pose3d is not None
            assert person.pose_time == pytest.approx((step - 2) / 30)
            heights.append(np.ptp(person.pose3d[:, 2]))
    assert heights == pytest.approx([3.0, 3.1, 3.2, 3.3], abs=1e-5)


@pytest.mark.parametrize("lookahead", [-1, 5])
def test_a_lookahead_that_cannot_be_is_refused_at_once(lookahead: int) -> None:
    with pytest.raises(PoseliftError, match="lookahead"):
        make(Stage(), lookahead=lookahead)
    with pytest.raises(PoseliftError, match="lookahead"):
        make(Stage(), lifter=ClipLifter.from_net(small_net("ftcm")), lookahead=lookahead)


def test_another_size_begins_a_new_scene() -> None:
    stage, lifter = Stage(NEAR), StandingLifter()
    live = make(stage, lifter=lifter)
    first = [live(BLACK, step / 30) for step in range(3)][-1]
    [other] = live(np.zeros((960, 1280, 3), np.uint8), 0.1)
    assert lifter.lengths == [1, 2, 1, 2, 3, 1]  # the first two are the warm-up's
    assert lifter.sizes[-2:] == [(640, 480), (1280, 960)]
    assert other.number > first[0].number


def test_time_that_steps_back_begins_a_new_scene() -> None:
    stage, lifter = Stage(NEAR), StandingLifter()
    live = make(stage, lifter=lifter)
    first = live(BLACK, 5.0)[0].number
    live(BLACK, 5.033)
    again = live(BLACK, 0.0)
    assert lifter.lengths[-1] == 1
    assert again[0].number > first
    assert again[0].pose_time == 0.0


def test_after_a_pause_people_keep_their_numbers_but_not_their_past() -> None:
    stage, lifter = Stage(NEAR), StandingLifter()
    live = make(stage, lifter=lifter, smooth="strong")
    [before] = [live(BLACK, step / 30) for step in range(4)][-1]
    stage.bodies = [NEAR + 15]
    [after] = live(BLACK, 9.0)
    assert after.number == before.number
    assert lifter.lengths[-1] == 1
    assert np.array_equal(after.xy, NEAR + 15)  # nor does the filter drag the old place along
    live(BLACK, 9.9)
    assert lifter.lengths[-1] == 2  # a slow camera is no pause


def test_two_pictures_at_the_same_time_are_two_pictures() -> None:
    live = make(Stage(NEAR))
    assert numbers(live(BLACK, 1.0)) == numbers(live(BLACK, 1.0))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 1), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((480, 640, 3), np.float32),
    ],
    ids=["grey", "one channel", "BGRA", "float"],
)
def test_other_kinds_of_pictures_are_one_scene(image: np.ndarray) -> None:
    live = make(Stage(NEAR))
    assert numbers(live(BLACK, 0.0)) == numbers(live(image, 1 / 30)) == [1]


def test_what_is_no_picture_or_no_time_is_refused() -> None:
    live = make(Stage(NEAR))
    with pytest.raises(PoseliftError, match="picture"):
        live(np.zeros((0, 640, 3), np.uint8), 0.0)
    for time in (float("nan"), float("inf")):
        with pytest.raises(PoseliftError, match="time"):
            live(BLACK, time)
    assert len(live(BLACK, 0.0)) == 1  # and nothing is broken by it


def test_what_cannot_be_asked_for_is_refused() -> None:
    with pytest.raises(PoseliftError, match="'3'"):
        make(Stage(), people="3")
    with pytest.raises(PoseliftError, match=r"max.people"):
        make(Stage(), max_people=0)
    with pytest.raises(PoseliftError, match="'much'"):
        make(Stage(), smooth="much")
    with pytest.raises(PoseliftError, match="rate"):
        make(Stage(), fps=0)
    with pytest.raises(PoseliftError, match="No lifter is called"):
        make(Stage(), lifter="poselit")


def test_the_floor_is_where_the_feet_mostly_are() -> None:
    stage = Stage(NEAR)
    live = make(stage, smooth="off")
    standing, crouching, wrong = NEAR, NEAR.copy(), NEAR.copy()
    crouching[[2, 3, 5, 6], 1] -= 80  # legs drawn up, as in a jump
    wrong[3, 1] += 100  # one bad reading of a foot
    lowest = {}
    for step in range(150):
        kind = "crouching" if 100 <= step < 130 else "wrong" if step == 140 else "standing"
        stage.bodies = [{"standing": standing, "crouching": crouching, "wrong": wrong}[kind]]
        [person] = live(BLACK, step / 30)
        assert person.pose3d is not None
        lowest[step] = person.pose3d[:, 2].min()
    assert lowest[99] == pytest.approx(0, abs=0.03)
    assert lowest[129] == pytest.approx(0.8, abs=0.1)  # in the air
    assert lowest[139] == pytest.approx(0, abs=0.03)  # back on the same floor
    assert lowest[149] == pytest.approx(0, abs=0.03)  # which one bad frame has not sunk


def test_smoothing_is_as_strong_as_asked() -> None:
    def tremble(smooth: str) -> float:
        stage = Stage()
        live = make(stage, smooth=smooth)
        rng, seen = np.random.default_rng(0), []
        for step in range(40):
            stage.bodies = [NEAR + rng.normal(0, 3, NEAR.shape).astype(np.float32)]
            seen.append(live(BLACK, step / 30)[0].xy)
        return float(np.std(seen[10:], axis=0).mean())

    strong, auto, light, off = map(tremble, ("strong", "auto", "light", "off"))
    assert strong < auto < light < off
    assert off == pytest.approx(3, rel=0.1)


def test_threads_are_set_for_its_own_work_and_given_back() -> None:
    lifter, before = StandingLifter(), torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        live = make(Stage(NEAR), lifter=lifter)
        live.warm_up()
        live(BLACK, 0.0)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert lifter.threads == [1, 1, 1]  # twice to warm up, once for the frame


def test_a_lifter_that_fails_leaves_the_threads_as_they_were() -> None:
    class Broken(StandingLifter):
        def __call__(self, *arguments: Any, **options: Any) -> Any:
            raise ZeroDivisionError

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(ZeroDivisionError):
            make(Stage(NEAR), lifter=Broken())(BLACK, 0.0)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_named_parts_are_warmed_up_once_and_own_parts_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(NEAR)
    monkeypatch.setattr("poselift.detectors.load_detector", lambda name, device: stage.detect)
    named = make(stage, detector="nanodet")
    assert stage.detections == 0
    named.warm_up()
    named.warm_up()
    assert stage.detections == 1
    named(BLACK, 0.0)
    assert stage.detections == 2
    own = Stage(NEAR)
    make(own).warm_up()
    assert own.detections == 0


class Finder:
    """Knows the people of whole frames."""

    skeleton = Stage.skeleton

    def __init__(self) -> None:
        self.stage, self.indices = Stage(NEAR), list[int]()

    def __call__(self, images: Any, people: Any) -> list[Keypoints]:
        raise AssertionError("a finder is asked for frames")

    def find(self, frames: Any) -> list[tuple[People, Keypoints]]:
        self.indices += [frame.index for frame in frames]
        [people] = self.stage.detect([frames[0].image])
        return [(people, self.stage([frames[0].image], [people])[0])]


def test_a_finder_needs_no_detector() -> None:
    finder = Finder()
    live = Live(keypointer=finder, lifter=StandingLifter())
    assert [len(live(BLACK, step / 30)) for step in range(3)] == [1, 1, 1]
    assert finder.indices == [0, 1, 2]


def test_a_fast_camera_is_thinned_to_the_rate_the_lifter_was_trained_at() -> None:
    """At 60 frames per second every second one: the poses are those of the same camera at 30."""
    lifter = ClipLifter.from_net(small_net("ftcm"), fps=30)  # looks at nine frames
    poses = {}
    for fps in (30, 60):
        stage = Stage()
        live = make(stage, lifter=lifter, smooth="off")
        for step in range(2 * fps):
            stage.bodies = [somebody(200, 240 + 20 * np.sin(9 * step / fps), 300)]
            [person] = live(BLACK, step / fps)
            if step * 30 % fps == 0:
                assert person.pose3d is not None
                # Without the legs, which hold feet where they came to stand.
                pose = np.delete(person.pose3d, [2, 3, 5, 6], axis=0)
                poses[fps, step * 30 // fps] = pose - pose[0]
    assert np.abs(poses[60, 50] - poses[30, 50]).max() < 1e-5


@pytest.mark.parametrize("mirror", [True, False])
def test_mirroring_is_passed_on(mirror: bool) -> None:
    live = Live(detector=Stage().detect, keypointer=Stage(), mirror=mirror)
    assert live.lifter.settings.mirror is mirror


def test_the_parts_that_ship_see_two_people_walk() -> None:
    live = poselift.Live()
    seen = [live(frame.image, frame.time) for frame in clip("two_people_small")[:20]]
    assert {tuple(sorted(numbers(people))) for people in seen} == {(1, 2)}
    for person in seen[-1]:
        assert person.pose3d is not None
        assert 1.2 < np.ptp(person.pose3d[:, 2]) < 2.1
        assert person.pose3d[10, 2] > person.pose3d[0, 2] > person.pose3d[2, 2]


def test_one_live_is_made_of_another_ones_parts() -> None:
    """Loaded parts can be shared: nothing of one camera's people is kept in them."""
    first = poselift.Live(people="main")
    frames = clip("two_people_small")[:4]
    for frame in frames:
        first(frame.image, frame.time)
    again = [first(frame.image, frame.time) for frame in frames]  # time steps back
    fresh = poselift.Live(people="main", lifter=first.lifter)
    for old, new in zip(again, (fresh(frame.image, frame.time) for frame in frames), strict=True):
        assert old[0].pose3d is not None
        assert new[0].pose3d is not None
        np.testing.assert_allclose(old[0].pose3d, new[0].pose3d, atol=1e-5)


def test_the_script_of_the_docs_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[1] / "docs" / "live.md").read_text(encoding="utf-8")
    [script] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(script.split("\n")) <= 12

    images = [frame.image for frame in clip("two_people_small")[:3]]

    class Camera:
        def __init__(self, number: int) -> None: ...

        def read(self) -> tuple[bool, np.ndarray | None]:
            return bool(images), images.pop(0) if images else None

    monkeypatch.setattr("cv2.VideoCapture", Camera)
    exec(compile(script, "docs/live.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("head at") for line in lines) == 6


def test_the_field_of_view_is_passed_on() -> None:
    live = Live(detector=Stage().detect, keypointer=Stage(), field_of_view=80.0)
    assert live.lifter.field_of_view == 80


def test_heels_and_toes_come_along() -> None:
    from poselift.detectors.blazepose import BlazePose
    from poselift.skeleton import FEET4
    from tests.detectors.pictures import clip

    live = Live(keypointer=BlazePose(), people="main")
    people = []
    for frame in clip("balance_small")[:5]:
        people = live(frame.image, frame.time)
    [person] = people
    assert person.feet is not None
    assert person.feet.names == FEET4.names
    toes = person.feet.xy[[1, 3]]
    ankles = person.xy[[6, 3]]
    assert (np.linalg.norm(toes - ankles, axis=1) < 0.15 * np.ptp(person.xy[:, 1])).all()
