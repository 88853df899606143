"""What ships lifts people it has never seen, and nobody leans, swims or flickers."""

import numpy as np
import pytest
import torch

from poselift import lifter, weights
from poselift.lifter import metrics
from poselift.lifter.data.camera import film, project
from poselift.lifter.data.faults import Faults
from poselift.lifter.data.head import coco_points
from poselift.lifter.data.noise import KeypointNoise, disturb
from poselift.skeleton import coco_to_h36m
from poselift.types import Track
from poselift.weights.lifters import TRAINED
from tests.lifter.synthetic_motion import motion

NAMES = [entry.name for entry in TRAINED]


def seen(frames: int, seed: int, spread: float) -> tuple[Track, np.ndarray]:
    """A synthetic person as a keypointer with errors of `spread` sees them, and the truth."""
    rng = torch.Generator().manual_seed(seed)
    joints = torch.from_numpy(motion(2 * frames, seed)[::2][:frames])[None]
    filmed = film(joints, coco_points(joints, None), rng)
    truth, points = filmed.joints, filmed.points
    noise = KeypointNoise(spread=(spread,) * 17, cut=0.0, faults=Faults(0, 0, 0, 0, 0, 0))
    xy, score = disturb(project(points), points[..., 2], noise, rng)
    made, made_score = coco_to_h36m(xy[0].numpy() * 1000 + 500, score[0].numpy())
    body = truth[0].numpy()
    return Track(1, np.arange(frames), made, made_score), body - body[:, :1]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_on_this_machine_and_whole(name: str) -> None:
    assert weights.get(name).stat().st_size > 100_000
    assert (weights.get(name).parents[1] / "cards" / f"{name}.md").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_right_on_people_it_never_saw(name: str) -> None:
    lift = lifter.load(name, device="cpu")
    errors = []
    for seed in range(6):
        track, truth = seen(60, 100 + seed, 0.008)
        [motion3d] = lift([track], image_size=(1000, 1000), fps=30)
        errors.append(metrics.p_mpjpe(motion3d.pose3d, truth))
    assert np.mean(errors) < 0.065


@pytest.mark.parametrize("name", NAMES)
def test_who_stands_still_stays_still(name: str) -> None:
    track, _ = seen(60, 7, 0.0)
    still = Track(
        1, track.frames, np.repeat(track.xy[:1], 60, 0), np.repeat(track.score[:1], 60, 0)
    )
    [motion3d] = lifter.load(name, device="cpu")([still], image_size=(1000, 1000), fps=30)
    assert np.abs(np.diff(motion3d.pose3d, axis=0)).max() < 0.004


@pytest.mark.parametrize("name", NAMES)
def test_bones_hardly_change_their_length(name: str) -> None:
    track, _ = seen(90, 8, 0.006)
    [motion3d] = lifter.load(name, device="cpu")([track], image_size=(1000, 1000), fps=30)
    for parent, child in ((1, 2), (2, 3), (4, 5), (5, 6)):
        bone = np.linalg.norm(motion3d.pose3d[:, child] - motion3d.pose3d[:, parent], axis=-1)
        assert 0.3 < bone.mean() < 0.55
        assert bone.std() < 0.08


@pytest.mark.parametrize("name", NAMES)
def test_knees_bend_forwards(name: str) -> None:
    """The knee lies in front of the line from hip to ankle wherever the true knee clearly does."""
    lift, ahead = lifter.load(name, device="cpu"), []
    for seed in range(4):
        track, truth = seen(60, 200 + seed, 0.006)
        [motion3d] = lift([track], image_size=(1000, 1000), fps=30)
        for hip, knee, ankle in ((1, 2, 3), (4, 5, 6)):
            true, made = (in_front(pose, hip, knee, ankle) for pose in (truth, motion3d.pose3d))
            ahead.append(made[true > 0.08] > 0)
    assert len(np.concatenate(ahead)) > 100
    assert np.concatenate(ahead).mean() > 0.97


def in_front(pose: np.ndarray, hip: int, knee: int, ankle: int) -> np.ndarray:
    """(T,) metres that a knee lies before the middle of its leg, as the pelvis faces."""
    across = pose[:, 1] - pose[:, 4]  # from the left hip to the right one
    forward = np.cross(pose[:, 7] - pose[:, 0], across)
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
    return ((pose[:, knee] - (pose[:, hip] + pose[:, ankle]) / 2) * forward).sum(-1)


@pytest.mark.parametrize("name", NAMES)
def test_where_windows_are_cut_does_not_show(name: str) -> None:
    """The same frames, lifted as part of a clip that begins eleven frames later."""
    track, _ = seen(120, 9, 0.004)
    later = Track(1, np.arange(109), track.xy[11:], track.score[11:])
    lift = lifter.load(name, device="cpu")
    [whole] = lift([track], image_size=(1000, 1000), fps=30)
    [part] = lift([later], image_size=(1000, 1000), fps=30)
    apart = np.linalg.norm(whole.pose3d[30:100] - part.pose3d[19:89], axis=-1)
    assert apart.mean() < 0.025


@pytest.mark.parametrize("name", NAMES)
def test_nobody_jumps_from_one_frame_to_the_next(name: str) -> None:
    """The largest step of any joint against the largest true one, in eight made clips.

    Limbs swing faster there than people's do, and a lifter may take one for the other for a frame:
    that is rare, and never as far as from one limb to another.
    """
    lift, larger = lifter.load(name, device="cpu"), []
    for seed in range(2, 10):
        track, truth = seen(120, seed, 0.004)
        [motion] = lift([track], image_size=(1000, 1000), fps=30)
        made, true = (np.linalg.norm(np.diff(x, axis=0), axis=-1) for x in (motion.pose3d, truth))
        larger.append(made.max() / true.max())
    assert np.median(larger) < 1.25
    assert max(larger) < 1.8


@pytest.mark.parametrize("name", NAMES)
def test_it_lifts_live(name: str) -> None:
    lift, errors = lifter.load(name, device="cpu"), []
    for seed in range(3):
        track, truth = seen(45, 300 + seed, 0.006)
        stream = lifter.Stream(lift, image_size=(1000, 1000), lookahead=2, fps=30)
        poses = [stream.push(xy, score) for xy, score in zip(track.xy, track.score, strict=True)]
        made = np.stack([pose for pose in poses if pose is not None])
        errors.append(metrics.p_mpjpe(made[20:], truth[20 : len(made)]))
    assert np.mean(errors) < 0.075
