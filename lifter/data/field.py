"""The field's data sets, read as they are published: Human3.6M, MPI-INF-3DHP, HumanEva-I.

Each reader gives `FilmedSequence`s in one form: H36M-17, pixels, and metres in camera space. Bodies
keep their size. What a set lacks of the 17 joints is made and named in `made`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from poselift.errors import PoseliftError
from poselift.lifter.data.objects import read_objects
from poselift.lifter.data.resection import camera_rotation
from poselift.lifter.data.windows import WindowBatch
from poselift.lifter.normalise import screen
from poselift.skeleton import H36M17

if TYPE_CHECKING:
    from poselift.lifter.training.settings import TrainSettings

#: Human3.6M's 32 joints that make the 17, in the order of H36M17.
H36M_FROM_32 = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)
H36M_TRAIN, H36M_TEST = ("S1", "S5", "S6", "S7", "S8"), ("S9", "S11")
#: Width and height of Human3.6M's four cameras' pictures.
H36M_SIZES = ((1000, 1002), (1000, 1000), (1000, 1000), (1000, 1002))
#: MPI-INF-3DHP's 17 joints in the order of H36M17.
H36M_FROM_3DHP = (14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4)
#: HumanEva's 15 joints in the order of H36M17; the spine and neck are made.
H36M_FROM_HUMANEVA = (0, 11, 12, 13, 8, 9, 10, 0, 1, 1, 14, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True)
class FilmedSequence:
    """One person seen by one camera.

    Attributes:
        subject, action, camera: names as the set has them.
        size: (width, height) of the picture.
        fps: frames per second.
        points: (N, 17, 2) pixels.
        poses: (N, 17, 3) metres, camera space, from the pelvis.
        judged: (N,) bool, the frames that count.
        made: joints that are not the set's own, left out of its scores.
        score: (N, 17) of the points; None where the set has none.
    """

    subject: str
    action: str
    camera: str
    size: tuple[int, int]
    fps: float
    points: np.ndarray
    poses: np.ndarray
    judged: np.ndarray
    made: tuple[int, ...] = ()
    score: np.ndarray | None = None


def h36m(folder: Path, subjects: Iterable[str], keypoints: str = "gt") -> Iterator[FilmedSequence]:
    """Human3.6M: `data_3d_h36m.npz` with `data_2d_h36m_<keypoints>.npz` in `folder`.

    The cameras are not in these files; each is found from the true 2D and 3D of its own frames,
    so `data_2d_h36m_gt.npz` is needed too.
    """
    bodies = read_objects(folder / "data_3d_h36m.npz")["positions_3d"]
    true = read_objects(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    seen = true
    if keypoints != "gt":
        seen = read_objects(folder / f"data_2d_h36m_{keypoints}.npz")["positions_2d"]
    for subject in subjects:
        if subject not in bodies or subject not in true:
            raise PoseliftError(
                f"{folder} has no subject {subject}.", f"It has {', '.join(map(str, bodies))}."
            )
        rotations = _h36m_cameras(bodies[subject], true[subject])
        for action, world in bodies[subject].items():
            for camera, rotation in enumerate(rotations):
                if action not in seen[subject] or camera >= len(seen[subject][action]):
                    continue
                points = np.asarray(seen[subject][action][camera], np.float32)
                count = min(len(world), len(points))  # CPN's files are a few frames longer
                body = _seventeen(np.asarray(world[:count], np.float64))
                body = (body - body[:, :1]) @ rotation.T
                yield FilmedSequence(
                    subject, action, str(camera), H36M_SIZES[camera % 4], 50.0,
                    points[:count, :17], body.astype(np.float32), np.ones(count, bool),
                )  # fmt: skip


def _seventeen(body: np.ndarray) -> np.ndarray:
    return body[:, list(H36M_FROM_32)] if body.shape[1] == 32 else body


def _h36m_cameras(bodies: dict[str, Any], points: dict[str, Any]) -> list[np.ndarray]:
    """World to camera rotations of one subject's cameras, from some frames of all its actions."""
    shared = [action for action in bodies if action in points]
    cameras = min(len(points[action]) for action in shared)
    out = []
    for camera in range(cameras):
        world, picture = [], []
        for action in shared:
            count = min(len(bodies[action]), len(points[action][camera]))
            chosen = np.linspace(0, count - 1, min(count, 12)).astype(int)
            world.append(_seventeen(np.asarray(bodies[action], np.float64)[chosen]).reshape(-1, 3))
            picture.append(
                np.asarray(points[action][camera], np.float64)[chosen, :17].reshape(-1, 2)
            )
        size = H36M_SIZES[camera % 4]
        out.append(camera_rotation(np.concatenate(world), np.concatenate(picture), size))
    return out


