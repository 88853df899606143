"""How good lifters are, as tables: on motion capture, on whole clips, on the field's data sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from poselift.errors import PoseliftError
from poselift.progress import Reporter, Silent

if TYPE_CHECKING:
    from poselift.lifter.clip import ClipLifter
    from poselift.lifter.data.mocap import Clip
    from poselift.lifter.data.recipe import Joints
    from poselift.lifter.models.base import LifterNet
    from poselift.lifter.normalise import Normalisation
    from poselift.lifter.scores import Scores

DETECTIONS: tuple[Literal["true", "detected"], ...] = ("true", "detected")


def split_sets(
    paths: Sequence[Path], validate: Sequence[str] | None = None
) -> tuple[list[Clip], list[Clip]]:
    """Training and validation clips of sets or BVH files; `validate` are patterns of names."""
    from poselift.lifter.data import mocap
    from poselift.lifter.data.own import read_motions

    training, clips = mocap.split(read_motions(paths), validate)
    if not clips:
        raise PoseliftError(
            "These sets hold no validation clips.",
            "Give --validate patterns of clip names; '*' takes all.",
        )
    return training, clips


def networks(names: Sequence[str], checkpoints: Sequence[Path]) -> dict[str, LifterNet]:
    """The networks of weights that are here and of .safetensors files, by name."""
    from poselift import weights
    from poselift.lifter import references

    nets = {name: references.load(weights.get(name)) for name in names}
    for path in checkpoints:
        name = path.absolute().parent.name if path.stem == "ema" else path.stem
        nets[name] = references.load(path)
    return nets


def linear_map(training: Sequence[Clip], windows: int) -> LifterNet:
    """The best linear map, fitted to `windows` windows: what a lifter has to beat."""
    from poselift.lifter import references
    from poselift.lifter.data.recipe import Recipe
    from poselift.lifter.data.studio import Studio

    return references.fit_linear(Studio(training, Recipe(cut_future=0, cut_past=0)), windows)


def seen_by(net: LifterNet) -> Normalisation:
    """The normalisation of the windows that a network was trained on here."""
    return net.normalisation or "ray"


def on_clips(
    nets: Mapping[str, LifterNet],
    clips: Sequence[Clip],
    *,
    fps: float = 30.0,
    reporter: Reporter | None = None,
) -> dict[str, Scores]:
    """Every network on whole stretches of the clips, as `lifter.load` lifts."""
    from poselift.lifter.clip import ClipLifter
    from poselift.lifter.data.filmed import FIELD_OF_VIEW, film_clips
    from poselift.lifter.scores import score_field

    reporter = reporter or Silent()
    sequences = {detection: list(film_clips(clips, detection, fps)) for detection in DETECTIONS}
    out = {}
    for name, net in nets.items():
        lift = ClipLifter.from_net(
            net, seen_by(net), name=name, fps=fps, field_of_view=FIELD_OF_VIEW
        )
        for detection, filmed in sequences.items():
            scores = score_field(lift, filmed, lambda one: one.action)
            out[f"{name}, {detection} 2D"] = scores
            _tell(reporter, name, detection, scores)
    return out


def on_mocap(
    nets: Mapping[str, LifterNet],
    clips: Sequence[Clip],
    *,
    fps: float = 30.0,
    mirror: bool = False,
    lookahead: Sequence[int] = (),
    joints: Joints = "human36m",
    reporter: Reporter | None = None,
) -> dict[str, Scores]:
    """Every network on windows of the clips, with true and detector-like 2D.

    Each of `lookahead` adds the network in live use, with so many frames ahead. `joints` says whose
    hips, spine and neck are judged: Human3.6M's, or the capture's own.
    """
    from poselift.lifter.data.windows import validation_windows
    from poselift.lifter.scores import score_live, score_windows

    reporter = reporter or Silent()
    out = {}
    for name, net in nets.items():
        for detection in DETECTIONS:
            # Networks that give one pose a window are judged at as many moments as the others.
            stride = 5 if net.output == "centre" else None
            windows, actions = validation_windows(
                clips,
                net.frames,
                fps,
                detection,
                stride=stride,
                joints=joints,
                normalisation=seen_by(net),
            )
            scores = score_windows(net, windows, actions, mirror)
            out[f"{name}, {detection} 2D"] = scores
            _tell(reporter, name, detection, scores)
        if lookahead:
            windows, actions = validation_windows(
                clips,
                net.frames,
                fps,
                "detected",
                stride=5,
                joints=joints,
                normalisation=seen_by(net),
                ages=net.live_ages,
            )
            for frames in lookahead:
                live = score_live(net, windows, actions, frames, mirror)
                out[f"{name}, live, {frames} frames ahead"] = live
    return out


def on_field(
    lifters: Iterable[ClipLifter],
    data: Literal["h36m", "3dhp", "humaneva"],
    folder: Path,
    *,
    keypoints: str = "gt",
) -> dict[str, Scores]:
    """Every lifter on a data set of the field, read from its folder of npz files.

    `keypoints` names the 2D of Human3.6M and HumanEva: "gt", "cpn_ft_h36m_dbb" and so on.
    """
    from poselift.lifter.data import field
    from poselift.lifter.scores import score_field

    out = {}
    for lift in lifters:
        if data == "h36m":
            sequences = field.h36m(folder, field.H36M_TEST, keypoints)
            scores = score_field(lift, sequences, lambda one: one.action.split(" ")[0])
        elif data == "3dhp":
            sequences = field.mpi3dhp(folder, "test")
            scores = score_field(lift, sequences, lambda one: one.subject)
        else:
            sequences = field.humaneva(folder, keypoints=keypoints)
            scores = score_field(lift, sequences, lambda one: f"{one.subject} {one.action}")
        out[lift.name] = scores
    return out


def _tell(reporter: Reporter, name: str, detection: str, scores: Scores) -> None:
    reporter.say(f"{name}, {detection} 2D: P-MPJPE {scores.overall['P-MPJPE']:.1f}")


def report(results: dict[str, Scores], details: bool) -> str:
    """The tables as Markdown."""
    from poselift.lifter.scores import table

    parts = [table({name: scores.overall for name, scores in results.items()}, "all frames")]
    parts.append(table({n: s.mean_of_actions for n, s in results.items()}, "mean of actions"))
    for name, scores in results.items():
        worst = ", ".join(f"{action} {value:.0f}" for action, value in scores.worst())
        parts.append(f"Worst P-MPJPE of {name}: {worst}")
    if details:
        parts += side_by_side(results)
    return "\n\n".join(parts)


def side_by_side(results: dict[str, Scores]) -> list[str]:
    """Tables per action (the first lifter's worst first) and per joint, a lifter a column."""
    from poselift.lifter.scores import BONE, cross_table

    out = []
    for kind in dict.fromkeys(name.partition(", ")[2] for name in results):
        chosen = {n.partition(", ")[0]: s for n, s in results.items() if n.endswith(kind)}
        worst = [name for name, _ in next(iter(chosen.values())).worst(1000)]
        actions = {n: {a: s.actions[a] for a in worst} for n, s in chosen.items()}
        joints = {n: s.joints for n, s in chosen.items()}
        for measure in ("P-MPJPE", "MPJPE", BONE):
            title = ", ".join(part for part in (measure, kind) if part)
            if measure != BONE:
                out.append(cross_table(actions, measure, title))
            out.append(cross_table(joints, measure, title))
    return out
