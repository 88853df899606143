"""The window engine against the plain loop of the published demos, for every model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter import models, normalise
from poselift.lifter.clip import ClipLifter, onnx_is_faster
from poselift.lifter.engine import WindowSettings
from poselift.lifter.models.base import LifterNet
from poselift.lifter.onnx_net import OnnxNet
from poselift.skeleton import H36M17, mirror_points
from poselift.types import Track
from tests.lifter.small_nets import IMAGE, random_track, small_net

NAMES = models.names()
ANSWERS = {"screen": "camera", "crop": "camera", "ray": "ray"}


def lift(net: LifterNet, tracks: list[Track], kind: str = "screen", **settings: object):
    lifter = ClipLifter.from_net(  # type: ignore
        net, kind, answer=ANSWERS[kind], settings=WindowSettings(**settings)
    )
    return [motion.pose3d for motion in lifter(tracks, image_size=IMAGE, fps=30)]


def one_window(net: LifterNet, xy: np.ndarray, score: np.ndarray, kind: str) -> np.ndarray:
    """A window (T, 17, 2) as the demos lift it: twice, one after the other, in a batch of one."""
    axes = np.eye(3)
    if kind == "screen":
        points = normalise.screen(xy, IMAGE)
    elif kind == "crop":
        points = normalise.crop(xy, score)
    else:
        points, axes = normalise.ray(normalise.on_plane(xy, IMAGE, 55), score)
    x = normalise.network_input(points, score, net.channels)
    with torch.no_grad():
        straight = net(torch.from_numpy(x)[None])[0].numpy()
        mirrored = net(torch.from_numpy(mirror_points(x))[None])[0].numpy()
    pose = (straight + mirror_points(mirrored)) / 2
    pose[:, 0] = 0
    return pose @ axes


def plain_loop(net: LifterNet, track: Track, kind: str, step: int = 1) -> np.ndarray:
    middle = (net.frames - 1) // 2
    poses = []
    for frame in range(len(track)):
        index = np.clip(frame + (np.arange(net.frames) - middle) * step, 0, len(track) - 1)
        window = one_window(net, track.xy[index], track.score[index], kind)
        poses.append(window[0 if net.output == "centre" else middle])
    return np.stack(poses)


@pytest.mark.parametrize("kind", ["screen", "crop", "ray"])
@pytest.mark.parametrize("name", NAMES)
def test_a_window_about_each_frame_gives_what_the_plain_loop_gives(name: str, kind: str) -> None:
    net = small_net(name)
    tracks = [random_track(frames, seed=frames) for frames in (25, 1, 4, 40)]
    poses = lift(net, tracks, kind, join="centre", batch=7)
    for track, pose in zip(tracks, poses, strict=True):
        assert pose.shape == (len(track), 17, 3)
        assert np.abs(pose - plain_loop(net, track, kind)).max() < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_temporal_down_sampling_takes_every_nth_frame(name: str) -> None:
    net = small_net(name)
    track = random_track(50)
    [pose] = lift(net, [track], join="centre", time_step=3)
    assert np.abs(pose - plain_loop(net, track, "screen", step=3)).max() < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_of_one_window_is_that_window(name: str) -> None:
    net = small_net(name)
    if net.output == "centre":
        pytest.skip("gives one pose a window")
    track = random_track(net.frames)
    [pose] = lift(net, [track])
    assert np.abs(pose - one_window(net, track.xy, track.score, "screen")).max() < 1e-5


@pytest.mark.parametrize("kind", ["screen", "crop", "ray"])
@pytest.mark.parametrize("name", NAMES)
def test_tracks_do_not_touch_each_other(name: str, kind: str) -> None:
    net = small_net(name)
    tracks = [random_track(frames, seed=frames) for frames in (30, 2, 9, 100)]
    together = lift(net, tracks, kind)
    for track, pose in zip(tracks, together, strict=True):
        assert np.abs(pose - lift(net, [track], kind)[0]).max() < 1e-5


@pytest.mark.parametrize("batch", [1, 3, 1000])
@pytest.mark.parametrize("name", NAMES)
def test_the_batch_changes_nothing(name: str, batch: int) -> None:
    net = small_net(name)
    track = random_track(60)
    assert np.abs(lift(net, [track], batch=batch)[0] - lift(net, [track])[0]).max() < 1e-5


@pytest.mark.parametrize("velocity", [0.0, 2.0])
@pytest.mark.parametrize("frames", [81, 90, 101])  # whole windows, and tails of two lengths
@pytest.mark.parametrize("name", [n for n in NAMES if models.MODELS[n].output == "all"])
def test_no_jump_where_windows_meet(name: str, frames: int, velocity: float) -> None:
    net = small_net(name, frames=27)
    body = random_track(1).xy
    moving = body + np.arange(frames)[:, None, None] * [velocity, 0]
    track = Track(1, np.arange(frames), moving, np.ones((frames, 17)))
    inside = max(
        np.abs(
            np.diff(one_window(net, moving[s : s + 27], np.ones((27, 17)), "screen"), axis=0)
        ).max()
        for s in (0, frames // 2, frames - 27)
    )
    [pose] = lift(net, [track])
    assert np.abs(np.diff(pose, axis=0)).max() <= 1.05 * inside + 1e-6


@pytest.mark.parametrize("kind", ["screen", "crop", "ray"])
@pytest.mark.parametrize("name", NAMES)
def test_mirroring_the_person_mirrors_the_pose(name: str, kind: str) -> None:
    net = small_net(name)
    track = random_track(20)
    mirrored = mirror_points(track.xy) + np.array([IMAGE[0], 0])
    other = Track(1, track.frames, mirrored, track.score[:, list(H36M17.mirror)])
    [pose], [twin] = lift(net, [track], kind), lift(net, [other], kind)
    assert np.abs(mirror_points(pose) - twin).max() < 1e-4


def test_an_answer_along_the_ray_is_turned_to_the_camera() -> None:
    """The same person at the picture's border: the network sees the same, the camera does not."""
    net = small_net("poselift")
    still = Track(1, np.arange(9), np.repeat(random_track(1).xy, 9, 0), np.ones((9, 17)))
    aside = Track(1, still.frames, still.xy + np.array([250, 0]), still.score)
    [seen], [moved] = (lift_along_ray(net, one) for one in (still, aside))
    centres = [normalise.crop_box(normalise.on_plane(t.xy, IMAGE, 60), t.score)[0]
               for t in (still, aside)]  # fmt: skip
    from_ray, to_ray = (normalise.ray_axes(centre) for centre in centres)
    assert np.abs(seen - moved).max() > 0.05
    assert np.abs(seen @ from_ray.T @ to_ray - moved).max() < 1e-5


