"""Scores of a lifter against known poses, per action and per joint, and their tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from poselift.lifter import metrics
from poselift.lifter.clip import ClipLifter
from poselift.lifter.data.field import FilmedSequence
from poselift.lifter.data.windows import WindowBatch
from poselift.lifter.models.base import LifterNet
from poselift.lifter.models.packed import pose_of
from poselift.lifter.normalise import crop
from poselift.lifter.training.validate import (
    measure_heads,
    predict,
    predict_live,
    predict_packed,
    wanted,
)
from poselift.skeleton import H36M17, mirror_points
from poselift.types import Track

#: Column name, how it is computed from (N, T, J, 3) twice in metres, and its factor for the table.
MEASURES: dict[str, tuple[Callable[[np.ndarray, np.ndarray], float], float]] = {
    "MPJPE": (metrics.mpjpe, 1000),
    "P-MPJPE": (metrics.p_mpjpe, 1000),
    "N-MPJPE": (metrics.n_mpjpe, 1000),
    "MPJVE": (metrics.mpjve, 1000),
    "PCK": (metrics.pck, 100),
    "AUC": (metrics.auc, 100),
}
#: Column of joints: how much too long the bone to the parent is, in millimetres.
BONE = "bone too long"
#: What `measure_heads` calls its figures, and the columns of the tables.
HEADS = {
    "up_degrees": "up, degrees",
    "planted_f1": "planted F1",
    "closeness_percent": "closeness, %",
    "way_percent": "way, %",
}


@dataclass
class Scores:
    """What one lifter reached on one set: rows of figures in millimetres and per cent."""

    actions: dict[str, dict[str, float]] = field(default_factory=dict)
    joints: dict[str, dict[str, float]] = field(default_factory=dict)
    overall: dict[str, float] = field(default_factory=dict)

    @property
    def mean_of_actions(self) -> dict[str, float]:
        """Every action counted once, as the papers' tables do."""
        names = next(iter(self.actions.values()), {})
        return {name: _mean(row[name] for row in self.actions.values()) for name in names}

    def worst(self, count: int = 5, by: str = "P-MPJPE") -> list[tuple[str, float]]:
        """The actions that went worst."""
        rows = sorted(self.actions.items(), key=lambda item: -item[1][by])
        return [(name, row[by]) for name, row in rows[:count]]


def score(guesses: Sequence[np.ndarray], truths: Sequence[np.ndarray], actions: Sequence[str],
          made: tuple[int, ...] = ()) -> Scores:  # fmt: skip
    """Scores of clips (T, 17, 3) in metres against their truths; both are taken from the pelvis."""
    kept = [joint for joint in range(17) if joint not in made]
    guesses = [metrics.root_relative(guess)[:, kept] for guess in guesses]
    truths = [metrics.root_relative(truth)[:, kept] for truth in truths]
    out = Scores(overall=_row(guesses, truths))
    for action in dict.fromkeys(actions):
        chosen = [i for i, name in enumerate(actions) if name == action]
        out.actions[action] = _row([guesses[i] for i in chosen], [truths[i] for i in chosen])
    guess, truth = np.concatenate(guesses), np.concatenate(truths)
    plain = metrics.joint_errors(guess, truth).mean(0)
    aligned = metrics.joint_errors(metrics.procrustes(guess, truth), truth).mean(0)
    for place, joint in enumerate(kept):
        parent = H36M17.parents[joint]
        longer = np.nan
        if parent in kept:
            guessed, true = (
                np.linalg.norm(poses[:, place] - poses[:, kept.index(parent)], axis=-1).mean()
                for poses in (guess, truth)
            )
            longer = float(guessed - true)
        out.joints[H36M17.names[joint]] = {
            "MPJPE": 1000 * float(plain[place]), "P-MPJPE": 1000 * float(aligned[place]),
            BONE: 1000 * longer,
        }  # fmt: skip
    return out


def _row(guesses: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> dict[str, float]:
    """Every frame counts once; velocities are taken inside clips only."""
    guess, truth = np.concatenate(guesses), np.concatenate(truths)
    row = {}
    for name, (measure, factor) in MEASURES.items():
        if name != "MPJVE":
            row[name] = factor * measure(guess, truth)
            continue
        moving = [(g, t) for g, t in zip(guesses, truths, strict=True) if len(g) > 1]
        weights = [len(g) - 1 for g, _ in moving]
        steps = [factor * measure(g, t) for g, t in moving]
        row[name] = float(np.average(steps, weights=weights)) if moving else float("nan")
    return row


def _mean(values: Iterable[float]) -> float:
    """The mean of those that are numbers: single poses have no velocity."""
    kept = [value for value in values if not np.isnan(value)]
    return float(np.mean(kept)) if kept else float("nan")


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.1f}"


