"""`ClipLifter` with what people give it: gaps, rates, units, bad input."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.lifter import models
from poselift.lifter.clip import ClipLifter
from poselift.lifter.engine import WindowSettings
from poselift.types import Track
from tests.lifter.small_nets import IMAGE, random_track, small_net


def lift(track: Track) -> np.ndarray:
    lifter = ClipLifter.from_net(small_net("ftcm"))
    return lifter([track], image_size=IMAGE, fps=30)[0].pose3d


def test_a_motion_says_where_it_comes_from() -> None:
    lifter = ClipLifter.from_net(small_net("ftcm"), name="mine")
    track = random_track(12, track_id=7)
    [motion] = lifter([track], image_size=IMAGE, fps=25)
    assert motion.track is track
    assert (motion.lifter, motion.fps) == ("mine", 25)
    assert motion.pose3d.dtype == np.float32
    assert np.all(motion.pose3d[:, 0] == 0)
    assert not motion.filled.any()


def test_nobody_gives_nothing() -> None:
    assert ClipLifter.from_net(small_net("ftcm"))([], image_size=IMAGE, fps=30) == []


@pytest.mark.parametrize("name", models.names())
def test_a_single_frame_is_lifted(name: str) -> None:
    lifter = ClipLifter.from_net(small_net(name))
    [motion] = lifter([random_track(1)], image_size=IMAGE, fps=30)
    assert motion.pose3d.shape == (1, 17, 3)
    assert np.isfinite(motion.pose3d).all()


def test_a_gap_is_filled_and_marked() -> None:
    track = random_track(40)
    score = track.score.copy()
    score[10:15] = 0
    xy = track.xy.copy()
    xy[10:15] = 1e6  # what lies where nothing was seen must not matter
    holed = ClipLifter.from_net(small_net("ftcm"))(
        [Track(1, track.frames, xy, score)], image_size=IMAGE, fps=30
    )[0]
    assert np.flatnonzero(holed.filled).tolist() == [10, 11, 12, 13, 14]
    xy[10:15] = -5
    assert np.array_equal(holed.pose3d, lift(Track(1, track.frames, xy, score)))


def test_a_joint_that_is_not_a_number_counts_as_not_seen() -> None:
    track = random_track(20)
    xy, score = track.xy.copy(), track.score.copy()
    xy[4, 3] = np.nan
    score[4, 3] = 0
    unseen = lift(Track(1, track.frames, np.nan_to_num(xy), score))
    score[4, 3] = 0.9
    assert np.array_equal(lift(Track(1, track.frames, xy, score)), unseen)


def test_integers_and_strided_arrays_are_as_good_as_floats() -> None:
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 600, size=(20, 17, 2))
    strided = np.zeros((40, 17, 4), np.float64)[::2, :, ::2]
    strided[:] = whole
    score = np.ones((20, 17), int)
    frames = np.arange(20)
    assert np.array_equal(
        lift(Track(1, frames, whole, score)), lift(Track(1, frames, strided, score))
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": 0.0}, r"never seen"),
        ({"xy": np.nan}, r"never seen"),
        ({"frames": 0}, r"skips frames"),
    ],
)
def test_tracks_that_say_nothing_are_refused(change: dict[str, Any], message: str) -> None:
    track = random_track(6)
    parts = {"frames": track.frames, "xy": track.xy, "score": track.score}
    for key, value in change.items():
        parts[key] = np.full_like(parts[key], value)
    with pytest.raises(PoseliftError, match=message):
        lift(Track(3, **parts))


def test_an_empty_track_is_refused() -> None:
    empty = Track(1, np.arange(0), np.zeros((0, 17, 2)), np.zeros((0, 17)))
    with pytest.raises(PoseliftError, match="expected one frame or more, got 0"):
        lift(empty)


def test_another_number_of_joints_is_refused() -> None:
    with pytest.raises(PoseliftError, match=r"got \(5,\), \(5, 16, 2\)"):
        Track(1, np.arange(5), np.zeros((5, 16, 2)), np.zeros((5, 16)))


@pytest.mark.parametrize(
    "options", [{"fps": 0}, {"fps": float("nan")}, {"fps": 1e9}, {"image_size": (0, 480)}]
)
def test_pictures_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    lifter = ClipLifter.from_net(small_net("ftcm"))
    with pytest.raises(PoseliftError, match=r"must be|no clip has"):
        lifter([random_track(3)], **{"image_size": IMAGE, "fps": 30, **options})


@pytest.mark.parametrize(
    "settings",
    [
        WindowSettings(overlap=1.0),
        WindowSettings(time_step=0),
        WindowSettings(join="mean"),  # type: ignore[arg-type]
    ],
)
def test_settings_that_cannot_be_are_refused(settings: WindowSettings) -> None:
    with pytest.raises(PoseliftError, match="got"):
        ClipLifter.from_net(small_net("ftcm"), settings=settings)


def test_screen_units_become_one_body_of_plausible_size() -> None:
    track = random_track(30)
    lifter = ClipLifter.from_net(small_net("sct"), units="screen")
    plain = ClipLifter.from_net(small_net("sct"))
    [body], [screen] = (x([track], image_size=IMAGE, fps=30) for x in (lifter, plain))
    ratio = body.pose3d[:, 1:] / screen.pose3d[:, 1:]
    assert np.ptp(ratio) < 1e-3 * ratio.mean()  # one factor for the clip, never one per frame
    thigh = np.median(np.linalg.norm(body.pose3d[:, 2] - body.pose3d[:, 1], axis=-1))
    assert 0.05 < thigh < 2


def test_a_clip_at_another_rate_is_lifted_at_the_trained_one() -> None:
    """At twice the rate every second pose is what the clip at the trained rate gives."""
    slow = random_track(31)
    times = np.arange(61) / 2
    fast = Track(1, np.arange(61), _between(slow.xy, times), _between(slow.score, times))
    pose = at_rate(fast, 30, 60)
    assert pose.shape == (61, 17, 3)
    assert np.abs(pose[::2] - lift(slow)).max() < 1e-4


def _between(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    before = np.minimum(times.astype(int), len(values) - 2)
    share = (times - before).reshape(-1, *[1] * (values.ndim - 1))
    return values[before] * (1 - share) + values[before + 1] * share


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("fps", [10, 60, 1000])
def test_short_clips_survive_resampling(frames: int, fps: float) -> None:
    pose = at_rate(random_track(frames), 30, fps)
    assert pose.shape == (frames, 17, 3)
    assert np.isfinite(pose).all()


def at_rate(track: Track, trained: float, fps: float) -> np.ndarray:
    lifter = ClipLifter.from_net(small_net("ftcm"), fps=trained)
    return lifter([track], image_size=IMAGE, fps=fps)[0].pose3d


def test_a_hundred_thousand_frames_take_no_more_memory_than_they_must() -> None:

    frames = 100_000
    lifter = ClipLifter.from_net(
        small_net("ftcm"), settings=WindowSettings(mirror=False, batch=2048)
    )
    xy = np.zeros((frames, 17, 2), np.float32)
    xy[:] = np.random.default_rng(0).normal(size=(1, 17, 2)) * 50 + 300
    track = Track(1, np.arange(frames), xy, np.ones((frames, 17), np.float32))
    tracemalloc.start()
    [motion] = lifter([track], image_size=IMAGE, fps=30)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert motion.pose3d.shape == (frames, 17, 3)
    # The result is 20 MB, the frames' copies are some more; windows of 9 would be over 120 MB.
    assert peak < 110e6


def test_a_field_of_view_that_no_camera_has_is_refused() -> None:
    with pytest.raises(PoseliftError, match="400 degrees"):
        ClipLifter.from_net(small_net("poselift"), "ray", field_of_view=400)
    lift = ClipLifter.from_net(small_net("poselift"), "ray")
    with pytest.raises(PoseliftError, match="1 degrees"):
        lift([random_track(9)], image_size=IMAGE, fps=30, field_of_view=1)


def test_screen_and_camera_belong_together_and_so_do_ray_and_ray() -> None:
    assert ClipLifter.from_net(small_net("poselift"), "crop").training.answer == "ray"
    assert ClipLifter.from_net(small_net("poselift"), "screen").training.answer == "camera"
    for normalisation, answer in (("screen", "ray"), ("ray", "camera")):
        with pytest.raises(PoseliftError, match=normalisation):
            ClipLifter.from_net(small_net("poselift"), normalisation, answer=answer)  # type: ignore