def lift_along_ray(net: LifterNet, track: Track) -> list[np.ndarray]:
    lifter = ClipLifter.from_net(net, "crop")
    motions = lifter([track], image_size=IMAGE, fps=30, field_of_view=60)
    return [motion.pose3d for motion in motions]


def test_what_the_heads_say_comes_with_the_motion() -> None:
    net = small_net("poselift2")
    track = random_track(40)
    [motion] = ClipLifter.from_net(net, "ray")([track], image_size=IMAGE, fps=30)
    shapes = [x.shape for x in (motion.up, motion.up_certainty, motion.planted, motion.spread)]
    assert shapes == [(40, 3), (40,), (40, 2), (40, 17)]
    assert np.allclose(np.linalg.norm(motion.up, axis=-1), 1, atol=1e-5)
    for share in (motion.up_certainty, motion.planted):
        assert 0 <= share.min() <= share.max() <= 1
    assert motion.spread.min() > 0
    assert motion.closeness.shape == (40, 2)
    assert motion.velocity.shape == (40, 4)
    assert min(motion.closeness[:, 1].min(), motion.velocity[:, 3].min()) > 0
    mirrored = mirror_points(track.xy) + np.array([IMAGE[0], 0])
    other = Track(1, track.frames, mirrored, track.score[:, list(H36M17.mirror)])
    [twin] = ClipLifter.from_net(net, "ray")([other], image_size=IMAGE, fps=30)
    assert np.abs(motion.up * [-1, 1, 1] - twin.up).max() < 1e-4
    assert np.abs(motion.planted[:, ::-1] - twin.planted).max() < 1e-4
    assert np.abs(motion.spread[:, list(H36M17.mirror)] - twin.spread).max() < 1e-4
    assert np.abs(motion.closeness - twin.closeness).max() < 1e-4
    assert np.abs(motion.velocity * [-1, 1, 1, 1] - twin.velocity).max() < 30 * 1e-4
    [bare] = ClipLifter.from_net(small_net("poselift"), "ray")([track], image_size=IMAGE, fps=30)
    assert bare.up is None
    assert bare.planted is None
    assert bare.closeness is None
    assert bare.velocity is None


def test_what_is_said_in_the_rays_frame_is_turned_with_the_pose() -> None:
    still = Track(1, np.arange(9), np.repeat(random_track(1).xy, 9, 0), np.ones((9, 17)))
    aside = Track(1, still.frames, still.xy + np.array([250, 0]), still.score)
    lifter = ClipLifter.from_net(small_net("poselift2"), "crop")
    seen, moved = lifter([still, aside], image_size=IMAGE, fps=30, field_of_view=60)
    turn = np.linalg.lstsq(seen.pose3d[0], moved.pose3d[0], rcond=None)[0]
    assert np.abs(turn - np.eye(3)).max() > 0.1
    assert np.abs(seen.up @ turn - moved.up).max() < 1e-4
    assert np.abs(seen.velocity[:, :3] @ turn - moved.velocity[:, :3]).max() < 30 * 1e-4
    assert np.abs(seen.closeness - moved.closeness).max() < 1e-5


