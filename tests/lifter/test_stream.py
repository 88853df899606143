"""Frame by frame against whole clips, for every model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter import models, normalise
from poselift.lifter.clip import ClipLifter
from poselift.lifter.engine import WindowSettings
from poselift.lifter.stream import Stream
from poselift.types import Track
from tests.lifter.small_nets import IMAGE, random_track, small_net

NAMES = models.names()


def make(name: str, kind: str = "screen", **settings: object) -> ClipLifter:
    window = WindowSettings(join="centre", **settings)  # type: ignore[arg-type]
    return ClipLifter.from_net(small_net(name), kind, settings=window)  # type: ignore[arg-type]


def run(stream: Stream, track: Track) -> list[np.ndarray | None]:
    """What each push and the flush gave."""
    return [stream.push(*seen) for seen in zip(track.xy, track.score, strict=True)] + stream.flush()


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("kind", ["screen", "crop", "ray"])
@pytest.mark.parametrize("name", NAMES)
def test_with_half_a_window_of_lookahead_it_is_offline_lifting(
    name: str, kind: str, step: int
) -> None:
    lifter = make(name, kind, time_step=step)
    track = random_track(60)
    lookahead = 4 * step  # half of the nine frames
    stream = Stream(lifter, image_size=IMAGE, lookahead=lookahead)
    assert stream.max_lookahead == lookahead
    poses = run(stream, track)
    [offline] = lifter([track], image_size=IMAGE, fps=30)
    assert poses[:lookahead] == [None] * lookahead
    assert np.abs(np.stack(poses[lookahead:]) - offline.pose3d).max() < 1e-5


@pytest.mark.parametrize("lookahead", [0, 1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_a_pose_depends_on_no_frame_beyond_the_lookahead(name: str, lookahead: int) -> None:
    lifter = make(name)
    track, other = random_track(30), random_track(30)
    other.xy[20:] += 50
    first, second = (
        run(Stream(lifter, image_size=IMAGE, lookahead=lookahead), clip)[lookahead:]
        for clip in (track, other)
    )
    assert len(first) == 30
    same = 20 - lookahead
    assert np.array_equal(np.stack(first[:same]), np.stack(second[:same]))
    assert not np.array_equal(np.stack(first[same:]), np.stack(second[same:]))


@pytest.mark.parametrize("name", NAMES)
def test_a_still_person_stands_still(name: str) -> None:
    track = random_track(1)
    for kind in ("screen", "crop", "ray"):
        stream = Stream(make(name, kind), image_size=IMAGE)
        poses = np.stack([stream.push(track.xy[0], track.score[0]) for _ in range(25)])
        assert np.ptp(poses, axis=0).max() < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_memory_and_work_are_those_of_one_window(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream(make(name), image_size=IMAGE)
    encoded: list[int] = []
    net = stream._net
    encode = net.encode
    monkeypatch.setattr(net, "encode", lambda x: (encoded.append(len(x)), encode(x))[1])
    run_length = 40
    track = random_track(run_length)
    for seen in zip(track.xy, track.score, strict=True):
        stream.push(*seen)
    assert encoded == [2] * run_length  # the new frame and its mirror image
    assert len(stream._xy) <= net.frames


def test_what_the_heads_say_is_that_of_offline_lifting() -> None:
    lifter = make("poselift2", "ray")
    track = random_track(30)
    stream = Stream(lifter, image_size=IMAGE, lookahead=4)
    said = []
    for seen in zip(track.xy, track.score, strict=True):
        if stream.push(*seen) is not None:
            said.append(stream.said)
    [offline] = lifter([track], image_size=IMAGE, fps=30)
    for name in ("up", "up_certainty", "planted", "spread", "closeness", "velocity"):
        live = np.stack([getattr(one, name) for one in said])
        assert np.abs(live - getattr(offline, name)[: len(live)]).max() < 1e-4
    earlier = ClipLifter.from_net(small_net("poselift2", room=False), "ray")
    without = Stream(earlier, image_size=IMAGE)
    without.push(track.xy[0], track.score[0])
    assert without.said is not None
    assert without.said.closeness is None
    plain = Stream(make("poselift"), image_size=IMAGE)
    plain.push(track.xy[0], track.score[0])
    assert plain.said is None


def test_a_hidden_person_is_held_and_an_absent_one_gives_nothing() -> None:
    stream = Stream(make("ftcm"), image_size=IMAGE)
    nothing = np.zeros((17, 2)), np.zeros(17)
    assert stream.push(*nothing) is None
    track = random_track(1)
    assert stream.push(track.xy[0], track.score[0]) is not None
    held = [stream.push(*nothing) for _ in range(12)]
    assert np.isfinite(held[0]).all()
    assert held[-1] is None  # the last sight has left the window


def test_a_gap_that_closes_within_the_window_is_filled_as_offline() -> None:
    lifter = make("convformer")
    track = random_track(40)
    score = track.score.copy()
    score[15:17] = 0
    score[25, 4] = 0
    track = Track(1, track.frames, track.xy, score)
    poses = run(Stream(lifter, image_size=IMAGE, lookahead=4), track)[4:]
    [offline] = lifter([track], image_size=IMAGE, fps=30)
    near = np.abs(np.stack(poses) - offline.pose3d).max(axis=(1, 2))
    # Exact where the whole gap, with what lies beyond it, is in the window of the frame.
    assert near[14:17].max() < 1e-5
    assert near[[5, 35]].max() < 1e-5


def test_the_size_of_a_body_in_screen_units_settles() -> None:
    lifter = ClipLifter.from_net(small_net("sct"), units="screen")
    plain = ClipLifter.from_net(small_net("sct"))
    track = random_track(140)
    scaled, raw = (
        np.stack([p for p in run(Stream(one, image_size=IMAGE), track) if p is not None])
        for one in (lifter, plain)
    )
    ratio = np.linalg.norm(scaled, axis=(1, 2)) / np.linalg.norm(raw, axis=(1, 2))
    assert np.ptp(ratio[90:]) < 1e-4 * ratio[90:].mean()


def test_a_faster_camera_is_thinned_to_the_trained_rate() -> None:
    lifter = ClipLifter.from_net(small_net("ftcm"), fps=30)
    assert Stream(lifter, image_size=IMAGE, fps=60).max_lookahead == 8
    assert Stream(lifter, image_size=IMAGE, fps=25).max_lookahead == 4


def test_what_does_not_fit_is_refused() -> None:
    lifter = make("ftcm")
    with pytest.raises(PoseliftError, match=r"0 to 4 frames, got 5"):
        Stream(lifter, image_size=IMAGE, lookahead=5)
    stream = Stream(lifter, image_size=IMAGE)
    with pytest.raises(PoseliftError, match=r"got \(16, 2\)"):
        stream.push(np.zeros((16, 2)), np.zeros(16))


def test_reset_forgets() -> None:
    stream = Stream(make("ftcm"), image_size=IMAGE)
    track = random_track(12)
    first = [stream.push(*seen) for seen in zip(track.xy, track.score, strict=True)]
    stream.reset()
    again = [stream.push(*seen) for seen in zip(track.xy, track.score, strict=True)]
    assert np.array_equal(np.stack(first), np.stack(again))


def test_it_lifts_on_one_thread_and_gives_the_others_back(monkeypatch: pytest.MonkeyPatch) -> None:
    lifter, seen, before = make("ftcm"), [], torch.get_num_threads()
    lift = lifter.net.lift_packed

    def count(*arguments: torch.Tensor) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        return lift(*arguments)

    monkeypatch.setattr(lifter.net, "lift_packed", count)
    torch.set_num_threads(3)
    try:
        run(Stream(lifter, image_size=IMAGE), random_track(2))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 1]


@pytest.mark.parametrize("kind", ["screen", "ray"])
def test_a_stream_shows_a_network_the_frames_of_the_ages_that_it_says(kind: str) -> None:
    ages = (17, 11, 8, 4, 3, 2, 1, 0)
    net = small_net("poselift2", frames=20, live_ages=ages)
    track = random_track(30)
    answer = "ray" if kind == "ray" else "camera"
    lifter = ClipLifter.from_net(net, kind, answer=answer)  # type: ignore[arg-type]
    stream = Stream(lifter, image_size=IMAGE, lookahead=2)
    assert stream.max_lookahead == 4
    poses = run(stream, track)
    # The pose of frame 20 is asked for when frame 22 is there.
    rows = np.array([22 - age for age in ages])
    engine = lifter.engine(None)
    if kind == "screen":
        points = normalise.screen(track.xy[rows], IMAGE)
        x = torch.from_numpy(normalise.network_input(points, track.score[rows], 3))[None]
        axes = None
    else:
        x, axes = engine.look(track.xy[rows][None], track.score[rows][None], IMAGE)
    with torch.inference_mode():
        whole = engine.average(lifter.net.live(engine.with_mirror(x)), axes)[0, -3, :51].numpy()
    np.testing.assert_allclose(poses[22][1:], whole.reshape(17, 3)[1:], atol=1e-5)
