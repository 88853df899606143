"""Train a lifter. Ctrl-C stops and saves the run.

examples:
  poselift train --config poselift --mocap cmu17.npz --minutes 60 --out run
  poselift train --config sct-h36m --h36m data/ --out run
  torchrun --nproc-per-node 2 -m poselift train ...       several processes or GPUs
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from poselift.progress import Reporter


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("--config", metavar="NAME", help="a .toml file, or the name of an included one")
    add("--model", help="the network, if no config names it")
    add(
        "--mocap",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="motion capture sets, BVH files or folders of them",
    )
    add("--validate", nargs="+", metavar="PATTERN|PATH",
        help="clips for validation only: name patterns such as '*/dance_*', or sets or BVH "
             "files (default: those listed in docs/training.md)")  # fmt: skip
    add("--h36m", type=Path, metavar="DIR", help="folder with Human3.6M's npz files")
    add("--3dhp", type=Path, dest="mpi3dhp", metavar="DIR", help="folder with MPI-INF-3DHP's npz")
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the run")
    add("--minutes", type=float, help="time budget")
    add("--steps", type=int, help="budget in steps; exactly repeatable")
    add("--batch", type=int, help="windows per step")
    add("--lr", type=float, help="peak learning rate")
    add("--noise", type=Path, metavar="JSON", help="keypointer errors to train with")
    add("--resume", action="store_true", help="continue from last.pt in the folder of the run")
    add("--init", type=Path, metavar="SAFETENSORS", help="start from these weights")
    add("--teacher", metavar="NAME|SAFETENSORS", help="a lifter to learn from as well")
    add("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, mps")
    add("--threads", type=int, help="CPU threads")
    add("--seed", type=int, help="random seed of weights and data")
    add("--validate-minutes", type=float, default=3.0, metavar="MINUTES",
        help="time between validations (default: 3)")  # fmt: skip


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Train as the options say."""
    from poselift.lifter.train import TrainData, settings_from, train

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    changes = {
        name: getattr(options, name)
        for name in ("model", "minutes", "steps", "batch", "lr", "seed")
    }
    train(
        settings_from(options.config, **changes),
        TrainData(options.mocap, options.h36m, options.mpi3dhp, options.noise, options.validate),
        options.out,
        device=options.device,
        threads=options.threads,
        teacher=options.teacher,
        init=options.init,
        resume=options.resume,
        validate_minutes=options.validate_minutes,
    )
    return 0