def mpi3dhp(folder: Path, part: str) -> Iterator[FilmedSequence]:
    """MPI-INF-3DHP: `data_train_3dhp.npz` or `data_test_3dhp.npz` (`part` "train" or "test")."""
    content = read_objects(folder / f"data_{part}_3dhp.npz")["data"]
    order = list(H36M_FROM_3DHP)

    def made(name: str, camera: str, one: dict[str, Any], size: tuple[int, int]) -> FilmedSequence:
        poses = np.asarray(one["data_3d"], np.float32).reshape(-1, 17, 3)[:, order] / 1000
        points = np.asarray(one["data_2d"], np.float32).reshape(-1, 17, 2)[:, order]
        judged = np.asarray(one.get("valid", np.ones(len(poses)))).reshape(-1).astype(bool)
        subject, _, action = name.partition(" ")
        fps = 25.0 if part == "test" else 50.0
        return FilmedSequence(
            subject, action or name, camera, size, fps, points, poses - poses[:, :1], judged
        )

    for name, one in content.items():
        if "data_3d" in one:  # the test set: one camera a sequence
            size = (1920, 1080) if name in ("TS5", "TS6") else (2048, 2048)
            yield made(name, "0", one, size)
        else:
            cameras = one[0] if isinstance(one, list | tuple | np.ndarray) else one
            for camera, views in cameras.items():
                yield made(name, str(camera), views, (2048, 2048))


def humaneva(
    folder: Path, split: str = "Validate", keypoints: str = "gt"
) -> Iterator[FilmedSequence]:
    """HumanEva-I as VideoPose3D writes it: `data_3d_humaneva15.npz` and the 2D beside it."""
    bodies = read_objects(folder / "data_3d_humaneva15.npz")["positions_3d"]
    true = read_objects(folder / "data_2d_humaneva15_gt.npz")["positions_2d"]
    seen = true
    if keypoints != "gt":
        seen = read_objects(folder / f"data_2d_humaneva15_{keypoints}.npz")["positions_2d"]
    order = list(H36M_FROM_HUMANEVA)
    for subject, actions in bodies.items():
        if not subject.startswith(split):
            continue
        cameras = min(len(true[subject][action]) for action in actions)
        for camera in range(cameras):
            world = np.concatenate([np.asarray(a, np.float64) for a in actions.values()])
            picture = np.concatenate([np.asarray(true[subject][a][camera]) for a in actions])
            chosen = np.linspace(0, len(world) - 1, min(len(world), 200)).astype(int)
            turn = camera_rotation(
                world[chosen].reshape(-1, 3), picture[chosen].reshape(-1, 2), (640, 480)
            )
            for action, body in actions.items():
                points = np.asarray(seen[subject][action][camera], np.float32)[:, order]
                poses = np.asarray(body, np.float64)[:, order] @ turn.T
                for array in (points, poses):
                    array[:, 7] = (array[:, 0] + array[:, 8]) / 2
                    array[:, 9] = (array[:, 8] + array[:, 10]) / 2
                poses = (poses - poses[:, :1]).astype(np.float32)
                yield FilmedSequence(
                    subject, action.split(" chunk")[0], str(camera), (640, 480), 60.0,
                    points, poses, np.ones(len(points), bool), made=(7, 9),
                )  # fmt: skip


class FieldWindows:
    """Random windows of a data set, mirrored half of the time; screen units, no scores."""

    def __init__(
        self, sequences: Iterable[FilmedSequence], frames: int, flip: bool, seed: int
    ) -> None:
        self.rng = torch.Generator().manual_seed(seed)
        self.frames, self.flip = frames, flip
        points, poses, self._last, start = [], [], [], 0
        self._first: list[int] = []
        for one in sequences:
            points.append(screen(one.points, one.size))
            poses.append(one.poses)
            self._first += [start] * len(one.poses)
            start += len(one.poses)
            self._last += [start - 1] * len(one.poses)
        self._points = torch.from_numpy(np.concatenate(points))
        self._poses = torch.from_numpy(np.concatenate(poses))
        self._ends = torch.tensor([self._first, self._last])

    def __len__(self) -> int:
        return len(self._poses)

    def windows(self, count: int) -> WindowBatch:
        """Windows about random frames; the ends of a sequence are repeated."""
        middle = torch.randint(len(self), (count,), generator=self.rng)
        reach = torch.arange(self.frames) - (self.frames - 1) // 2
        wanted = middle[:, None] + reach
        first, last = self._ends[:, middle][..., None]
        index = wanted.clamp(first, last)
        x, y = self._points[index], self._poses[index]
        if self.flip:
            flip = torch.rand((count, 1, 1, 1), generator=self.rng) < 0.5
            mirror = list(H36M17.mirror)
            x = torch.where(flip, x[:, :, mirror] * torch.tensor([-1.0, 1.0]), x)
            y = torch.where(flip, y[:, :, mirror] * torch.tensor([-1.0, 1.0, 1.0]), y)
        x = torch.cat([x, torch.ones_like(x[..., :1])], dim=-1)
        return WindowBatch(x, y, (index == wanted).float())


def field_windows(
    data: str, folder: Path, settings: TrainSettings, seed: int
) -> tuple[FieldWindows, dict[str, WindowBatch]]:
    """Training windows and fixed validation windows of "h36m" or "3dhp"."""
    frames = int(settings.network.get("frames", 27))
    if data == "h36m":
        training, testing = h36m(folder, H36M_TRAIN), h36m(folder, H36M_TEST)
    else:
        training, testing = mpi3dhp(folder, "train"), mpi3dhp(folder, "test")
    source = FieldWindows(training, frames, settings.flip, seed)
    judged = FieldWindows(testing, frames, False, 1).windows(1024)
    return source, {"test": judged}
