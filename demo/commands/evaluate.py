"""Measure how accurate lifters are; prints Markdown tables.

examples:
  poselift evaluate --mocap cmu17.npz pybullet17.npz --checkpoint run/ema.safetensors
  poselift evaluate --mocap cmu17.npz --clips --lifter poselift-27 convformer-2
  poselift evaluate --mocap hdm05.npz --validate '*' --conditions --lifter poselift
  poselift evaluate --h36m data/ --keypoints cpn_ft_h36m_dbb --lifter sct-243
  poselift evaluate --3dhp data/ --lifter poselift
  poselift evaluate --humaneva data/ --lifter poselift
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from poselift.demo.parser import old_name
from poselift.errors import PoseliftError
from poselift.files import atomic_path
from poselift.progress import Reporter

if TYPE_CHECKING:
    from poselift.lifter.scores import Scores


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add(
        "--lifter",
        nargs="+",
        default=[],
        metavar="NAME",
        help="lifters whose weights are installed",
    )
    checkpoint = add("--checkpoint", nargs="+", default=[], type=Path, metavar="FILE",
                     help="your own weights (.safetensors)")  # fmt: skip
    old_name(parser, "--weights", checkpoint)
    add("--mocap", nargs="+", type=Path, metavar="NPZ", help="motion capture sets")
    add("--validate", nargs="+", metavar="PATTERN",
        help="evaluate clips whose names match, such as '*' (default: our split)")  # fmt: skip
    add("--joints", choices=["human36m", "captured"], default="human36m",
        help="how hips, spine and neck of motion capture are defined")  # fmt: skip
    add("--conditions", action="store_true",
        help="vary scores, missing joints and cameras of motion capture")  # fmt: skip
    add("--h36m", type=Path, metavar="DIR", help="Human3.6M, subjects 9 and 11")
    add("--3dhp", type=Path, dest="mpi3dhp", metavar="DIR", help="MPI-INF-3DHP's test set")
    add("--humaneva", type=Path, metavar="DIR", help="HumanEva-I's validation part")
    add("--keypoints", default="gt", help="2D of Human3.6M and HumanEva: gt, cpn_ft_h36m_dbb, ...")
    add(
        "--linear",
        type=int,
        default=0,
        metavar="N",
        help="also evaluate a linear map fitted to N windows",
    )
    add("--mirror", action="store_true", help="average with the mirrored input")
    add("--fps", type=float, default=30.0, help="rate at which motion capture is read")
    add("--clips", action="store_true",
        help="motion capture in four-second clips, lifted as `lift` does")  # fmt: skip
    add(
        "--lookahead",
        type=int,
        nargs="+",
        default=[],
        metavar="K",
        help="also live, with K frames of lookahead",
    )
    add("--details", action="store_true", help="tables per action, joint and bone")
    add("--json", type=Path, metavar="FILE", help="also write all figures to this file")


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Measure, and print the tables."""
    from poselift.lifter.evaluate import report

    if not options.lifter and not options.checkpoint:
        raise PoseliftError("No lifter was given.", "Give --lifter NAME or --checkpoint FILE.")
    if options.mocap and options.conditions:
        return _on_conditions(options, reporter)
    if options.mocap:
        results = _on_mocap(options, reporter)
    elif options.h36m or options.mpi3dhp or options.humaneva:
        results = _on_field(options)
    else:
        raise PoseliftError("No data was given.", "Give --mocap, --h36m, --3dhp or --humaneva.")
    print(report(results, options.details))
    if options.json:
        figures = {
            name: {"overall": s.overall, "actions": s.actions, "joints": s.joints}
            for name, s in results.items()
        }
        _write(options.json, figures)
    return 0


def _write(path: Path, figures: Mapping[str, Any]) -> None:
    """As JSON, whole or not at all; what is no number is null."""
    with atomic_path(path) as part:
        part.write_text(json.dumps(_numbers(figures), indent=1), encoding="utf-8")


def _numbers(figures: Any) -> Any:
    if isinstance(figures, Mapping):
        return {name: _numbers(value) for name, value in figures.items()}
    return None if isinstance(figures, float) and math.isnan(figures) else figures


def _on_mocap(options: argparse.Namespace, reporter: Reporter) -> dict[str, Scores]:
    from poselift.lifter import evaluate

    training, clips = evaluate.split_sets(options.mocap, options.validate)
    nets = evaluate.networks(options.lifter, options.checkpoint)
    if options.linear:
        nets["linear"] = evaluate.linear_map(training, options.linear)
    if options.clips:
        return evaluate.on_clips(nets, clips, fps=options.fps, reporter=reporter)
    return evaluate.on_mocap(
        nets,
        clips,
        fps=options.fps,
        mirror=options.mirror,
        lookahead=options.lookahead,
        joints=options.joints,
        reporter=reporter,
    )


def _on_conditions(options: argparse.Namespace, reporter: Reporter) -> int:
    from poselift.lifter import conditions, evaluate

    clips = evaluate.split_sets(options.mocap, options.validate)[1]
    nets = evaluate.networks(options.lifter, options.checkpoint)
    found = conditions.on_conditions(
        nets, clips, fps=options.fps, joints=options.joints, reporter=reporter
    )
    print(conditions.tables(found))
    if options.json:
        _write(options.json, found)
    return 0


def _on_field(options: argparse.Namespace) -> dict[str, Scores]:
    from poselift import lifter
    from poselift.lifter.evaluate import on_field

    chosen: list[dict[str, Any]] = [{"name": name} for name in options.lifter]
    chosen += [{"name": "auto", "checkpoint": path} for path in options.checkpoint]
    data: Literal["h36m", "3dhp", "humaneva"] = "humaneva"
    folder = options.humaneva
    if options.h36m:
        data, folder = "h36m", options.h36m
    elif options.mpi3dhp:
        data, folder = "3dhp", options.mpi3dhp
    lifters = (lifter.load(mirror=options.mirror, **one) for one in chosen)
    return on_field(lifters, data, folder, keypoints=options.keypoints)
