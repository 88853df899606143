"""`python -m lifter.evaluate`: how good lifters are, as tables.

python -m lifter.evaluate --mocap cmu17.npz pybullet17.npz --weights run/ema.safetensors
python -m lifter.evaluate --h36m data/ --keypoints cpn_ft_h36m_dbb --lifter poseformerv2-243-27-27
python -m lifter.evaluate --3dhp data/ --lifter poselift
python -m lifter.evaluate --humaneva data/ --lifter poselift
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weights.errors import PoseliftError

if TYPE_CHECKING:
    from lifter.scores import Scores


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(prog="python -m lifter.evaluate", description=__doc__,
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
    add("--lookahead", type=int, nargs="+", default=[], metavar="K", help="also as in live use")
    add("--details", action="store_true", help="tables per action and per joint")
    add("--json", type=Path, help="write all figures here too")
    return out


def on_mocap(arguments: argparse.Namespace) -> dict[str, Scores]:
    """Every lifter on the validation split, with true and detector-like 2D."""
    import weights
    from lifter import references
    from lifter.data import mocap
    from lifter.data.windows import Recipe, Studio, validation_windows
    from lifter.scores import score_live, score_windows

    training, clips = mocap.split(mocap.read_sets(arguments.mocap))
    if not clips:
        raise PoseliftError("These sets hold no validation clip.", "See lifter/data/mocap.py.")
    nets = [(path.stem, references.load(path)) for path in arguments.weights]
    nets += [(name, references.load(weights.get(name))) for name in arguments.lifter]
    if arguments.linear:
        source = Studio(training, Recipe(cut_future=0, cut_past=0))
        nets.append(("linear", references.fit_linear(source, arguments.linear)))
    out = {}
    for name, net in nets:
        for detection in ("true", "detected"):
            # Networks that give one pose a window are judged at as many moments as the others.
            stride = 5 if net.output == "centre" else None
            windows, actions = validation_windows(
                clips, net.frames, arguments.fps, detection, stride=stride
            )
            out[f"{name}, {detection} 2D"] = score_windows(net, windows, actions, arguments.mirror)
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
    import lifter
    from lifter.data import field
    from lifter.scores import score_field

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
    from lifter.scores import table

    parts = [table({name: scores.overall for name, scores in results.items()}, "all frames")]
    parts.append(table({n: s.mean_of_actions for n, s in results.items()}, "mean of actions"))
    for name, scores in results.items():
        worst = ", ".join(f"{action} {value:.0f}" for action, value in scores.worst())
        parts.append(f"Worst P-MPJPE of {name}: {worst}")
        if details:
            parts.append(table(scores.actions, name))
            parts.append(table(scores.joints, name))
    return "\n\n".join(parts)


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    arguments = parser().parse_args(argv)
    try:
        if not arguments.lifter and not arguments.weights:
            raise PoseliftError("No lifter is named.", "Say --lifter NAME or --weights FILE.")
        if arguments.mocap:
            results = on_mocap(arguments)
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
