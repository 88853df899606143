import pytest
import torch
from safetensors.torch import save_file

from poselift.errors import PoseliftError
from poselift.lifter import models


@pytest.mark.parametrize(
    ("name", "near"),
    [("poseformer", "poseformerv2"), ("PoseFormerV2", "poseformerv2"), ("sctt", "sct")],
)
def test_the_nearest_name_is_suggested(name: str, near: str) -> None:
    with pytest.raises(PoseliftError) as caught:
        models.create(name, frames=27)
    assert f"Did you mean '{near}'?" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("ftcm", {"frames": 27, "widht": 4}, "widht"),
        ("ftcm", {}, "frames"),
        ("ftcm", {"frames": 27, "width": 100}, "100"),
        ("ftcm", {"frames": 0}, "positive"),
        ("ftcm", {"frames": 27.0}, "27.0"),
        ("sct", {"frames": 27, "width": 30, "heads": 4}, "divide"),
        ("sct", {"frames": 27, "ratio": 0}, "ratio"),
        ("sct", {"frames": 27, "depth": 2, "pruned_layers": (2,)}, "pruned_layers"),
        ("sct", {"frames": 27, "max_frames": 20}, "max_frames"),
        ("poseformerv2", {"frames": 9, "frames_kept": 11, "coefficients_kept": 3}, "11 kept"),
        ("poseformerv2", {"frames": 9, "frames_kept": 3, "coefficients_kept": 10}, "10 coeff"),
        ("convformer", {"frames": 9, "kernels": (4,)}, "odd"),
        ("convformer", {"frames": 9, "kernels": ()}, "odd"),
    ],
)
def test_impossible_settings_are_refused(name: str, settings: dict, told: str) -> None:
    with pytest.raises(PoseliftError, match=told) as caught:
        models.create(name, **settings)
    assert caught.value.hint


def test_published_sizes() -> None:
    sizes = {
        name: sum(p.numel() for p in models.create(name, **settings).parameters())
        for name, settings in {
            "poseformerv2": {"frames": 243, "frames_kept": 27, "coefficients_kept": 27},
            "ftcm": {"frames": 243},
        }.items()
    }
    assert sizes == {"poseformerv2": 14_381_899, "ftcm": 4_369_891}


def test_loading_what_is_not_ours(tmp_path) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(PoseliftError, match="No such file"):
        models.load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(PoseliftError, match="not a complete safetensors"):
        models.load(path)
    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(PoseliftError, match="not one of Poselift's"):
        models.load(path)
    whole = models.save(models.create("ftcm", frames=9, width=64, blocks=1), tmp_path / "b")
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])
    with pytest.raises(PoseliftError, match="not a complete safetensors"):
        models.load(whole)


def test_half_size_files_load_in_float32(tmp_path) -> None:
    net = models.create("ftcm", frames=9, width=64, blocks=1)
    full = models.save(net, tmp_path / "full")
    half = models.save(net, tmp_path / "half", dtype=torch.float16)
    assert half.stat().st_size < 0.6 * full.stat().st_size
    assert next(models.load(half).parameters()).dtype == torch.float32
