"""How people are named on the command line: all, main, a number, or a point of a frame."""

from __future__ import annotations

import re
from typing import Literal

from poselift.errors import PoseliftError

_NUMBER = r"[0-9]+(?:\.[0-9]*)?"
_POINT = re.compile(rf"({_NUMBER}),({_NUMBER})(?:@([0-9]{{1,9}}))?")


def read_who(who: str) -> Literal["all", "main"] | int | tuple[float, float, int]:
    """Who is meant: everybody, the main person, a person's number, or a point (x, y, frame).

    >>> read_who("main"), read_who("3"), read_who("640,360@12")
    ('main', 3, (640.0, 360.0, 12))
    """
    if who == "all":
        return "all"
    if who == "main":
        return "main"
    if re.fullmatch("[0-9]{1,9}", who):
        return int(who)
    point = _POINT.fullmatch(who)
    if point is None:
        raise PoseliftError(
            f"Cannot tell who is meant by {who!r}.", "Use all, main, a number, or X,Y@FRAME."
        )
    return float(point[1]), float(point[2]), int(point[3] or 0)
