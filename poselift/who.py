"""How people are named on the command line: all, main, a number, or a point of a frame."""

from __future__ import annotations

import re

from poselift.errors import PoseliftError

_NUMBER = r"[0-9]+(?:\.[0-9]*)?"
_WHO = re.compile(
    r"all|main|(?P<number>[0-9]{1,9})"
    rf"|(?P<x>{_NUMBER}),(?P<y>{_NUMBER})(?:@(?P<frame>[0-9]{{1,9}}))?"
)


def read_who(who: str) -> dict[str, str | None]:
    """What is meant: `number`, or `x`, `y` and perhaps `frame`; all None for all and main.

    >>> read_who("640,360@12")
    {'number': None, 'x': '640', 'y': '360', 'frame': '12'}
    """
    meant = _WHO.fullmatch(who)
    if meant is None:
        raise PoseliftError(
            f"Cannot tell who is meant by {who!r}.", "Use all, main, a number, or X,Y@FRAME."
        )
    return meant.groupdict()
