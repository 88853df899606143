"""Found rooms over the true ones, from above and from the side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.rooms_judged import Found, turned_onto
from benchmarks.rooms_made import MadeRoom
from poselift.skeleton import H36M17
from poselift.types import Motion


def draw_rooms(
    rooms: Sequence[tuple[MadeRoom, Sequence[Motion], Found]], folder: Path
) -> list[Path]:
    """A picture a room: grey is the truth, colours are what was found."""
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, (made, _, found) in enumerate(rooms):
        figure = Figure(figsize=(11, 4.6))
        above, side = figure.subplots(1, 2)
        true = np.concatenate([person.world[:, 0] for person in made.people])
        turn, middle, target = turned_onto(np.concatenate([w[:, 0] for w in found.worlds]), true)
        for index, (person, world) in enumerate(zip(made.people, found.worlds, strict=True)):
            fitted = (np.asarray(world, float) - middle) @ turn.T + target
            for poses, colour, width in ((person.world, "0.65", 3.0), (fitted, f"C{index}", 1.2)):
                above.plot(*poses[:, 0, :2].T, color=colour, lw=width)
                for frame in (0, len(poses) // 2, len(poses) - 1):
                    for parent, joint in H36M17.bones:
                        bone = poses[frame, [parent, joint]]
                        side.plot(bone[:, 0], bone[:, 2], color=colour, lw=width)
        above.set(aspect="equal", title="from above, metres")
        side.set(aspect="equal", title="from the side")
        side.axhline(0, color="0.3", lw=0.5)
        figure.suptitle(
            f"{made.name}: tilt {made.camera.tilt:.0f}, roll {made.camera.roll:.0f}, grey is true"
        )
        figure.tight_layout()
        paths.append(folder / f"room{number}.png")
        figure.savefig(paths[-1], dpi=80)
    return paths
