"""Matrices multiplied in bfloat16, with everything else in float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from poselift import lifter
from poselift.lifter import models
from poselift.lifter.clip import ClipLifter
from poselift.lifter.models import half
from tests.lifter.small_nets import IMAGE, random_track, small_net
from tests.scene.made import SIZE, film, walker


@pytest.mark.parametrize(
    ("has_instructions", "seconds", "faster"),
    [(True, 0.5, True), (True, 0.95, False), (True, 2.0, False), (False, 0.5, False)],
)
def test_it_is_for_processors_that_clearly_gain_by_it(
    monkeypatch: pytest.MonkeyPatch, has_instructions: bool, seconds: float, faster: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_instructions)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    taken = {torch.bfloat16: seconds, torch.float32: 1.0}
    monkeypatch.setattr(half, "_seconds_to_multiply", taken.__getitem__)
    half.half_is_faster.cache_clear()
    try:
        assert half.half_is_faster() is faster
    finally:
        half.half_is_faster.cache_clear()


def test_the_trial_multiplies_in_either_precision() -> None:
    assert half._seconds_to_multiply(torch.bfloat16) > 0
    assert half._seconds_to_multiply(torch.float32) > 0


@pytest.fixture
def gains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poselift.lifter.clip.half_is_faster", lambda: True)


@pytest.mark.usefixtures("gains")
@pytest.mark.parametrize("name", models.names())
def test_only_the_inside_of_networks_that_say_so_is_halved(name: str) -> None:
    net = small_net(name)
    plain, auto = (ClipLifter.from_net(net, "crop", dtype=d) for d in ("float32", "auto"))
    parts = [part for part in auto.net.modules() if isinstance(part, half.HalfLinear)]
    assert bool(parts) == bool(net.half_layers)
    assert {p.dtype for p in auto.net.parameters()} == {torch.float32}
    [exact], [near] = (lift([random_track(30)], image_size=IMAGE, fps=30) for lift in (plain, auto))
    off = np.abs(near.pose3d - exact.pose3d).max() / np.abs(exact.pose3d).max()
    assert off < 0.03 if parts else off == 0


@pytest.mark.usefixtures("gains")
def test_what_ships_moves_by_less_than_two_millimetres_and_hardly_trembles() -> None:
    plain, auto = (lifter.load("poselift-2", dtype=d) for d in ("float32", "auto"))
    walks = film(walker((-1, 5), (1, 6)), 10).track
    [exact], [near] = (lift([walks], image_size=SIZE, fps=30) for lift in (plain, auto))
    off = near.pose3d - exact.pose3d
    assert 0 < np.linalg.norm(off, axis=-1).mean() < 0.002
    assert np.linalg.norm(np.diff(off, 2, axis=0), axis=-1).mean() < 0.002


@pytest.mark.usefixtures("gains")
def test_other_types_and_runtimes_are_left_as_asked() -> None:
    net = small_net("poselift2")
    for how in ({"dtype": "float32"}, {"dtype": "bfloat16"}, {"runtime": "onnxruntime"}):
        made = ClipLifter.from_net(net, "crop", **how)  # type: ignore[arg-type]
        assert not any(isinstance(part, half.HalfLinear) for part in made.net.modules())
