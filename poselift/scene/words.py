"""What was believed of a camera and why, in one line."""

from __future__ import annotations

import numpy as np

from poselift.scene.camera import tilt_and_roll
from poselift.scene.given import Given
from poselift.scene.planted import Moves
from poselift.scene.rays import field_of_view

_ENOUGH = 2.0  # pieces of half a second


def in_words(belief, given: Given, size: tuple[int, int], moves: Moves | None) -> str:  # type: ignore[no-untyped-def]
    """One line: tilt, roll, height and field of view, each with its doubt, and their grounds."""
    tilt, roll = tilt_and_roll(belief.up)
    lens = field_of_view(size, belief.focal)
    down = f"looks {abs(tilt):.0f} degrees {'down' if tilt >= 0 else 'up'}"
    parts = [
        f"{down}{_doubt(given.tilt, belief.sd['tilt'])}",
        f"rolled {roll:.0f}{_doubt(given.roll, belief.sd['roll'])}",
        f"{belief.height:.1f} m high{_doubt(given.height, belief.sd['height'], 1)}",
        f"{lens:.0f} degrees wide{_doubt(given.focal, belief.sd['field_of_view'])}",
    ]
    return f"the camera {', '.join(parts)}; {_grounds(belief, given, moves)}"


def _doubt(given: float | None, sd: float, digits: int = 0) -> str:
    return " (given)" if given is not None else f" (+-{max(sd, 10.0**-digits):.{digits}f})"


def _grounds(belief, given: Given, moves: Moves | None) -> str:  # type: ignore[no-untyped-def]
    words = []
    if all(v is not None for v in (given.tilt, given.roll, given.focal)):
        words.append("as given")
    elif belief.pieces >= _ENOUGH:
        words.append(
            "from people's balance and the floor they walk on"
            if belief.feet_seen
            else "from how people hold themselves, as no feet are seen"
        )
    else:
        words.append("taken as usual: nobody stands for long enough to tell")
    if given.focal is None and given.likely_focal is not None:
        words.append("with the lens that the file tells of")
    if given.focal is None and belief.sd["field_of_view"] > 10:
        words.append("its lens could not be known")
    if moves is not None:
        turned = np.degrees(np.arccos(np.clip(moves.turn[:, 2, 2].min(), -1, 1)))
        words.append(f"it turned by {turned:.0f} degrees")
        if moves.way is not None:
            words.append(f"it is carried, {_length(moves.way):.0f} m by how people move")
        elif moves.carried:
            words.append("it seems to be carried, but this lifter cannot tell where to")
    return ", ".join(words)


def _length(way: np.ndarray) -> float:
    """Metres, by every fifth frame: what trembles is no way."""
    return float(np.linalg.norm(np.diff(way[::5], axis=0), axis=1).sum())
