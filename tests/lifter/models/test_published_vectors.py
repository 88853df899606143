"""The networks against numbers that the authors' own code gave, with weights as it names them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter import models
from poselift.lifter.models.published import fold_weight_norm

VECTORS = Path(__file__).parents[2] / "data" / "vectors"
TOLERANCE = 2e-5  # a wrong norm epsilon, or an approximate GELU, is off by 6e-5


def settings_of(stem: str) -> tuple[str, dict]:
    config = json.loads(str(np.load(VECTORS / f"{stem}.npz")["config"]))
    args = config.get("args", {})
    if stem.startswith("poseformerv2"):
        return "poseformerv2", {
            "frames": config["frames"],
            "frames_kept": args["number_of_kept_frames"],
            "coefficients_kept": args["number_of_kept_coeffs"],
            "width": args["embed_dim_ratio"],
            "depth": args["depth"],
            "heads": config["kwargs"]["num_heads"],
        }
    if stem.startswith("ftcm"):
        return "ftcm", {"frames": args["frames"], "width": args["d_hid"], "blocks": args["layers"]}
    kwargs = config["kwargs"]
    return "sct", {
        "frames": config["input_shape"][1],
        "max_frames": kwargs["maxlen"],
        "width": kwargs["dim_feat"],
        "depth": kwargs["depth"],
        "heads": kwargs["num_heads"],
        "representation": kwargs["dim_rep"],
        "ratio": kwargs["dct_ratio"],
        "pruned_layers": kwargs["freq_prune_layer"],
        "norm_eps": config["layernorm_eps"],
    }


def weights_of(stem: str, prefix: str = "") -> dict[str, torch.Tensor]:
    with np.load(VECTORS / f"{stem}.npz") as arrays:
        found = {k[2:]: arrays[k] for k in arrays.files if k.startswith("w:")}
    return {prefix + k: torch.from_numpy(v) for k, v in found.items()}


def loaded(stem: str, path: Path, **changes) -> models.LifterNet:
    name, settings = settings_of(stem)
    net = models.create(name, **{**settings, **changes})
    torch.save(weights_of(stem), path)
    models.load_published(net, path)
    return net.eval()


def in_and_out(stem: str, output: str = "output") -> tuple[torch.Tensor, np.ndarray]:
    with np.load(VECTORS / f"{stem}.npz") as arrays:
        x, y = arrays["input"], arrays[output]
    if stem.startswith("ftcm"):  # (B, 2, T, 17, 1), (B, 3, 1, 17, 1) in the authors' code
        x, y = x[..., 0].transpose(0, 2, 3, 1), y[..., 0].transpose(0, 2, 3, 1)
    return torch.from_numpy(np.ascontiguousarray(x)), y


STEMS = sorted(p.stem for p in VECTORS.glob("*.npz") if "refine" not in p.stem)


@pytest.mark.parametrize("stem", STEMS)
def test_agrees_with_the_authors_code(stem: str, tmp_path: Path) -> None:
    net = loaded(stem, tmp_path / "net.pth")
    x, expected = in_and_out(stem)
    for one in (net, models.freeze(net)):
        assert np.abs(one(x).detach().numpy() - expected).max() < TOLERANCE


@pytest.mark.parametrize("stem", [s for s in STEMS if s.startswith("sct")])
def test_the_training_scripts_epsilon(stem: str, tmp_path: Path) -> None:
    x, expected = in_and_out(stem, "output_eps1e-6")
    net = loaded(stem, tmp_path / "net.pth", norm_eps=1e-6)
    assert np.abs(net(x).detach().numpy() - expected).max() < TOLERANCE


def test_sct_takes_a_window_shorter_than_its_own(tmp_path: Path) -> None:
    stem = "sct_20of30_d32_L3_prune02_r05"
    x, expected = in_and_out(stem)
    net = loaded(stem, tmp_path / "net.pth", frames=30)
    assert np.abs(net(x).detach().numpy() - expected).max() < TOLERANCE


def test_refine(tmp_path: Path) -> None:
    torch.save(weights_of("ftcm_refine", "module."), tmp_path / "refine.pth")
    net = models.create("ftcm", frames=9, width=64, blocks=1, refine=True)
    models.load_published(net.refine, tmp_path / "refine.pth")
    with np.load(VECTORS / "ftcm_refine.npz") as arrays:
        x, projected, expected = (arrays[k] for k in ("input", "input_1", "output"))
    refined = net.refine(torch.from_numpy(x), torch.from_numpy(projected))
    assert np.abs(refined.detach().numpy() - expected).max() < TOLERANCE


FTCM = "ftcm_27_d64_L2_patched"


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrapper", ["", "model_pos", "state_dict", "model"])
def test_every_layout(wrapper: str, prefix: str, legacy: bool, tmp_path: Path) -> None:
    weights = weights_of(FTCM, prefix)
    random_state = np.random.RandomState(3)
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(3))])
    around = {
        "epoch": 4, "lr": 1e-3, "random_state": random_state, "optimizer": optimizer.state_dict(),
        "loss": np.float64(0.1), "history": np.arange(3.0),
    }  # fmt: skip
    content = {**around, wrapper: weights} if wrapper else weights
    path = tmp_path / "net.bin"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    name, settings = settings_of(FTCM)
    net = models.create(name, **settings)
    models.load_published(net, path)
    x, expected = in_and_out(FTCM)
    assert np.abs(net.eval()(x).detach().numpy() - expected).max() < TOLERANCE


def refusal(net: models.LifterNet, weights: dict, path: Path) -> PoseliftError:
    before = {k: v.clone() for k, v in net.state_dict().items()}
    torch.save({"model_pos": weights}, path)
    with pytest.raises(PoseliftError) as caught:
        models.load_published(net, path)
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    return caught.value


def test_missing_unexpected_and_misshapen_are_named(tmp_path: Path) -> None:
    name, settings = settings_of(FTCM)
    weights = weights_of(FTCM)
    del weights["mlpmixer.gmlp.1.fn.SG1.ecl.ln2.weight"]
    weights["stranger"] = torch.ones(1)
    weights["pose_lift.bias"] = torch.ones(48)
    error = refusal(models.create(name, **settings), weights, tmp_path / "net.pth")
    for part in ("mlpmixer.gmlp.1.fn.SG1.ecl.ln2.weight", "stranger", "(48,)", "(51,)"):
        assert part in error.message
    assert "ftcm with frames=27, width=64, blocks=2" in error.hint


@pytest.mark.parametrize(
    ("stem", "name", "changes", "hint"),
    [
        (FTCM, "ftcm", {"frames": 28}, "frames=27"),
        ("poseformerv2_81_9_4_e4_d2_h4", "poseformerv2", {"coefficients_kept": 9, "depth": 3},
         "frames_kept=9, coefficients_kept=4, width=4, depth=2"),
        ("sct_27_d32_L3_prune012", "sct", {"frames": 81, "max_frames": None},
         "frames=27, width=32, depth=3, mlp_ratio=2.0, representation=48"),
    ],
)  # fmt: skip
def test_other_settings_are_told(stem, name, changes, hint, tmp_path: Path) -> None:
    net = models.create(name, **{**settings_of(stem)[1], **changes})
    assert hint in refusal(net, weights_of(stem), tmp_path / "net.pth").hint


def test_another_models_file_is_told(tmp_path: Path) -> None:
    net = models.create(*settings_of(FTCM)[:1], **settings_of(FTCM)[1])
    error = refusal(net, weights_of("sct_27_d32_L3_prune012"), tmp_path / "net.pth")
    assert "seems to be for sct with frames=27" in error.hint
    error = refusal(net, {"layer.weight": torch.ones(3)}, tmp_path / "net.pth")
    assert "does not look like" in error.hint


def test_both_ways_of_writing_a_weight_norm() -> None:
    layer = torch.nn.Linear(5, 4)
    x, expected = torch.randn(3, 5), layer.weight.detach().clone()
    normed = torch.nn.utils.parametrizations.weight_norm(layer)
    with torch.no_grad():
        normed.parametrizations.weight.original0 *= 2
    folded = fold_weight_norm({"a." + k: v for k, v in normed.state_dict().items()})
    assert set(folded) == {"a.weight", "a.bias"}
    torch.testing.assert_close(folded["a.weight"], 2 * expected)
    torch.testing.assert_close(x @ folded["a.weight"].T + folded["a.bias"], normed(x))


def test_convformers_own_names_round_trip(tmp_path: Path) -> None:
    one = models.create("convformer", frames=9, width=8, kernels=(3, 5))
    torch.save({"state_dict": one.state_dict()}, tmp_path / "net.pth")
    other = models.create("convformer", frames=9, width=8, kernels=(3, 5))
    models.load_published(other, tmp_path / "net.pth")
    x = torch.rand(1, 9, 17, 2)
    assert torch.equal(one.eval()(x), other.eval()(x))
    wrong = models.create("convformer", frames=9, width=16)
    hint = refusal(wrong, one.state_dict(), tmp_path / "net.pth").hint
    assert "frames=9, width=8, spatial_blocks=2, temporal_blocks=2, kernels=(3, 5)" in hint
