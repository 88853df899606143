"""`ClipLifter`: whole tracks in, whole motions out."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from poselift import gaps
from poselift.device import resolve_device
from poselift.errors import PoseliftError
from poselift.lifter import body, models, resample
from poselift.lifter.checks import check_picture, check_settings, check_track, checked_view
from poselift.lifter.engine import (
    FIELD_OF_VIEW,
    Answer,
    Progress,
    WindowEngine,
    WindowSettings,
)
from poselift.lifter.models.half import half_is_faster, halve
from poselift.lifter.models.packed import said
from poselift.lifter.normalise import Normalisation
from poselift.types import Motion, Track

if TYPE_CHECKING:
    from poselift.lifter.models.base import LifterNet

Units = Literal["metres", "screen"]
Runtime = Literal["auto", "torch", "onnxruntime"]
#: Parameters from which a network is worth an export to ONNX.
_LARGE = 5_000_000

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Training:
    """What was fixed in training and cannot be seen from a network's shapes.

    Attributes:
        normalisation: of its 2D input.
        units: of its output; "screen" is scaled to a plausible body once a clip.
        fps: the frame rate it was trained at; None takes clips as they come.
        answer: the frame of its output: "camera", or "ray" where it is that of the ray along which
            a window's person is seen. None: "ray" unless it is normalised on the screen, since a
            network that sees only the crop cannot know where in the picture it is.
    """

    normalisation: Normalisation = "screen"
    units: Units = "metres"
    fps: float | None = None
    answer: Answer | None = None

    def __post_init__(self) -> None:
        if self.answer is None:
            fitting = "camera" if self.normalisation == "screen" else "ray"
            object.__setattr__(self, "answer", fitting)
        elif (self.normalisation, self.answer) in (("screen", "ray"), ("ray", "camera")):
            raise PoseliftError(
                f"A network normalised by {self.normalisation!r} does not answer along the "
                f"{self.answer}.",
                "Leave out `answer`.",
            )


@dataclass(frozen=True)
class WindowInput:
    """What a network sees about one frame of a track.

    Attributes:
        x: (1, T, 17, C), its input.
        middle: position of the frame in it.
        spacing: frames of the clip from one of its frames to the next.
        xy: (17, 2) pixels of the frame.
        seen: whether anything of the person was seen in the frame, or all of it interpolated.
    """

    x: torch.Tensor
    middle: int
    spacing: float
    xy: np.ndarray
    seen: bool


@dataclass(frozen=True)
class ClipLifter:
    """A network with everything needed to lift tracks; made by `lifter.load` or `from_net`.

    >>> lift = ClipLifter.from_net(models.create("ftcm", frames=9, width=64, blocks=1))
    >>> track = Track(1, np.arange(20), np.random.rand(20, 17, 2) * 100, np.ones((20, 17)))
    >>> [motion] = lift([track], image_size=(640, 480), fps=30)
    >>> motion.pose3d.shape
    (20, 17, 3)
    """

    name: str
    net: LifterNet
    training: Training = field(default_factory=Training)
    settings: WindowSettings = field(default_factory=WindowSettings)
    field_of_view: float = FIELD_OF_VIEW

    @classmethod
    def from_net(
        cls,
        net: LifterNet,
        normalisation: Normalisation = "screen",
        *,
        name: str | None = None,
        units: Units = "metres",
        fps: float | None = None,
        device: str = "cpu",
        dtype: str = "float32",
        runtime: Runtime = "torch",
        settings: WindowSettings | None = None,
        answer: Answer | None = None,
        field_of_view: float = FIELD_OF_VIEW,
    ) -> ClipLifter:
        """From a network in memory, which is not changed: a frozen copy of it is used.

        `field_of_view` is what is assumed, in degrees along the picture's longer side, of clips
        whose camera is not known.
        """
        settings = settings or WindowSettings()
        check_settings(settings)
        frozen = _prepare(net, device, dtype, runtime)
        training = Training(normalisation, units, fps, answer)
        return cls(name or net.name, frozen, training, settings, checked_view(field_of_view))

    @property
    def receptive_field(self) -> int:
        """Frames of a clip from the first to the last that one pose depends on, at most."""
        return (self.net.frames - 1) * self.settings.time_step + 1

    def __call__(
        self,
        tracks: Sequence[Track],
        *,
        image_size: tuple[int, int],
        fps: float,
        progress: Progress | None = None,
        field_of_view: float | None = None,
    ) -> list[Motion]:
        """Lift tracks of any lengths together; one `Motion` per track, in their order.

        `image_size` is (width, height) of the picture that the tracks were seen in; `fps` is the
        clip's rate; `progress(done, total)` is called with numbers of frames; `field_of_view` is
        the camera's in degrees along the picture's longer side, if it is known.
        """
        check_picture(image_size, fps)
        for track in tracks:
            check_track(track)
        filled = [gaps.fill(track.xy, track.score) for track in tracks]
        lifted = self._lift(filled, image_size, fps, progress, field_of_view)
        if not all(np.isfinite(one).all() for one in lifted):
            raise PoseliftError(
                f"{self.name} gives poses that are no numbers.",
                "Its weights are damaged, or its dtype is too small for them: use other weights.",
            )
        return [self._motion(track, one, fps) for track, one in zip(tracks, lifted, strict=True)]

    def _motion(self, track: Track, lifted: np.ndarray, fps: float) -> Motion:
        """A track with what was said of it, (T, 51, 73 or 79)."""
        pose = lifted[:, :51].reshape(-1, 17, 3)
        if self.training.units == "screen":
            pose = pose * np.float32(body.metres_a_unit(pose))
        motion = Motion(track, pose, fps, self.name, ~gaps.seen_frames(track))
        rate = (self.training.fps or fps) / self.settings.time_step
        heads = said(lifted, rate)
        return motion if heads is None else replace(motion, **vars(heads))

    def window(
        self, track: Track, frame: int, *, image_size: tuple[int, int], fps: float
    ) -> WindowInput:
        """The window about the clip's frame number `frame`, at the network's frame rate.

        For a network that gives every frame it is that of `join="centre"`: blended windows have
        the frame anywhere.
        """
        check_picture(image_size, fps)
        check_track(track)
        row = frame - int(track.frames[0])
        if not 0 <= row < len(track):
            raise PoseliftError(
                f"Track {track.id} has no frame {frame}.",
                f"It has frames {track.frames[0]} to {track.frames[-1]}.",
            )
        filled, filled_score = gaps.fill(track.xy, track.score)
        xy, score, at = self._at_trained_rate(filled, filled_score, fps)
        engine = self.engine()
        nearest = int(np.abs(at - row).argmin())
        return WindowInput(
            x=engine.window(xy, score, image_size, nearest),
            middle=engine.centre(self.net.frames),
            spacing=engine.step * float(at[1] - at[0] if len(at) > 1 else 1),
            xy=filled[row],
            seen=bool(gaps.seen_frames(track)[row]),
        )

    def engine(self, field_of_view: float | None = None) -> WindowEngine:
        """What runs its windows, for a camera of this field of view."""
        training = self.training
        assert training.answer is not None  # set when it was made
        return WindowEngine(
            self.net, training.normalisation, self.settings, training.answer,
            checked_view(self.field_of_view if field_of_view is None else field_of_view),
        )  # fmt: skip

    def _at_trained_rate(
        self, xy: np.ndarray, score: np.ndarray, fps: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A clip at the network's rate, and where each of its frames lies in the clip."""
        rate = self.training.fps
        if rate is None or not resample.needs_resampling(fps, rate):
            return xy, score, np.arange(len(xy), dtype=float)
        at = resample.positions(len(xy), fps, rate)
        return resample.linear(xy, at), resample.linear(score, at), at

    def _lift(
        self,
        clips: Sequence[tuple[np.ndarray, np.ndarray]],
        image_size: tuple[int, int],
        fps: float,
        progress: Progress | None,
        field_of_view: float | None,
    ) -> list[np.ndarray]:
        """What is said of each clip, (T, 51, 73 or 79), for the clip's own frames."""
        fitting = [self._at_trained_rate(*clip, fps) for clip in clips]
        xy, score = [one[0] for one in fitting], [one[1] for one in fitting]
        poses = self.engine(field_of_view).lift(xy, score, image_size, progress)
        if not resample.needs_resampling(fps, self.training.fps):
            return poses
        return [
            # Back to the clip's own frames: frame i lies at i / (frames a new frame).
            resample.smooth(pose, np.arange(len(clip)) * (len(pose) - 1) / max(len(clip) - 1, 1))
            for pose, (clip, _) in zip(poses, clips, strict=True)
        ]


