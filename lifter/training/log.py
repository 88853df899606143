"""What a run writes down: CSV always, TensorBoard where it is installed, curves as a picture."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Any


class RunLog:
    """Appends rows of figures to `log.csv`; also to TensorBoard if its package is here."""

    def __init__(self, folder: Path, tensorboard: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "log.csv"
        self._writer: Any = None
        if tensorboard:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                return
            self._writer = SummaryWriter(str(folder / "tensorboard"))

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, step: int, figures: dict[str, float]) -> None:
        """One row; the first row of a file decides its columns."""
        row = {"step": step, **figures}
        fresh = not self.path.exists()
        if not fresh:
            with self.path.open(encoding="utf-8") as file:
                columns = file.readline().strip().split(",")
        else:
            columns = list(row)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            if fresh:
                writer.writeheader()
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
        if self._writer is not None:
            for name, value in figures.items():
                self._writer.add_scalar(name, value, step)


def read_log(path: Path) -> dict[str, list[float]]:
    """The columns of a log.csv."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in (rows[0] if rows else ())}


def draw_curves(log: Path, picture: Path) -> None:
    """Loss and validation errors over the minutes of a run, as a PNG."""
    from matplotlib.figure import Figure

    columns = read_log(log)
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(columns["minutes"], columns["loss"], color="#2b6cb0")
    left.set(xlabel="minutes", ylabel="training loss", yscale="log")
    for name in columns:
        if "mpjpe" in name:
            right.plot(columns["minutes"], columns[name], label=name.replace("_", " "))
    right.set(xlabel="minutes", ylabel="mm (validation)", yscale="log")
    right.legend(fontsize=7)
    for axes in (left, right):
        axes.grid(alpha=0.3, which="both")
    figure.savefig(picture, dpi=110)
