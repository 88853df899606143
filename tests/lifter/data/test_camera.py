import math

import numpy as np
import pytest
import torch

from poselift.lifter.data.camera import USUAL, Cameras, CameraSource, assumed_fov, film, project
from tests.lifter.synthetic_motion import motion

COUNT = 400


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def joints() -> torch.Tensor:
    return torch.from_numpy(np.stack([motion(5, seed) for seed in range(20)] * (COUNT // 20)))


def tilt(up: torch.Tensor) -> torch.Tensor:
    """Degrees that a camera looks down, from up (B, T, 3) in its space."""
    return torch.rad2deg(torch.asin(-up[:, 0, 2]))


def roll(up: torch.Tensor) -> torch.Tensor:
    return torch.rad2deg(torch.atan2(up[:, 0, 0], -up[:, 0, 1]))


@pytest.mark.parametrize("cameras", [USUAL, Cameras()])
def test_up_is_where_the_world_is_up(joints: torch.Tensor, cameras: CameraSource) -> None:
    higher = joints + torch.tensor([0.0, 0.0, 1.0])
    filmed = film(joints, higher, generator(), cameras)
    assert torch.allclose(filmed.points - filmed.joints, filmed.up[:, :, None].expand_as(
        filmed.joints), atol=1e-4)  # fmt: skip
    assert (filmed.joints[:, :, 0, 2] > 0.3).all()
    bones = [(j[:, :, 2] - j[:, :, 1]).norm(dim=-1) for j in (filmed.joints, joints)]
    assert torch.allclose(*bones, atol=1e-3)


def test_cameras_are_of_every_kind(joints: torch.Tensor) -> None:
    filmed = film(joints, joints, generator(), Cameras())
    down = tilt(filmed.up)
    assert -24 < down.min() < -14
    assert 54 < down.max() < 64
    counts = torch.histc(down, 4, -20, 60)  # evenly
    assert counts.min() > 0.6 * COUNT / 4
    turned = roll(filmed.up).abs()
    assert 20 < turned.max() < 60
    assert 0.1 < (turned > 10).float().mean() < 0.5
    fov = torch.rad2deg(filmed.fov)
    assert 30 <= fov.min() < 35
    assert 95 < fov.max() <= 100
    assert torch.allclose(filmed.frame.amax(-1), torch.tan(filmed.fov / 2))


def test_who_is_not_cut_off_has_the_pelvis_in_the_picture(joints: torch.Tensor) -> None:
    filmed = film(joints, joints, generator(), Cameras(cut=0.0))
    place = project(filmed.joints[:, :, 0]).mean(1) / filmed.frame
    assert (place.abs() < 1.1).float().mean() > 0.98
    assert (place.abs().amax(-1) > 0.5).float().mean() > 0.2  # and far from the middle


def test_some_are_cut_off(joints: torch.Tensor) -> None:
    filmed = film(joints, joints, generator(), Cameras(cut=1.0))
    inside = (project(filmed.joints).abs() <= filmed.frame[:, None, None]).all(-1)
    legless = ~inside[:, :, [2, 3, 5, 6]].any(-1).any(-1)
    assert 0.2 < legless.float().mean() < 0.8
    assert (inside.float().mean((1, 2)) < 1).float().mean() > 0.8


def test_what_is_asked_for_is_what_comes(joints: torch.Tensor) -> None:
    asked = Cameras(elevation=(40, 60), roll=(0, 0), level=0, fov=(30, 40), cut=0.0)
    filmed = film(joints, joints, generator(), asked)
    assert tilt(filmed.up).min() > 35  # a shaky camera moves a little
    assert roll(filmed.up).abs().median() < 0.1
    assert torch.rad2deg(filmed.fov).max() <= 40


def test_mirroring_keeps_up_and_swaps_sides(joints: torch.Tensor) -> None:
    filmed = film(joints, joints, generator(), Cameras())
    other = filmed.mirrored(torch.ones(COUNT))
    flip = torch.tensor([-1.0, 1.0, 1.0])
    assert torch.allclose(other.up, filmed.up * flip)
    assert torch.allclose(other.joints[:, :, 6], filmed.joints[:, :, 3] * flip)
    assert torch.equal(filmed.mirrored(torch.zeros(COUNT)).joints, filmed.joints)


def test_the_run_time_does_not_know_every_lens() -> None:
    fov = torch.full((1000,), math.radians(80))
    told = assumed_fov(fov, 0.5, generator())
    assert 0.4 < (told == fov).float().mean() < 0.6
    assert torch.rad2deg(told).min().item() == pytest.approx(55)


def test_projection_divides_by_depth() -> None:
    assert project(torch.tensor([[2.0, 4.0, 2.0]])).tolist() == [[1.0, 2.0]]
