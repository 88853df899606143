import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter.data import mocap
from poselift.lifter.data.camera import Cameras
from poselift.lifter.data.faults import Faults
from poselift.lifter.data.head import coco_points
from poselift.lifter.data.noise import KeypointNoise, disturb, measured_noise
from poselift.lifter.data.people import MovingPeople
from poselift.lifter.data.recipe import NO_NOISE, Recipe, as_judged
from poselift.lifter.data.studio import Studio
from poselift.lifter.data.windows import WindowBatch, record, validation_windows
from poselift.skeleton import COCO17, H36M17, coco_to_h36m
from tests.lifter.synthetic_motion import clips, motion

NO_FAULTS = Faults(0, 0, 0, 0, 0, 0)
CALM = KeypointNoise(
    spread=(0.01,) * 17, tail=0.0, level=0.0, hidden=0.0, cut=0.0, faults=NO_FAULTS
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def write_set(path: Path, made: list[mocap.Clip]) -> Path:
    meta = [json.dumps({"key": c.name, "fps": 60, "description": c.action}) for c in made]
    np.savez(path, meta=np.array(meta), **{c.name: c.joints for c in made})
    return path


def test_a_set_is_read_and_split(tmp_path: Path) -> None:
    made = clips(2)
    made.append(mocap.Clip("pybullet_data/walk", made[0].joints, 60.0, "walk"))
    read = mocap.read_set(write_set(tmp_path / "set.npz", made))
    assert [clip.name for clip in read] == [clip.name for clip in made]
    assert read[1].action == "action 1"
    training, validation = mocap.split(read)
    assert len(training) == 2
    assert [clip.name for clip in validation] == ["pybullet_data/walk"]


def test_a_missing_or_empty_set_is_said(tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match="No such motion capture"):
        mocap.read_set(tmp_path / "no.npz")
    np.savez(tmp_path / "empty.npz", x=np.zeros(3))
    with pytest.raises(PoseliftError, match="holds no"):
        mocap.read_set(tmp_path / "empty.npz")


def test_windows_have_the_promised_form() -> None:
    windows = Studio(clips(3), Recipe(frames=15), seed=1).windows(64)
    assert windows.x.shape == (64, 15, 17, 3)
    assert windows.y.shape == (64, 15, 17, 3)
    assert windows.x.isfinite().all()
    assert windows.y.isfinite().all()
    assert (windows.y[:, :, 0] == 0).all()
    assert windows.x[..., 2].min() >= 0
    assert windows.x[..., 2].max() <= 1
    assert 0.5 < windows.known.mean() < 1
    # Repeated frames repeat the input, and only they do so everywhere.
    again = (windows.x[:, 1:] == windows.x[:, :-1]).all(-1).all(-1)
    assert (again | (windows.known[:, 1:] > 0) | (windows.known[:, :-1] == 0)).all()


def test_the_same_seed_gives_the_same_windows() -> None:
    one, two, other = (Studio(clips(2), Recipe(frames=9), seed=s).windows(8).x for s in (5, 5, 6))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_true_input_is_what_the_truth_looks_like() -> None:
    recipe = replace(as_judged(9, "true"), joints=1.0)
    windows = Studio(clips(2), recipe).windows(200)
    # With joints=1 the points are the joints themselves: they follow x and y of the pose closely.
    for axis in (0, 1):
        seen = windows.x[..., axis] - windows.x[:, :, :1, axis]
        both = torch.stack([seen.flatten(), windows.y[..., axis].flatten()])
        assert torch.corrcoef(both)[0, 1] > 0.93


def test_made_points_are_those_of_the_run_time() -> None:
    joints = torch.from_numpy(np.stack([motion(9, 1)]))
    recipe = as_judged(9, "true")
    people = MovingPeople(joints, torch.full((1,), 30.0), torch.ones(1, dtype=torch.bool))
    windows = record(people, recipe, generator())
    x = windows.x[0, :, :, :2].numpy()
    # The pelvis of `coco-h36m` is the middle of the hips, in any unit.
    assert np.allclose(x[:, 0], (x[:, 1] + x[:, 4]) / 2, atol=1e-5)
    assert np.abs(x).max() <= 1 + 1e-5


def test_faces_look_ahead_and_limbs_are_the_joints() -> None:
    joints = torch.from_numpy(np.stack([motion(9, 2)]))
    points = coco_points(joints, None)
    for side in ("left", "right"):
        for name in ("wrist", "ankle", "hip"):
            theirs, ours = COCO17.index(f"{side} {name}"), H36M17.index(f"{side} {name}")
            assert torch.equal(points[:, :, theirs], joints[:, :, ours])
    to_left = joints[0, :, 11] - joints[0, :, 14]
    ears = points[0, :, 3] - points[0, :, 4]
    assert ((ears * to_left).sum(-1) > 0).all()
    ahead = torch.linalg.cross(to_left, joints[0, :, 8] - joints[0, :, 7])
    nose = points[0, :, 0] - (points[0, :, 3] + points[0, :, 4]) / 2
    assert ((nose * ahead).sum(-1) > 0).all()
    assert 0.06 < nose.norm(dim=-1).mean() < 0.16


def test_noise_has_the_size_and_memory_it_says() -> None:
    points = torch.rand(1, 1, 17, 2, generator=generator()).expand(2000, 27, 17, 2).clone()
    seen, score = disturb(points, torch.zeros(2000, 27, 17), CALM, generator(1))
    size = float((points[0, 0].amax(0) - points[0, 0].amin(0)).max())
    error = (seen - points) / size
    assert 0.007 < error.std() < 0.011
    own = error - error.mean(1, keepdim=True)
    memory = (own[:, 1:] * own[:, :-1]).mean() / own.pow(2).mean()
    assert 0.35 < memory < 0.75
    assert score.min() > 0


def test_scores_fall_with_the_error() -> None:
    points = torch.rand(1, 1, 17, 2, generator=generator()).expand(500, 27, 17, 2).clone()
    noise = KeypointNoise(cut=0.0, faults=NO_FAULTS)
    seen, score = disturb(points, torch.zeros(500, 27, 17), noise, generator(1))
    error = (seen - points).norm(dim=-1)[..., 5:].flatten()
    limbs = score[..., 5:].flatten()
    far = error > error.quantile(0.97)
    assert limbs[far].mean() < limbs[~far].mean() - 0.05


def test_people_are_cut_off_at_one_height() -> None:
    points = torch.from_numpy(motion(9, 3))[None, :, :, [0, 2]].expand(50, -1, -1, -1) * -1
    noise = KeypointNoise(spread=(0.0,) * 17, faults=NO_FAULTS, cut=1.0)
    seen, score = disturb(points, torch.zeros(50, 9, 17), noise, generator())
    moved = (seen - points).abs().sum(-1) > 0
    assert moved.float().mean() > 0.05
    assert (score[moved] <= 0.3).all()
    for window, which in zip(seen, moved, strict=True):
        if which.any():
            assert float(window[which][:, 1].std()) < 1e-5


def test_measured_figures_replace_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    path.write_text(
        json.dumps({"tail": 0.5, "spread": [0.1] * 17, "something": "else", "faults": {"gaps": 1}})
    )
    noise = measured_noise(path)
    assert noise.tail == 0.5
    assert noise.faults.gaps == 1
    assert noise.spread == (0.1,) * 17
    assert noise.lasting == KeypointNoise().lasting


def test_validation_is_fixed_and_covers_every_clip() -> None:
    made = clips(3, frames=100)
    one, actions = validation_windows(made, 9, 30, "detected")
    two, _ = validation_windows(made, 9, 30, "detected")
    assert torch.equal(one.x, two.x)
    assert set(actions) == {"action 0", "action 1", "action 2"}
    assert (one.known == 1).all()
    true, _ = validation_windows(made, 9, 30, "true")
    assert (true.x[..., 2] == 1).all()


def test_conversion_is_linear_so_noise_can_be_moved() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5, 17, 2)).astype(np.float32)
    score = np.ones((5, 17), np.float32)
    left = coco_to_h36m(a + b, score)[0]
    assert np.allclose(left, coco_to_h36m(a, score)[0] + coco_to_h36m(b, score)[0], atol=1e-5)


