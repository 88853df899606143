import inspect
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from lifter import evaluate, models, references, scores, train
from lifter.data.windows import Recipe, Studio, Windows, validation_windows
from lifter.training.log import draw_curves, read_log
from lifter.training.loop import Trainer, learning_rate
from lifter.training.losses import LossWeights, aligned_error, pose_loss
from lifter.training.optim import Muon, orthogonal
from lifter.training.settings import TrainSettings, read_config
from lifter.training.validate import measure, predict, wanted
from tests.lifter.synthetic_motion import clips
from tests.lifter.test_data_windows import write_set
from weights.errors import PoseliftError

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine the threads of these small networks would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


SMALL = TrainSettings(
    network={"frames": 9, "width": 32, "depth": 2, "heads": 2}, batch=16, steps=8, warmup=2
)


def trainer(folder: Path, settings: TrainSettings = SMALL) -> Trainer:
    made = clips(4)
    frames = int(settings.network["frames"])
    validation = {"true": validation_windows(made[:1], frames, 30, "true")[0]}
    folder.mkdir(exist_ok=True)
    return Trainer(settings, Studio(made, Recipe(frames=frames), 1), validation, folder, CPU)


def test_alignment_forgives_turn_size_and_place() -> None:
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(20, 17, 3))
    turned = pose @ Rotation.random(random_state=0).as_matrix() * 1.7 + 3
    assert aligned_error(torch.from_numpy(turned), torch.from_numpy(pose)) < 1e-6
    mirrored = pose * [-1, 1, 1]
    assert aligned_error(torch.from_numpy(mirrored), torch.from_numpy(pose)) > 0.1


def test_the_loss_ignores_repeated_frames_and_is_zero_at_the_truth() -> None:
    truth = torch.randn(3, 9, 17, 3)
    known = torch.ones(3, 9)
    known[:, 5:] = 0
    assert pose_loss(truth, truth, known, LossWeights()) < 1e-4
    wrong = truth.clone()
    wrong[:, 5:] += 10
    assert pose_loss(wrong, truth, known, LossWeights()) < 1e-4
    wrong[:, :5] += 0.1 * torch.randn(3, 5, 17, 3)
    assert pose_loss(wrong, truth, known, LossWeights()) > 0.1


def test_flicker_costs_more_than_an_offset() -> None:
    truth = torch.randn(2, 9, 17, 3)
    known = torch.ones(2, 9)
    offset = torch.full((2, 9, 17, 3), 0.02)
    flicker = offset * torch.tensor([1.0, -1.0]).repeat(5)[:9, None, None]
    weights = LossWeights(aligned=0.0)
    still = pose_loss(truth + offset, truth, known, weights)
    assert pose_loss(truth + flicker, truth, known, weights) > 2 * still


def test_orthogonal_evens_out_a_matrix() -> None:
    matrix = torch.randn(24, 40, generator=torch.Generator().manual_seed(0))
    sizes = torch.linalg.svdvals(orthogonal(matrix))
    assert sizes.min() > 0.3
    assert sizes.max() < 1.4


def test_muon_finds_a_minimum() -> None:
    torch.manual_seed(0)
    goal, weight = torch.randn(16, 16), torch.nn.Parameter(torch.zeros(16, 16))
    optimizer = Muon([weight], lr=0.1, decay=0.0)
    for _ in range(40):
        optimizer.zero_grad()
        ((weight - goal) ** 2).mean().backward()
        optimizer.step()
    assert float(((weight.detach() - goal) ** 2).mean()) < 0.3 * float((goal**2).mean())


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
    assert header.extra["normalisation"] == "crop"
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


def test_a_teacher_of_other_windows_is_refused(tmp_path: Path) -> None:
    teacher = models.create("poselift", frames=27, width=16, depth=1, heads=1)
    with pytest.raises(PoseliftError, match="27 frames cannot teach"):
        Trainer(SMALL, Studio(clips(1), Recipe(frames=9), 1), {}, tmp_path, CPU, teacher=teacher)


@pytest.mark.parametrize("name", ["linear", "martinez", "tcn"])
def test_references_learn_and_come_back(name: str, tmp_path: Path) -> None:
    network = {"frames": 9} if name == "linear" else {"frames": 9, "width": 32}
    settings = TrainSettings(model=name, network=network, batch=16, steps=3, muon=False)
    run = trainer(tmp_path, settings)
    run.train()
    x = torch.rand(2, 9, 17, 3)
    with torch.no_grad():
        out = references.load(tmp_path / "ema.safetensors")(x)
    assert out.shape == (2, 1 if name == "tcn" else 9, 17, 3)
    assert (out[:, :, 0] == 0).all()


