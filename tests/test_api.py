"""The public face: run, lift, load, register, and parts that are objects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import poselift
from poselift import Keypoints, Motion, People, PoseliftError, Settings, Skeleton, Track, plugins
from poselift.detectors import registry
from poselift.lifter import loading, models
from poselift.lifter.clip import ClipLifter
from poselift.parts import Parts
from poselift.skeleton import COCO17, H36M17, SKELETONS
from tests.lifter.small_nets import small_net

#: Where in the middle box a standing person has the joints of COCO-17.
STICK = np.array([
    [0.5, 0.05], [0.53, 0.03], [0.47, 0.03], [0.57, 0.05], [0.43, 0.05], [0.7, 0.2], [0.3, 0.2],
    [0.9, 0.35], [0.1, 0.35], [1.0, 0.5], [0.0, 0.5], [0.65, 0.5], [0.35, 0.5], [0.65, 0.75],
    [0.35, 0.75], [0.65, 1.0], [0.35, 1.0],
])  # fmt: skip


class MiddleDetector:
    """Finds one person, in the middle."""

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        height, width = images[0].shape[:2]
        box = np.array([[width * 0.3, height * 0.1, width * 0.7, height * 0.9]], np.float32)
        return [People(box, np.ones(1, np.float32)) for _ in images]


class StickKeypointer:
    """Sees a standing person in the middle, whoever is asked for."""

    skeleton = COCO17

    def __init__(self, device: str = "cpu") -> None:
        self.calls = 0
        self.clips = 0

    def forget(self) -> None:
        self.clips += 1

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        self.calls += 1
        height, width = images[0].shape[:2]
        points = np.float32([0.3 * width, 0.1 * height]) + STICK * [0.4 * width, 0.8 * height]
        return [
            Keypoints(
                np.tile(points.astype(np.float32), (len(found), 1, 1)),
                np.full((len(found), 17), 0.9, np.float32),
                COCO17,
            )
            for found in people
        ]


class FlatLifter:
    """Lifts by leaving everybody in the picture's plane."""

    name = "flat"

    def __call__(
        self,
        tracks: Sequence[Track],
        *,
        image_size: tuple[int, int],
        fps: float,
        progress: Any = None,
    ) -> list[Motion]:
        motions = []
        for track in tracks:
            plane = (track.xy - track.xy[:, :1]) / image_size[1]
            pose = np.concatenate([plane, np.zeros_like(plane[..., :1])], axis=-1)
            motions.append(Motion(track, pose, fps, self.name, np.zeros(len(track), bool)))
        return motions


@pytest.fixture
def own() -> dict[str, Any]:
    return {"detector": MiddleDetector(), "keypointer": StickKeypointer(), "lifter": FlatLifter()}


@pytest.fixture
def unregister() -> Iterator[None]:
    """Takes back what a test registers."""
    known = (registry.DETECTORS, registry.KEYPOINTERS, loading.OWN, SKELETONS)
    before = [dict(names) for names in known]
    yield
    for names, old in zip(known, before, strict=True):
        for name in set(names) - set(old):
            del names[name]  # type: ignore[attr-defined]


