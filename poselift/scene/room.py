"""One room for everybody: the camera, the floor, and where and how people stand on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from poselift import gaps, large
from poselift.scene.balance import ANKLES
from poselift.scene.bones import stature
from poselift.scene.camera import Camera, world_from_camera
from poselift.scene.carried import way_of_camera
from poselift.scene.estimate import Belief, believe
from poselift.scene.given import Given
from poselift.scene.long import in_sections, longest_seen, middle_of, rows_of_motion
from poselift.scene.planted import Moves
from poselift.scene.rays import FIELD_OF_VIEW, focal_length, turn_to
from poselift.scene.smoothing import blurred
from poselift.scene.stance import runs
from poselift.scene.standing import stand
from poselift.scene.steps import CameraSteps
from poselift.scene.words import in_words
from poselift.sections import Blended
from poselift.types import Motion

_WINDOW_SECONDS = 0.2  # a lifter turns whole windows, which overlap
_NEAR_FLOOR = 0.05  # metres
#: Of a focal length that a file tells, as a share: it is rounded, and steadying crops the picture.
_TOLD_DOUBT = 0.06


@dataclass(frozen=True)
class Room:
    """The people of a clip in their room.

    Attributes:
        worlds: (T, 17, 3) float32 world metres of each motion, z up, the floor at z = 0.
        camera: that filmed them.
        planted: (T, 2) bool of each motion: whether the right and the left foot stands.
        heights: metres, how tall each person is taken to be.
        how: in one line, what was believed and why.
    """

    worlds: list[np.ndarray]
    camera: Camera
    planted: list[np.ndarray]
    heights: list[float]
    how: str

    def as_meta(self, motions: Sequence[Motion]) -> dict[str, Any]:
        """Plain values for what a result says about itself.

        `camera`; `heights`, metres by the people's numbers; `planted`, by their numbers the
        stances as [foot (0 right, 1 left), first frame of the clip, one past the last].
        """
        heights, planted = {}, {}
        for motion, tall, feet in zip(motions, self.heights, self.planted, strict=True):
            if not len(motion):
                continue
            begin, name = int(motion.track.frames[0]), str(motion.track.id)
            heights[name] = round(tall, 3)
            planted[name] = [
                [side, begin + first, begin + end]
                for side in range(2)
                for first, end in runs(feet[:, side])
            ]
        return {"camera": self.camera.as_dict(), "heights": heights, "planted": planted}


def build(
    motions: Sequence[Motion],
    size: tuple[int, int],
    given: Given | None = None,
    heights: Mapping[int, float] | None = None,
    steps: CameraSteps | None = None,
    lifted_view: float = FIELD_OF_VIEW,
) -> Room:
    """Find the camera, and put everybody into its room.

    Args:
        motions: of the whole clip, in camera space as they were lifted.
        size: (width, height) of the picture in pixels.
        given: what is known of the camera.
        heights: metres from sole to crown, by the people's numbers; 0 stands for everybody else.
        steps: how the background moved; None for a camera that stood still.
        lifted_view: degrees across the longer side that the lifter assumed of the camera.
    """
    given = given or Given()
    if steps is not None and steps.cuts:
        return _shots(motions, size, given, heights or {}, steps, lifted_view)
    return _shot(motions, size, given, heights or {}, steps, lifted_view)


def _shots(
    motions: Sequence[Motion],
    size: tuple[int, int],
    given: Given,
    heights: Mapping[int, float],
    steps: CameraSteps,
    lifted_view: float,
) -> Room:
    """The rooms of several cameras one after the other, each with its own floor and middle."""
    shots = list(pairwise([0, *steps.cuts, len(steps.roll)]))
    worlds = [large.zeros(motion.pose3d.shape, np.float32) for motion in motions]
    planted = [np.zeros((len(motion), 2), bool) for motion in motions]
    rooms, cameras, shown = [], [], []
    for first, end in shots:
        rows = [_rows_between(motion, first, end) for motion in motions]
        part = [
            _from_frame(rows_of_motion(m, r), first) for m, r in zip(motions, rows, strict=True)
        ]
        room = _shot(part, size, given, heights, steps.between(first, end), lifted_view)
        for number, one in enumerate(rows):
            worlds[number][one] = room.worlds[number]
            planted[number][one] = room.planted[number]
        rooms.append(room)
        cameras.append(room.camera.through(end - first))
        shown.append(sum(map(len, part)))
    tall = [_middle(one) for one in zip(*(room.heights for room in rooms), strict=True)]
    most = rooms[int(np.argmax(shown))].camera
    how = f"{len(rooms)} cameras; of the one that shows most: {most.how}"
    rotation, position, focal = (
        np.concatenate([getattr(one, name) for one in cameras])
        for name in ("rotation", "position", "focal")
    )
    camera = Camera(size, rotation, position, focal, most.centre, most.uncertainty, how)
    return Room(worlds, camera, planted, tall, how)


def _rows_between(motion: Motion, first: int, end: int) -> slice:
    """The rows of a motion that are of frames from `first` to before `end`."""
    begin = int(motion.track.frames[0]) if len(motion) else 0
    low, high = (min(max(frame - begin, 0), len(motion)) for frame in (first, end))
    return slice(low, high)


def _from_frame(motion: Motion, first: int) -> Motion:
    """The motion with its frames counted from `first`."""
    return replace(motion, track=replace(motion.track, frames=motion.track.frames - first))


def _middle(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else float("nan")


def _shot(
    motions: Sequence[Motion],
    size: tuple[int, int],
    given: Given,
    heights: Mapping[int, float],
    steps: CameraSteps | None,
    lifted_view: float,
) -> Room:
    """The room of one camera."""

    def straight(motion: Motion) -> Motion:
        return _along_ray(_plain(motion, given, size), size, lifted_view)

    # Of somebody who is there for long, a part tells as much of the camera as all of it.
    told = [straight(longest_seen(motion)) for motion in motions]
    known = _known_sizes(told, heights)
    moves = belief = None
    shown = None if steps is None else steps.focal(size)
    if shown is None and given.likely_focal is not None:
        shown = given.likely_focal, _TOLD_DOUBT
    for _ in range(1 if steps is None else 2):
        # How far a shift of the picture turned the camera depends on the lens that is found.
        if steps is not None:
            focal = focal_length(size, FIELD_OF_VIEW) if belief is None else belief.focal
            if shown is not None:
                focal = shown[0]
            centre = given.centre or (size[0] / 2, size[1] / 2)
            moves = steps.moves(given.focal or focal, centre)
        belief = believe(told, size, given, moves, known, shown)
    assert belief is not None
    if moves is not None and moves.carried:
        people = (
            (straight(part), belief.sizes.get(number, 1.0))
            for number, motion in enumerate(motions)
            if len(motion)
            for _, part in in_sections(motion)
        )
        moves = replace(moves, way=way_of_camera(people, belief.focal, belief.up, moves))
    camera = _camera(belief, size, given, moves)
    worlds, feet, tall = [], [], []
    for number, motion in enumerate(motions):
        scale = belief.sizes.get(number, 1.0)
        if not len(motion):
            worlds.append(np.zeros((0, 17, 3), np.float32))
            feet.append(np.zeros((0, 2), bool))
            tall.append(float("nan"))
            continue
        standing = Blended(len(motion))
        planted = np.zeros((len(motion), 2), bool)
        for section, part in in_sections(motion):
            looked_at = told[number] if part is motion else straight(part)
            world, stays = stand(looked_at, belief, camera, scale, moves)
            standing.add(section, world)
            planted[section.own] = stays[section.inside()]
        worlds.append(standing.result())
        feet.append(planted)
        tall.append(stature(middle_of(worlds[-1])))
    worlds, camera = _centred(worlds, feet, camera, given.height is not None)
    return Room(worlds, camera, feet, tall, camera.how)


def _plain(motion: Motion, given: Given, size: tuple[int, int]) -> Motion:
    """The motion with a place for every joint, as a lens without distortion would give them."""
    if len(motion) and (motion.track.score > 0).any():
        xy, _ = gaps.fill(motion.track.xy, motion.track.score)
        motion = replace(motion, track=replace(motion.track, xy=xy))
    if not any(given.lens) or given.focal is None:
        return motion
    import cv2

    centre = given.centre or (size[0] / 2, size[1] / 2)
    matrix = np.array([[given.focal, 0, centre[0]], [0, given.focal, centre[1]], [0, 0, 1.0]])
    flat = np.nan_to_num(motion.track.xy).astype(np.float64).reshape(-1, 1, 2)
    straight = cv2.undistortPoints(flat, matrix, np.array(given.lens), P=matrix)
    xy = straight.reshape(motion.track.xy.shape)
    return replace(motion, track=replace(motion.track, xy=xy))


def _along_ray(motion: Motion, size: tuple[int, int], view: float) -> Motion:
    """The motion as seen along the line of sight, before the lifter turned it for its camera."""
    if not len(motion):
        return motion
    pelvis = np.nan_to_num(motion.track.xy[:, 0]).astype(np.float64) - np.array(size) / 2
    pelvis = blurred(pelvis, _WINDOW_SECONDS * motion.fps)
    ahead = np.full((len(pelvis), 1), focal_length(size, view))
    turn = turn_to(np.concatenate([pelvis, ahead], axis=1))
    up, velocity = motion.up, motion.velocity
    if up is not None:
        up = np.einsum("tba,tb->ta", turn, up)
    if velocity is not None:
        along = np.einsum("tba,tb->ta", turn, velocity[:, :3])
        velocity = np.concatenate([along, velocity[:, 3:]], axis=1)
    pose = (motion.pose3d @ turn).astype(np.float32)
    return replace(motion, pose3d=pose, up=up, velocity=velocity)


def _known_sizes(motions: Sequence[Motion], heights: Mapping[int, float]) -> dict[int, float]:
    """Sizes against the lifted body, by the number of the motion, of people of known height."""
    out = {}
    for number, motion in enumerate(motions):
        tall = heights.get(motion.track.id, heights.get(0))
        if tall is not None and len(motion):
            out[number] = tall / stature(motion.pose3d.astype(np.float64))
    return out


def _camera(belief: Belief, size: tuple[int, int], given: Given, moves: Moves | None) -> Camera:
    rotation = world_from_camera(belief.up).T
    position = np.array([0.0, 0.0, belief.height])
    focal = np.array(belief.focal)
    if moves is not None:
        rotation = moves.turn.swapaxes(1, 2) @ rotation
        position = np.tile(position, (len(rotation), 1))
        if moves.way is not None:
            position = position + moves.way @ world_from_camera(belief.up).T
        focal = belief.focal * moves.zoom
    return Camera(
        size, rotation, position, focal, given.centre or (size[0] / 2, size[1] / 2),
        belief.sd, in_words(belief, given, size, moves),
    )  # fmt: skip


def _centred(
    worlds: list[np.ndarray],
    feet: list[np.ndarray],
    camera: Camera,
    camera_height_given: bool,
) -> tuple[list[np.ndarray], Camera]:
    """The middle of what happens above x = y = 0; the floor stays, where anybody stands on it."""
    there = [world for world in worlds if len(world)]
    if not there:
        return worlds, camera
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    lowest, on_floor = np.inf, False
    for world, planted in zip(worlds, feet, strict=True):
        for block in large.blocks(len(world), world):
            low = np.minimum(low, world[block, 0].min(axis=0))
            high = np.maximum(high, world[block, 0].max(axis=0))
            lowest = min(lowest, float(world[block, :, 2].min()))
            near = np.abs(world[block, ANKLES, 2]) < _NEAR_FLOOR
            on_floor = on_floor or bool(near[planted[block]].any())
    middle = np.append((low[:2] + high[:2]) / 2, 0)
    if not on_floor and not camera_height_given:
        middle[2] = lowest
    moved = []
    for world in worlds:
        moved.append(large.zeros(world.shape, np.float32))
        for block in large.blocks(len(world), world, moved[-1]):
            moved[-1][block] = world[block] - middle
    return moved, replace(camera, position=camera.position - middle)