def flat_misfit(x: torch.Tensor, poses: torch.Tensor) -> torch.Tensor:
    """(B,) how far pictures (B, T, 17, 2) are from flattened poses of the best size."""
    seen, flat = x - x[:, :, :1], poses[..., :2]
    scale = (seen * flat).sum((1, 2, 3)) / flat.pow(2).sum((1, 2, 3))
    return (seen - scale[:, None, None, None] * flat).norm(dim=-1).mean((1, 2))


def test_poses_are_those_seen_along_the_ray_and_turn_back_to_the_camera() -> None:
    plain = {"true": 1.0, "joints": 1.0, "cut_future": 0, "cut_past": 0, "known_lens": 1.0}
    recipe = Recipe(frames=9, border=False, noise=NO_NOISE, **plain)  # type: ignore[arg-type]
    windows = Studio(clips(3), recipe, seed=2).windows(300)
    assert windows.axes is not None
    aside = windows.axes[:, 2, 2] < np.cos(np.radians(20))
    assert aside.sum() > 30
    along_ray = flat_misfit(windows.x[..., :2], windows.y)
    in_camera = flat_misfit(windows.x[..., :2], windows.y @ windows.axes[:, None])
    assert along_ray[aside].mean() < 0.7 * in_camera[aside].mean()
    cropped = replace(recipe, normalisation="crop")
    again = Studio(clips(3), cropped, seed=2).windows(300)
    assert torch.equal(again.y, windows.y)
    assert (again.x - windows.x)[aside].abs().max() > 0.05


def test_a_guessed_lens_changes_the_picture_and_not_the_truth() -> None:
    known, guessed = (
        Studio(clips(2), Recipe(frames=9, known_lens=share), seed=4).windows(60)
        for share in (1.0, 0.0)
    )
    assert torch.equal(known.y, guessed.y)
    assert (known.x - guessed.x).abs().max() > 0.01


