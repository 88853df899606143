"""One body as shaded pieces: which pieces there are, where they lie, and how one is painted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from poselift.drawing.shapes import SHIFT, blended, capsules, fill, fixed
from poselift.drawing.style import Colour, Theme, accent, joint_colour, mix
from poselift.drawing.viewpoint import Viewpoint
from poselift.skeleton import H36M17

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
LIMBS = [
    (H36M17.parents[joint], joint, *_THICKNESS[name.split()[-1]])
    for joint, name in enumerate(H36M17.names)
    if name.split()[-1] in _THICKNESS
]
#: The trunk is two hulls of balls, which bend at the spine: joints, radii in metres.
TRUNK = (
    (np.array([*_SHOULDERS, _THORAX, _SPINE]), np.array([0.055, 0.055, 0.062, 0.088])),
    (np.array([*_HIPS, _PELVIS, _SPINE]), np.array([0.074, 0.074, 0.085, 0.082])),
)
HEAD_RADIUS = 0.098
NECK_RADIUS = 0.045
_CROWN, _CHIN, _NAPE = range(len(H36M17), len(H36M17) + 3)  # derived points, after the joints
#: Everything round: both ends, their radii, and the joint that gives the colour.
_ROUND = [
    *((a, b, ra, rb, b) for a, b, ra, rb in LIMBS),
    (_NAPE, _CHIN, NECK_RADIUS, NECK_RADIUS, _NECK),
    (_CROWN, _CHIN, HEAD_RADIUS, HEAD_RADIUS * 0.8, _HEAD),
]
_ROUND_A, _ROUND_B = (np.array([piece[i] for piece in _ROUND]) for i in (0, 1))
_ROUND_RA, _ROUND_RB = (np.array([piece[i] for piece in _ROUND]) for i in (2, 3))
_ROUND_COLOUR = [int(piece[4]) for piece in _ROUND]
_NORMAL_LEG = 0.83  # metres from hip to ankle of the grown-up that the thicknesses are made for

#: From the rim to the shine: sizes, and the mix with the outline (below 0) or white at them.
_RAMP_SIZE = np.array([1.0, 0.85, 0.74, 0.45, 0.15])
_RAMP_SHADE = np.array([-0.32, -0.08, 0.0, 0.17, 0.36])
_TURN = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], -1)
_LIGHT = np.array([-0.5, -0.62])  # where the light comes from, in the picture


@dataclass(frozen=True)
class Piece:
    """One convex part of a body, ready to be painted.

    Attributes:
        depth: metres from the camera, for painting the far ones first.
        layers: `fixed` corners: the outline, then one layer for each of `sizes`.
        sizes: from 1, the rim, to the shine.
        around: (N, 2) pixels that enclose it.
        colour: before shading.
        alpha: 0..1.
    """

    depth: float
    layers: list[np.ndarray]
    sizes: np.ndarray
    around: np.ndarray
    colour: Colour
    alpha: float


def body_scale(pose: np.ndarray) -> float:
    """How large a person (17, 3) is against a grown-up, from the limbs that a pose keeps rigid."""
    legs = [np.linalg.norm(pose[j] - pose[H36M17.parents[j]]) for j in (2, 3, 5, 6)]
    return float(np.clip(sum(legs) / 2 / _NORMAL_LEG, 0.4, 1.5))


def body_pieces(
    pose: np.ndarray, alpha: np.ndarray, person: int, camera: Viewpoint, scale: float
) -> list[Piece]:
    """The pieces of one person: pose (17, 3) without NaN, alpha (17,) of the joints."""
    points = np.concatenate([pose, _head_points(pose, scale)])
    xy, depth = camera.project(points)
    metre = camera.scale(depth) * scale  # (20,) pixels that a metre of this body takes
    sizes = _layer_sizes(0.06 * float(metre.mean()), 8)
    outlines = _shaded_capsules(
        xy[_ROUND_A], xy[_ROUND_B], _ROUND_RA * metre[_ROUND_A], _ROUND_RB * metre[_ROUND_B], sizes
    )
    corners = fixed(outlines)
    depths = (depth[_ROUND_A] + depth[_ROUND_B]) / 2
    depths[-2] = max(depths[-2], depths[-1] + 0.01)  # the neck never hides the face
    alpha = np.concatenate([alpha, np.full(3, alpha[[_NECK, _HEAD]].mean())])
    strengths = np.minimum(alpha[_ROUND_A], alpha[_ROUND_B])
    pieces = [
        Piece(
            float(depths[i]),
            list(corners[i]),
            sizes,
            outlines[i, 0],
            joint_colour(joint, person),
            float(strengths[i]),
        )
        for i, joint in enumerate(_ROUND_COLOUR)
    ]
    sizes = _layer_sizes(0.13 * float(metre.mean()), 14)
    for joints, radii in TRUNK:
        layers, around = _hull_layers(xy[joints], radii * metre[joints], sizes)
        strength = float(alpha[joints].mean())
        pieces.append(
            Piece(float(depth[joints].mean()), layers, sizes, around, accent(person), strength)
        )
    return pieces


def _head_points(pose: np.ndarray, scale: float) -> np.ndarray:
    """Crown, chin and nape (3, 3): the head hangs from its top and leans as the neck does."""
    up = pose[_HEAD] - pose[_THORAX]
    up = up / max(float(np.linalg.norm(up)), 1e-6) * scale
    crown, chin = pose[_HEAD] - up * HEAD_RADIUS, pose[_HEAD] - up * 0.155
    return np.stack([crown, chin, pose[_THORAX]])


def _layer_sizes(radius: float, most: int) -> np.ndarray:
    """As many layers as the eye can tell apart at some radius in pixels."""
    return np.linspace(1, 0.12, int(np.clip(round(radius * 0.7), 3, most)))


def _shaded_capsules(
    a: np.ndarray, b: np.ndarray, ra: np.ndarray, rb: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """(N, 1 + layers, corners, 2): the outline, then ever smaller ones towards the light."""
    rim = 1 + np.clip(0.05 * np.minimum(ra, rb), 0, 1)  # the outline's width in pixels
    sizes = np.append(1.0, sizes)
    many_ra, many_rb = ra[:, None] * sizes, rb[:, None] * sizes
    many_ra[:, 0] += rim
    many_rb[:, 0] += rim
    shift = (1 - sizes)[None, :, None] * _LIGHT * 0.62
    many_a = a[:, None] + shift * ra[:, None, None]
    many_b = b[:, None] + shift * rb[:, None, None]
    shape = capsules(many_a.reshape(-1, 2), many_b.reshape(-1, 2), many_ra.ravel(), many_rb.ravel())
    return shape.reshape(len(a), len(sizes), -1, 2)


def _hull_layers(
    points: np.ndarray, radii: np.ndarray, sizes: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """The same for the hull of some balls; also the pixels that enclose it."""
    middle, mean_radius = points.mean(0), radii.mean()
    sizes = np.append(1.0, sizes)[:, None]
    spread = 1 - (1 - sizes) * 0.8  # shrink towards the middle, but keep the trunk's form
    grown = radii * sizes
    grown[0] += 1.3
    shift = (1 - sizes) * _LIGHT * mean_radius * 0.7  # (layers, 2)
    centres = middle + (points - middle) * spread[..., None] + shift[:, None]
    circles = fixed(centres[:, :, None] + grown[:, :, None, None] * _CIRCLE)
    layers = [cv2.convexHull(layer) for layer in circles.reshape(len(sizes), -1, 2)]
    return layers, layers[0][:, 0] / (1 << SHIFT)


def paint(image: np.ndarray, piece: Piece, haze: Colour, haze_share: float, theme: Theme) -> None:
    """Paint a piece; `haze` is the colour that far things take a share of."""
    colour = mix(piece.colour, haze, haze_share)
    rim = mix(mix(piece.colour, theme.outline, 0.6), haze, haze_share)
    ramp = np.interp(piece.sizes, _RAMP_SIZE[::-1], _RAMP_SHADE[::-1]).tolist()
    shades = [mix(colour, _WHITE if s > 0 else theme.outline, abs(s)) for s in ramp]

    def draw(canvas: np.ndarray) -> None:
        for corners, shade in zip(piece.layers, (rim, *shades), strict=True):
            fill(canvas, corners, shade)

    blended(image, piece.around, piece.alpha, draw)