def test_importing_costs_nothing() -> None:
    code = (
        "import sys, time; begun = time.perf_counter(); import poselift; poselift.run; "
        "print(time.perf_counter() - begun); print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, modules = out.stdout.split("\n")[:2]
    assert not {"torch", "cv2", "scipy", "matplotlib", "onnxruntime", "av"} & set(modules.split())
    assert float(seconds) < 2  # 0.2 on an idle machine; the modules are the sharper test


def test_all_names_lead_somewhere() -> None:
    assert all(getattr(poselift, name) is not None for name in poselift.__all__)
    assert set(poselift.__all__) <= set(dir(poselift))
    with pytest.raises(AttributeError, match="no attribute 'Ran'"):
        poselift.Ran  # noqa: B018


def test_parts_that_are_objects_do_the_whole_way(
    balance: Path, tmp_path: Path, own: dict[str, Any]
) -> None:
    motion = poselift.run(balance, out=str(tmp_path), end=0.5, **own)
    assert motion.lifter == "flat"
    assert motion.meta["options"]["pose"] == "StickKeypointer"
    assert len(motion.ids) == 1
    assert own["keypointer"].calls > 0
    assert not list(tmp_path.rglob(".cache"))  # nobody knows whether the object stays the same


def test_an_object_that_says_what_it_is_is_cached(
    balance: Path, tmp_path: Path, own: dict[str, Any]
) -> None:
    own["keypointer"].cache_key = own["detector"].cache_key = "1"
    poselift.run(balance, out=str(tmp_path), end=0.5, **own)
    calls = own["keypointer"].calls
    poselift.run(balance, out=str(tmp_path), end=0.5, **own)
    assert own["keypointer"].calls == calls
    own["keypointer"].cache_key = "2"
    poselift.run(balance, out=str(tmp_path), end=0.5, **own)
    assert own["keypointer"].calls == 2 * calls


def test_parts_serve_all_clips_and_forget_in_between(
    balance: Path, tmp_path: Path, own: dict[str, Any]
) -> None:
    pipeline = poselift.Pipeline(out=str(tmp_path), end=0.3, **own)
    pipeline.run(balance)
    pipeline.run(balance)
    assert own["keypointer"].clips == 2
    assert pipeline.parts.lifter is own["lifter"]


def test_named_parts_are_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts(Settings(lifter="sct"))
    assert parts.lifter is parts.lifter
    assert parts.detector is parts.detector
    assert parts.names == {"detector": "nanodet", "pose": "thunder", "lifter": "sct-2"}
    assert parts.lifter.name == "sct-2"


def test_telling_the_parts_loads_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "load", None)
    monkeypatch.setattr(registry, "_make", None)
    assert "lifter poselift-2 (the best whose weights" in Parts().explanation


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"detector": 3}, "cannot be called"),
        ({"keypointer": MiddleDetector()}, "no `skeleton`"),
        ({"lifter": models.create("ftcm", frames=9, width=64, blocks=1)}, "a network"),
    ],
)
def test_objects_that_are_no_parts_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(PoseliftError, match=message):
        poselift.Pipeline(**given)


def standing(people: int = 2, frames: int = 20) -> np.ndarray:
    points = np.random.default_rng(1).uniform(100, 300, size=(people, 1, 17, 2))
    return np.repeat(points, frames, axis=1) + np.arange(frames)[None, :, None, None]


def test_arrays_are_lifted_on_their_own_clock() -> None:
    xy = standing()
    xy[1, :5] = np.nan
    motion = poselift.lift(xy, image_size=(640, 480), fps=50, lifter=FlatLifter(), ids=[3, 8])
    assert motion.ids.tolist() == [3, 8]
    assert motion.pose3d.shape == (2, 20, 17, 3)
    assert motion.fps == pytest.approx(50)
    assert motion.present[1].tolist() == [False] * 5 + [True] * 15
    assert np.isfinite(motion.pose3d[0]).all()


def test_lifting_arrays_takes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    lifter = ClipLifter.from_net(small_net("ftcm"))
    options = {"image_size": (640, 480), "joints": "h36m17", "lifter": lifter}
    placed = poselift.lift(standing(1)[0], **options)
    standing_still = poselift.lift(standing(1)[0], place=False, **options)
    assert placed.placed
    assert not standing_still.placed
    assert np.ptp(standing_still.pose3d[0, :, 0, :2], axis=0).max() == pytest.approx(0, abs=1e-5)
    with pytest.raises(PoseliftError, match="smoth"):
        poselift.lift(standing(), smoth="off", **options)


def test_saved_and_loaded_again(tmp_path: Path) -> None:
    motion = poselift.lift(standing(), image_size=(64, 48), lifter=FlatLifter(), name="own")
    written = motion.save(tmp_path / "out", ["npz", "bvh"])
    assert {path.name for path in written} == {"own.npz", "own_1.bvh", "own_2.bvh"}
    again = poselift.load(tmp_path / "out" / "own.npz")
    assert np.array_equal(again.pose3d, motion.pose3d, equal_nan=True)


