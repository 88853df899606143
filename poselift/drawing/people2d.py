"""People over the frame they were seen in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poselift.drawing.shapes import blended, capsules, fill, fixed
from poselift.drawing.style import Colour, accent, joint_colour, mix, opacity
from poselift.drawing.text import pill
from poselift.skeleton import H36M17
from poselift.types import Extra

_BONES = np.array(H36M17.bones)  # (16, 2)
_HEAD = H36M17.index("head")
_ANKLES = H36M17.index("left ankle"), H36M17.index("right ankle")
_WHITE: Colour = (255, 255, 255)
_CASING: Colour = (30, 22, 18)


def draw_people(
    image: np.ndarray,
    xy: np.ndarray,
    score: np.ndarray,
    ids: Sequence[int] | np.ndarray,
    filled: Sequence[bool] | np.ndarray | None = None,
    numbers: bool | None = None,
    feet: Extra | None = None,
) -> np.ndarray:
    """Draw people over a copy of the image.

    Args:
        image: (H, W, 3) BGR uint8; it is not changed.
        xy: (P, 17, 2) pixels, H36M-17; a person with no finite joint is left out.
        score: (P, 17) in 0..1; joints of low score fade.
        ids: (P,) the people's numbers, which choose their accents.
        filled: (P,) True for people not seen in this frame; they are drawn translucent.
        feet: their heels and toes (P, 4, 2) and scores (P, 4), where they were read.
        numbers: whether to write the numbers; by default if there is more than one person.

    >>> frame = np.zeros((90, 160, 3), np.uint8)
    >>> draw_people(frame, np.zeros((0, 17, 2)), np.zeros((0, 17)), []).shape
    (90, 160, 3)
    """
    out = np.ascontiguousarray(image).copy()
    xy, score = np.asarray(xy, float), np.asarray(score, float)
    if numbers is None:
        numbers = len(ids) > 1
    sizes = [_extent(points) for points in xy]
    for p in np.argsort(sizes, kind="stable"):  # the nearest, who is the largest, comes last
        if sizes[p] > 0 and _touches(xy[p], 0.3 * sizes[p], out.shape):
            strength = 0.4 if filled is not None and filled[p] else 1.0
            alpha = opacity(score[p]) * strength * np.isfinite(xy[p]).all(-1)
            points = np.nan_to_num(xy[p])
            radius = _thickness(sizes[p], out.shape)
            if feet is not None:
                faded = opacity(feet.score[p]) * strength * np.isfinite(feet.xy[p]).all(-1)
                soles = np.nan_to_num(feet.xy[p])
                _draw_feet(out, points, alpha, soles, faded, int(ids[p]), radius)
            _draw_person(out, points, alpha, int(ids[p]), radius)
            if numbers and alpha.max() > 0:
                _draw_number(out, points[alpha > 0], int(ids[p]), sizes[p])
    return out


def _extent(points: np.ndarray) -> float:
    """The length of the person in pixels: steadier than the height of somebody who bends."""
    seen = points[np.isfinite(points).all(-1)]
    return float(np.hypot(*(seen.max(0) - seen.min(0)))) + 1e-6 if len(seen) else 0.0


def _touches(points: np.ndarray, margin: float, shape: tuple[int, ...]) -> bool:
    """Whether any of somebody, and the number above the head, may be within the picture."""
    low, high = np.nanmin(points, axis=0) - margin, np.nanmax(points, axis=0) + margin
    return bool((high >= 0).all() and (low <= (shape[1], shape[0])).all())


def _thickness(size: float, shape: tuple[int, ...]) -> float:
    """Half a limb's width in pixels."""
    return float(np.clip(size / 105, min(shape[:2]) / 480, max(shape[:2]) / 110))


