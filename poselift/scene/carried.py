"""Where a camera goes that is carried: people go as their bodies say, and it goes with them.

Somebody who is filmed walking along stays in one place of the picture. How fast they walk their
bodies show, and what that differs from how they move before the camera is how the camera moves.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from poselift.scene.camera import world_from_camera
from poselift.scene.planted import Moves
from poselift.scene.rays import along_sight
from poselift.scene.smoothing import blurred
from poselift.scene.subject import whole
from poselift.types import Motion

#: A camera changes its pace in about so many seconds.
_PACE_SECONDS = 0.5
_LEAST_ERROR = 0.1  # metres a second of what is said, at best


def way_of_camera(
    people: Iterable[tuple[Motion, float]], focal: float, up: np.ndarray, moves: Moves
) -> np.ndarray | None:
    """(T, 3) where the camera was, level, in the first frame's axes; None if nobody tells.

    `people` are motions with how large they are against the lifted body.
    """
    count = len(moves.zoom)
    total, sure = np.zeros((count, 3)), np.zeros(count)
    fps = 0.0
    for motion, size in people:
        if motion.velocity is None:
            return None
        fps, frames = motion.fps, motion.track.frames
        if len(frames) < 2:
            continue
        seen = whole(motion, moves)
        sight = seen.look(focal, np.array(moves.centre))
        error = np.maximum(motion.velocity[:, 3], _LEAST_ERROR)
        known = (sight.trust > 0) / np.square(error)
        said = along_sight(sight.ray, motion.velocity[:, :3], seen.turn)
        # The distance trembles: it is the way over some time that counts.
        shown = np.gradient(blurred(sight.root, _PACE_SECONDS / 2 * fps), axis=0) * fps
        np.add.at(total, frames, (said - shown) * size * known[:, None])
        np.add.at(sure, frames, known)
    if not sure.any():
        return None
    pace = _PACE_SECONDS * fps
    speed = blurred(total, pace) / np.maximum(blurred(sure, pace), 1e-9)[:, None]
    speed[blurred(sure, pace) < 1e-6] = 0
    to_world = world_from_camera(up)
    level = speed @ to_world.T * [1, 1, 0]
    way = np.cumsum(level, axis=0) / fps @ to_world
    return np.asarray(way - way[0])
