import pytest
import torch

from poselift.lifter.data import composed
from poselift.lifter.data.body import put_together, take_apart
from poselift.lifter.data.composed import compose, grounded
from poselift.lifter.data.hands import place_hands
from poselift.lifter.data.planted import planted_feet
from poselift.lifter.data.pose_kinds import KINDS
from poselift.lifter.data.recipe import Recipe
from poselift.lifter.data.studio import Studio
from poselift.skeleton import H36M17
from tests.lifter.synthetic_motion import clips, motion

PELVIS, THORAX, HEAD = 0, 8, 10


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def people(count: int = 40, frames: int = 27) -> torch.Tensor:
    return torch.stack([torch.from_numpy(motion(frames, seed)) for seed in range(count)])


def posed(
    kind: str, rng: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> tuple[torch.Tensor, torch.Tensor]:
    """Joints of people who all hold one kind of pose, and whose feet carry them."""
    often = torch.tensor([float(name == kind) for name in KINDS])
    monkeypatch.setattr(composed, "_OFTEN", often)
    parts, on_feet = compose(take_apart(people()), rng)
    return grounded(put_together(parts), on_feet), on_feet


def lengths(joints: torch.Tensor) -> torch.Tensor:
    parents, children = zip(*H36M17.bones, strict=True)
    return (joints[..., list(children), :] - joints[..., list(parents), :]).norm(dim=-1)


@pytest.mark.parametrize("kind", KINDS)
def test_bones_keep_their_lengths_and_everybody_is_on_the_floor(
    kind: str, rng: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    joints, on_feet = posed(kind, rng, monkeypatch)
    limbs = [child for _, child in H36M17.bones]
    same = [limbs.index(child) for child in (2, 3, 5, 6, 7, 12, 13, 15, 16)]
    assert torch.allclose(lengths(joints)[..., same], lengths(people())[..., same], atol=1e-4)
    assert torch.allclose(joints[..., 2].amin(-1), torch.zeros(40, 27), atol=1e-5)
    assert (on_feet == KINDS[kind].feet).all()
    assert joints.diff(dim=1).norm(dim=-1).max() < 0.4  # nothing jumps


def heights(joints: torch.Tensor, joint: int) -> torch.Tensor:
    return joints[:, :, joint, 2]


def test_who_sits_has_the_thighs_level_and_the_trunk_up(
    rng: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    joints, _ = posed("on a chair", rng, monkeypatch)
    for hip, knee in ((1, 2), (4, 5)):
        assert (heights(joints, knee) - heights(joints, hip)).abs().mean() < 0.2
    assert (heights(joints, THORAX) - heights(joints, PELVIS)).mean() > 0.35
    assert planted_feet(joints, 30.0).mean() > 0.4


def test_who_squats_is_low_and_who_bends_has_the_head_low(
    rng: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand, _ = posed("standing", rng, monkeypatch)
    squat, _ = posed("squatting", rng, monkeypatch)
    bent, _ = posed("bent down", rng, monkeypatch)
    assert heights(squat, PELVIS).mean() < 0.75 * heights(stand, PELVIS).mean()
    assert heights(bent, PELVIS).mean() > 0.7 * heights(stand, PELVIS).mean()
    assert heights(bent, HEAD).mean() < 0.75 * heights(stand, HEAD).mean()


def test_legs_cross(rng: torch.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    joints, _ = posed("cross-legged", rng, monkeypatch)
    across = joints[:, :, 4] - joints[:, :, 1]
    ankles = joints[:, :, 6] - joints[:, :, 3]
    knees = joints[:, :, 5] - joints[:, :, 2]
    assert ((across * ankles).sum(-1) < (across * knees).sum(-1) - 0.05).float().mean() > 0.9


def test_who_lies_lies(rng: torch.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    joints, on_feet = posed("on the back", rng, monkeypatch)
    assert (heights(joints, THORAX) - heights(joints, PELVIS)).abs().mean() < 0.25
    assert not on_feet.any()


def test_who_does_push_ups_is_carried_by_hands_and_feet(
    rng: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    joints, on_feet = posed("push-up, arms straight", rng, monkeypatch)
    wrists = heights(joints, 13).minimum(heights(joints, 16))
    assert (wrists.mean(1) < 0.25).float().mean() > 0.9
    assert (heights(joints, THORAX) - wrists).mean() > 0.25
    assert not on_feet.any()


def test_who_stands_on_one_leg_keeps_that_foot_in_place(
    rng: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    joints, _ = posed("a leg raised in front", rng, monkeypatch)
    ankles = joints[:, :, [3, 6]]
    low = ankles[..., 2].mean(1).argsort(-1)
    apart = (ankles[..., 2].mean(1).diff(dim=-1)).abs()[:, 0]
    clear = apart > 0.2
    assert clear.float().mean() > 0.6
    moved = ankles[..., :2].diff(dim=1).norm(dim=-1).mean(1).gather(1, low)  # lower, higher
    assert moved[clear, 0].mean() < 0.3 * moved[clear, 1].mean()


def test_hands_go_to_the_face_and_arms_keep_their_lengths(rng: torch.Generator) -> None:
    joints = people(200)
    placed = put_together(place_hands(take_apart(joints), 1.0, rng))
    assert torch.allclose(lengths(placed), lengths(joints), atol=1e-4)
    away = (placed[:, :, [13, 16]] - placed[:, :, 10:11]).norm(dim=-1).amin(-1).mean(1)
    before = (joints[:, :, [13, 16]] - joints[:, :, 10:11]).norm(dim=-1).amin(-1).mean(1)
    assert (away < 0.25).float().mean() > (before < 0.25).float().mean() + 0.15
    assert torch.equal(place_hands(take_apart(joints), 0.0, rng).arms, take_apart(joints).arms)


def test_the_studio_composes_as_often_as_it_is_told() -> None:
    low = []
    for chance in (0.0, 1.0):
        recipe = Recipe(frames=9, composed=chance, lying=0.0, true=1.0)
        people = Studio(clips(3), recipe, seed=1).people(200)
        assert people.joints.isfinite().all()
        low.append(float((people.joints[..., 2].amin(-1).abs() < 1e-4).float().mean()))
    assert low[0] < 0.05
    assert low[1] == 1.0
