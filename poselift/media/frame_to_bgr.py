"""From a decoded frame to a BGR picture: rotated as displayed, square pixels, SDR colours."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation

# What FFmpeg calls the two transfer curves of HDR.
_PQ, _HLG = 16, 18
_BT2020 = (9, 10)  # YUV matrices

# Linear light, BT.2020 primaries to BT.709 primaries.
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
_WIDEST = 8  # times as wide as high, or the other way round, a pixel may be
_WHITE = 203.0  # nits of diffuse white in an HDR picture, ITU-R BT.2408
_KNEE = 0.75  # below this share of the range HDR light is kept as it is, above it is rolled off

#: A display matrix's four rotation and flip parts, as signs: (a, b, c, d) of x' = ax + cy, ...
Orientation = tuple[int, int, int, int]
STRAIGHT: Orientation = (1, 0, 0, 1)


def orientation(frame: VideoFrame) -> Orientation:
    """How the frame must be rotated and mirrored for display."""
    # Not `frame.side_data`: the frame keeps that, and it the frame, so that every picture would
    # stay in memory until Python looks for reference cycles.
    # Its type stub does not know of the argument.
    side_data: Any = SideDataContainer(frame)  # type: ignore[call-arg]
    matrix = side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return STRAIGHT
    values = np.frombuffer(bytes(matrix), np.int32)[[0, 1, 3, 4]].astype(float)
    if abs(values[0]) < abs(values[1]):  # a quarter turn, or nearly one
        values[[0, 3]] = 0
    else:
        values[[1, 2]] = 0
    a, b, c, d = (int(sign) for sign in np.sign(values))
    return (a, b, c, d) if a * d - b * c else STRAIGHT


def turn(image: np.ndarray, way: Orientation) -> np.ndarray:
    """Turn and mirror a picture (H, W, 3) the way its display matrix says.

    >>> picture = np.arange(6).reshape(2, 3, 1).astype(np.uint8)
    >>> turn(picture, (0, 1, -1, 0))[..., 0].tolist()  # a quarter turn clockwise
    [[3, 0], [4, 1], [5, 2]]
    """
    a, b, c, d = way
    if a:  # x' = ax, y' = dy
        if (a, d) == (1, 1):
            return image
        return _shaped(cv2.flip(image, -1 if a == d else (1 if a < 0 else 0)), image)
    # x' = cy, y' = bx: swap the axes, then mirror those that run backwards.
    turned = _shaped(cv2.transpose(image), image)
    if (c, b) == (1, 1):
        return turned
    return _shaped(cv2.flip(turned, -1 if c == b else (1 if c < 0 else 0)), image)


def _shaped(turned: np.ndarray, like: np.ndarray) -> np.ndarray:
    # OpenCV drops the last axis of a picture with one channel.
    return turned if turned.ndim == like.ndim else turned[..., None]


def square_size(width: int, height: int, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Size with square pixels of a stored picture whose pixels are `pixel_aspect` wide.

    >>> square_size(720, 576, Fraction(64, 45))
    (1024, 576)
    >>> square_size(640, 480, Fraction(255, 1))  # damage: no camera has such pixels
    (640, 480)
    """
    if not pixel_aspect or not 1 / _WIDEST <= pixel_aspect <= _WIDEST:
        return width, height
    return max(1, round(width * pixel_aspect)), height


def to_bgr(frame: VideoFrame, size: tuple[int, int]) -> np.ndarray:
    """The frame as (H, W, 3) BGR uint8 at `size`, not yet turned. HDR is brought to SDR."""
    width, height = size
    matrix = _matrix(frame)
    options = {
        "width": width,
        "height": height,
        "src_colorspace": matrix,
        "interpolation": Interpolation.BILINEAR,
    }
    if frame.color_trc in (_PQ, _HLG):
        image = frame.reformat(format="rgb48le", **options).to_ndarray()
        return tone_map(image, pq=frame.color_trc == _PQ)
    return frame.reformat(format="bgr24", **options).to_ndarray()


def _matrix(frame: VideoFrame) -> int:
    """The YUV matrix; where the stream does not name it, what its size suggests."""
    if frame.colorspace in _BT2020:
        return 9
    if frame.colorspace in (0, 2, 3):  # RGB, unspecified, reserved
        return int(Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601)
    return int(frame.colorspace)


def tone_map(rgb: np.ndarray, pq: bool) -> np.ndarray:
    """HDR (H, W, 3) uint16 RGB, coded as PQ or HLG in BT.2020, to SDR BGR uint8."""
    light = _light_of_code(pq)[rgb]  # (H, W, 3) linear, 1 = the brightest that SDR can show
    light = cv2.transform(light, _TO_709)
    index = np.clip(light * 65535.0, 0, 65535).astype(np.uint16)
    return np.ascontiguousarray(_gamma_of_light()[index][..., ::-1])


@lru_cache(maxsize=2)
def _light_of_code(pq: bool) -> np.ndarray:
    """(65536,) float32: code value to tone-mapped linear light in 0..1."""
    code = np.linspace(0, 1, 65536)
    if pq:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = code ** (1 / m2)
        nits = 10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    else:  # ARIB STD-B67, shown on a display of 1000 nits with its system gamma of 1.2
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
        nits = 1000 * scene**1.2
    light = nits / _WHITE * 0.8
    over = np.maximum(light - _KNEE, 0)
    rolled = _KNEE + (1 - _KNEE) * over / (over + (1 - _KNEE))
    return np.where(light > _KNEE, rolled, light).astype(np.float32)


@lru_cache(maxsize=1)
def _gamma_of_light() -> np.ndarray:
    """(65536,) uint8: linear light to the sRGB code."""
    light = np.linspace(0, 1, 65536)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(code * 255).astype(np.uint8)
