"""What keypointers' scores, real and synthetic, reveal of their errors and of hidden joints.

    python -m benchmarks.scores FOLDER_OF_POSE2SIM [--keypointer thunder lightning blazepose]

The folder is as for `benchmarks.judge`. Errors are from where the triangulated joints are, in
parts of the longer side of the person's box in that frame; "hidden" is how far behind the trunk,
and in line with it, a joint truly is. The last rows are of the scores that training draws by
`poselift.lifter.data.keypoint_scores`, for motion capture sets given by --mocap.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks import machine, views
from benchmarks.real_views import RealViews, main_person, observed, read_views
from poselift.errors import PoseliftError
from poselift.lifter.data import mocap, noise
from poselift.lifter.data.keypoint_scores import ScoreLaw
from poselift.skeleton import COCO17, H36M17

#: `views.SEEN` as indices of COCO-17.
_COCO = [COCO17.index(H36M17.names[joint]) for joint in views.SEEN]
_MADE_WINDOWS = 2000


@dataclass(frozen=True)
class Samples:
    """One number per joint and frame: score, error in box lengths, and how hidden it is, 0..1."""

    score: np.ndarray
    error: np.ndarray
    hidden: np.ndarray

    def row(self) -> list[str]:
        """Mean and spread of the scores, their correlations, and what both explain of them."""
        known = self.score > 0
        score, error, hidden = self.score[known], self.error[known], self.hidden[known]
        fit = np.column_stack([np.ones_like(error), error, hidden])
        rest = score - fit @ np.linalg.lstsq(fit, score, rcond=None)[0]
        told = 1 - rest.var() / score.var()
        shares = (
            score.mean(), score.std(), np.corrcoef(score, hidden)[0, 1],
            np.corrcoef(score, error)[0, 1], told,
        )  # fmt: skip
        lengths = (np.median(error), error.mean())
        return [*(f"{value:.2f}" for value in shares), *(f"{value:.4f}" for value in lengths)]


HEADINGS = ["scores of", "mean", "spread", "with hidden", "with error", "r² of both",
            "median error", "mean error"]  # fmt: skip


def hidden_share(points: np.ndarray, depth: np.ndarray, size: np.ndarray) -> np.ndarray:
    """(T, 12) by the same rule as in training, from (T, 12, 2), (T, 12) and box sizes (T,)."""
    import torch

    full, depths = np.zeros((len(points), 17, 2)), np.zeros((len(points), 17))
    full[:, _COCO], depths[:, _COCO] = points, depth
    found = noise.hidden_share(
        torch.from_numpy(full)[None], torch.from_numpy(depths)[None],
        torch.from_numpy(size)[None, :, None],
    )  # fmt: skip
    return found[0].numpy()[:, _COCO]


def real(scene: RealViews, keypointer: str) -> Samples:
    """The scores that a keypointer gives in all views."""
    tracks = [main_person(video, keypointer).track for video in scene.videos]
    points, scores = observed(scene.cameras, tracks, len(scene.world))
    errors, hidden = [], []
    for camera, seen in zip(scene.cameras, points, strict=True):
        true = camera.project(scene.world)
        depth = (scene.world @ camera.rotation.T + camera.shift)[..., 2]
        size = (true.max(1) - true.min(1)).max(-1)
        errors.append(np.linalg.norm(seen - true, axis=-1) / size[:, None])
        hidden.append(hidden_share(true, depth, size))
    return Samples(scores[:, scene.good], np.stack(errors)[:, scene.good],
                   np.stack(hidden)[:, scene.good])  # fmt: skip


def made(paths: Sequence[Path], law: ScoreLaw) -> Samples:
    """The scores that training draws, without joints that are not seen at all."""
    from poselift.lifter.data.camera import USUAL, film, project
    from poselift.lifter.data.faults import NO_FAULTS
    from poselift.lifter.data.head import coco_points
    from poselift.lifter.data.recipe import Recipe
    from poselift.lifter.data.studio import Studio

    studio = Studio(mocap.split(mocap.read_sets(paths))[0], Recipe())
    people = studio.people(_MADE_WINDOWS)
    filmed = film(people.joints, coco_points(people.joints, studio.rng), studio.rng, USUAL)
    points, depth = project(filmed.points), filmed.points[..., 2]
    settings = noise.KeypointNoise(cut=0.0, faults=NO_FAULTS, scores=law)
    seen, score = noise.disturb(points, depth, settings, studio.rng)
    size = (points.amax(2) - points.amin(2)).amax(-1)[..., None]
    error = (seen - points).norm(dim=-1) / size
    hidden = noise.hidden_share(points, depth, size)
    return Samples(*(one[..., 5:].numpy() for one in (score, error, hidden)))


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keypointer", nargs="+", default=["thunder", "lightning", "blazepose"])
    parser.add_argument("--mocap", nargs="+", type=Path, default=[], metavar="NPZ")
    arguments = parser.parse_args(argv)
    try:
        scene = read_views(arguments.folder)
        rows = [[name, *real(scene, name).row()] for name in arguments.keypointer]
        if arguments.mocap:
            law = ScoreLaw()
            rows.append(["training", *made(arguments.mocap, law).row()])
            unsure = replace(law, sure_share=0.0)
            rows.append(["training, MoveNet's kind", *made(arguments.mocap, unsure).row()])
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    print(machine.table(HEADINGS, rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
