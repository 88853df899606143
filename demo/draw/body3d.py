"""One body as shaded pieces: which pieces there are, where they lie, and how one is painted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from demo.draw.camera3d import Camera
from demo.draw.shapes import blended, capsules, fill, fixed
from demo.draw.style import Colour, Theme, accent, joint_colour, mix
from lifter.skeleton import H36M17

_WHITE: Colour = (255, 255, 255)
_PELVIS, _SPINE, _THORAX, _NECK, _HEAD = (
    H36M17.index(name) for name in ("pelvis", "spine", "thorax", "neck", "head")
)
_HIPS = [H36M17.index("right hip"), H36M17.index("left hip")]
_SHOULDERS = [H36M17.index("right shoulder"), H36M17.index("left shoulder")]

#: Thickness in metres at both ends of each bone that is drawn as a limb, by its lower joint.
_THICKNESS = {
    "knee": (0.078, 0.056),
    "ankle": (0.056, 0.038),
    "elbow": (0.052, 0.041),
    "wrist": (0.041, 0.031),
}
_LIMBS = [
    (H36M17.parents[joint], joint, *_THICKNESS[name.split()[-1]])
    for joint, name in enumerate(H36M17.names)
    if name.split()[-1] in _THICKNESS
]
_LIMB_A, _LIMB_B = (np.array([limb[i] for limb in _LIMBS]) for i in (0, 1))
_LIMB_RA, _LIMB_RB = (np.array([limb[i] for limb in _LIMBS]) for i in (2, 3))
_TRUNK_JOINTS = np.array([*_HIPS, *_SHOULDERS, _THORAX, _PELVIS])
_TRUNK_RADII = np.array([0.072, 0.072, 0.058, 0.058, 0.06, 0.085])
_HEAD_RADIUS = 0.098
_NECK_RADIUS = 0.045
_NORMAL_LEG = 0.83  # metres from hip to ankle of the grown-up that the thicknesses are made for

#: From the rim to the shine: each layer's size, and its mix with black (below 0) or white.
_LAYERS = (
    (1.0, -0.3),
    (0.93, -0.17),
    (0.85, -0.07),
    (0.74, 0.0),
    (0.6, 0.08),
    (0.45, 0.17),
    (0.3, 0.27),
    (0.15, 0.36),
)
_SIZES = np.array([size for size, _ in _LAYERS])
_LIGHT = np.array([-0.5, -0.62])  # where the light comes from, in the picture


@dataclass(frozen=True)
class Piece:
    """One convex part of a body, ready to be painted.

    Attributes:
        depth: metres from the camera, for painting the far ones first.
        layers: `fixed` corners from the outline over the rim to the shine.
        around: (N, 2) pixels that enclose it.
        colour: before shading.
        alpha: 0..1.
    """

    depth: float
    layers: list[np.ndarray]
    around: np.ndarray
    colour: Colour
    alpha: float


def body_scale(pose: np.ndarray) -> float:
    """How large a person (17, 3) is against a grown-up, from the limbs that a pose keeps rigid."""
    legs = [np.linalg.norm(pose[j] - pose[H36M17.parents[j]]) for j in (2, 3, 5, 6)]
    return float(np.clip(sum(legs) / 2 / _NORMAL_LEG, 0.4, 1.5))


def body_pieces(
    pose: np.ndarray, alpha: np.ndarray, person: int, camera: Camera, scale: float
) -> list[Piece]:
    """The pieces of one person: pose (17, 3) without NaN, alpha (17,) of the joints."""
    xy, depth = camera.project(pose)
    metre = camera.scale(depth) * scale  # (17,) pixels that a metre of this body takes
    pieces = _limb_pieces(xy, depth, metre, alpha, person)
    pieces.append(_trunk_piece(xy, depth, metre, alpha, person))
    pieces += _head_pieces(pose, alpha, person, camera, scale)
    return pieces


def _limb_pieces(
    xy: np.ndarray, depth: np.ndarray, metre: np.ndarray, alpha: np.ndarray, person: int
) -> list[Piece]:
    ra, rb = _LIMB_RA * metre[_LIMB_A], _LIMB_RB * metre[_LIMB_B]
    corners = _shaded_capsules(xy[_LIMB_A], xy[_LIMB_B], ra, rb)
    middle = (depth[_LIMB_A] + depth[_LIMB_B]) / 2
    strength = np.minimum(alpha[_LIMB_A], alpha[_LIMB_B])
    return [
        Piece(
            float(middle[i]),
            list(fixed(corners[i])),
            corners[i, 0],
            joint_colour(int(_LIMB_B[i]), person),
            float(strength[i]),
        )
        for i in range(len(_LIMBS))
    ]


def _shaded_capsules(a: np.ndarray, b: np.ndarray, ra: np.ndarray, rb: np.ndarray) -> np.ndarray:
    """(N, 1 + layers, corners, 2): the outline, then ever smaller ones towards the light."""
    count = len(_SIZES)
    rim = 1 + np.clip(0.05 * np.minimum(ra, rb), 0, 1)  # the outline's width in pixels
    shift = (1 - _SIZES)[None, :, None] * _LIGHT * 0.62
    many_a = a[:, None] + shift * ra[:, None, None]
    many_b = b[:, None] + shift * rb[:, None, None]
    many_ra, many_rb = ra[:, None] * _SIZES, rb[:, None] * _SIZES
    starts = np.concatenate([a[:, None], many_a], 1).reshape(-1, 2)
    ends = np.concatenate([b[:, None], many_b], 1).reshape(-1, 2)
    radii_a = np.concatenate([(ra + rim)[:, None], many_ra], 1).ravel()
    radii_b = np.concatenate([(rb + rim)[:, None], many_rb], 1).ravel()
    return capsules(starts, ends, radii_a, radii_b).reshape(len(a), count + 1, -1, 2)


def _trunk_piece(
    xy: np.ndarray, depth: np.ndarray, metre: np.ndarray, alpha: np.ndarray, person: int
) -> Piece:
    points, radii = xy[_TRUNK_JOINTS], _TRUNK_RADII * metre[_TRUNK_JOINTS]
    middle = points.mean(0)
    layers = [_hull(points, radii + 1.3)]
    for size in _SIZES:
        spread = 1 - (1 - size) * 0.75  # shrink towards the middle, but keep the trunk's form
        shift = (1 - size) * _LIGHT * radii.mean() * 0.75
        layers.append(_hull(middle + (points - middle) * spread + shift, radii * size))
    around = np.concatenate([points - radii[:, None] - 3, points + radii[:, None] + 3])
    return Piece(
        float(depth[_TRUNK_JOINTS].mean()),
        layers,
        around,
        accent(person),
        float(alpha[[*_HIPS, *_SHOULDERS]].mean()),
    )


def _hull(points: np.ndarray, radii: np.ndarray) -> np.ndarray:
    circles = capsules(points, points, radii, radii).reshape(-1, 2)
    hull: np.ndarray = cv2.convexHull(fixed(circles))
    return hull


def _head_pieces(
    pose: np.ndarray, alpha: np.ndarray, person: int, camera: Camera, scale: float
) -> list[Piece]:
    """The neck and the head, which hangs from the head top and leans as the neck does."""
    up = pose[_HEAD] - pose[_THORAX]
    up = up / max(float(np.linalg.norm(up)), 1e-6)
    top, low = pose[_HEAD] - up * _HEAD_RADIUS * scale, pose[_HEAD] - up * 0.155 * scale
    ends = np.stack([pose[_THORAX], low, top, low])
    xy, depth = camera.project(ends)
    metre = camera.scale(depth) * scale
    radii = np.array([_NECK_RADIUS, _NECK_RADIUS, _HEAD_RADIUS, _HEAD_RADIUS * 0.8]) * metre
    corners = _shaded_capsules(xy[[0, 2]], xy[[1, 3]], radii[[0, 2]], radii[[1, 3]])
    strength = float(alpha[[_NECK, _HEAD]].mean())
    colour = accent(person)
    return [
        Piece(float(depth[:2].mean()), list(fixed(corners[0])), corners[0, 0], colour, strength),
        Piece(float(depth[2:].mean()), list(fixed(corners[1])), corners[1, 0], colour, strength),
    ]


def paint(image: np.ndarray, piece: Piece, haze: Colour, haze_share: float, theme: Theme) -> None:
    """Paint a piece; `haze` is the colour that far things take a share of."""
    colour = mix(piece.colour, haze, haze_share)
    rim = mix(mix(piece.colour, theme.outline, 0.55), haze, haze_share)
    shades = [mix(colour, _WHITE if s > 0 else theme.outline, abs(s)) for _, s in _LAYERS]

    def draw(canvas: np.ndarray) -> None:
        for corners, shade in zip(piece.layers, (rim, *shades), strict=True):
            fill(canvas, corners, shade)

    blended(image, piece.around, piece.alpha, draw)
