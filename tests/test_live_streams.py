"""What `Live` lifts with: streams of any lifter, and the camera's rate."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.lifter.clip import ClipLifter
from poselift.lifter.engine import WindowSettings
from poselift.lifter.stream import Stream
from poselift.live_streams import CameraRate, RepeatedLifting, open_stream
from tests.lifter.small_nets import IMAGE, random_track, small_net


def feed(rate: CameraRate, fps: float, seconds: float = 3.0, start: float = 0.0) -> int:
    """How often the streams had to begin anew."""
    return sum(rate.add(start + n / fps) for n in range(round(seconds * fps)))


@pytest.mark.parametrize(
    ("fps", "changes", "step"), [(30, 0, 1), (15, 0, 1), (60, 1, 2), (90, 1, 3)]
)
def test_the_rate_is_learned_from_the_times(fps: float, changes: int, step: int) -> None:
    rate = CameraRate(trained=30.0)
    assert feed(rate, fps) == changes
    assert round((rate.fps or 30) / 30) == step


def test_a_rate_between_two_steps_changes_nothing() -> None:
    rate = CameraRate(trained=30.0)
    for turn in range(6):
        assert feed(rate, 40 if turn % 2 else 48, 2.0, 2.0 * turn) == 0


def test_a_camera_that_gets_slower_is_noticed() -> None:
    rate = CameraRate(trained=30.0)
    assert feed(rate, 60) == 1
    assert feed(rate, 25, 4.0, 3.0) == 1
    assert round((rate.fps or 0) / 30) == 1


def test_a_given_rate_is_believed() -> None:
    rate = CameraRate(trained=30.0, given=60.0)
    assert feed(rate, 25) == 0
    assert rate.fps == 60


def test_times_that_stand_still_show_no_rate() -> None:
    rate = CameraRate(trained=30.0)
    assert not any(rate.add(1.0) for _ in range(50))


def test_ours_are_streamed_and_others_lift_anew() -> None:
    lifter = ClipLifter.from_net(small_net("ftcm"))
    assert isinstance(open_stream(lifter, IMAGE, 0, None), Stream)
    assert isinstance(open_stream(lambda tracks, **_: [], IMAGE, 0, None), RepeatedLifting)


def test_lifting_anew_is_lifting() -> None:
    lifter = ClipLifter.from_net(small_net("ftcm"), settings=WindowSettings(join="centre"))
    track = random_track(30)
    stream = RepeatedLifting(lifter, IMAGE, lookahead=4, fps=30)
    poses = [stream.push(*seen) for seen in zip(track.xy, track.score, strict=True)]
    [whole] = lifter([track], image_size=IMAGE, fps=30)
    assert poses[:4] == [None] * 4
    assert np.abs(np.stack(poses[8:]) - whole.pose3d[4:-4]).max() < 1e-5  # type: ignore[arg-type]


def test_nothing_seen_is_no_pose() -> None:
    stream = RepeatedLifting(lambda tracks, **_: [], IMAGE, 0, 30)
    assert stream.push(np.zeros((17, 2)), np.zeros(17)) is None


def test_more_ahead_than_the_lifter_looks_at_is_refused() -> None:
    with pytest.raises(PoseliftError, match="0 to 26 frames, got 27"):
        RepeatedLifting(lambda tracks, **_: [], IMAGE, 27, 30)
