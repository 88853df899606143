"""Whole stretches of motion capture, each filmed by one random camera: to judge what users get."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import to_nominal
from poselift.lifter.data.body import put_together, take_apart
from poselift.lifter.data.camera import film
from poselift.lifter.data.definitions import as_human36m
from poselift.lifter.data.field import FilmedSequence
from poselift.lifter.data.head import coco_points
from poselift.lifter.data.mocap import Clip
from poselift.lifter.data.recipe import Detection, as_judged
from poselift.lifter.data.windows import keypoints

#: Nobody films from where the person walks into the camera.
NEAREST_METRES = 1.2
_FOCAL_PIXELS = 1000.0
_SIZE = (1920, 1080)
#: Of the virtual camera, degrees along the picture's longer side.
FIELD_OF_VIEW = 2 * math.degrees(math.atan(max(_SIZE) / 2 / _FOCAL_PIXELS))


def film_clips(
    clips: Sequence[Clip],
    detection: Detection,
    fps: float = 30.0,
    seconds: float = 4.0,
    cameras: int = 1,
    seed: int = 1,
) -> Iterator[FilmedSequence]:
    """Each clip in stretches of `seconds` at most, each seen by `cameras` random cameras.

    Bodies are the captured ones brought to the nominal size; nothing else is augmented.
    """
    rng = Generator().manual_seed(seed)
    for clip in clips:
        joints = as_human36m(torch.from_numpy(clip.at_rate(fps)))
        for part in joints.split(max(round(seconds * fps), 1)):
            if len(part) < fps / 2 and len(joints) > len(part):
                continue  # a long clip's short rest
            body = put_together(to_nominal(take_apart(part[None])))
            for camera in range(cameras):
                yield _film(body, clip, f"{camera}", detection, fps, rng)


def _film(
    body: Tensor, clip: Clip, camera: str, detection: Detection, fps: float, rng: Generator
) -> FilmedSequence:
    recipe = as_judged(body.shape[1], detection)
    points = coco_points(body, rng)
    for _ in range(100):
        filmed = film(body, points, rng, recipe.cameras)
        if float(filmed.points[..., 2].min()) > NEAREST_METRES:
            break
    seen = filmed.joints
    xy, score = keypoints(filmed, recipe, rng)
    pixels = xy[0] * _FOCAL_PIXELS + np.array(_SIZE, np.float32) / 2
    pose = (seen - seen[:, :, :1])[0].numpy()
    return FilmedSequence(
        clip.name, clip.action, camera, _SIZE, fps, pixels.astype(np.float32), pose,
        np.ones(len(pose), bool), score=score[0],
    )  # fmt: skip
