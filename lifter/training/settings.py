"""What a training run is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from poselift.errors import PoseliftError
from poselift.lifter.training.losses import LossWeights
from poselift.reading import damage_told, kind_of, read_whole

Kind = TypeVar("Kind")
_LONGEST = 1 << 20  # bytes


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
        newest: how often the last frame counts in streams' windows: it is the one that they show.
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
    newest: float = 1.0
    fps: float = 30.0
    seed: int = 0

    def __post_init__(self) -> None:
        _refuse_wrong(self)

    def loss_weights(self) -> LossWeights:
        """The loss's weights, the defaults where nothing is said."""
        return made_of(LossWeights, self.loss, "loss")


def made_of(kind: type[Kind], values: Mapping[str, Any], where: str) -> Kind:
    """A dataclass of the values of a table; unknown names and what it refuses are told."""
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    unknown = [str(name) for name in values if name not in known]
    if unknown:
        raise PoseliftError(
            f"`{where}` has unknown settings: {', '.join(unknown)[:200]}.",
            f"Known: {', '.join(known)}.",
        )
    with damage_told(where, "a table of its settings", f"Known: {', '.join(known)}."):
        return kind(**values)


def read_config(path: Path | str) -> dict[str, Any]:
    """A .toml config as keyword arguments of `TrainSettings`."""
    import tomllib

    path = Path(path)
    if kind_of(path) != "file":
        shipped = Path(__file__).parents[1] / "configs" / f"{path.name.removesuffix('.toml')}.toml"
        if not shipped.is_file():
            there = ", ".join(sorted(p.stem for p in shipped.parent.glob("*.toml")))
            raise PoseliftError(f"No such config: {path}", f"Included ones: {there}.")
        path = shipped
    with damage_told(path, "valid TOML", "Correct the file."):
        content = tomllib.loads(read_whole(path, _LONGEST).decode("utf-8"))
    known = {f.name for f in fields(TrainSettings)}
    unknown = sorted(set(content) - known)
    if unknown:
        raise PoseliftError(
            f"{path} has unknown settings: {', '.join(unknown)}.",
            f"Known: {', '.join(sorted(known))}.",
        )
    return content


#: The numbers of a run that have bounds; all others are above or at 0.
_BETWEEN = {
    "batch": (1, 1_000_000), "lr": (1e-9, 100), "fps": (1, 1000), "seed": (0, 2**62),
    "ema": (0, 1), "steps": (0, 10**9), "epochs": (0, 10**6), "minutes": (0, 10**6),
    "warmup": (0, 10**9),
}  # fmt: skip


def _refuse_wrong(settings: TrainSettings) -> None:
    """A `PoseliftError` for a value of another kind than its default, or one that cannot be."""
    for one in fields(TrainSettings):
        value = getattr(settings, one.name)
        usual: Any = {} if one.default is MISSING else one.default
        kinds: tuple[type, ...] = (Mapping,) if isinstance(usual, Mapping) else (type(usual),)
        if kinds == (float,):
            kinds = (float, int)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            expected = "a table" if kinds == (Mapping,) else f"such as {usual!r}"
            raise PoseliftError(
                f"The training setting `{one.name}` is {str(value)[:60]!r}.", f"Give {expected}."
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        low, high = _BETWEEN.get(one.name, (0, 10**9))
        if not low <= value <= high:
            raise PoseliftError(
                f"The training setting `{one.name}` is {value:g}.", f"Give {low:g} to {high:g}."
            )


def with_changes(settings: TrainSettings, changes: Mapping[str, Any]) -> TrainSettings:
    """The settings with those of `changes` that are not None."""
    return replace(settings, **{k: v for k, v in changes.items() if v is not None})
