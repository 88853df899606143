"""How training runs went, in one picture: `python -m benchmarks.curves RUN [RUN ...] --out a.png`.

A RUN is a folder that training left, or several that went on from each other, as A+B.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from matplotlib.figure import Figure

from poselift.errors import PoseliftError
from poselift.lifter.training.log import read_log

_MEASURES = {"true_p_mpjpe": "true 2D", "detected_p_mpjpe": "detected 2D"}


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    out.add_argument("runs", nargs="+", metavar="RUN")
    out.add_argument("--out", type=Path, required=True)
    return out


def history(run: str) -> dict[str, list[float]]:
    """The minutes and figures of a run, or of several that went on from each other."""
    out: dict[str, list[float]] = {name: [] for name in ("minutes", *_MEASURES)}
    before = 0.0
    for part in run.split("+"):
        path = Path(part) / "log.csv"
        if not path.is_file():
            raise PoseliftError(f"{part} holds no log.csv.", "Name the folder of a training run.")
        columns = read_log(path)
        for name in _MEASURES:
            out[name] += columns[name]
        out["minutes"] += [before + minutes for minutes in columns["minutes"]]
        before = out["minutes"][-1]
    return out


def draw(runs: dict[str, dict[str, list[float]]], picture: Path) -> None:
    """Errors over minutes, a line a run, a panel a kind of 2D."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, (name, kind) in zip(
        figure.subplots(1, 2, sharey=True), _MEASURES.items(), strict=True
    ):
        for run, columns in runs.items():
            axes.plot(columns["minutes"], columns[name], marker=".", label=run)
        axes.set(xlabel="minutes", title=f"validation, {kind}", yscale="log")
        axes.set_yticks(ticks := [30, 35, 40, 50, 60, 70, 80], [f"{tick}" for tick in ticks])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.set_ylabel("P-MPJPE, mm")
    axes.legend(fontsize=8)
    figure.savefig(picture, dpi=110)


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    options = parser().parse_args(argv)
    try:
        draw({Path(run.split("+")[-1]).name: history(run) for run in options.runs}, options.out)
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
