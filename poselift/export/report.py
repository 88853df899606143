"""A page about one clip: its summary, key poses, and joint-angle and height curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poselift.angles import joint_angles
from poselift.drawing.scene3d import Scene
from poselift.drawing.style import ACCENTS, LEFT, LIGHT, RIGHT, Colour
from poselift.export.key_frames import KEY_POSES, key_frames
from poselift.files import atomic_path, make_folder
from poselift.result import ClipMotion
from poselift.skeleton import H36M17

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PEOPLE = 4  # as many as a page can show; the data has them all
_PAIRS = ("knee", "hip", "elbow", "shoulder")
_INK, _DIM, _LINE = "#26303a", "#7a8794", "#dfe5ea"
_HEAD, _PELVIS = H36M17.index("head"), H36M17.index("pelvis")
_ANKLES = [H36M17.index("left ankle"), H36M17.index("right ankle")]


def write_report(motion: ClipMotion, folder: Path) -> list[Path]:
    """Write `<clip>_report.pdf`, a page a person, and `<clip>_report.png`, the first page.

    The people who were seen longest come first, at most four; a clip with nobody in it gives a
    page that says so. Returns the two paths.
    """
    from matplotlib.backends.backend_pdf import PdfPages

    folder = Path(folder)
    make_folder(folder)
    seen = motion.present.sum(1) if len(motion.ids) else np.zeros(0, int)
    people = [int(p) for p in np.argsort(-seen, kind="stable") if seen[p] > 0][:PEOPLE]
    pages = [_page(motion, person) for person in people] or [_page(motion, None)]
    png, pdf = (folder / f"{motion.name}_report.{kind}" for kind in ("png", "pdf"))
    with atomic_path(png) as part:
        pages[0].savefig(part, dpi=150, format="png")
    with atomic_path(pdf) as part, PdfPages(part) as book:
        for page in pages:
            book.savefig(page)
    return [png, pdf]


def summary(motion: ClipMotion, person: int) -> dict[str, str]:
    """What the page says about the row `person` of a motion, each value with its unit."""
    poses, there = motion.pose3d[person], motion.present[person]
    time = motion.time[there]
    seen = there & ~motion.filled[person]
    known, head = motion.score[person][there], poses[:, _HEAD, 2]
    width, height = motion.size
    facts = {
        "clip": f"{width} x {height}, {_length(motion):.1f} s, {motion.fps:.4g} fps",
        "lifter": motion.lifter,
        "in the picture": f"{time[-1] - time[0]:.1f} s, {seen.sum()} of {len(there)} frames seen",
        "mean score": f"{known.mean():.2f}",
        "head height": f"{np.nanmin(head):.2f} to {np.nanmax(head):.2f} m",
    }
    if motion.placed:
        steps = np.linalg.norm(np.diff(poses[there][:, _PELVIS, :2], axis=0), axis=-1)
        facts["pelvis path"] = f"{steps.sum():.1f} m (estimated)"
    return facts


def _length(motion: ClipMotion) -> float:
    return float(motion.time[-1] - motion.time[0]) if len(motion.time) else 0.0


def _page(motion: ClipMotion, person: int | None) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.27, 11.69), facecolor="white")  # A4; no pyplot, so no global state
    figure.text(0.07, 0.955, motion.name, size=20, weight="bold", color=_INK)
    if person is None:
        figure.text(0.07, 0.93, "Nobody was found in this clip.", size=11, color=_DIM)
        return figure
    figure.text(0.07, 0.934, f"person {motion.ids[person]}", size=11, color=_DIM)
    _write_summary(figure, summary(motion, person))
    _draw_strip(figure, motion, person)
    grid = figure.add_gridspec(3, 2, left=0.09, right=0.95, top=0.575, bottom=0.06, hspace=0.42)
    angles = joint_angles(motion.pose3d[person])
    for i, name in enumerate(_PAIRS):
        axes = figure.add_subplot(grid[i // 2, i % 2])
        for side, colour in (("left", LEFT), ("right", RIGHT)):
            axes.plot(motion.time, angles[f"{side}_{name}"], color=_hex(colour), lw=1.4, label=side)
        _dress(axes, f"{name} (degrees)", motion)
        if i == 0:
            axes.legend(
                frameon=False, fontsize=8, labelcolor=_INK, ncols=2, loc="lower right",
                bbox_to_anchor=(1.02, 0.98),
            )  # fmt: skip
    trunk = figure.add_subplot(grid[2, 0])
    trunk.plot(motion.time, angles["trunk"], color=_INK, lw=1.4)
    _dress(trunk, "trunk from the vertical (degrees)", motion)
    _draw_heights(figure.add_subplot(grid[2, 1]), motion, person)
    return figure


def _write_summary(figure: Figure, facts: dict[str, str]) -> None:
    for i, (name, value) in enumerate(facts.items()):
        x, y = 0.07 + 0.46 * (i % 2), 0.9 - 0.024 * (i // 2)
        figure.text(x, y, name, size=9, color=_DIM)
        figure.text(x + 0.13, y, value, size=9, color=_INK)


def _draw_strip(figure: Figure, motion: ClipMotion, person: int) -> None:
    frames = key_frames(motion.pose3d[person])
    poses = motion.pose3d[person][frames]
    poses = poses - poses[:, [_PELVIS]] * (1, 1, 0)  # side by side, whatever they walked
    scene = Scene(poses, size=(360, 480), theme=LIGHT)
    width = 0.88 / KEY_POSES
    for i, frame in enumerate(frames):
        axes = figure.add_axes((0.07 + i * width, 0.635, width * 0.96, 0.17))
        number = [int(motion.ids[person])]
        axes.imshow(scene.render(poses[i : i + 1], number)[..., ::-1])
        axes.set_axis_off()
        axes.set_title(f"{motion.time[frame]:.2f} s", size=8, color=_DIM, y=-0.14)


def _draw_heights(axes: Axes, motion: ClipMotion, person: int) -> None:
    poses = motion.pose3d[person]
    axes.plot(motion.time, poses[:, _HEAD, 2], color=_INK, lw=1.4, label="head")
    axes.plot(motion.time, poses[:, _PELVIS, 2], color=_hex(ACCENTS[1]), lw=1.4, label="pelvis")
    for ankle, colour in zip(_ANKLES, (LEFT, RIGHT), strict=True):
        axes.plot(motion.time, poses[:, ankle, 2], color=_hex(colour), lw=1.1)
    _dress(axes, "height of head, pelvis and ankles (m)", motion)


def _dress(axes: Axes, title: str, motion: ClipMotion) -> None:
    axes.set_title(title, size=9.5, color=_INK, loc="left")
    axes.tick_params(labelsize=8, colors=_DIM, length=0)
    axes.grid(color=_LINE, lw=0.7)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    if len(motion.time) > 1:
        axes.set_xlim(float(motion.time[0]), float(motion.time[-1]))
    axes.set_xlabel("seconds", size=8, color=_DIM)


def _hex(colour: Colour) -> str:
    return "#{2:02x}{1:02x}{0:02x}".format(*colour)
