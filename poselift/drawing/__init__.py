"""Pictures: people over their frame, people in the room, and both composed into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poselift.lazy import lazy

if TYPE_CHECKING:
    from poselift.drawing.layout import ClipPainter
    from poselift.drawing.people2d import draw_people
    from poselift.drawing.scene3d import Scene

_HOME = {
    "ClipPainter": "poselift.drawing.layout",
    "Scene": "poselift.drawing.scene3d",
    "draw_people": "poselift.drawing.people2d",
}

__all__ = ["ClipPainter", "Scene", "draw_people"]

__getattr__, __dir__ = lazy(__name__, _HOME)
