"""`python -m poselift.lifter.evaluate`: how good lifters are, as tables.

python -m poselift.lifter.evaluate --mocap cmu17.npz pybullet17.npz --weights run/ema.safetensors
python -m poselift.lifter.evaluate --mocap cmu17.npz --clips --lifter poselift-27 convformer-27
python -m poselift.lifter.evaluate --h36m data/ --keypoints cpn_ft_h36m_dbb --lifter sct-243
python -m poselift.lifter.evaluate --3dhp data/ --lifter poselift
python -m poselift.lifter.evaluate --humaneva data/ --lifter poselift
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    from poselift.lifter.data.mocap import Clip
    from poselift.lifter.models.base import LifterNet
    from poselift.lifter.scores import Scores


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(prog="python -m poselift.lifter.evaluate", description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add = out.add_argument
    add("--lifter", nargs="+", default=[], metavar="NAME", help="lifters whose weights are here")
    add("--weights", nargs="+", default=[], type=Path, metavar="FILE", help=".safetensors files")
    add("--mocap", nargs="+", type=Path, metavar="NPZ", help="motion capture: our validation split")
    add("--h36m", type=Path, metavar="DIR", help="Human3.6M, subjects 9 and 11")
    add("--3dhp", type=Path, dest="mpi3dhp", metavar="DIR", help="MPI-INF-3DHP's test set")
    add("--humaneva", type=Path, metavar="DIR", help="HumanEva-I's validation part")
    add("--keypoints", default="gt", help="2D of Human3.6M and HumanEva: gt, cpn_ft_h36m_dbb, ...")
    add("--linear", type=int, default=0, metavar="N", help="also a linear map fitted to N windows")
    add("--mirror", action="store_true", help="average with the mirrored input")
    add("--fps", type=float, default=30.0, help="rate at which motion capture is read")
    add("--clips", action="store_true",
        help="motion capture in stretches of four seconds, lifted as users lift clips")  # fmt: skip
    add("--lookahead", type=int, nargs="+", default=[], metavar="K", help="also as in live use")
    add("--details", action="store_true", help="tables per action and per joint")
    add("--json", type=Path, help="write all figures here too")
    return out


def split_sets(arguments: argparse.Namespace) -> tuple[list[Clip], list[Clip]]:
    """Training and validation clips of the sets that are named."""
    from poselift.lifter.data import mocap

    training, clips = mocap.split(mocap.read_sets(arguments.mocap))
    if not clips:
        raise PoseliftError("These sets hold no validation clip.", "See lifter/data/mocap.py.")
    return training, clips


def networks(arguments: argparse.Namespace, training: list[Clip]) -> dict[str, LifterNet]:
    """The networks that are named, and the linear map if it is wanted."""
    from poselift import weights
    from poselift.lifter import references
    from poselift.lifter.data.windows import Recipe, Studio

    nets = {name: references.load(weights.get(name)) for name in arguments.lifter}
    for path in arguments.weights:
        name = path.absolute().parent.name if path.stem == "ema" else path.stem
        nets[name] = references.load(path)
    if arguments.linear:
        source = Studio(training, Recipe(cut_future=0, cut_past=0))
        nets["linear"] = references.fit_linear(source, arguments.linear)
    return nets


def on_clips(arguments: argparse.Namespace) -> dict[str, Scores]:
    """Every lifter on whole stretches of the validation clips, as `lifter.load` lifts."""
    from poselift.lifter.clip import ClipLifter
    from poselift.lifter.data.filmed import film_clips
    from poselift.lifter.scores import score_field

    training, clips = split_sets(arguments)
    sequences = {
        detection: list(film_clips(clips, detection, arguments.fps))
        for detection in ("true", "detected")
    }
    out = {}
    for name, net in networks(arguments, training).items():
        lift = ClipLifter.from_net(net, "crop", name=name, fps=arguments.fps)
        for detection, filmed in sequences.items():
            scores = score_field(lift, filmed, lambda one: one.action)
            out[f"{name}, {detection} 2D"] = scores
            say(f"{name}, {detection} 2D: P-MPJPE {scores.overall['P-MPJPE']:.1f}")
    return out


def say(text: str) -> None:
    """A line on how far it is."""
    sys.stderr.write(text + "\n")


def on_mocap(arguments: argparse.Namespace) -> dict[str, Scores]:
    """Every lifter on the validation split, with true and detector-like 2D."""
    from poselift.lifter.data.windows import validation_windows
    from poselift.lifter.scores import score_live, score_windows

    training, clips = split_sets(arguments)
    nets = networks(arguments, training)
    out = {}
    for name, net in nets.items():
        for detection in ("true", "detected"):
            # Networks that give one pose a window are judged at as many moments as the others.
            stride = 5 if net.output == "centre" else None
            windows, actions = validation_windows(
                clips, net.frames, arguments.fps, detection, stride=stride
            )
            scores = score_windows(net, windows, actions, arguments.mirror)
            out[f"{name}, {detection} 2D"] = scores
            say(f"{name}, {detection} 2D: P-MPJPE {scores.overall['P-MPJPE']:.1f}")
        if arguments.lookahead:
            windows, actions = validation_windows(
                clips, net.frames, arguments.fps, "detected", stride=5
            )
            for frames in arguments.lookahead:
                live = score_live(net, windows, actions, frames)
                out[f"{name}, live, {frames} frames ahead"] = live
    return out


def on_field(arguments: argparse.Namespace) -> dict[str, Scores]:
    """Every lifter on a data set of the field."""
    from poselift import lifter
    from poselift.lifter.data import field
    from poselift.lifter.scores import score_field

    chosen: list[dict[str, Any]] = [{"name": name} for name in arguments.lifter]
    chosen += [{"name": "auto", "checkpoint": path} for path in arguments.weights]
    out = {}
    for options in chosen:
        lift = lifter.load(mirror=arguments.mirror, **options)
        if arguments.h36m:
            sequences = field.h36m(arguments.h36m, field.H36M_TEST, arguments.keypoints)
            scores = score_field(lift, sequences, lambda one: one.action.split(" ")[0])
        elif arguments.mpi3dhp:
            sequences = field.mpi3dhp(arguments.mpi3dhp, "test")
            scores = score_field(lift, sequences, lambda one: one.subject)
        else:
            sequences = field.humaneva(arguments.humaneva, keypoints=arguments.keypoints)
            scores = score_field(lift, sequences, lambda one: f"{one.subject} {one.action}")
        out[lift.name] = scores
    return out


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
    from poselift.lifter.scores import cross_table

    out = []
    for kind in dict.fromkeys(name.partition(", ")[2] for name in results):
        chosen = {n.partition(", ")[0]: s for n, s in results.items() if n.endswith(kind)}
        worst = [name for name, _ in next(iter(chosen.values())).worst(1000)]
        for measure in ("P-MPJPE", "MPJPE"):
            title = ", ".join(part for part in (measure, kind) if part)
            actions = {n: {a: s.actions[a] for a in worst} for n, s in chosen.items()}
            out.append(cross_table(actions, measure, title))
            out.append(cross_table({n: s.joints for n, s in chosen.items()}, measure, title))
    return out


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    arguments = parser().parse_args(argv)
    try:
        if not arguments.lifter and not arguments.weights:
            raise PoseliftError("No lifter is named.", "Say --lifter NAME or --weights FILE.")
        if arguments.mocap:
            results = on_clips(arguments) if arguments.clips else on_mocap(arguments)
        elif arguments.h36m or arguments.mpi3dhp or arguments.humaneva:
            results = on_field(arguments)
        else:
            raise PoseliftError("No data is named.", "Say --mocap, --h36m, --3dhp or --humaneva.")
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    sys.stdout.write(report(results, arguments.details) + "\n")
    if arguments.json:
        figures = {
            name: {"overall": s.overall, "actions": s.actions, "joints": s.joints}
            for name, s in results.items()
        }
        arguments.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
