import numpy as np
import pytest
import torch

from poselift.lifter.data.augment import NOMINAL_LENGTH, body_length
from poselift.lifter.data.body import forward_of
from poselift.lifter.data.definitions import as_human36m
from tests.lifter.synthetic_motion import motion


@pytest.fixture
def joints() -> torch.Tensor:
    """(N, 17, 3) of a body of the nominal size."""
    moving = torch.from_numpy(motion(60, 4))
    return moving * NOMINAL_LENGTH / body_length(moving).mean()


def distance(joints: torch.Tensor, a: int, b: int) -> torch.Tensor:
    return (joints[:, a] - joints[:, b]).norm(dim=-1)


def test_hips_are_further_out_and_limbs_stay(joints: torch.Tensor) -> None:
    out = as_human36m(joints)
    wider = distance(out, 1, 4) - distance(joints, 1, 4)
    assert torch.allclose(wider, torch.full_like(wider, 0.052), atol=1e-4)
    assert torch.allclose(out[:, 0], (out[:, 1] + out[:, 4]) / 2, atol=1e-6)
    same = [2, 3, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16]
    assert torch.equal(out[:, same], joints[:, same])


def test_the_neck_is_in_front_like_a_nose(joints: torch.Tensor) -> None:
    out = as_human36m(joints)
    ahead = ((out[:, 9] - joints[:, 9]) * forward_of(joints)[..., 0]).sum(-1)
    assert (ahead > 0.04).all()
    half = distance(joints, 8, 10) * 0.56
    assert torch.allclose(distance(out, 8, 9), (half**2 + 0.065**2).sqrt(), atol=1e-4)


def test_the_spine_is_nearer_to_the_middle(joints: torch.Tensor) -> None:
    out = as_human36m(joints)
    line = out[:, 8] - out[:, 0]
    share = ((out[:, 7] - out[:, 0]) * line).sum(-1) / line.pow(2).sum(-1)
    assert share.mean().item() == pytest.approx(0.475, abs=0.01)


def test_it_scales_with_the_body(joints: torch.Tensor) -> None:
    assert torch.allclose(as_human36m(joints * 1.4), as_human36m(joints) * 1.4, atol=1e-4)


def test_captures_that_differ_in_the_spine_agree_afterwards(joints: torch.Tensor) -> None:
    other = joints.clone()
    other[:, 7] += 0.1 * (joints[:, 8] - joints[:, 0]) / distance(joints, 8, 0)[:, None]
    assert np.abs((as_human36m(other) - as_human36m(joints)).numpy()).max() < 0.03
