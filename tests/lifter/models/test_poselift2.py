"""What is particular to the second network: growing out of a smaller one, and unseen joints."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from poselift.errors import PoseliftError
from poselift.lifter import models
from tests.lifter.small_nets import small_net


def window(batch: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(batch, 9, 17, 3, generator=generator) * 2 - 1
    x[..., 2] = x[..., 2].abs().clamp_min(0.1)
    return x


@pytest.mark.parametrize("name", ["poselift", "poselift2"])
def test_a_deeper_network_begins_where_the_other_was(name: str) -> None:
    old = small_net(name)
    torch.manual_seed(3)
    new = models.Poselift2(frames=9, width=16, depth=5, attention_heads=2)
    x = window()
    assert (new(x) - old(x)).abs().max() > 0.01
    new.begin_from(old)
    torch.testing.assert_close(new(x), old(x), atol=1e-5, rtol=1e-5)
    new.packed(x).sum().backward()
    for block in new.blocks:  # what does nothing yet learns all the same
        assert block.fc2.weight.grad.abs().sum() > 0


def test_heads_of_the_room_are_added_to_a_network_that_had_none_and_says_the_rest_as_before() -> (
    None
):
    old = small_net("poselift2", room=False)
    torch.manual_seed(3)
    new = models.create("poselift2", **{**old.settings, "room": True})
    new.begin_from(old)  # type: ignore[attr-defined]
    x = window()
    grown = new(x), new.packed(x)
    torch.testing.assert_close(grown[0], old(x), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(grown[1][..., :73], old.packed(x), atol=1e-5, rtol=1e-5)
    said = grown[1][0, 0, 73:]
    assert (said[[0, 2, 3, 4]] - torch.tensor([0.3, 0, 0, 0])).abs().max() < 1e-6
    assert (said[[1, 5]].exp() - torch.tensor([0.15, 0.02])).abs().max() < 1e-6


@pytest.mark.parametrize(("width", "depth"), [(32, 4), (16, 1)])
def test_another_width_or_a_lesser_depth_is_refused(width: int, depth: int) -> None:
    new = models.Poselift2(frames=9, width=width, depth=depth, attention_heads=2)
    with pytest.raises(PoseliftError, match="cannot begin"):
        new.begin_from(small_net("poselift"))


def test_only_its_own_kind_can_be_taken_over() -> None:
    new = models.Poselift2(frames=9, width=16, depth=2, attention_heads=2)
    with pytest.raises(PoseliftError, match="ftcm"):
        new.begin_from(small_net("ftcm"))


def test_where_an_unseen_joint_was_put_does_not_matter() -> None:
    net = small_net("poselift2")
    x = window()
    x[:, :, 3, 2] = 0
    moved = x.clone()
    moved[:, :, 3, :2] += 5
    torch.testing.assert_close(net.packed(moved), net.packed(x), atol=0, rtol=0)
    x[:, :, 3, 2] = moved[:, :, 3, 2] = 0.5
    assert (net(moved) - net(x)).abs().max() > 1e-3


@pytest.mark.parametrize("frames", [9, 14, 20])
def test_shorter_windows_are_lifted_as_by_a_network_of_that_length(frames: int) -> None:
    net = small_net("poselift2", frames=20, shortest=9)
    short = models.create("poselift2", **{**net.settings, "frames": frames})
    short.load_state_dict(net.state_dict())
    x = torch.rand(3, frames, 17, 3, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(net.packed(x), short.eval().packed(x), atol=0, rtol=0)


@pytest.mark.parametrize("frames", [8, 21])
def test_windows_beyond_what_was_trained_are_refused(frames: int) -> None:
    net = small_net("poselift2", frames=20, shortest=9)
    with pytest.raises(PoseliftError, match="20, 17, 3"):
        net(torch.zeros(1, frames, 17, 3))


def test_windows_are_those_of_clips_unless_said() -> None:
    net = small_net("poselift2", frames=20)
    assert net.shortest == 20
    assert net.live_ages == tuple(range(19, -1, -1))
    assert small_net("poselift2", frames=20, shortest=40).shortest == 20


def test_frames_of_a_streams_window_know_how_long_ago_they_are() -> None:
    """Frames that nobody attends to may as well be left out; otherwise gaps would be felt."""
    ages = (17, 11, 8, 4, 3, 2, 1, 0)
    net = small_net("poselift2", frames=9, live_ages=ages)
    x = torch.rand(2, 18, 17, 3, generator=torch.Generator().manual_seed(2))
    seen = x[:, [17 - age for age in ages]]
    shown = torch.zeros(18, 18, dtype=torch.bool)
    shown[:, [17 - age for age in ages]] = True
    dense = models.create("poselift2", **{**net.settings, "frames": 18, "live_ages": None})
    dense.load_state_dict(net.state_dict())

    def only_shown(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return scaled_dot_product_attention(query, key, value, attn_mask=shown)

    for block in dense.eval().blocks:
        block.mix.forward = only_shown
    expected = dense.packed(x)[:, [17 - age for age in ages]]
    torch.testing.assert_close(net.live(seen), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(net.live_at(seen, 6), expected[:, 6:7], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("ages", [[], [3, 2, 1], [3, 3, 0], [2, 3, 0]])
def test_ages_that_cannot_be_are_refused(ages: list[int]) -> None:
    with pytest.raises(PoseliftError, match="live_ages"):
        small_net("poselift2", frames=20, live_ages=ages)
