import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from poselift.lifter.data.augment import (
    NOMINAL_LENGTH,
    body_length,
    resize,
    to_nominal,
    turn_limbs,
    turn_whole,
)
from poselift.lifter.data.body import axis_angle, put_together, take_apart
from poselift.skeleton import H36M17
from tests.lifter.synthetic_motion import motion


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def people(count: int = 6, frames: int = 40) -> torch.Tensor:
    return torch.stack([torch.from_numpy(motion(frames, seed)) for seed in range(count)])


def lengths(joints: torch.Tensor) -> torch.Tensor:
    parents, children = zip(*H36M17.bones, strict=True)
    return (joints[..., list(children), :] - joints[..., list(parents), :]).norm(dim=-1)


def test_apart_and_together_is_the_same_body() -> None:
    joints = people()
    assert torch.allclose(put_together(take_apart(joints)), joints, atol=1e-5)


def test_the_frames_are_rotations_with_forward_ahead_of_the_face() -> None:
    parts = take_apart(people())
    eye = torch.eye(3).expand_as(parts.pelvis)
    assert torch.allclose(parts.pelvis @ parts.pelvis.transpose(-1, -2), eye, atol=1e-5)
    assert (torch.linalg.det(parts.pelvis) > 0.99).all()
    standing = torch.from_numpy(motion(1, 0))
    axes = take_apart(standing).pelvis[0]
    left = standing[0, 4] - standing[0, 1]
    assert axes[:, 1] @ left > 0
    assert axes[2, 2] > 0.8  # up is up


def test_axis_angle_agrees_with_scipy() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 3))
    ours = axis_angle(torch.from_numpy(vectors)).numpy()
    assert np.allclose(ours, Rotation.from_rotvec(vectors).as_matrix(), atol=1e-6)


def test_turned_limbs_keep_their_lengths_and_move_smoothly(rng: torch.Generator) -> None:
    joints = people(32)
    turned = put_together(turn_limbs(take_apart(joints), rng))
    off = (lengths(turned) - lengths(joints)).abs()
    spine = [child for _, child in H36M17.bones].index(8)  # the bowed spine may shorten a little
    rest = [i for i in range(16) if i != spine]
    assert off[..., rest].max() < 1e-4
    assert off[..., spine].max() < 0.08
    assert (turned - joints).abs().max() > 0.1
    jump = turned.diff(dim=1).norm(dim=-1).max()
    assert jump < joints.diff(dim=1).norm(dim=-1).max() + 0.15


def test_knees_never_bend_forwards_more_than_captured(rng: torch.Generator) -> None:
    straight = take_apart(people(64))
    straight.legs[..., 2, :] = straight.legs[..., 1, :] * 1.0
    straight.legs[..., 5, :] = straight.legs[..., 4, :] * 1.0
    turned = turn_limbs(straight, rng)
    for thigh, shin in ((1, 2), (4, 5)):
        t, s = turned.legs[..., thigh, :], turned.legs[..., shin, :]
        # About the axis to the left a shin that swings back turns positively.
        sideways = torch.linalg.cross(t, s)[..., 1]
        assert (sideways > -1e-3).all()
    assert torch.linalg.cross(turned.legs[..., 1, :], turned.legs[..., 2, :]).abs().max() > 0.05


def test_every_body_has_one_size_and_equal_sides(rng: torch.Generator) -> None:
    joints = people(16)
    for parts in (resize(take_apart(joints), rng), to_nominal(take_apart(joints * 1.3))):
        body = put_together(parts)
        bones = dict(zip([c for _, c in H36M17.bones], lengths(body).mean((1,)).T, strict=True))
        assert torch.allclose(bones[2], bones[5], atol=1e-4)
        assert torch.allclose(bones[13], bones[16], atol=1e-4)
        head = (body[..., 10, :] - body[..., 8, :]).norm(dim=-1).mean(1)
        height = bones[2] + bones[3] + bones[7] + bones[8] + head
        assert torch.allclose(body_length(body).mean(1), height, atol=1e-4)
        assert torch.allclose(height, torch.full_like(height, NOMINAL_LENGTH), atol=1e-3)


def test_some_people_are_laid_down(rng: torch.Generator) -> None:
    joints = people(64)
    turned, upright = turn_whole(joints, 0.5, rng)
    assert torch.allclose(turned[upright], joints[upright], atol=1e-5)
    assert 0.3 < upright.float().mean() < 0.7
    assert torch.allclose(lengths(turned), lengths(joints), atol=1e-4)
    up = (turned[:, 0, 8] - turned[:, 0, 0])[:, 2]
    assert 0.1 < (up < 0.2).float().mean() < 0.7


def widths(usual: float, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of 500 bodies: hips, shoulders and heads, in captured ones of as long legs."""
    joints = people(1).expand(500, -1, -1, -1)
    before = lengths(joints)[0, 0]
    ratio = lengths(put_together(resize(take_apart(joints), rng, usual)))[:, 0] / before
    children = [child for _, child in H36M17.bones]
    size = ratio[:, [children.index(2), children.index(3)]].mean(1)
    hip, shoulder, head = (ratio[:, children.index(joint)] / size for joint in (4, 11, 10))
    return hip, shoulder, head


def test_bodies_are_of_many_shapes(rng: torch.Generator) -> None:
    hips, shoulders, heads = widths(0.0, rng)
    for relative in (hips, shoulders):
        assert relative.quantile(0.05) < 0.65
        assert relative.quantile(0.95) > 1.15
    assert heads.quantile(0.95) > 1.5  # children


def test_usual_bodies_are_adults_of_usual_widths(rng: torch.Generator) -> None:
    hips, shoulders, heads = widths(1.0, rng)
    assert hips.quantile(0.05) > 0.8
    assert hips.quantile(0.95) < 1.2
    assert shoulders.quantile(0.05) > 0.7
    assert shoulders.quantile(0.95) < 1.2
    assert heads.quantile(0.95) < 1.3
