"""What a training run is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from poselift.errors import PoseliftError
from poselift.lifter.training.losses import LossWeights


@dataclass(frozen=True)
class TrainSettings:
    """A run's settings; a .toml config sets any of them by name.

    Attributes:
        model, network: the network's name and its `models.create` settings.
        data: "mocap" (sets given on the command line) or "h36m", "3dhp".
        recipe: settings of `poselift.lifter.data.windows.Recipe`; `recipe.noise` of KeypointNoise.
        batch: windows a step, over all processes.
        lr, lr_end, warmup: peak learning rate, its last share, steps of its rise.
        schedule: "cosine" over the run, or "exponential" (times `lr_decay` an epoch).
        minutes, steps: the budget; the first that is set counts, steps before minutes.
        ema: how much of the averaged weights stays in a step; 0 for none.
        loss: weights of the loss's terms.
        taught: how much a teacher's poses count beside the true ones, where there is a teacher.
    """

    model: str = "poselift"
    network: Mapping[str, Any] = field(default_factory=dict)
    data: str = "mocap"
    recipe: Mapping[str, Any] = field(default_factory=dict)
    batch: int = 256
    lr: float = 2e-3
    lr_end: float = 0.01
    lr_decay: float = 0.99
    warmup: int = 50
    schedule: str = "cosine"
    decay: float = 0.01
    muon: bool = True
    clip: float = 1.0
    minutes: float = 0.0
    steps: int = 0
    epochs: int = 0
    flip: bool = True
    ema: float = 0.99
    loss: Mapping[str, float] = field(default_factory=dict)
    taught: float = 1.0
    fps: float = 30.0
    seed: int = 0

    def loss_weights(self) -> LossWeights:
        """The loss's weights, the defaults where nothing is said."""
        return LossWeights(**self.loss)


def read_config(path: Path | str) -> dict[str, Any]:
    """A .toml config as keyword arguments of `TrainSettings`."""
    import tomllib

    path = Path(path)
    if not path.is_file():
        shipped = Path(__file__).parents[1] / "configs" / f"{path.name.removesuffix('.toml')}.toml"
        if not shipped.is_file():
            there = ", ".join(sorted(p.stem for p in shipped.parent.glob("*.toml")))
            raise PoseliftError(f"No such config: {path}", f"Included ones: {there}.")
        path = shipped
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise PoseliftError(f"{path} is not valid TOML: {error}", "Correct the file.") from error
    known = {f.name for f in fields(TrainSettings)}
    unknown = sorted(set(content) - known)
    if unknown:
        raise PoseliftError(
            f"{path} has unknown settings: {', '.join(unknown)}.",
            f"Known: {', '.join(sorted(known))}.",
        )
    return content


def with_changes(settings: TrainSettings, changes: Mapping[str, Any]) -> TrainSettings:
    """The settings with those of `changes` that are not None."""
    return replace(settings, **{k: v for k, v in changes.items() if v is not None})
