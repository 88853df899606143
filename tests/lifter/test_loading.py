"""`lifter.load`: by entry, by model, by file."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from poselift import lifter, weights
from poselift.errors import PoseliftError
from poselift.lifter import models
from poselift.lifter.clip import ClipLifter
from poselift.weights.lifters import TRAINED
from tests.lifter.small_nets import IMAGE, random_track, small_net


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    extra = {"normalisation": "crop", "fps": "30"}
    return models.save(small_net("ftcm"), tmp_path / "small.safetensors", extra)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, stored: Path) -> dict[str, weights.WeightsEntry]:
    """Two lifters: the first not here, the second here and the default."""
    settings = small_net("ftcm").settings
    entries = {
        "ftcm-away": weights.WeightsEntry(
            "ftcm-away", "lifter", "ftcm", "away.bin", "MIT", "manual: ask", settings=settings
        ),
        "ftcm-here": weights.WeightsEntry(
            "ftcm-here", "lifter", "ftcm", str(stored), "MIT", settings=settings,
            normalisation="screen", fps=25,
        time_step=3, is_default=True,
        ),
    }  # fmt: skip

    def get(name: str) -> Path:
        if name == "ftcm-here":
            return stored
        raise PoseliftError("not on this machine", "`poselift weights get ftcm-away`")

    monkeypatch.setattr(weights, "ENTRIES", entries)
    monkeypatch.setattr(weights, "available", lambda name: name == "ftcm-here")
    monkeypatch.setattr(weights, "get", get)
    return entries


def same(one: ClipLifter, other: ClipLifter) -> bool:
    poses = [x([random_track(15)], image_size=IMAGE, fps=30)[0].pose3d for x in (one, other)]
    return bool(np.abs(poses[0] - poses[1]).max() < 1e-6)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("name", ["auto", "ftcm", "ftcm-here"])
def test_the_best_that_is_here(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        loaded = lifter.load(name, device="cpu")
    assert loaded.name == "ftcm-here"
    assert (loaded.training.normalisation, loaded.training.fps) == ("screen", 25)  # as the entry
    assert loaded.settings.time_step == 3
    assert lifter.load(name, device="cpu", time_step=1).settings.time_step == 1
    if name != "ftcm-here":
        assert "ftcm-here" in caplog.text
    assert lifter.available() == ("ftcm-here",)


def test_weights_that_were_fetched_come_before_those_that_ship(
    registry: dict[str, weights.WeightsEntry], stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "available", lambda name: True)
    monkeypatch.setattr(weights, "get", lambda name: stored)
    registry["ftcm-away"] = replace(registry["ftcm-away"], file=str(stored))
    assert lifter.load("ftcm", device="cpu").name == "ftcm-away"
    assert lifter.load("auto", device="cpu").name == "ftcm-here"  # the default stays the default


@pytest.mark.usefixtures("registry")
def test_what_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(PoseliftError) as error:
        lifter.load("ftcm-away")
    assert "poselift weights get ftcm-away" in error.value.hint


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(("name", "near"), [("ftmc", "ftcm"), ("FTCM-HERE", "ftcm-here")])
def test_an_unknown_name_suggests_the_nearest(name: str, near: str) -> None:
    with pytest.raises(PoseliftError) as error:
        lifter.load(name)
    assert f"Did you mean {near!r}" in error.value.hint


@pytest.mark.usefixtures("registry")
def test_a_model_without_weights_asks_for_a_file() -> None:
    with pytest.raises(PoseliftError, match="no weights for 'convformer'"):
        lifter.load("convformer")


def test_our_own_file_says_how_it_was_trained(stored: Path) -> None:
    loaded = lifter.load(checkpoint=stored, device="cpu")
    assert (loaded.training.normalisation, loaded.training.fps) == ("crop", 30)
    assert same(loaded, ClipLifter.from_net(small_net("ftcm"), "crop", fps=30))
    told = lifter.load("ftcm", checkpoint=stored, normalisation="screen", device="cpu")
    assert told.training.normalisation == "screen"


def test_a_file_of_another_model_is_refused(stored: Path) -> None:
    with pytest.raises(PoseliftError, match="holds a ftcm, not a sct"):
        lifter.load("sct", checkpoint=stored)


@pytest.mark.parametrize("name", ["auto", "sct"])
def test_a_published_file_is_told_by_its_shapes(name: str, tmp_path: Path) -> None:
    net = small_net("sct")
    path = tmp_path / "published.bin"
    tensors = {net.published_name(key): value for key, value in net.state_dict().items()}
    torch.save({"model_pos": {f"module.{k}": v for k, v in tensors.items()}, "epoch": 3}, path)
    hidden = {key: net.settings[key] for key in ("heads", "ratio", "pruned_layers")}
    loaded = lifter.load(name, checkpoint=path, model_settings=hidden, device="cpu")
    assert loaded.training.units == "screen"
    assert same(loaded, ClipLifter.from_net(net, units="screen"))


def test_a_published_file_of_another_model_says_which(tmp_path: Path) -> None:
    net = small_net("sct")
    path = tmp_path / "published.bin"
    torch.save({net.published_name(key): value for key, value in net.state_dict().items()}, path)
    with pytest.raises(PoseliftError) as error:
        lifter.load("convformer", checkpoint=path, model_settings={"frames": 9})
    assert "sct" in error.value.hint


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04broken"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    for name in ("weights.bin", "weights.safetensors"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(PoseliftError):
            lifter.load(checkpoint=path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("gone.bin", "gone.safetensors"):
        with pytest.raises(PoseliftError, match="gone"):
            lifter.load(checkpoint=tmp_path / name)


def test_importing_the_room_is_light() -> None:
    code = "import sys, lifter; sys.exit(any(m in sys.modules for m in ('torch', 'scipy', 'cv2')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_dtype_is_refused(stored: Path) -> None:
    with pytest.raises(PoseliftError, match="'float8'"):
        lifter.load(checkpoint=stored, dtype="float8")


def test_loading_does_not_import_torchs_compiler() -> None:
    code = (
        "import sys\n"
        "from poselift import lifter\n"
        f"for name in {[entry.name for entry in TRAINED]}: lifter.load(name, device='cpu')\n"
        "print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(out.stdout.split())
    assert "torch" in modules
    assert not {"torch._dynamo", "sympy"} & modules  # a second and 60 MB at every start


@pytest.mark.parametrize(("former", "now"), weights.registry.SUCCESSORS.items())
def test_a_former_name_loads_its_successor_and_says_so(
    former: str, now: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert weights.entry(former) == weights.entry(now)
    assert lifter.load(former, device="cpu").name == now
    assert [former in record.message and now in record.message for record in caplog.records] == [
        True
    ]
    assert lifter.loading.choose_lifter(former)[0] == now
