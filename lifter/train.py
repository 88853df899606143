"""`python -m poselift.lifter.train`: train a lifter.

python -m poselift.lifter.train --config poselift --mocap cmu17.npz --minutes 60 --out run
torchrun --nproc-per-node 2 -m poselift.lifter.train ...      several processes or GPUs
python -m poselift.lifter.train --config sct-h36m --h36m data/ --out run
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    from poselift.lifter.data.windows import WindowBatch
    from poselift.lifter.models.base import LifterNet
    from poselift.lifter.training.loop import WindowSource
    from poselift.lifter.training.parallel import Processes
    from poselift.lifter.training.settings import TrainSettings


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(
        prog="python -m poselift.lifter.train",
        description="Train a lifter; Ctrl-C writes what it has.",
    )
    add = out.add_argument
    add("--config", help="a .toml file, or the name of a shipped one")
    add("--model", help="the network, if no config names it")
    add("--mocap", nargs="+", type=Path, metavar="NPZ", help="motion capture sets")
    add("--h36m", type=Path, metavar="DIR", help="folder with Human3.6M's npz files")
    add("--3dhp", type=Path, dest="mpi3dhp", metavar="DIR", help="folder with MPI-INF-3DHP's npz")
    add("--out", type=Path, required=True, metavar="DIR", help="where the run is written")
    add("--minutes", type=float, help="budget by the clock")
    add("--steps", type=int, help="budget in steps; repeatable exactly")
    add("--batch", type=int, help="windows a step")
    add("--lr", type=float, help="peak learning rate")
    add("--noise", type=Path, metavar="JSON", help="measured keypointer errors")
    add("--resume", action="store_true", help="go on from last.pt in the folder")
    add("--init", type=Path, metavar="SAFETENSORS", help="start from these weights")
    add("--teacher", metavar="NAME|SAFETENSORS", help="a lifter whose poses are learnt, too")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    add("--threads", type=int, help="CPU threads")
    add("--seed", type=int, help="of weights and data")
    add("--validate-minutes", type=float, default=3.0, help="time between validations")
    return out


def settings_of(arguments: argparse.Namespace) -> TrainSettings:
    """Config and options as settings; options win."""
    from poselift.lifter.training.settings import TrainSettings, read_config, with_changes

    settings = TrainSettings(**(read_config(arguments.config) if arguments.config else {}))
    names = ("model", "minutes", "steps", "batch", "lr", "seed")
    changes = {name: getattr(arguments, name) for name in names}
    if arguments.minutes and not arguments.steps:
        changes["steps"] = 0
    settings = with_changes(settings, changes)
    if not settings.minutes and not settings.steps and not settings.epochs:
        raise PoseliftError("No budget is set.", "Say --minutes 60 or --steps 10000.")
    return settings


def mocap_source(
    arguments: argparse.Namespace, settings: TrainSettings, rank: int
) -> tuple[WindowSource, dict[str, WindowBatch]]:
    """Windows to train on and to validate with, from motion capture."""
    from poselift.lifter.data import mocap
    from poselift.lifter.data.noise import KeypointNoise, measured_noise
    from poselift.lifter.data.windows import Recipe, Studio, validation_windows

    if not arguments.mocap:
        raise PoseliftError("No motion capture is given.", "Say --mocap SET.npz (one or several).")
    training, validation = mocap.split(mocap.read_sets(arguments.mocap))
    noise = measured_noise(arguments.noise) if arguments.noise else KeypointNoise()
    frames = settings.network.get("frames", 27)
    recipe = Recipe(**{"noise": noise, **settings.recipe, "frames": frames})
    judged = {
        detection: validation_windows(validation, frames, settings.fps, detection)[0]
        for detection in ("true", "detected")
        if validation
    }
    return Studio(training, recipe, settings.seed + 1000 * rank), judged


def field_source(
    arguments: argparse.Namespace, settings: TrainSettings, rank: int
) -> tuple[WindowSource, dict[str, WindowBatch]]:
    """Windows from the field's data sets."""
    from poselift.lifter.data.field import field_windows

    folder = arguments.h36m if settings.data == "h36m" else arguments.mpi3dhp
    if folder is None:
        option = "--h36m" if settings.data == "h36m" else "--3dhp"
        raise PoseliftError(f"This config trains on {settings.data}.", f"Say {option} DIR.")
    return field_windows(settings.data, folder, settings, settings.seed + 1000 * rank)


def load_teacher(name_or_file: str) -> LifterNet:
    """A lifter whose weights are here, or the one of a file."""
    from poselift import weights
    from poselift.lifter import references

    is_file = name_or_file.endswith(".safetensors")
    return references.load(name_or_file if is_file else weights.get(name_or_file))


def run(arguments: argparse.Namespace, processes: Processes) -> None:
    """Train as the options say."""
    import torch

    from poselift.device import resolve_device
    from poselift.lifter.training.loop import Trainer

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    settings = settings_of(arguments)
    make = mocap_source if settings.data == "mocap" else field_source
    source, validation = make(arguments, settings, processes.rank)
    if settings.epochs and not settings.steps and not settings.minutes:
        from poselift.lifter.training.settings import with_changes

        length = len(source)  # type: ignore[arg-type]
        steps = settings.epochs * max(length // settings.batch, 1)
        settings = with_changes(settings, {"steps": steps})
    device = resolve_device(arguments.device)
    if device.type == "cuda" and processes.count > 1:
        device = torch.device("cuda", processes.local_rank)
    arguments.out.mkdir(parents=True, exist_ok=True)
    teacher = load_teacher(arguments.teacher) if arguments.teacher else None
    trainer = Trainer(settings, source, validation, arguments.out, device, processes, teacher)
    if arguments.init:
        trainer.begin_from(arguments.init)
    last = arguments.out / "last.pt"
    if arguments.resume and last.is_file():
        trainer.resume(last)
    trainer.train(validate_minutes=arguments.validate_minutes)


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    arguments = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    from poselift.lifter.training.parallel import Processes

    processes = Processes()
    try:
        run(arguments, processes)
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    finally:
        processes.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
