"""Attention maps as one picture, beside the 2D pose that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poselift.errors import PoseliftError
from poselift.files import atomic_path
from poselift.lifter.attention import AttentionMap
from poselift.skeleton import H36M17

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.image import AxesImage

_LEFT, _RIGHT, _MIDDLE = "#228ae2", "#fa862a", "#555555"
_PANEL, _POSE = 2.1, 3.4  # inches
_COLUMNS = 5  # of means, which have no heads to stand side by side
_MOST_NAMES = 17  # that an axis of two inches can carry
_LOOKING = {
    "joints": ("joint that looks", "joint looked at"),
    "frames": ("frame that looks", "frame looked at (0: that of the pose)"),
    "frequencies and frames": ("frequency, frame that looks", "frequency, frame (0: the pose's)"),
}


@dataclass(frozen=True)
class _Panel:
    """One square of the picture: (N, N) shares of one head, or the mean of them."""

    title: str
    of: AttentionMap
    shares: np.ndarray

    def like(self, other: _Panel | None) -> bool:
        return other is not None and self.of.tokens == other.of.tokens


def draw(maps: Sequence[AttentionMap], xy: np.ndarray, title: str) -> Figure:
    """Maps in rows, a block a row and a head a column; means of heads several in a row.

    `xy` (17, 2) pixels is the pose of the frame. Each block has its own colour scale.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    rows = _rows(maps)
    columns = max(map(len, rows))
    kinds = len({one.over for one in maps})
    size = (_POSE + columns * _PANEL + 1.6, max(len(rows) * _PANEL + 0.8 * kinds + 0.6, 4.2))
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.07))
    figure.suptitle(title, fontsize=12)
    parts = figure.subfigures(1, 2, squeeze=False, width_ratios=[_POSE, size[0] - _POSE])
    left, right = parts[0]
    _draw_pose(left, xy)
    grid = right.subplots(len(rows), columns, squeeze=False)
    for panels, above, below in zip(grid, rows, [*rows[1:], []], strict=True):
        _draw_row(right, panels, above, below)
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write the picture, of the kind that the ending says; it gets its name when it is whole."""
    kind = path.suffix.lstrip(".").lower()
    kinds = figure.canvas.get_supported_filetypes()
    if kind not in kinds:
        raise PoseliftError(
            f"A figure cannot be written as {path.name!r}.",
            "Let the name end in .png, .svg or .pdf.",
        )
    with atomic_path(path) as part:
        figure.savefig(part, format=kind, dpi=110)
    return path


def _rows(maps: Sequence[AttentionMap]) -> list[list[_Panel]]:
    if any(len(one.shares) > 1 for one in maps):
        return [
            [_Panel(f"{one.block}, head {i}", one, head) for i, head in enumerate(one.shares, 1)]
            for one in maps
        ]
    rows = []
    for over in dict.fromkeys(one.over for one in maps):
        panels = [_Panel(one.block, one, one.shares[0]) for one in maps if one.over == over]
        rows += [panels[i : i + _COLUMNS] for i in range(0, len(panels), _COLUMNS)]
    return rows


def _draw_row(
    figure: SubFigure, grid: Sequence[Axes], row: Sequence[_Panel], below: Sequence[_Panel]
) -> None:
    """One row; names stand at the left and below, where the next panel has not the same."""
    one_block = row[0].of is row[-1].of
    highest = max(float(panel.shares.max()) for panel in row) if one_block else None
    looking, looked_at = _LOOKING[row[0].of.over]
    for column, (axes, panel, under) in enumerate(zip_longest(grid, row, below[: len(row)])):
        if panel is None:
            axes.set_axis_off()
            continue
        image = axes.imshow(
            panel.shares, cmap="magma", vmin=0, vmax=highest, interpolation="nearest"
        )
        axes.set_title(panel.title, fontsize=8)
        ticks = _ticks(panel.of)
        names = [panel.of.tokens[i] for i in ticks]
        last = not panel.like(under)
        axes.set_xticks(ticks, names if last else [], fontsize=6, rotation=90)
        axes.set_xlabel(looked_at if last else "", fontsize=7)
        first = column == 0 or not panel.like(row[column - 1])
        axes.set_yticks(ticks, names if first else [], fontsize=6)
        axes.set_ylabel(looking if column == 0 else "", fontsize=7)
        if not one_block:
            _draw_scale(figure, image, axes)
    if one_block:
        _draw_scale(figure, image, grid).set_label("share (a row sums to 1)", fontsize=7)


def _draw_scale(figure: SubFigure, image: AxesImage, beside: Axes | Sequence[Axes]) -> Colorbar:
    bar = figure.colorbar(image, ax=beside, fraction=0.03, pad=0.01)
    bar.ax.tick_params(labelsize=6)
    return bar


def _ticks(one: AttentionMap) -> list[int]:
    """The tokens that are named: all, or every second, fifth... from the middle frame on."""
    count = len(one.tokens)
    step = next(step for step in (1, 2, 5, 10, 20, 50, count) if count <= step * _MOST_NAMES)
    return list(range(one.middle % step, count, step))


def _draw_pose(figure: SubFigure, xy: np.ndarray) -> None:
    axes = figure.subplots()
    for parent, child in H36M17.bones:
        axes.plot(*xy[[parent, child]].T, color=_colour(child), linewidth=2.5)
    colours = [_colour(joint) for joint in range(len(H36M17))]
    axes.scatter(xy[:, 0], xy[:, 1], s=14, color=colours, zorder=3)
    axes.set_aspect("equal", anchor="N")
    axes.invert_yaxis()
    axes.margins(0.15)
    axes.tick_params(labelsize=6)
    axes.set_xlabel("pixels; right orange, left blue", fontsize=7)
    axes.set_title("the frame's 2D pose", fontsize=8)


def _colour(joint: int) -> str:
    return _LEFT if joint in H36M17.left else _RIGHT if joint in H36M17.right else _MIDDLE
