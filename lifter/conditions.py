"""What a lifter is worth when scores are blind, people are cut off, or cameras are unusual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poselift.progress import Reporter, Silent
from poselift.skeleton import COCO17, H36M17

if TYPE_CHECKING:
    from poselift.lifter.data.camera import Cameras
    from poselift.lifter.data.mocap import Clip
    from poselift.lifter.data.recipe import Joints, Recipe
    from poselift.lifter.models.base import LifterNet
    from poselift.lifter.normalise import Normalisation

#: The columns of the tables, where a lifter has them.
COLUMNS = ("P-MPJPE", "MPJPE", "N-MPJPE", "unturned", "up, degrees", "planted F1")
#: Rows of figures by the condition's name.
Rows = dict[str, dict[str, float]]

_LEGS = tuple(i for i, name in enumerate(COCO17.names) if "knee" in name or "ankle" in name)
_LEFT = tuple(
    i for i, name in enumerate(COCO17.names)
    if name.startswith("left") and name.split()[1] not in ("eye", "ear")
)  # fmt: skip
_H36M_LEGS = tuple(i for i, name in enumerate(H36M17.names) if "knee" in name or "ankle" in name)


@dataclass(frozen=True)
class Condition:
    """One row: how windows are filmed, and which joints do not count."""

    name: str
    recipe: Recipe
    left_out: tuple[int, ...] = ()


def conditions(frames: int, normalisation: Normalisation) -> dict[str, list[Condition]]:
    """The rows of each table, by its title."""
    from poselift.lifter.data.recipe import as_judged

    seen = as_judged(frames, "detected", normalisation)
    return {
        "scores": list(_scores(seen)),
        "cut off": list(_cut_off(seen)),
        "elevation": _views(
            seen, "elevation", [(-20, 0), (0, 20), (20, 40), (40, 60)], "{} to {} degrees down"
        ),
        "roll": _views(seen, "roll", [(0, 5), (5, 15), (15, 30)], "{} to {} degrees"),
        "off-centre": _views(
            seen, "off", [(0, 0.35), (0.35, 0.7), (0.7, 1)], "{} to {} of the way to the border"
        ),
        "field of view": _views(
            seen, "fov", [(30, 45), (45, 65), (65, 85), (85, 100)], "{} to {} degrees"
        ),
    }


def _scores(seen: Recipe) -> Iterator[Condition]:
    """The same windows, with scores that tell less and less."""
    law = replace(seen.noise.scores, fault=(0.0, 0.0))
    yield Condition("as a keypointer's", seen)
    yield Condition("blind to the error", replace(seen, noise=replace(seen.noise, scores=law)))
    yield Condition("the same for all that is seen", replace(seen, scoreless=1.0))


def _cut_off(seen: Recipe) -> Iterator[Condition]:
    """The same windows with joints that are never seen."""

    def without(joints: tuple[int, ...]) -> Recipe:
        faults = replace(seen.noise.faults, never=joints)
        return replace(seen, noise=replace(seen.noise, faults=faults))

    yield Condition("all seen", seen)
    yield Condition("all seen, but for the legs", seen, _H36M_LEGS)
    yield Condition("legs unseen, but for the legs", without(_LEGS), _H36M_LEGS)
    yield Condition("legs unseen, all joints", without(_LEGS))
    yield Condition("left side unseen, all joints", without(_LEFT))


def _views(
    seen: Recipe, name: str, ranges: Sequence[tuple[float, float]], words: str
) -> list[Condition]:
    """Cameras that are usual but for one thing."""
    return [
        Condition(words.format(*limits), replace(seen, cameras=_cameras(name, limits)))
        for limits in ranges
    ]


def _cameras(name: str, limits: tuple[float, float]) -> Cameras:
    from poselift.lifter.data.camera import Cameras

    usual: dict[str, Any] = {"elevation": (0, 15), "roll": (0, 3), "fov": (45, 65), "off": (0, 0.3)}
    return Cameras(**{**usual, name: limits}, level=0.0, cut=0.0)


def on_conditions(
    nets: Mapping[str, LifterNet],
    clips: Sequence[Clip],
    *,
    fps: float = 30.0,
    joints: Joints = "human36m",
    reporter: Reporter | None = None,
) -> dict[str, Rows]:
    """A table a network and kind of condition; detected 2D, single windows, the lens known."""
    from poselift.lifter.data.windows import validation_windows
    from poselift.lifter.evaluate import seen_by
    from poselift.lifter.scores import score_windows

    reporter = reporter or Silent()
    out: dict[str, Rows] = {}
    for name, net in nets.items():
        stride = 5 if net.output == "centre" else None
        for title, rows in conditions(net.frames, seen_by(net)).items():
            found: Rows = {}
            for row in rows:
                windows, actions = validation_windows(
                    clips, net.frames, fps, "detected", stride=stride, joints=joints,
                    recipe=row.recipe,
                )  # fmt: skip
                figures = score_windows(net, windows, actions, left_out=row.left_out).overall
                found[row.name] = {key: figures[key] for key in COLUMNS if key in figures}
            out[f"{name}, {title}"] = found
            reporter.say(f"{name}: {title}")
    return out


def tables(results: Mapping[str, Rows]) -> str:
    """All of them as Markdown."""
    from poselift.lifter.scores import table

    return "\n\n".join(table(rows, title) for title, rows in results.items())
