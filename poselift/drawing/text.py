"""Words on pictures, in the typeface that comes with matplotlib, letter by letter from a cache."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from poselift.drawing.style import Colour, ink_on


@lru_cache(maxsize=1)
def _typeface() -> dict[bool, str]:
    # Found without importing matplotlib, which takes longer than drawing a hundred frames.
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    names = {False: folder / "DejaVuSans.ttf", True: folder / "DejaVuSans-Bold.ttf"}
    return {bold: str(path) for bold, path in names.items() if path.is_file()}


@lru_cache(maxsize=2048)
def _letter(letter: str, size: int, bold: bool) -> tuple[np.ndarray, int]:
    """A letter's coverage (size * 1.4, advance + 2) uint8, and its advance in pixels."""
    rows = round(size * 1.4)
    path = _typeface().get(bold)
    if path is None:
        return _plain_letter(letter, size, bold, rows)
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(path, size)
    # Digits share one width in this typeface, so a running clock does not tremble.
    advance = max(1, round(font.getlength(letter)))
    canvas = Image.new("L", (advance + 2, rows), 0)
    ImageDraw.Draw(canvas).text((0, size), letter, fill=255, font=font, anchor="ls")
    return np.asarray(canvas), advance


def _plain_letter(letter: str, size: int, bold: bool, rows: int) -> tuple[np.ndarray, int]:
    face, scale, weight = cv2.FONT_HERSHEY_SIMPLEX, size / 30, 2 if bold else 1
    (advance, _), _ = cv2.getTextSize(letter, face, scale, weight)
    canvas = np.zeros((rows, advance + 2), np.uint8)
    cv2.putText(canvas, letter, (0, size), face, scale, 255, weight, cv2.LINE_AA)
    return canvas, max(1, advance)


def text_width(text: str, size: int, bold: bool = False) -> int:
    """How many pixels wide `text` will be."""
    return sum(_letter(letter, size, bold)[1] for letter in text)


def write(
    image: np.ndarray,
    text: str,
    at: tuple[float, float],
    size: int,
    colour: Colour,
    bold: bool = False,
    align: str = "left",
) -> None:
    """Write one line into the image; `at` is the left (or right, or middle) end of its base line.

    What does not fit into the image is cut off.
    """
    size = max(size, 5)
    width = text_width(text, size, bold)
    if not text or width <= 0:
        return
    mask = np.zeros((round(size * 1.4), width + 2), np.uint8)
    x = 0
    for letter in text:
        coverage, advance = _letter(letter, size, bold)
        room = mask[:, x : x + coverage.shape[1]]
        np.maximum(room, coverage[:, : room.shape[1]], out=room)
        x += advance
    left = round(at[0] - {"left": 0.0, "middle": 0.5, "right": 1.0}[align] * width)
    stamp(image, mask, (left, round(at[1]) - size), colour)


def stamp(image: np.ndarray, mask: np.ndarray, at: tuple[int, int], colour: Colour) -> None:
    """Paint `colour` through a mask (uint8) whose top left corner lies at `at`."""
    height, width = image.shape[:2]
    x0, y0 = max(at[0], 0), max(at[1], 0)
    x1, y1 = min(at[0] + mask.shape[1], width), min(at[1] + mask.shape[0], height)
    if x1 <= x0 or y1 <= y0:
        return
    share = mask[y0 - at[1] : y1 - at[1], x0 - at[0] : x1 - at[0], None].astype(np.uint16)
    part = image[y0:y1, x0:x1]
    part[:] = ((255 - share) * part + share * np.array(colour, np.uint16) + 127) // 255


def pill(
    image: np.ndarray, text: str, centre: tuple[float, float], size: int, colour: Colour
) -> None:
    """Write on a rounded label."""
    from poselift.drawing.shapes import capsules, fill, fixed

    half = max(text_width(text, size, bold=True) / 2 - size * 0.15, 0.01)
    ends = np.array([[centre[0] - half, centre[1]], [centre[0] + half, centre[1]]])
    radius = np.array([size * 0.78])
    fill(image, fixed(capsules(ends[:1], ends[1:], radius, radius))[0], colour)
    baseline = centre[1] + size * 0.37
    write(image, text, (centre[0], baseline), size, ink_on(colour), bold=True, align="middle")
