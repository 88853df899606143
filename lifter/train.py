"""Training a lifter: the data, the network and the run, from plain values."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    from poselift.lifter.data.mocap import Clip
    from poselift.lifter.data.windows import WindowBatch
    from poselift.lifter.models.base import LifterNet
    from poselift.lifter.training.loop import WindowSource
    from poselift.lifter.training.settings import TrainSettings


_log = logging.getLogger(__name__)
_MOST_THREADS = 1024  # torch ends the process where the system refuses threads
_DATA = ("mocap", "h36m", "3dhp")


@dataclass(frozen=True)
class TrainData:
    """Where the windows come from; `TrainSettings.data` says which of these is read.

    Attributes:
        mocap: motion capture for "mocap": sets (.npz), .bvh files, or folders of them.
        validate: which of it is held out for validation: patterns of clip names (`*/dance_*`), or
            further sets, files or folders, of which everything is. None holds out the clips that
            `mocap.is_validation` recognises by name.
        h36m: folder with Human3.6M's npz files, for "h36m".
        mpi3dhp: folder with MPI-INF-3DHP's npz files, for "3dhp".
        noise: measured keypointer errors (.json), for "mocap"; None takes the defaults.
    """

    mocap: Sequence[str | Path] = ()
    h36m: Path | None = None
    mpi3dhp: Path | None = None
    noise: Path | None = None
    validate: Sequence[str | Path] | None = None


def settings_from(config: str | Path | None = None, **changes: Any) -> TrainSettings:
    """A config (a .toml file, or the name of an included one) with all changes that are not None.

    A budget in minutes replaces one in steps.
    """
    from poselift.lifter.training.settings import TrainSettings, made_of, read_config, with_changes

    settings = made_of(TrainSettings, read_config(config) if config else {}, str(config))
    if changes.get("minutes") and not changes.get("steps"):
        changes["steps"] = 0
    return with_changes(settings, changes)


def train(
    settings: TrainSettings,
    data: TrainData,
    out: str | Path,
    *,
    device: str = "auto",
    threads: int | None = None,
    teacher: str | None = None,
    init: Path | None = None,
    resume: bool = False,
    validate_minutes: float = 3.0,
) -> None:
    """Train, and write the run to the folder `out`. Ctrl-C stops and saves it.

    Args:
        settings: the network, its budget and how it is trained.
        data: what it is trained on.
        out: the run's folder.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        threads: CPU threads; None leaves them as they are.
        teacher: a lifter to learn from as well: a name of weights or a .safetensors file.
        init: weights to start from (.safetensors).
        resume: continue from `last.pt` in `out`, if it exists.
        validate_minutes: time between validations.
    """
    import torch

    from poselift.device import resolve_device
    from poselift.lifter.training.loop import Trainer
    from poselift.lifter.training.parallel import Processes

    if not settings.minutes and not settings.steps and not settings.epochs:
        raise PoseliftError("No budget is set.", "Give `minutes` or `steps`.")
    if threads is not None:
        if not 1 <= threads <= _MOST_THREADS:
            raise PoseliftError(f"`threads` is {threads}.", f"Give 1 to {_MOST_THREADS}.")
        torch.set_num_threads(threads)
    if settings.data not in _DATA:
        raise PoseliftError(f"No data is called {settings.data!r}.", f"{', '.join(_DATA)}.")
    out = Path(out)
    processes = Processes()
    try:
        make = _mocap_source if settings.data == "mocap" else _field_source
        source, validation = make(data, settings, processes.rank)
        chosen = resolve_device(device)
        if chosen.type == "cuda" and processes.count > 1:
            chosen = torch.device("cuda", processes.local_rank)
        out.mkdir(parents=True, exist_ok=True)
        trainer = Trainer(
            _with_steps(settings, source),
            source,
            validation,
            out,
            chosen,
            processes,
            load_teacher(teacher) if teacher else None,
        )
        if init:
            trainer.begin_from(init)
        last = out / "last.pt"
        if resume and last.is_file():
            trainer.resume(last)
        trainer.train(validate_minutes=validate_minutes)
    finally:
        processes.close()


def load_teacher(name_or_file: str) -> LifterNet:
    """A lifter whose weights are here, or the one of a file."""
    from poselift import weights
    from poselift.lifter import references

    is_file = name_or_file.endswith(".safetensors")
    return references.load(name_or_file if is_file else weights.get(name_or_file))


def _with_steps(settings: TrainSettings, source: WindowSource) -> TrainSettings:
    """A budget in epochs as one in steps, now that the data's length is known."""
    from poselift.lifter.training.settings import with_changes

    if not settings.epochs or settings.steps or settings.minutes:
        return settings
    length = len(source)  # type: ignore[arg-type]
    steps = settings.epochs * max(length // settings.batch, 1)
    return with_changes(settings, {"steps": steps})


def _mocap_source(
    data: TrainData, settings: TrainSettings, rank: int
) -> tuple[WindowSource, dict[str, WindowBatch]]:
    """Windows to train on and to validate with, from motion capture."""
    from poselift.lifter.data.noise import KeypointNoise, measured_noise
    from poselift.lifter.data.recipe import Recipe
    from poselift.lifter.data.studio import Studio
    from poselift.lifter.data.windows import validation_windows
    from poselift.lifter.training.settings import made_of

    if not data.mocap:
        raise PoseliftError("No motion capture is given.", "Give one set or several: `mocap`.")
    training, validation = training_and_validation(data)
    noise = measured_noise(data.noise) if data.noise else KeypointNoise()
    frames = settings.network.get("frames", 27)
    own = {"frames": frames, "live_ages": tuple(settings.network.get("live_ages", ()))}
    recipe = made_of(Recipe, {"noise": noise, **settings.recipe, **own}, "recipe")
    judged = {
        detection: validation_windows(
            validation, frames, settings.fps, detection, normalisation=recipe.normalisation
        )[0]
        for detection in ("true", "detected")
        if validation
    }
    return Studio(training, recipe, settings.seed + 1000 * rank), judged


def training_and_validation(data: TrainData) -> tuple[list[Clip], list[Clip]]:
    """The clips of motion capture that train, and those that only validate."""
    from poselift.lifter.data import mocap
    from poselift.lifter.data.own import read_motions

    clips = read_motions(map(Path, data.mocap))
    if data.validate is None:
        training, validation = mocap.split(clips)
    else:
        files = [Path(one) for one in data.validate if Path(one).exists()]
        patterns = [str(one) for one in data.validate if not Path(one).exists()]
        training, validation = mocap.split(clips, patterns)
        validation += read_motions(files)
    _log.info("%d clips to train on, %d to validate with", len(training), len(validation))
    if not training:
        raise PoseliftError("All clips are held out for validation.", "Name others: `validate`.")
    return training, validation


def _field_source(
    data: TrainData, settings: TrainSettings, rank: int
) -> tuple[WindowSource, dict[str, WindowBatch]]:
    """Windows from the public data sets."""
    from poselift.lifter.data.field import field_windows

    folder = data.h36m if settings.data == "h36m" else data.mpi3dhp
    if folder is None:
        option = "h36m" if settings.data == "h36m" else "mpi3dhp"
        raise PoseliftError(f"This config trains on {settings.data}.", f"Its folder: `{option}`.")
    return field_windows(settings.data, folder, settings, settings.seed + 1000 * rank)