def test_the_linear_fit_finds_a_linear_truth() -> None:
    class Linear:
        rng = torch.Generator().manual_seed(0)
        way = torch.randn(9 * 51, 9 * 51, generator=rng) / 20

        def windows(self, count: int) -> Windows:
            x = torch.randn(count, 9, 17, 3, generator=self.rng)
            y = (x.flatten(1) @ self.way).view(count, 9, 17, 3)
            return Windows(x, y - y[:, :, :1], torch.ones(count, 9))

    source = Linear()
    net = references.fit_linear(source, 2000, frames=9)
    asked = source.windows(10)
    with torch.no_grad():
        assert (net(asked.x) - asked.y).abs().max() < 0.01 * asked.y.abs().max()


def test_tcn_refuses_lengths_it_cannot_have() -> None:
    with pytest.raises(PoseliftError, match="3, 9, 27"):
        references.create("tcn", frames=10)


def test_every_shipped_config_makes_its_network() -> None:
    folder = Path(train.__file__).parent / "configs"
    names = sorted(path.stem for path in folder.glob("*.toml"))
    assert {"poselift", "sct-h36m", "ftcm-h36m", "convformer-h36m", "poseformerv2-h36m"} <= {*names}
    for name in names:
        settings = TrainSettings(**read_config(name))
        settings.loss_weights()
        kind = {**models.MODELS, **references.REFERENCES}[settings.model]
        inspect.signature(kind).bind(**settings.network)


def test_what_a_config_says_wrongly_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('model = "sct"\nlearning = 3\n')
    with pytest.raises(PoseliftError, match="learning"):
        read_config(path)
    path.write_text("model = \n")
    with pytest.raises(PoseliftError, match="not valid TOML"):
        read_config(path)
    with pytest.raises(PoseliftError) as error:
        read_config("no-such-config")
    assert "poselift" in error.value.hint


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
    assert train.main([*options, "--steps", "2"]) == 0
    assert train.main([*options, "--steps", "3", "--resume"]) == 0
    assert read_log(out / "log.csv")["step"] == [2, 3]
    weights = str(out / "ema.safetensors")
    figures = tmp_path / "figures.json"
    told = ["--weights", weights, "--mocap", data, "--details", "--mirror", "--json", str(figures)]
    told += ["--lookahead", "0", "4"]
    assert evaluate.main(told) == 0
    printed = capsys.readouterr().out
    assert "run, detected 2D" in printed
    assert "| walk |" in printed
    assert "run, live, 4 frames ahead" in printed
    assert "left wrist" in figures.read_text()
    assert evaluate.main(["--weights", weights, "--mocap", data, "--clips", "--details"]) == 0
    said = capsys.readouterr()
    assert "| P-MPJPE, true 2D | run |" in said.out
    assert "run, detected 2D: P-MPJPE" in said.err


def test_commands_say_what_is_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert train.main(["--config", "poselift", "--out", str(tmp_path)]) == 2
    assert "budget" in capsys.readouterr().err
    assert train.main(["--config", "poselift", "--out", str(tmp_path), "--steps", "1"]) == 2
    assert "--mocap" in capsys.readouterr().err
    assert evaluate.main(["--mocap", "x.npz"]) == 2
    assert "--lifter" in capsys.readouterr().err


def test_perfect_poses_score_perfectly_and_joints_are_told_apart() -> None:
    truth = [np.random.default_rng(i).normal(size=(12, 17, 3)) for i in range(3)]
    perfect = scores.score(truth, truth, ["a", "b", "a"])
    assert perfect.overall["MPJPE"] == 0
    assert perfect.overall["PCK"] == 100
    worse = [pose.copy() for pose in truth]
    worse[1][:, 16] += [0.3, 0, 0]
    result = scores.score(worse, truth, ["a", "b", "a"])
    assert result.joints["right wrist"]["MPJPE"] == pytest.approx(100)
    assert result.worst(1)[0][0] == "b"
    assert result.mean_of_actions["MPJPE"] == pytest.approx(300 / 17 / 2)
    assert "| b |" in scores.table(result.actions)


def test_made_joints_are_left_out() -> None:
    truth = [np.zeros((4, 17, 3))]
    guess = [np.zeros((4, 17, 3))]
    guess[0][:, 7] = 1
    assert scores.score(guess, truth, ["a"], made=(7,)).overall["MPJPE"] == 0


def test_measure_agrees_with_the_metrics() -> None:
    rng = np.random.default_rng(0)
    guess, truth = (rng.normal(size=(5, 9, 17, 3)).astype(np.float32) for _ in range(2))
    ours = measure(torch.from_numpy(guess), torch.from_numpy(truth)).summary()
    theirs = scores.score(list(guess), list(truth), ["x"] * 5).overall
    assert ours["mpjpe"] == pytest.approx(theirs["MPJPE"], rel=1e-4)
    assert ours["p_mpjpe"] == pytest.approx(theirs["P-MPJPE"], rel=1e-3)
    assert ours["mpjve"] == pytest.approx(theirs["MPJVE"], rel=1e-4)


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