def score_windows(
    net: LifterNet,
    windows: WindowBatch,
    actions: Sequence[str],
    mirror: bool = False,
    left_out: tuple[int, ...] = (),
) -> Scores:
    """Scores on windows that the network takes whole; joints `left_out` do not count.

    Poses are judged in camera axes, turned there from the viewing ray (`MPJPE`, with the true
    lens). For networks that see the person's box alone `unturned` is the MPJPE of taking their
    answer for one in camera axes as it is. Networks with heads get the degrees that up is off and
    the F1 of planted feet, too.
    """
    guess = _answer(partial(predict, net), windows.x, mirror)
    truth = wanted(net, windows).numpy()
    out = score(list(guess), list(truth), actions, left_out)
    if windows.axes is not None and net.normalisation == "crop":
        kept = [joint for joint in range(17) if joint not in left_out]
        straight = truth @ windows.axes.numpy()[:, None]
        off = metrics.mpjpe(guess[..., kept, :], straight[..., kept, :])
        out.overall["unturned"] = 1000 * off
    if net.heads:
        said = measure_heads(predict_packed(net, windows.x), windows)
        out.overall.update({HEADS[name]: value for name, value in said.items()})
    return out


def _answer(ask: Callable[[Tensor], Tensor], x: Tensor, mirror: bool) -> np.ndarray:
    """What is said of windows; the mean with what is said of the mirrored ones, if asked for."""
    guess = ask(x).numpy()
    if not mirror:
        return guess
    flipped = ask(torch.from_numpy(mirror_points(x.numpy()))).numpy()
    mean: np.ndarray = (guess + mirror_points(flipped)) / 2
    return mean


def score_live(
    net: LifterNet,
    windows: WindowBatch,
    actions: Sequence[str],
    lookahead: int,
    mirror: bool = False,
) -> Scores:
    """Scores of single poses after which only `lookahead` frames are known.

    They are made as `lifter.Stream` makes them, which mirrors unless told otherwise.
    A network that gives every frame is asked for one near the end of its window. One that gives the
    middle frame sees the last known frame repeated after it.
    """
    x, length = windows.x, windows.x.shape[1]
    if net.output == "all":
        frame = length - 1 - lookahead
        guess = _answer(lambda x: pose_of(predict_live(net, x, frame)), x, mirror)
    else:
        frame = (length - 1) // 2
        seen = x.numpy()[:, np.minimum(np.arange(length), frame + lookahead)]
        cropped = np.concatenate([crop(seen[..., :2], seen[..., 2]), seen[..., 2:]], axis=-1)
        guess = _answer(partial(predict, net), torch.from_numpy(cropped), mirror)
    return score(list(guess), list(windows.y.numpy()[:, frame : frame + 1]), actions)


def score_field(
    lift: ClipLifter,
    sequences: Iterable[FilmedSequence],
    name: Callable[[FilmedSequence], str],
    progress: Callable[[str], None] | None = None,
) -> Scores:
    """Scores on filmed sequences, through the whole lifter; `name` gives the action of each."""
    guesses, truths, actions = [], [], []
    made: tuple[int, ...] = ()
    for one in sequences:
        count = len(one.points)
        seen = np.ones((count, 17), np.float32) if one.score is None else one.score
        track = Track(1, np.arange(count), one.points, seen)
        [motion] = lift([track], image_size=one.size, fps=one.fps)
        if one.judged.any():
            guesses.append(motion.pose3d[one.judged])
            truths.append(one.poses[one.judged])
            actions.append(name(one))
        made = one.made
        if progress:
            progress(f"{one.subject} {one.action} {one.camera}")
    return score(guesses, truths, actions, made)


def table(rows: dict[str, dict[str, float]], title: str = "") -> str:
    """Rows of figures as Markdown; a row need not have all."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [f"| {title} | " + " | ".join(columns) + " |"]
    lines.append("| --- |" + " ---: |" * len(columns))
    for name, row in rows.items():
        cells = (_cell(row.get(column, float("nan"))) for column in columns)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cross_table(rows: dict[str, dict[str, dict[str, float]]], measure: str, title: str = "") -> str:
    """One measure of several lifters side by side; `rows` is lifter, then row, then measure."""
    first = next(iter(rows.values()))
    turned = {
        name: {lifter: figures[name][measure] for lifter, figures in rows.items()} for name in first
    }
    return table(turned, title)
