"""One room for everybody: the camera, the floor, and where and how people stand on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from poselift import gaps, large
from poselift.scene.balance import ANKLES, centre_of_mass, lines_of_balance
from poselift.scene.bones import constant_bones, stature
from poselift.scene.camera import Camera, world_from_camera
from poselift.scene.estimate import Belief, believe
from poselift.scene.evidence import Moves, planted_feet
from poselift.scene.feet import plant
from poselift.scene.given import Given
from poselift.scene.long import in_sections, longest_seen, middle_of, rows_of_motion
from poselift.scene.motion import CameraSteps
from poselift.scene.picture import onto_picture
from poselift.scene.rays import FIELD_OF_VIEW, Sight, focal_length, joint_weights, look, turn_to
from poselift.scene.roots import Clues, way
from poselift.scene.smoothing import blurred
from poselift.scene.stance import flights, in_the_air, levels, lower_foot_stands, runs, stances
from poselift.scene.words import in_words
from poselift.sections import Blended
from poselift.types import Motion

_WINDOW_SECONDS = 0.2  # a lifter turns whole windows, which overlap
_NEAR_FLOOR = 0.05  # metres
_NOBODY = np.array([0.0, 0.0, 3.0])  # before the camera, where a person just fills a picture
#: Radians: a lifter's poses are this share of their elevation too level, and off by this beside
#: that; the lines of balance are off by the last.
_LEVELS, _ASKEW, _BALANCE_SD = 0.12, 0.026, 0.07


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
    moves = None
    belief = None
    for _ in range(1 if steps is None else 2):
        # How far a shift of the picture turned the camera depends on the lens that is found.
        if steps is not None:
            focal = focal_length(size, FIELD_OF_VIEW) if belief is None else belief.focal
            centre = given.centre or (size[0] / 2, size[1] / 2)
            moves = steps.moves(given.focal or focal, centre)
        belief = believe(told, size, given, moves, known)
    assert belief is not None
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
            world, stays = _stand(looked_at, belief, camera, scale, moves)
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
    up = None if motion.up is None else np.einsum("tba,tb->ta", turn, motion.up)
    return replace(motion, pose3d=(motion.pose3d @ turn).astype(np.float32), up=up)


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
        focal = belief.focal * moves.zoom
    return Camera(
        size, rotation, position, focal, given.centre or (size[0] / 2, size[1] / 2),
        belief.sd, in_words(belief, given, size, moves),
    )  # fmt: skip


def _stand(
    motion: Motion, belief: Belief, camera: Camera, scale: float, moves: Moves | None
) -> tuple[np.ndarray, np.ndarray]:
    """One person in the room: (T, 17, 3) and which feet stand (T, 2)."""
    frames = motion.track.frames
    weight = joint_weights(motion.track.xy, motion.track.score)
    planted = planted_feet(motion, weight, moves)
    turn = None if moves is None else moves.turn[frames]
    focal = belief.focal if moves is None else belief.focal * moves.zoom[frames][:, None, None]
    lifted = constant_bones(motion.pose3d.astype(np.float64), np.asarray(weight.any(axis=1)))
    xy = np.nan_to_num(motion.track.xy).astype(np.float64)
    sight = look(lifted, xy, weight, focal, np.array(camera.centre), turn)
    upright = _levelled(sight, planted, belief.up)
    to_world = world_from_camera(belief.up)
    pose = upright @ to_world.T * scale
    known = sight.trust > 0
    root = _through_gaps(sight.root, known) @ to_world.T * scale
    root[:, 2] += belief.height
    ray = sight.ray @ to_world.T
    clues = Clues(
        motion.fps, root, np.where(known, _usual(sight.trust), 0.02), ray,
        np.linalg.norm(root - [0, 0, belief.height], axis=1), pose[:, ANKLES], planted,
    )  # fmt: skip
    path = _placed(clues, pose)
    rays = np.concatenate([(xy - np.array(camera.centre)) / focal, np.ones((*xy.shape[:2], 1))], 2)
    if turn is not None:
        rays = rays @ turn.swapaxes(1, 2)
    rays = rays @ to_world.T
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    eye = np.array([0.0, 0.0, belief.height])
    world = onto_picture(pose + path[:, None], eye, rays, weight, motion.fps)
    standing = stances(clues.rest, motion.fps)
    world, kept = plant(world, clues.rest, clues.level, standing, motion.fps)
    return world.astype(np.float32), kept


def _placed(clues: Clues, pose: np.ndarray) -> np.ndarray:
    """The way of one person: first without a floor, then on what the first way shows."""
    first = way(clues, 1)
    ankles = first[:, None] + clues.foot
    clues.rest = lower_foot_stands(clues.rest, ankles)
    doubt = 0.02 + 0.03 * clues.distance * np.abs(clues.ray[:, 2])
    lowest = ankles[..., 2].min(axis=1)
    clues.rest = clues.rest * ~in_the_air(lowest, doubt, clues.fps)[:, None]
    found = stances(clues.rest, clues.fps)
    clues.level = levels(ankles, clues.rest, found, doubt)
    rise = centre_of_mass(pose)[:, 2]
    clues.swing = blurred(rise, 0.04 * clues.fps)
    clues.fall = flights(first[:, 2] + clues.swing, lowest, clues.rest, clues.fps)
    return way(clues)


def _levelled(sight: Sight, planted: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Poses turned by how far their balance is from up, as far as lifters err that way.

    A lifter takes cameras as more level than they are, so its poses lean towards the camera or
    away. Who leans by themselves keeps most of it.
    """
    lines, sure = lines_of_balance(sight.pose, planted)
    total = sure.sum()
    if total < 3:
        return sight.pose
    line = (lines * sure[:, None]).sum(axis=0)
    line /= np.linalg.norm(line)
    ray = sight.ray.mean(axis=0)
    ray /= np.linalg.norm(ray)
    elevation = float(np.arcsin(np.clip(ray @ up, -1, 1)))
    apart = elevation - float(np.arcsin(np.clip(ray @ line, -1, 1)))
    prior = np.hypot(_LEVELS * elevation, _ASKEW) ** 2
    angle = float(np.clip(apart, -0.4, 0.4)) * prior / (prior + _BALANCE_SD**2)
    axis = np.cross(up, ray)
    long = float(np.linalg.norm(axis))
    if long < 1e-3:
        return sight.pose
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_rotvec(axis / long * angle).as_matrix()
    return np.asarray(sight.pose @ turn.T)


def _through_gaps(root: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Straight lines through the frames in which nothing was seen."""
    if not known.any():
        return np.tile(_NOBODY, (len(root), 1))
    frames = np.arange(len(root))
    return gaps.at_times(root[known], frames[known], frames)


def _usual(trust: np.ndarray) -> np.ndarray:
    """Trust against its own median, as information has to be, within bounds."""
    middle = float(np.median(trust[trust > 0])) if (trust > 0).any() else 1.0
    return np.clip(trust / middle, 0.1, 2.0)


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