def _prepare(net: LifterNet, device: str, dtype: str, runtime: Runtime) -> LifterNet:
    """A frozen copy of `net`, where and how it is to compute."""
    if dtype not in (*DTYPES, "auto"):
        raise PoseliftError(f"Unknown dtype {dtype!r}.", f"Use auto, {', '.join(DTYPES)}.")
    frozen, where = models.freeze(net), resolve_device(device)
    on_cpu, exact = where.type == "cpu", "float32" if dtype == "auto" else dtype
    if runtime == "auto":
        here = on_cpu and exact == "float32"
        runtime = "onnxruntime" if here and onnx_is_faster(frozen) else "torch"
    if runtime == "torch":
        frozen.to(where, DTYPES[exact])
        if dtype == "auto" and on_cpu and frozen.half_layers and half_is_faster():
            for name in frozen.half_layers:
                halve(getattr(frozen, name))
        return frozen
    if runtime != "onnxruntime":
        raise PoseliftError(f"Unknown runtime {runtime!r}.", "Use auto, torch or onnxruntime.")
    if not on_cpu or exact != "float32":
        raise PoseliftError(
            f"onnxruntime lifts on the CPU in float32 here, not on {device} in {exact}.",
            "Use device='cpu', or runtime='torch'.",
        )
    from poselift.lifter.onnx_net import OnnxNet

    return OnnxNet(frozen.float().cpu())


def onnx_is_faster(net: LifterNet) -> bool:
    """Whether onnxruntime lifts faster than torch on this machine's CPU, known without a trial.

    Large networks gain 15 to 50% from it on processors with AVX-512, small ones not enough for the
    second or two that the export takes. It is not timed here: a choice that depended on the
    machine's other work would give results that differ in the last digit from run to run.
    """
    has_exporter = importlib.util.find_spec("onnx") is not None
    large = sum(parameter.numel() for parameter in net.parameters()) >= _LARGE
    return has_exporter and large and torch.backends.cpu.get_cpu_capability() == "AVX512"
