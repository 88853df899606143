"""Pictures of made rooms without their people: a floor, a ceiling and walls, with rough patterns.

What follows backgrounds sees them as it sees real ones: near things move more than far ones when
the camera goes from place to place.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from benchmarks.rooms_cameras import SIZE, MadeCamera
from benchmarks.rooms_made import MadeRoom
from poselift.scene.motion import BackgroundMotion
from poselift.scene.steps import CameraSteps, camera_steps

_DRAWN = (640, 360)  # twice the size that is looked at: far patterns must not flicker
_TEXTURE, _A_METRE = 1024, 40  # pixels of a pattern that is repeated, and how many make a metre
_CEILING = 3.5


def followed(made: MadeRoom) -> CameraSteps:
    """What `BackgroundMotion` finds in the room's pictures, with the people's boxes left out."""
    motion = BackgroundMotion(SIZE)
    return camera_steps(np.array([motion.add(*shown) for shown in frames(made)]), SIZE)


def frames(made: MadeRoom) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each frame's picture and the boxes (N, 4) of the people who would be in it."""
    pixels = made.true_pixels()
    for frame, picture in enumerate(pictures(made.camera, made.seed)):
        ends = [(one[frame].min(axis=0), one[frame].max(axis=0)) for one in pixels]
        yield cv2.resize(picture, SIZE), np.array([np.concatenate(end) for end in ends])


def pictures(camera: MadeCamera, seed: int) -> Iterator[np.ndarray]:
    """Each frame's picture, (360, 640, 3) BGR, of walls 2 to 8 m beyond the camera and people."""
    rng = np.random.default_rng(seed)
    pattern = _pattern(rng)
    reach = np.abs(camera.position[:, :2]).max() + 3
    walls = reach + rng.uniform(2, 8, 4)  # where x and y end, below and above
    low, high = np.append(-walls[:2], 0), np.append(walls[2:], max(_CEILING, reach))
    across = (np.arange(_DRAWN[0]) + 0.5) / _DRAWN[0] - 0.5
    down = ((np.arange(_DRAWN[1]) + 0.5) / _DRAWN[1] - 0.5) * SIZE[1] / SIZE[0]
    plane = np.stack([*np.meshgrid(across, down), np.ones(_DRAWN[::-1])], axis=-1)
    for rotation, position, focal in zip(
        camera.rotation, camera.position, camera.focal, strict=True
    ):
        rays = (plane * [SIZE[0] / focal, SIZE[0] / focal, 1]) @ rotation
        yield _seen(rays, position, low, high, pattern)


def _seen(
    rays: np.ndarray, eye: np.ndarray, low: np.ndarray, high: np.ndarray, pattern: np.ndarray
) -> np.ndarray:
    """What rays (H, W, 3) from `eye` meet of a box from `low` to `high`, inside of which it is."""
    steep = np.where(np.abs(rays) < 1e-9, 1e-9, rays)
    far = (np.where(steep > 0, high, low) - eye) / steep  # until each pair of sides
    side = far.argmin(axis=-1)
    hit = eye + rays * far.min(axis=-1, keepdims=True)
    over = np.where(side[..., None] == np.arange(3), 0, hit) * _A_METRE
    # Two of the three are left; which, and which side it is, shifts the pattern.
    shift = 137 * (2 * side + (np.take_along_axis(steep, side[..., None], -1)[..., 0] > 0))
    u = np.where(side == 0, over[..., 1], over[..., 0]) + shift
    v = np.where(side == 2, over[..., 1], over[..., 2]) + shift
    grey = cv2.remap(
        pattern, (u % _TEXTURE).astype(np.float32), (v % _TEXTURE).astype(np.float32),
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP,
    )  # fmt: skip
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def _pattern(rng: np.random.Generator) -> np.ndarray:
    """Spots of every size, without a seam."""
    total = np.zeros((_TEXTURE, _TEXTURE))
    for sigma in (4, 10, 25, 60):
        spots = rng.standard_normal((_TEXTURE, _TEXTURE))
        wave = np.fft.fft2(spots)
        pitch = np.fft.fftfreq(_TEXTURE)
        soft = np.exp(-2 * (np.pi * sigma * pitch) ** 2)
        smooth = np.fft.ifft2(wave * soft[:, None] * soft[None]).real
        total += smooth / smooth.std()
    return np.clip(128 + 30 * total, 0, 255).astype(np.uint8)
