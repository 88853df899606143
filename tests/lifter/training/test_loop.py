from dataclasses import replace
from pathlib import Path

import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter import models, references
from poselift.lifter.data.recipe import Recipe
from poselift.lifter.data.studio import Studio
from poselift.lifter.data.windows import validation_windows
from poselift.lifter.models.packed import pose_of
from poselift.lifter.training.log import draw_curves, read_log
from poselift.lifter.training.loop import Trainer, learning_rate
from poselift.lifter.training.settings import TrainSettings
from poselift.lifter.training.validate import measure, predict, wanted
from tests.lifter.synthetic_motion import clips
from tests.lifter.training.small_run import CPU, SMALL, trainer


def test_the_rate_rises_then_falls() -> None:
    settings = TrainSettings(lr=1.0, warmup=10, lr_end=0.01, steps=100)
    rates = [learning_rate(settings, step, step / 100) for step in range(101)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == pytest.approx(1.0, rel=0.05)
    assert rates[-1] == pytest.approx(0.01)
    per_epoch = TrainSettings(lr=1.0, warmup=1, schedule="exponential", lr_decay=0.9, epochs=10)
    assert learning_rate(per_epoch, 5, 0.5) == pytest.approx(0.9**5)


def test_a_resumed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole")
    whole.train()
    half = trainer(tmp_path / "half")
    for _ in range(4):
        half.step()
    half.save()
    rest = trainer(tmp_path / "half")
    torch.manual_seed(99)  # whatever happened in between
    rest.resume(tmp_path / "half" / "last.pt")
    rest.train()
    assert rest.progress.step == whole.progress.step == 8
    for one, two in zip(whole.average.parameters(), rest.average.parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_run_leaves_log_curves_and_weights(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.train()
    log = read_log(tmp_path / "log.csv")
    assert log["step"] == [8]
    assert log["true_p_mpjpe"][0] > 0
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    stored = models.load(tmp_path / "ema.safetensors")
    header = models.read_header(tmp_path / "ema.safetensors")
    assert header.extra["normalisation"] == "ray"
    x = torch.rand(2, 9, 17, 3)
    with torch.no_grad():
        assert torch.allclose(stored(x), run.average.eval()(x), atol=1e-6)
    draw_curves(tmp_path / "log.csv", tmp_path / "again.png")
    assert (tmp_path / "again.png").stat().st_size > 1000


def test_a_student_learns_its_teachers_poses(tmp_path: Path) -> None:
    """With the truth left out of account the loss falls, and the teacher stays as it was."""
    torch.manual_seed(0)
    teacher = models.create("poselift", frames=9, width=16, depth=1, heads=1)
    before = [weight.clone() for weight in teacher.parameters()]
    settings = replace(SMALL, model="ftcm", network={"frames": 9, "width": 32, "blocks": 2},
                       batch=64, steps=60, lr=5e-3, taught=50.0)  # fmt: skip
    validation = {"true": validation_windows(clips(1), 9, 30, "true")[0]}
    run = Trainer(settings, Studio(clips(4), Recipe(frames=9), 1), validation, tmp_path, CPU,
                  teacher=teacher)  # fmt: skip
    windows = validation["true"].x
    middle = predict(teacher, windows)[:, 4:5]
    first = measure(predict(run.net, windows), middle).summary()["mpjpe"]
    run.train()
    last = measure(predict(run.net, windows), middle).summary()["mpjpe"]
    assert last < 0.5 * first
    assert all(torch.equal(a, b) for a, b in zip(before, teacher.parameters(), strict=True))


def test_a_teacher_of_several_lengths_teaches_a_network_of_one_of_them(tmp_path: Path) -> None:
    teacher = models.create(
        "poselift2", frames=20, shortest=9, width=16, depth=1, attention_heads=2
    )
    run = Trainer(SMALL, Studio(clips(1), Recipe(frames=9), 1), {}, tmp_path, CPU, teacher=teacher)
    assert 0 < run.step() < 100


def test_the_newest_frame_of_streams_windows_counts_as_often_as_is_said(tmp_path: Path) -> None:
    ages = (7, 4, 2, 1, 0)
    network = {"frames": 9, "width": 16, "depth": 1, "attention_heads": 2, "live_ages": list(ages)}
    nothing_else = {"aligned": 0, "velocity": 0, "bones": 0, "up": 0, "planted": 0, "spread": 0}
    settings = replace(SMALL, model="poselift2", network=network, newest=50.0, loss=nothing_else)
    source = Studio(clips(1), Recipe(frames=9, live=1.0, live_ages=ages, cut_past=0), 1)
    run = Trainer(settings, source, {}, tmp_path, CPU)
    batch = source.windows(4)

    def loss_of_one_wrong(frame: int) -> float:
        with torch.no_grad():
            truth = pose_of(run.net.live(batch.x))
            truth[:, frame, 1:, 0] += 0.1
            return float(run._loss(replace(batch, y=truth)))

    assert loss_of_one_wrong(-1) == pytest.approx(50 * loss_of_one_wrong(0), rel=1e-3)


def test_a_teacher_of_other_windows_is_refused(tmp_path: Path) -> None:
    teacher = models.create("poselift", frames=27, width=16, depth=1, heads=1)
    with pytest.raises(PoseliftError, match="27 frames cannot teach"):
        Trainer(SMALL, Studio(clips(1), Recipe(frames=9), 1), {}, tmp_path, CPU, teacher=teacher)


@pytest.mark.training
def test_a_minute_of_training_beats_the_linear_model(tmp_path: Path) -> None:
    made, unseen = clips(30), clips(6, first_seed=1000)
    recipe = Recipe(frames=9)
    validation = validation_windows(unseen, 9, 30, "detected")[0]
    settings = TrainSettings(
        network={"frames": 9, "width": 64, "depth": 2, "heads": 2},
        batch=64, steps=200, warmup=10, ema=0.95,
    )  # fmt: skip
    run = Trainer(settings, Studio(made, recipe, 1), {"unseen": validation}, tmp_path, CPU)
    run.train()
    linear = references.fit_linear(Studio(made, recipe, 2), 3000, frames=9)
    theirs = measure(predict(linear, validation.x), validation.y).summary()
    ours = measure(predict(run.average, validation.x), wanted(run.average, validation)).summary()
    assert ours["mpjpe"] < 0.9 * theirs["mpjpe"]
    assert ours["p_mpjpe"] < 0.9 * theirs["p_mpjpe"]
