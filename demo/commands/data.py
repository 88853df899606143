"""Make motion capture sets for training.

examples:
  poselift data cmu --asf-amc all_asfamc/subjects --out cmu.npz
  poselift data cmu --bvh cmuconvert-mb2-01-09 --out cmu.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from poselift.demo.parser import note
from poselift.progress import Reporter

if TYPE_CHECKING:
    from poselift.lifter.data.cmu import Report, Trial


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="cmu")
    cmu = kinds.add_parser("cmu", help="from the files of the CMU motion capture database")
    source = cmu.add_mutually_exclusive_group(required=True)
    source.add_argument("--asf-amc", type=Path, metavar="DIR", help="01/01.asf, 01/01_01.amc, ...")
    source.add_argument("--bvh", type=Path, metavar="DIR", help="01/01_01.bvh, ...")
    add = cmu.add_argument
    add("--out", type=Path, required=True, metavar="SET.npz", help="the set to write")
    add("--fps", type=_positive, default=60.0, help="frames per second of the set (default: 60)")
    add(
        "--source-fps",
        type=_positive,
        metavar="FPS",
        help="rate of all files, if not the usual one",
    )
    add("--scale", type=_positive, metavar="M", help="metres per unit, if detected wrongly")
    add("--shortest", type=_positive, default=0.5, metavar="S",
        help="leave out shorter clips (default: 0.5)")  # fmt: skip
    add("--index", type=Path, metavar="TXT", help="descriptions, in lines such as `01_04 climb`")


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Make the set, and tell what it holds."""
    try:
        report = _make_cmu(options)
    except KeyboardInterrupt:
        note("Stopped; nothing was written.")
        return 130
    _tell(report, options.out)
    return 0


def _positive(text: str) -> float:
    """A number above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _make_cmu(options: argparse.Namespace) -> Report:
    from poselift.lifter.data.cmu import Wishes, make_set, read_descriptions, trials_of

    if options.asf_amc:
        trials = trials_of(options.asf_amc, "asfamc")
    else:
        trials = trials_of(options.bvh, "bvh")
    descriptions = read_descriptions(options.index) if options.index else {}
    wishes = Wishes(options.fps, options.source_fps, options.scale, options.shortest, descriptions)

    def heard(number: int, trial: Trial) -> None:
        if number % 50 == 0:
            note(f"{number} of {len(trials)} files; now {trial.place}")

    return make_set(trials, options.out, wishes, heard)


def _tell(report: Report, out: Path) -> None:
    """What was made, and what was left out."""
    for error in report.failed:
        note(f"Left out: {error.message}")
    for convention, count in report.read_as.items():
        warning = f": {convention.warning}" if convention.warning else ""
        note(f"{count} read as {convention.name}{warning}")
    for count, what in (
        (len(report.failed), "files not read"),
        (report.cut, "trials cut where joints jump"),
        (report.short, "pieces too short"),
    ):
        if count:
            note(f"{count} {what}")
    note(f"{out}: {report.clips} clips, {report.seconds / 60:.1f} minutes")
