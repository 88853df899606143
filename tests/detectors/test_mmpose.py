from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from poselift.detectors.hrnet import HRNet
from poselift.detectors.mmpose import MmposeTopDown
from poselift.detectors.topdown import cut_upright
from poselift.errors import PoseliftError
from poselift.types import People
from tests.detectors.pictures import clip
from tests.detectors.tiny_models import mmpose_config, random_hrnet


def test_without_mmpose_the_message_says_where_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mmpose", None)
    (tmp_path / "model.pth").touch()
    with pytest.raises(PoseliftError, match="cannot be imported") as caught:
        MmposeTopDown(tmp_path / "model.py")
    assert "docs/published-detectors.md" in caught.value.hint


def test_the_weights_are_the_only_file_beside_the_config(tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match=r"0 \.pth files"):
        MmposeTopDown(tmp_path / "model.py")
    (tmp_path / "a.pth").touch()
    (tmp_path / "b.pth").touch()
    with pytest.raises(PoseliftError, match=r"2 \.pth files"):
        MmposeTopDown(tmp_path / "model.py")


@pytest.mark.mmpose
def test_the_whole_way_is_mmposes(tmp_path: Path) -> None:
    """Crop, network, flip test, decoding and the way back: ours against mmpose's own.

    At the edge of a heatmap mmpose moves a peak along the edge by a quarter, the official code,
    as ours, leaves it: those joints are left out.
    """
    checkpoint = random_hrnet(tmp_path / "hrnet_w32_256x192.pth")
    theirs = MmposeTopDown(mmpose_config(), checkpoint, "cpu")
    ours = HRNet(checkpoint, device="cpu", decode="quarter")
    image = clip("balance_small")[0].image
    people = People(np.array([[205, 205, 375, 560], [380, 240, 430, 440]], np.float32), np.ones(2))
    (expected,) = theirs([image], [people])
    (got,) = ours([image], [people])
    cells = np.stack([in_cells(image, *one) for one in zip(people.boxes, got.xy, strict=True)])
    inside = ((cells > 1.5) & (cells < [45.5, 61.5])).all(axis=-1)
    assert inside.sum() > 20
    away = np.abs(got.xy - expected.xy)[inside].max()
    print(f"largest difference: {away:.1e} pixels, of {inside.sum()} joints")
    assert away < 1e-2
    np.testing.assert_allclose(got.score, expected.score, atol=1e-3)


def in_cells(image: np.ndarray, box: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Joints in cells of the heatmap of a box's crop."""
    to_picture = cut_upright(image, box, 1.25, (192, 256)).to_picture
    return (xy - to_picture[:, 2]) @ np.linalg.inv(to_picture[:, :2]).T / 4


@pytest.mark.mmpose
def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {"backbone.conv1.weight": torch.ones(1)}}, tmp_path / "w.pth")
    with pytest.raises(PoseliftError, match="does not fit the config"):
        MmposeTopDown(mmpose_config(), tmp_path / "w.pth", "cpu")
