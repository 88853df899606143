"""Attention maps are what the network itself multiplies its values by, of the frame asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from poselift.errors import PoseliftError
from poselift.lifter import models
from poselift.lifter.attention import AttentionMap, attention_maps, recorded, select
from poselift.lifter.attention_figure import draw
from poselift.lifter.clip import ClipLifter, WindowInput
from poselift.lifter.engine import WindowSettings
from poselift.lifter.models.base import LifterNet
from poselift.lifter.models.layers import DotProduct
from poselift.skeleton import H36M17
from tests.lifter.small_nets import IMAGE, random_track, small_net

ATTENTIVE = [name for name, model in models.MODELS.items() if model.attention_over]


def window_of(net: LifterNet, frame: int = 15, fps: float = 30) -> WindowInput:
    lift = ClipLifter.from_net(net)
    return lift.window(random_track(30), frame, image_size=IMAGE, fps=fps)


def attentive_net(name: str) -> LifterNet:
    """A small network that looks here more than there."""
    net = small_net(name)
    with torch.no_grad():
        for key, weight in net.named_parameters():
            if "qkv" in key or "projections" in key:
                weight *= 4
    return net


def attentions(net: LifterNet) -> list[DotProduct]:
    return [module for module in net.modules() if isinstance(module, DotProduct)]


def test_who_has_attention_says_so() -> None:
    assert set(ATTENTIVE) == {name for name in models.names() if attentions(attentive_net(name))}
    assert "convformer" in ATTENTIVE


@pytest.mark.parametrize("prepare", [lambda net: net, models.freeze], ids=["plain", "frozen"])
@pytest.mark.parametrize("name", ATTENTIVE)
def test_maps_times_values_are_what_the_network_goes_on_with(
    name: str, prepare: Callable[[LifterNet], LifterNet], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = prepare(attentive_net(name))
    x = window_of(net).x
    values: list[Tensor] = []
    outputs: list[Tensor] = []
    for module in attentions(net):
        module.register_forward_hook(lambda _, given, out: values.append(given[2]))
        module.register_forward_hook(lambda _, given, out: outputs.append(out))
    with torch.no_grad(), recorded(net) as found:
        pose = net(x)
    assert len(found) == len(values) == len(attentions(net))
    for shares, value, out in zip(found.values(), values, outputs, strict=True):
        torch.testing.assert_close(shares @ value, out, atol=1e-5, rtol=0)
    # The whole network, mixing by the maps alone: queries and keys no longer have a say.
    left = iter(list(found.values()))
    monkeypatch.setattr(DotProduct, "forward", lambda self, query, key, value: next(left) @ value)
    with torch.no_grad():
        torch.testing.assert_close(net(x), pose, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ATTENTIVE)
def test_each_row_is_shared_out_among_the_columns(name: str) -> None:
    net = attentive_net(name)
    maps = attention_maps(net, window_of(net))
    assert len({one.block for one in maps}) == len(maps) == len(attentions(net))
    for one in maps:
        assert one.shares.shape == (2, len(one.tokens), len(one.tokens))
        assert one.shares.min() >= 0
        np.testing.assert_allclose(one.shares.sum(axis=-1), 1, atol=1e-5)
        assert np.ptp(one.shares) > 1e-3
        np.testing.assert_allclose(one.mean().shares[0], one.shares.mean(axis=0))


def test_freezing_changes_no_map() -> None:
    net = attentive_net("convformer")
    window = window_of(net)
    plain, frozen = attention_maps(net, window), attention_maps(models.freeze(net), window)
    assert [one.block for one in plain] == [one.block for one in frozen]
    for one, other in zip(plain, frozen, strict=True):
        np.testing.assert_allclose(one.shares, other.shares, atol=1e-5)


@pytest.mark.parametrize("name", ["convformer", "poseformerv2"])
def test_maps_of_joints_are_those_of_the_frame(name: str) -> None:
    net = attentive_net(name)
    window = window_of(net)

    def joints_after(changed: slice | int) -> np.ndarray:
        x = window.x.clone()
        x[:, changed] += torch.linspace(0, 1, 17)[:, None]
        maps = attention_maps(net, replace(window, x=x))
        return np.stack([one.shares for one in maps if one.over == "joints"])

    before = np.stack([m.shares for m in attention_maps(net, window) if m.over == "joints"])
    np.testing.assert_array_equal(joints_after(slice(0, window.middle)), before)
    np.testing.assert_array_equal(joints_after(slice(window.middle + 1, None)), before)
    assert np.abs(joints_after(window.middle) - before).max() > 1e-3


def of_block(net: LifterNet, window: WindowInput, block: str) -> AttentionMap:
    return next(one for one in attention_maps(net, window) if one.block == block)


def test_tokens_have_names() -> None:
    net = attentive_net("convformer")
    assert of_block(net, window_of(net), "spatial_blocks.0").tokens == H36M17.names
    frames = of_block(net, window_of(net), "temporal_blocks.0")
    assert frames.tokens == ("-4", "-3", "-2", "-1", "0", "+1", "+2", "+3", "+4")
    assert frames.middle == 4
    net = attentive_net("poseformerv2")
    mixed = of_block(net, window_of(net), "blocks.0")
    assert (mixed.tokens, mixed.middle) == (("f0", "f1", "f2", "-1", "0", "+1"), 4)
    net = attentive_net("sct")
    short = of_block(net, window_of(net), "space_time.0.time")  # 9 frames in 6 rows
    assert (short.tokens, short.tokens[short.middle]) == (
        ("-4", "-2", "-1", "+1", "+2", "+4"),
        "+1",
    )


def test_frames_are_counted_in_frames_of_the_clip() -> None:
    lift = ClipLifter.from_net(attentive_net("convformer"), fps=30)
    window = lift.window(random_track(61), 40, image_size=IMAGE, fps=60)
    tokens = of_block(lift.net, window, "temporal_blocks.0").tokens
    assert tokens == ("-8", "-6", "-4", "-2", "0", "+2", "+4", "+6", "+8")


def test_one_joint_over_time_or_the_mean_of_all() -> None:
    net = attentive_net("sct")
    window = window_of(net)
    with torch.no_grad(), recorded(net) as found:
        net(window.x)
    each = found["time_space.0.time"].numpy()  # (17, heads, N, N)
    maps = {one.block: one for one in attention_maps(net, window, "left knee")}
    knee = H36M17.index("left knee")
    np.testing.assert_allclose(maps["time_space.0.time"].shares, each[knee], atol=1e-6)
    mean = of_block(net, window, "time_space.0.time")
    np.testing.assert_allclose(mean.shares, each.mean(axis=0), atol=1e-6)
    with pytest.raises(PoseliftError, match="No joint is called 'tail'"):
        attention_maps(net, window, "tail")
    net = attentive_net("convformer")
    with pytest.raises(PoseliftError, match="frames of single joints"):
        attention_maps(net, window_of(net), "left knee")


def test_a_network_without_attention_is_refused() -> None:
    net = attentive_net("ftcm")
    with pytest.raises(PoseliftError, match="ftcm has no attention") as caught:
        attention_maps(net, window_of(net))
    assert "convformer" in caught.value.hint


def test_nothing_is_recorded_any_more_when_all_is_done() -> None:
    net = attentive_net("convformer")
    with pytest.raises(RuntimeError, match="stop"), recorded(net):
        raise RuntimeError("stop")
    assert not any(module._forward_hooks for module in net.modules())


def test_blocks_are_chosen_by_name_part_and_pattern() -> None:
    net = attentive_net("sct")
    maps = attention_maps(net, window_of(net))
    assert select(maps, []) == maps
    assert [m.block for m in select(maps, ["time_space.1"])] == [
        "time_space.1.time", "time_space.1.space",
    ]  # fmt: skip
    assert {m.over for m in select(maps, ["*.space", "*.0.space"])} == {"joints"}
    with pytest.raises(PoseliftError, match="No block is called 'space'"):
        select(maps, ["space"])


@pytest.mark.parametrize("normalisation", ["screen", "crop"])
@pytest.mark.parametrize("name", ["convformer", "poselift"])
def test_the_window_is_what_lifting_sees(name: str, normalisation: str) -> None:
    settings = WindowSettings(mirror=False, join="centre", time_step=2)
    lift = ClipLifter.from_net(
        attentive_net(name), normalisation, fps=30, settings=settings, answer="camera"
    )
    track = random_track(41)
    track.score[7:9] = 0
    for fps, frame in ((30, 0), (30, 8), (30, 40), (60, 20)):
        [motion] = lift([track], image_size=IMAGE, fps=fps)
        window = lift.window(track, frame, image_size=IMAGE, fps=fps)
        pose = lift.net(window.x)[0, window.middle if lift.net.output == "all" else 0]
        pose[0] = 0
        np.testing.assert_allclose(pose, motion.pose3d[frame], atol=1e-5)
        assert window.seen == (frame != 8)
        assert window.spacing == 2 * fps / 30


def test_a_frame_that_is_not_there() -> None:
    with pytest.raises(PoseliftError, match="has no frame 30") as caught:
        window_of(attentive_net("convformer"), frame=30)
    assert "0 to 29" in caught.value.hint


def shown(figure: object) -> dict[str, np.ndarray]:
    """What is drawn under each title."""
    axes = [one for one in figure.axes if one.images]  # type: ignore[attr-defined]
    return {one.get_title(): one.images[0].get_array() for one in axes}


def test_the_picture_shows_every_head_of_every_block() -> None:
    net = attentive_net("convformer")
    window = window_of(net)
    maps = attention_maps(net, window)
    figure = draw(maps, window.xy, "mine")
    panels = shown(figure)
    assert len(panels) == 4
    np.testing.assert_array_equal(panels["temporal_blocks.0, head 2"], maps[1].shares[1])
    first = next(one for one in figure.axes if one.get_title() == "spatial_blocks.0, head 1")
    assert [label.get_text() for label in first.get_yticklabels()] == list(H36M17.names)
    assert [label.get_text() for label in first.get_xticklabels()] == list(H36M17.names)
    assert figure.get_suptitle() == "mine"
    means = shown(draw([one.mean() for one in maps], window.xy, "mine"))
    np.testing.assert_array_equal(means["temporal_blocks.0"], maps[1].shares.mean(axis=0))


@pytest.mark.parametrize("name", ATTENTIVE)
def test_means_of_heads_can_be_drawn_for_all(name: str) -> None:
    net = attentive_net(name)
    window = window_of(net)
    maps = [one.mean() for one in attention_maps(net, window)]
    assert set(shown(draw(maps, window.xy, ""))) == {one.block for one in maps}
