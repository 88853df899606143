import pytest
import torch

from poselift.lifter import references
from poselift.lifter.conditions import conditions, on_conditions, tables
from poselift.lifter.data.windows import validation_windows
from tests.lifter.synthetic_motion import clips

FRAMES = 9


def windows(title: str, row: str) -> torch.Tensor:
    [one] = [c for c in conditions(FRAMES, "crop")[title] if c.name == row]
    return validation_windows(clips(3), FRAMES, 30.0, "detected", recipe=one.recipe)[0].x


def test_blind_scores_come_with_the_very_same_points() -> None:
    seen, blind = (windows("scores", name) for name in ("as a keypointer's", "blind to the error"))
    sure = ((seen[..., 2] > 0.25) & (blind[..., 2] > 0.25)).flatten(1).all(1)
    assert sure.any()
    assert torch.allclose(seen[sure, ..., :2], blind[sure, ..., :2], atol=1e-4)
    assert not torch.equal(seen[..., 2], blind[..., 2])


def test_one_score_is_one_score() -> None:
    score = windows("scores", "the same for all that is seen")[..., 2]
    for one in score:
        assert one[one > 0].unique().numel() == 1


def test_legs_are_unseen_throughout_and_do_not_count() -> None:
    score = windows("cut off", "legs unseen, all joints")[..., 2]
    assert (score[:, :, [2, 3, 5, 6]] == 0).all()
    assert (score[:, :, [11, 14]] > 0).any()
    rows = {c.name: c.left_out for c in conditions(FRAMES, "ray")["cut off"]}
    assert rows["legs unseen, but for the legs"] == (2, 3, 5, 6)


def test_cameras_differ_in_one_thing() -> None:
    for title in ("elevation", "roll", "off-centre", "field of view"):
        rows = [c.recipe.cameras for c in conditions(FRAMES, "ray")[title]]
        differing = [
            name for name in vars(rows[0]) if len({str(getattr(r, name)) for r in rows}) > 1
        ]
        assert len(differing) == 1


@pytest.fixture
def net() -> references.LifterNet:
    torch.manual_seed(0)
    return references.create("poselift", frames=FRAMES, width=24, depth=1, heads=2)


def test_every_condition_is_a_row(net: references.LifterNet) -> None:
    net.normalisation = "crop"
    found = on_conditions({"mine": net}, clips(2))
    assert set(found) == {f"mine, {title}" for title in conditions(FRAMES, "crop")}
    row = found["mine, elevation"]["40 to 60 degrees down"]
    assert row["MPJPE"] > row["P-MPJPE"] > 0
    assert row["unturned"] > 0
    assert "| 15 to 30 degrees |" in tables(found)