def test_a_picture_needs_the_clip_or_the_room_alone(tmp_path: Path) -> None:
    motion = poselift.lift(standing(1, 6), image_size=(64, 48), lifter=FlatLifter())
    with pytest.raises(PoseliftError, match="does not know the clip"):
        motion.save(tmp_path, ["gif"])
    [path] = motion.save(tmp_path, "gif", layout="3d", height=96)
    assert path.stat().st_size > 1000
    with pytest.raises(PoseliftError, match="No format"):
        motion.save(tmp_path, ["mov"])


def test_a_loaded_motion_is_drawn_over_a_clip_that_is_named(
    balance: Path, tmp_path: Path, own: dict[str, Any]
) -> None:
    poselift.run(balance, out=str(tmp_path), start=0.2, end=0.5, **own).save(tmp_path)
    motion = poselift.load(tmp_path / "balance.npz")
    [path] = motion.save(tmp_path, ["mp4"], source=balance, height=96)
    from poselift.media import open_source

    with open_source(path) as clip:
        assert len(list(clip.frames())) == len(motion.time)


@pytest.mark.usefixtures("unregister")
def test_registered_parts_have_names() -> None:
    poselift.register("detector", "middle", lambda device: MiddleDetector(), note="for tests")
    poselift.register("keypointer", "stick", StickKeypointer)
    poselift.register("lifter", "flat", lambda device: FlatLifter())
    parts = Parts(Settings(detector="middle", pose="stick", lifter="flat"))
    assert isinstance(parts.detector, MiddleDetector)
    assert isinstance(parts.keypointer, StickKeypointer)
    assert isinstance(parts.lifter, FlatLifter)
    assert parts.names == {"detector": "middle", "pose": "stick", "lifter": "flat"}
    from poselift.demo.inventory import inventory

    assert all(name in inventory() for name in ("middle", "stick", "flat"))


@pytest.mark.usefixtures("unregister")
@pytest.mark.parametrize(
    ("kind", "name", "part", "message"),
    [
        ("detector", "nanodet", MiddleDetector, "cannot be called"),
        ("lifter", "sct", FlatLifter, "cannot be called"),
        ("keypointer", "stick", 3, "cannot be created"),
        ("hat", "stick", StickKeypointer, "no kind"),
        ("skeleton", "mine", COCO17, "without a conversion"),
    ],
)
def test_wrong_registrations_are_refused(kind: str, name: str, part: Any, message: str) -> None:
    with pytest.raises(PoseliftError, match=message):
        poselift.register(kind, name, part)


@pytest.mark.usefixtures("unregister")
def test_a_skeleton_of_ones_own() -> None:
    names = (*H36M17.names[::-1], "left hand")
    mine = Skeleton("mine", names, (-1,) * 18, (), ())
    to_h36m = {**{name: [name] for name in H36M17.names}, "left wrist": ["left wrist", "left hand"]}
    poselift.register("skeleton", "mine", mine, to_h36m=to_h36m)
    xy = np.zeros((20, 18, 2))
    xy[:] = standing(1)[0, :, :1] + 10 * np.arange(18)[:, None]
    motion = poselift.lift(xy, image_size=(640, 480), joints="mine", lifter=FlatLifter(),
                           smooth="off")  # fmt: skip
    assert np.allclose(motion.pose2d[0, :, 0], xy[:, 16])
    wrist = H36M17.index("left wrist")
    assert np.allclose(
        motion.pose2d[0, :, wrist], (xy[:, names.index("left wrist")] + xy[:, 17]) / 2
    )
    with pytest.raises(PoseliftError, match="unknown joints hat"):
        poselift.register("skeleton", "mine", mine, to_h36m={**to_h36m, "head": ["hat"]})


@pytest.mark.usefixtures("unregister")
def test_installed_packages_bring_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "strangers.py").write_text(
        "import poselift\n"
        "class Middle:\n"
        "    def __init__(self, device): pass\n"
        "    def __call__(self, images): return []\n"
        "def add(): poselift.register('detector', 'strange', Middle, note='from afar')\n"
    )
    info = tmp_path / "strangers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[poselift.parts]\nstrange = strangers:add\nbroken = strangers:gone\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugins.load_plugins.cache_clear()
    assert registry.choose_detector("strange")[0] == "strange"
    assert type(registry.load_detector("strange")).__name__ == "Middle"
    assert "broken" in caplog.text