def test_velocities_are_metres_a_second_at_any_rate() -> None:
    lifter = ClipLifter.from_net(small_net("poselift2"), "ray", fps=30)
    track = random_track(40)
    every = Track(
        1, np.arange(79), np.repeat(track.xy, 2, 0)[:-1], np.repeat(track.score, 2, 0)[:-1]
    )
    every.xy[1::2] = (track.xy[1:] + track.xy[:-1]) / 2
    [slow] = lifter([track], image_size=IMAGE, fps=30)
    [fast] = lifter([every], image_size=IMAGE, fps=60)
    assert np.abs(fast.velocity[::2] - slow.velocity).max() < 0.1 * np.abs(slow.velocity).max()


@pytest.mark.parametrize("name", NAMES)
def test_each_frame_is_encoded_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = small_net(name)
    lifter = ClipLifter.from_net(net, settings=WindowSettings(mirror=False, batch=5))
    encoded = 0
    encode = lifter.net.encode

    def counting(x: torch.Tensor) -> torch.Tensor:
        nonlocal encoded
        encoded += len(x)
        return encode(x)

    monkeypatch.setattr(lifter.net, "encode", counting)
    lifter([random_track(70)], image_size=IMAGE, fps=30)
    assert encoded == 70


def test_progress_rises_to_the_whole() -> None:
    heard: list[tuple[int, int]] = []
    lifter = ClipLifter.from_net(small_net("ftcm"), settings=WindowSettings(batch=8))
    lifter(
        [random_track(30), random_track(7)],
        image_size=IMAGE,
        fps=30,
        progress=lambda done, total: heard.append((done, total)),
    )
    done = [one for one, _ in heard]
    assert done == sorted(done)
    assert heard[-1] == (37, 37)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_near(name: str, dtype: str) -> None:
    net = small_net(name)
    track = random_track(20)
    half = ClipLifter.from_net(net, dtype=dtype)([track], image_size=IMAGE, fps=30)[0].pose3d
    [full] = lift(net, [track])
    assert half.dtype == np.float32
    assert np.abs(half - full).max() < 0.1 * np.abs(full).max()


@pytest.mark.parametrize("kind", ["screen", "crop", "ray"])
@pytest.mark.parametrize("name", NAMES)
def test_onnxruntime_gives_the_same_poses(name: str, kind: str) -> None:
    net = small_net(name)
    track = random_track(40)
    lifter = ClipLifter.from_net(  # type: ignore
        net, kind, answer=ANSWERS[kind], runtime="onnxruntime"
    )
    [motion] = lifter([track], image_size=IMAGE, fps=30)
    assert np.abs(motion.pose3d - lift(net, [track], kind)[0]).max() < 1e-5


def test_onnxruntime_is_for_float32_on_the_cpu() -> None:
    with pytest.raises(PoseliftError, match="not on cpu in bfloat16"):
        ClipLifter.from_net(small_net("ftcm"), runtime="onnxruntime", dtype="bfloat16")
    with pytest.raises(PoseliftError, match="'tensorrt'"):
        ClipLifter.from_net(small_net("ftcm"), runtime="tensorrt")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameters", "processor", "exporter", "expected"),
    [
        (6_000_000, "AVX512", True, True),
        (600_000, "AVX512", True, False),
        (6_000_000, "AVX2", True, False),
        (6_000_000, "AVX512", False, False),
    ],
)
def test_auto_takes_onnxruntime_for_large_networks_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch,
    parameters: int,
    processor: str,
    exporter: bool,
    expected: bool,
) -> None:
    net = small_net("ftcm")
    net.ballast = torch.nn.Parameter(torch.zeros(parameters))  # type: ignore[assignment]
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: processor)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if exporter else None)
    assert onnx_is_faster(net) is expected


def test_auto_lifts_small_networks_with_torch() -> None:
    assert type(ClipLifter.from_net(small_net("ftcm"), runtime="auto").net) is not OnnxNet


@pytest.mark.parametrize("kind", ["screen", "ray"])
def test_a_short_clip_gets_a_window_of_its_own_length(kind: str) -> None:
    net = small_net("poselift2", frames=20, shortest=9)
    tracks = [random_track(count, seed=count, track_id=count) for count in (30, 13, 4, 13)]
    poses = lift(net, tracks, kind)
    assert [len(pose) for pose in poses] == [30, 13, 4, 13]
    np.testing.assert_allclose(
        poses[1], one_window(net, tracks[1].xy, tracks[1].score, kind), atol=1e-5
    )
    for track, pose in zip(tracks, poses, strict=True):
        np.testing.assert_allclose(lift(net, [track], kind)[0], pose, atol=1e-5)


def test_progress_goes_on_from_one_length_of_windows_to_the_next() -> None:
    lifter = ClipLifter.from_net(small_net("poselift2", frames=20, shortest=9), "screen")
    told: list[tuple[int, int]] = []
    lifter(
        [random_track(count) for count in (50, 13, 40)],
        image_size=IMAGE,
        fps=30,
        progress=lambda *at: told.append(at),
    )
    assert told == sorted(told)
    assert told[-1] == (103, 103)
