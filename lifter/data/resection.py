"""Where a camera stood, from points that it saw and where they are."""

from __future__ import annotations

import numpy as np

from poselift.errors import PoseliftError


def camera_rotation(world: np.ndarray, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The (3, 3) rotation from world to camera space (x right, y down, z away).

    `world` (N, 3) in any unit, `picture` (N, 2) in pixels. Lens, distortion and place are solved
    for too, so that exact points give the exact camera.
    """
    import cv2

    width, height = size
    unit = max(float(np.ptp(world, axis=0).max()), 1e-9)
    points = ((world - world.mean(0)) / unit).astype(np.float32)
    guess = np.array([[1.15 * width, 0, width / 2], [0, 1.15 * width, height / 2], [0, 0, 1]])
    try:
        error, _, _, turns, _ = cv2.calibrateCamera(
            [points], [picture.astype(np.float32)], (width, height), guess, np.zeros(5),
            flags=cv2.CALIB_USE_INTRINSIC_GUESS,
        )  # fmt: skip
    except cv2.error as problem:
        raise PoseliftError(
            "The camera cannot be found from the 2D and 3D points.",
            "Do the two files belong together?",
        ) from problem
    if not error < 0.02 * width:
        raise PoseliftError(
            f"The 2D and 3D points do not fit one camera ({error:.0f} pixels off).",
            "Do the two files belong together?",
        )
    return np.asarray(cv2.Rodrigues(turns[0])[0], np.float64)
