"""Made rooms as a running camera sees them: frame by frame, nothing known of what comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from benchmarks.rooms_cameras import FPS, SIZE
from benchmarks.rooms_judged import Found
from benchmarks.rooms_made import MadeRoom
from benchmarks.rooms_rendered import frames
from poselift.lifter.models.packed import Said
from poselift.scene.live import LiveRoom
from poselift.scene.live_camera import LiveCamera
from poselift.types import LIFTED_COLUMNS, Motion

#: Frames of a room that is gone through forth and back, and from which on it is judged: the camera
#: has been found twice by then.
FRAMES, AFTER = 300, 150


def live_room(made: MadeRoom, motions: Sequence[Motion]) -> Found:
    """`LiveRoom`'s worlds, and what it believes in the end, of a camera taken as still."""
    return _live(made, motions, None)


def live_room_with_background(made: MadeRoom, motions: Sequence[Motion]) -> Found:
    """The same with the background followed, which is drawn."""
    return _live(made, motions, LiveCamera(SIZE))


def _live(made: MadeRoom, motions: Sequence[Motion], camera: LiveCamera | None) -> Found:
    room = LiveRoom(SIZE)
    worlds = [np.zeros((made.frames, 17, 3), np.float32) for _ in motions]
    told = [_said(motion) for motion in motions]
    shown = frames(made)
    for frame in range(made.frames):
        time = frame / FPS
        turn = camera.follow(*next(shown), time) if camera else None
        room.frame(time, turn)
        for number, motion in enumerate(motions):
            heads = told[number]
            said = None if heads is None else heads.at(frame)
            xy, score = motion.track.xy[frame], motion.track.score[frame]
            worlds[number][frame] = room.place(number, motion.pose3d[frame], xy, score, time, said)
        room.learn(camera)
    belief = room.belief
    assert belief is not None
    return Found(worlds, belief.up, belief.focal)


def _said(motion: Motion) -> Said | None:
    """What the lifter said of every frame besides the pose."""
    if motion.up is None:
        return None
    return Said(**{one.name: getattr(motion, one.name) for one in fields(Said)})


def longer(made: MadeRoom, motions: Sequence[Motion], count: int) -> tuple[MadeRoom, list[Motion]]:
    """The same room, filmed forth and back until so many frames are full."""
    there = np.arange(made.frames)
    rows = np.resize(np.concatenate([there, there[-2:0:-1]]), count)
    out = []
    for motion in motions:
        track = replace(
            motion.track, frames=np.arange(count), xy=motion.track.xy[rows],
            score=motion.track.score[rows],
        )  # fmt: skip
        said = {
            name: None if (values := getattr(motion, name)) is None else values[rows]
            for name in LIFTED_COLUMNS
        }
        if said["velocity"] is not None:  # is the other way on the way back
            said["velocity"][:, :3] *= np.sign(np.gradient(rows))[:, None]
        out.append(replace(motion, track=track, filled=np.zeros(count, bool), **said))
    return from_rows(made, rows), out


def from_rows(made: MadeRoom, rows: np.ndarray) -> MadeRoom:
    """The frames `rows` of a made room."""
    people = [replace(p, world=p.world[rows], xy=p.xy[rows], score=p.score[rows])
              for p in made.people]  # fmt: skip
    seen = made.camera
    camera = replace(
        seen, rotation=seen.rotation[rows], position=seen.position[rows], focal=seen.focal[rows]
    )
    return replace(made, camera=camera, people=tuple(people))
