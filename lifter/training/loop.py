"""The training loop: from settings and a source of windows to weights in a folder."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from poselift.errors import PoseliftError
from poselift.files import atomic_path
from poselift.lifter import models, references
from poselift.lifter.data.windows import WindowBatch
from poselift.lifter.models.base import LifterNet
from poselift.lifter.models.packed import heads_of, pose_of
from poselift.lifter.training.log import RunLog, draw_curves
from poselift.lifter.training.losses import heads_loss, pose_loss
from poselift.lifter.training.optim import half_precision, optimizers, set_rate
from poselift.lifter.training.parallel import Processes
from poselift.lifter.training.settings import TrainSettings
from poselift.lifter.training.validate import measure, measure_heads, predict_packed, wanted
from poselift.reading import damage_told

logger = logging.getLogger(__name__)


class WindowSource(Protocol):
    """Where training windows come from; `rng` is all of its state."""

    rng: torch.Generator

    def windows(self, count: int) -> WindowBatch:
        """`count` new windows."""
        ...


@dataclass
class RunProgress:
    """How far a run is."""

    step: int = 0
    minutes: float = 0.0

    def share(self, settings: TrainSettings) -> float:
        """0 at the start, 1 when the budget is used up."""
        if settings.steps:
            return min(self.step / settings.steps, 1.0)
        return min(self.minutes / max(settings.minutes, 1e-9), 1.0)


def learning_rate(settings: TrainSettings, step: int, share: float) -> float:
    """The rate at a step: a short rise, then the schedule's way down."""
    rise = min((step + 1) / max(settings.warmup, 1), 1.0)
    if settings.schedule == "exponential":
        return settings.lr * rise * settings.lr_decay ** (share * max(settings.epochs, 1))
    low = settings.lr_end
    return settings.lr * rise * (low + (1 - low) * (1 + math.cos(math.pi * share)) / 2)


