"""`python -m poselift.lifter.data`: make motion capture sets to train on.

python -m poselift.lifter.data cmu --asf-amc all_asfamc/subjects --out cmu.npz
python -m poselift.lifter.data cmu --bvh cmuconvert-mb2-01-09 --out cmu.npz
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    from poselift.lifter.data.cmu import Report, Trial


def positive(text: str) -> float:
    """A number above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(prog="python -m poselift.lifter.data", description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    kinds = out.add_subparsers(dest="kind", required=True, metavar="cmu")
    cmu = kinds.add_parser("cmu", help="from the files of the CMU motion capture database")
    source = cmu.add_mutually_exclusive_group(required=True)
    source.add_argument("--asf-amc", type=Path, metavar="DIR", help="01/01.asf, 01/01_01.amc, ...")
    source.add_argument("--bvh", type=Path, metavar="DIR", help="01/01_01.bvh, ...")
    add = cmu.add_argument
    add("--out", type=Path, required=True, metavar="SET.npz", help="the set to write")
    add("--fps", type=positive, default=60.0, help="frames a second of the set (60)")
    add("--source-fps", type=positive, metavar="FPS", help="of all files, if it is not as known")
    add("--scale", type=positive, metavar="M", help="metres a unit of the files, if not as found")
    add("--shortest", type=positive, default=0.5, metavar="S", help="leave out shorter clips (0.5)")
    add("--index", type=Path, metavar="TXT", help="lines such as `01_04 climb`: descriptions")
    return out


def make_cmu(arguments: argparse.Namespace) -> Report:
    """Do what the options say."""
    from poselift.lifter.data.cmu import Wishes, make_set, read_descriptions, trials_of

    if arguments.asf_amc:
        trials = trials_of(arguments.asf_amc, "asfamc")
    else:
        trials = trials_of(arguments.bvh, "bvh")
    descriptions = read_descriptions(arguments.index) if arguments.index else {}
    wishes = Wishes(
        arguments.fps, arguments.source_fps, arguments.scale, arguments.shortest, descriptions
    )

    def heard(number: int, trial: Trial) -> None:
        if number % 50 == 0:
            say(f"{number} of {len(trials)} files; now {trial.place}")

    return make_set(trials, arguments.out, wishes, heard)


def say(line: str) -> None:
    """A line on stderr."""
    sys.stderr.write(f"{line}\n")


def tell(report: Report, out: Path) -> None:
    """What was made, and what was left out."""
    for error in report.failed:
        say(f"Left out: {error.message}")
    for count, what in (
        (len(report.failed), "files not read"),
        (report.cut, "trials cut where joints jump"),
        (report.short, "pieces too short"),
    ):
        if count:
            say(f"{count} {what}")
    say(f"{out}: {report.clips} clips, {report.seconds / 60:.1f} minutes")


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    arguments = parser().parse_args(argv)
    try:
        report = make_cmu(arguments)
    except PoseliftError as error:
        say(f"{error.message}\n{error.hint}")
        return 2
    except KeyboardInterrupt:
        say("Stopped; nothing was written.")
        return 130
    tell(report, arguments.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
