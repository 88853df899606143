from pathlib import Path

import numpy as np
import pytest
import torch

from poselift.demo.cli import main
from poselift.lifter.training.log import read_log
from tests.lifter.data.test_windows import write_set
from tests.lifter.synthetic_motion import clips

CPU = torch.device("cpu")


def test_the_commands_train_and_evaluate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = clips(3)
    made[2] = type(made[2])("pybullet_data/walk", made[2].joints, 60.0, "walk")
    data = str(write_set(tmp_path / "set.npz", made))
    config = tmp_path / "tiny.toml"
    config.write_text("batch = 8\n[network]\nframes = 9\nwidth = 32\ndepth = 1\nheads = 2\n")
    out = tmp_path / "run"
    options = ["--config", str(config), "--mocap", data, "--out", str(out), "--device", "cpu"]
    assert main(["train", *options, "--steps", "2"]) == 0
    assert main(["train", *options, "--steps", "3", "--resume"]) == 0
    assert read_log(out / "log.csv")["step"] == [2, 3]
    weights = str(out / "ema.safetensors")
    figures = tmp_path / "figures.json"
    told = ["--checkpoint", weights, "--mocap", data, "--details", "--mirror"]
    told += ["--json", str(figures)]
    told += ["--lookahead", "0", "4"]
    assert main(["evaluate", *told]) == 0
    printed = capsys.readouterr().out
    assert "run, detected 2D" in printed
    assert "| walk |" in printed
    assert "run, live, 4 frames ahead" in printed
    assert "left wrist" in figures.read_text()
    assert main(["evaluate", "--checkpoint", weights, "--mocap", data, "--clips", "--details"]) == 0
    said = capsys.readouterr()
    assert "| P-MPJPE, true 2D | run |" in said.out
    assert "run, detected 2D: P-MPJPE" in said.err


def test_commands_say_what_is_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["train", "--config", "poselift", "--out", str(tmp_path)]) == 2
    assert "budget" in capsys.readouterr().err
    assert main(["train", "--config", "poselift", "--out", str(tmp_path), "--steps", "1"]) == 2
    assert "--mocap" in capsys.readouterr().err
    assert main(["evaluate", "--mocap", "x.npz"]) == 2
    assert "--lifter" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--mocap", "junk.bin"], ["--mocap", "empty"], ["--mocap", "folder"],
        ["--mocap", "/dev/zero"], ["--mocap", "odd.npz"],
        ["--mocap", "good.npz", "--noise", "junk.bin"],
        ["--mocap", "good.npz", "--batch", "0"], ["--mocap", "good.npz", "--lr", "nan"],
        ["--mocap", "good.npz", "--threads", "100000"], ["--mocap", "good.npz", "--threads", "0"],
        ["--mocap", "good.npz", "--validate", "["], ["--mocap", "good.npz", "--device", "xla"],
        ["--mocap", "good.npz", "--init", "junk.bin"], ["--config", "junk.bin"], ["--config", "."],
    ],
    ids=" ".join,
)  # fmt: skip
def test_training_tells_what_it_cannot_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "junk.bin").write_bytes(bytes(range(7, 250)) * 9)
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.bvh").write_text("HIERARCHY x")
    np.savez(tmp_path / "odd.npz", a=np.zeros(3))
    np.savez(tmp_path / "good.npz", **{"a/1/1": np.zeros((9, 17, 3))})
    config = [] if "--config" in words else ["--config", "poselift"]
    assert main(["train", "--out", "run", "--steps", "1", *config, *words]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 2