class Trainer:
    """One run in one folder: `last.pt` to resume from, `log.csv`, `curves.png`, `ema.safetensors`.

    With `steps` as its budget a run that was stopped and resumed ends with the same weights as one
    that was not. With `minutes` the schedule follows the clock: a pause shortens the run.
    """

    def __init__(
        self,
        settings: TrainSettings,
        source: WindowSource,
        validation: dict[str, WindowBatch],
        folder: Path,
        device: torch.device,
        processes: Processes | None = None,
        teacher: LifterNet | None = None,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.source, self.validation = settings, source, validation
        self.folder, self.device = folder, device
        self.processes = processes or Processes()
        self.net = references.create(settings.model, **settings.network).to(device)
        self.average = copy.deepcopy(self.net).requires_grad_(False)
        self.teacher = checked_teacher(teacher, self.net, device)
        self.optimizers = optimizers(self.net, settings.lr, settings.decay, settings.muon)
        self.progress = RunProgress()
        self._run: Callable[[torch.Tensor], torch.Tensor] = self.net.packed
        self._run_live: Callable[[torch.Tensor], torch.Tensor] = self.net.live
        self._losses: list[float] = []
        if device.type == "cuda":
            self._run = torch.compile(self.net.packed)
            self._run_live = torch.compile(self.net.live)

    def begin_from(self, weights: Path) -> None:
        """Start from the weights of another run, with this run's own schedule.

        A network that can grow out of a smaller one takes over that one's weights.
        """
        other = references.load(weights)
        same = (other.name, other.settings) == (self.net.name, self.net.settings)
        if not same and isinstance(self.net, models.Poselift2):
            self.net.begin_from(other)
        else:
            self.net.load_state_dict(other.state_dict())
        self.average.load_state_dict(self.net.state_dict())

    def resume(self, path: Path) -> None:
        """Go on where a checkpoint stopped."""
        hint = "Leave out --resume, or give the folder of a run with the same settings."
        with damage_told(path, "where this run was stopped", hint):
            state = torch.load(path, map_location="cpu", weights_only=True)
            self.net.load_state_dict(state["net"])
            self.average.load_state_dict(state["average"])
            for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(stored)
            self.progress = RunProgress(state["step"], state["minutes"])
            torch.set_rng_state(state["rng"])
            sources = state["sources"]
            self.source.rng.set_state(sources[self.processes.rank % len(sources)])

    def train(self, checkpoint_minutes: float = 2.0, validate_minutes: float = 3.0) -> None:
        """Until the budget is used up, or Ctrl-C; then write what there is."""
        settings, progress = self.settings, self.progress
        saved = validated = time.monotonic()
        began = saved - 60 * progress.minutes
        with RunLog(self.folder, tensorboard=self.processes.first) as log:
            try:
                while self._more():
                    self._losses.append(self.step())
                    now = time.monotonic()
                    progress.minutes = self.processes.agree((now - began) / 60)
                    if now - validated > 60 * validate_minutes:
                        self._report(log)
                        validated = now
                    if self.processes.agree(now - saved) > 60 * checkpoint_minutes:
                        self.save()
                        saved = now
            except KeyboardInterrupt:
                logger.info("stopped at step %d", progress.step)
            self.save()
            if self._losses:
                self._report(log)
            if self.processes.first and settings.minutes + settings.steps > 0:
                draw_curves(log.path, self.folder / "curves.png")

    def _more(self) -> bool:
        return self.progress.share(self.settings) < 1.0

    def step(self) -> float:
        """One update; returns the loss."""
        settings = self.settings
        share = self.progress.share(settings)
        set_rate(self.optimizers, learning_rate(settings, self.progress.step, share))
        batch = self.source.windows(settings.batch // self.processes.count)
        loss = self._loss(batch)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.processes.average_gradients(self.net)
        nn.utils.clip_grad_norm_(self.net.parameters(), settings.clip)
        for optimizer in self.optimizers:
            optimizer.step()
        self.progress.step += 1
        self._follow()
        return float(loss.detach())

    def _loss(self, batch: WindowBatch) -> torch.Tensor:
        batch = batch.to(self.device)
        x, truth, known = batch.x[..., : self.net.channels], wanted(self.net, batch), batch.known
        if self.net.output == "centre":
            known = torch.ones_like(known[:, :1])
        elif batch.live:
            known = torch.cat([known[:, :-1], known[:, -1:] * self.settings.newest], dim=1)
        half = half_precision(self.device)
        with torch.autocast(self.device.type, half, enabled=half is not None):
            packed = (self._run_live if batch.live else self._run)(x).float()
        guess, heads = pose_of(packed), heads_of(packed)
        weights = self.settings.loss_weights()
        loss = pose_loss(guess, truth, known, weights)
        if heads is not None:
            loss = loss + heads_loss(heads, guess, truth, batch, known, weights)
        if self.teacher is not None:
            taught = wanted(self.net, self._taught(batch))
            loss = loss + self.settings.taught * pose_loss(guess, taught, known, weights)
        return loss

    @torch.no_grad()
    def _taught(self, batch: WindowBatch) -> WindowBatch:
        """The windows with the teacher's poses in place of the true ones."""
        assert self.teacher is not None
        ask = self.teacher.live if batch.live else self.teacher.packed
        return replace(batch, y=pose_of(ask(batch.x[..., : self.teacher.channels])))

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the weights; young averages move faster."""
        keep = min(self.settings.ema, (1 + self.progress.step) / (10 + self.progress.step))
        for mean, now in zip(self.average.parameters(), self.net.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)
        for kept, new in zip(self.average.buffers(), self.net.buffers(), strict=True):
            kept.copy_(new)

    def _report(self, log: RunLog) -> None:
        if not self.processes.first:
            self._losses.clear()
            return
        figures = {
            "minutes": self.progress.minutes,
            "loss": sum(self._losses) / max(len(self._losses), 1),
        }
        for name, windows in self.validation.items():
            packed = predict_packed(self.average, windows.x)
            errors = measure(pose_of(packed), wanted(self.average, windows))
            for key, value in {**errors.summary(), **measure_heads(packed, windows)}.items():
                figures[f"{name}_{key}"] = value
        self._losses.clear()
        log.write(self.progress.step, figures)
        logger.info(
            "step %d: %s",
            self.progress.step,
            ", ".join(f"{name} {value:.4g}" for name, value in figures.items()),
        )

    def save(self) -> None:
        """Write `last.pt` and the averaged weights, whole or not at all."""
        sources = self.processes.gather(self.source.rng.get_state())
        if not self.processes.first:
            return
        state: dict[str, Any] = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.progress.step,
            "minutes": self.progress.minutes,
            "rng": torch.get_rng_state(),
            "sources": sources,
            "settings": asdict(self.settings),
        }
        with atomic_path(self.folder / "last.pt") as part:
            torch.save(state, part)
        models.save(self.average, self.folder / "ema.safetensors", self.header())

    @property
    def normalisation(self) -> str:
        """Of the windows that the run trains on."""
        if self.settings.data != "mocap":
            return "screen"
        return str(self.settings.recipe.get("normalisation", "ray"))

    def header(self) -> dict[str, str]:
        """What a weight file says about how it was trained."""
        return {
            "normalisation": self.normalisation,
            "conversion": "coco-h36m" if self.settings.data == "mocap" else "none",
            "fps": f"{self.settings.fps:g}",
            "units": "metres",
            "step": str(self.progress.step),
        }


def checked_teacher(
    teacher: LifterNet | None, net: LifterNet, device: torch.device
) -> LifterNet | None:
    """The teacher, ready to be asked, if it sees the windows that `net` sees."""
    if teacher is None:
        return None
    if teacher.output != "all" or not teacher.takes(net.frames):
        raise PoseliftError(
            f"{teacher.name} with {teacher.frames} frames cannot teach {net.name} with "
            f"{net.frames}.",
            "A teacher gives every frame of windows of the same length.",
        )
    return teacher.to(device).eval().requires_grad_(False)


def trained(trainer: Trainer) -> LifterNet:
    """The averaged network, ready to use."""
    return trainer.average.eval()