def _draw_person(
    image: np.ndarray, points: np.ndarray, alpha: np.ndarray, person: int, radius: float
) -> None:
    a, b = points[_BONES[:, 0]], points[_BONES[:, 1]]
    bone_alpha = np.minimum(alpha[_BONES[:, 0]], alpha[_BONES[:, 1]])
    even = np.full(len(_BONES), radius)
    limbs = capsules(a, b, even, even)
    casings = capsules(a, b, even + max(radius * 0.35, 0.8), even + max(radius * 0.35, 0.8))
    # The trunk first, so that arms in front of it are not covered.
    order = sorted(range(len(_BONES)), key=lambda i: _BONES[i, 1] in H36M17.left + H36M17.right)
    limb_corners = fixed(limbs)
    _draw_casings(image, casings, bone_alpha)
    for i in order:
        colour = joint_colour(int(_BONES[i, 1]), person)

        def draw(im: np.ndarray, i: int = i, colour: Colour = colour) -> None:
            fill(im, limb_corners[i], colour)

        blended(image, limbs[i], float(bone_alpha[i]), draw)
    _draw_joints(image, points, alpha, person, radius)


def _draw_feet(
    image: np.ndarray,
    points: np.ndarray,
    alpha: np.ndarray,
    feet: np.ndarray,
    faded: np.ndarray,
    person: int,
    radius: float,
) -> None:
    """Ankle to heel to toe, as far as they were seen; thinner than the limbs."""
    for heel, toe, ankle in ((0, 1, _ANKLES[0]), (2, 3, _ANKLES[1])):
        ends = [(points[ankle], feet[heel], min(alpha[ankle], faded[heel])),
                (feet[heel], feet[toe], min(faded[heel], faded[toe]))]  # fmt: skip
        colour = joint_colour(ankle, person)
        for start, end, strength in ends:
            thin = np.full(1, radius * 0.7)
            outline = capsules(start[None], end[None], thin, thin)
            corners = fixed(outline)

            def draw(
                im: np.ndarray, corners: np.ndarray = corners, colour: Colour = colour
            ) -> None:
                fill(im, corners[0], colour)

            if strength > 0:
                blended(image, outline[0], float(strength), draw)


def _draw_casings(image: np.ndarray, casings: np.ndarray, alpha: np.ndarray) -> None:
    """A dark rim under the limbs, which keeps them apart from any picture."""
    corners = fixed(casings)
    # Limbs of one opacity in one go: faster, and rims that overlap do not darken twice.
    for strength in np.unique(alpha.round(1)):
        group = np.flatnonzero(alpha.round(1) == strength)

        def draw(im: np.ndarray, group: np.ndarray = group) -> None:
            for i in group:
                fill(im, corners[i], _CASING)

        blended(image, casings[group].reshape(-1, 2), 0.45 * float(strength), draw)


def _draw_joints(
    image: np.ndarray, points: np.ndarray, alpha: np.ndarray, person: int, radius: float
) -> None:
    outer, inner = np.full(len(points), radius * 1.55), np.full(len(points), radius * 0.95)
    rings = capsules(points, points, outer, outer)
    ring_corners, dot_corners = fixed(rings), fixed(capsules(points, points, inner, inner))
    for joint in range(len(points)):
        rim = mix(joint_colour(joint, person), _CASING, 0.25)

        def draw(im: np.ndarray, joint: int = joint, rim: Colour = rim) -> None:
            fill(im, ring_corners[joint], rim)
            fill(im, dot_corners[joint], _WHITE)

        blended(image, rings[joint], float(alpha[joint]), draw)


def _draw_number(image: np.ndarray, seen: np.ndarray, person: int, size: float) -> None:
    letters = int(np.clip(size / 14, 11, max(image.shape[0] / 30, 11)))
    top = seen[seen[:, 1].argmin()]
    middle = (seen[:, 0].min() + seen[:, 0].max()) / 2
    x = np.clip((top[0] + middle) / 2, letters, max(image.shape[1] - letters, letters))
    y = max(top[1] - letters * 1.9, letters * 1.1)
    pill(image, str(person), (float(x), float(y)), letters, accent(person))