def test_up_and_planted_feet_come_with_the_windows_and_are_mirrored_with_them() -> None:
    windows = Studio(clips(3), Recipe(frames=9, lying=0.5), seed=3).windows(600)
    assert windows.up is not None
    assert windows.planted is not None
    known = windows.up.isfinite().all(-1)
    assert 0.3 < known.float().mean() < 1
    assert torch.equal(known, windows.planted.isfinite().all(-1))
    assert torch.allclose(windows.up[known].norm(dim=-1), torch.ones(()), atol=1e-4)
    # Who stands on one foot has that ankle lower along up, on whichever side it is.
    ankles = (windows.y[:, :, [3, 6]] * windows.up[:, :, None]).sum(-1)  # right, left: height
    alone = (windows.planted.sum(-1) == 1) & known
    assert alone.sum() > 50
    standing = torch.where(windows.planted[..., 0] > 0, ankles[..., 0], ankles[..., 1])
    other = torch.where(windows.planted[..., 0] > 0, ankles[..., 1], ankles[..., 0])
    assert (standing < other)[alone].float().mean() > 0.9


def test_how_close_the_camera_is_and_where_people_go_come_with_the_windows() -> None:
    """The box of somebody who comes nearer grows, as fast as the closeness says."""
    windows = filmed_by(Cameras(follows=0))
    assert windows.closeness is not None
    assert windows.velocity is not None
    assert windows.velocity.shape == (400, 27, 3)
    assert windows.closeness.amin() > 1 / 20
    assert windows.closeness.amax() <= 2
    went = windows.velocity.sum(1)[:, 2]  # away from the camera: along the ray
    nearer = 1 / windows.closeness[:, -1] - 1 / windows.closeness[:, 0]
    clearly = nearer.abs() > 0.3
    assert clearly.sum() > 20
    assert ((went / nearer)[clearly] - 1).abs().median() < 0.1


def test_a_camera_that_is_carried_along_keeps_people_in_their_place_but_not_from_going() -> None:
    still, carried = (filmed_by(Cameras(follows=share)) for share in (0.0, 1.0))
    for windows in (still, carried):
        assert windows.velocity is not None
        assert windows.closeness is not None
    torch.testing.assert_close(
        still.velocity.norm(dim=-1).mean(), carried.velocity.norm(dim=-1).mean(), rtol=0.1, atol=0
    )
    went = [windows.velocity.sum(1)[:, 2].abs() > 0.5 for windows in (still, carried)]
    nearer = [
        (1 / windows.closeness[:, -1] - 1 / windows.closeness[:, 0]).abs()[far].median()
        for windows, far in zip((still, carried), went, strict=True)
    ]
    assert nearer[1] < 0.7 * nearer[0]


def filmed_by(cameras: Cameras) -> WindowBatch:
    """Windows without errors of a keypointer."""
    recipe = Recipe(
        frames=27, noise=NO_NOISE, true=1.0, lying=0, cut_future=0, cut_past=0, cameras=cameras
    )
    return Studio(clips(3), recipe, seed=3).windows(400)


def test_batches_of_shorter_windows_have_more_of_them() -> None:
    studio = Studio(clips(2), Recipe(frames=20, lengths=(20, 10, 5)), seed=2)
    shapes = {tuple(studio.windows(8).x.shape[:2]) for _ in range(20)}
    assert shapes == {(8, 20), (16, 10), (32, 5)}


def test_streams_windows_show_the_same_moments_a_clips_do() -> None:
    ages = (12, 9, 7, 4, 3, 2, 1, 0)
    whole, actions = validation_windows(clips(2), 13, 30, "true")
    live, live_actions = validation_windows(clips(2), 99, 30, "true", ages=ages)
    assert live_actions == actions
    assert live.live
    assert not whole.live
    shown = [12 - age for age in ages]
    assert live.x.shape == (len(actions), len(ages), 17, 3)

    def in_camera(batch: WindowBatch) -> torch.Tensor:
        assert batch.axes is not None
        return batch.y @ batch.axes[:, None]

    # Each window is seen along the ray through its own frames, but by the same camera.
    torch.testing.assert_close(in_camera(live), in_camera(whole)[:, shown], atol=1e-5, rtol=1e-5)
    assert live.planted is not None
    assert whole.planted is not None
    torch.testing.assert_close(live.planted, whole.planted[:, shown], equal_nan=True)


def test_a_share_of_the_batches_are_streams_windows_with_as_many_frames() -> None:
    recipe = Recipe(frames=16, live=0.5, live_ages=(12, 6, 1, 0), cut_future=1.0)
    studio = Studio(clips(2), recipe, seed=2)
    batches = [studio.windows(3) for _ in range(20)]
    assert {(one.live, *one.x.shape[:2]) for one in batches} == {(True, 12, 4), (False, 3, 16)}
    for one in batches:  # the newest frame of a stream is never made up
        assert bool(one.known[:, -1].all()) == one.live


@pytest.mark.parametrize("wrong", [{"lengths": (0,)}, {"lengths": (9, 28)}, {"live": 0.3}])
def test_recipes_whose_windows_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PoseliftError, match="recipe's"):
        Recipe(frames=27, **wrong)  # type: ignore[arg-type]
