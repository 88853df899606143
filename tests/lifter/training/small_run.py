"""A run small enough for tests."""

from __future__ import annotations

from pathlib import Path

import torch

from poselift.lifter.data.recipe import Recipe
from poselift.lifter.data.studio import Studio
from poselift.lifter.data.windows import validation_windows
from poselift.lifter.training.loop import Trainer
from poselift.lifter.training.settings import TrainSettings
from tests.lifter.synthetic_motion import clips

CPU = torch.device("cpu")
SMALL = TrainSettings(
    network={"frames": 9, "width": 32, "depth": 2, "heads": 2}, batch=16, steps=8, warmup=2
)


def trainer(folder: Path, settings: TrainSettings = SMALL) -> Trainer:
    made = clips(4)
    frames = int(settings.network["frames"])
    validation = {"true": validation_windows(made[:1], frames, 30, "true")[0]}
    folder.mkdir(exist_ok=True)
    return Trainer(settings, Studio(made, Recipe(frames=frames), 1), validation, folder, CPU)
