"""The detector, the keypointer and the lifter of a run: named, explained and loaded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from poselift.device import import_torch_calmly
from poselift.errors import PoseliftError
from poselift.fingerprint import digest_of
from poselift.settings import Settings
from poselift.types import Motion, Track

if TYPE_CHECKING:
    from poselift.detectors import Keypointer, PersonDetector


class Lifter(Protocol):
    """Turns tracks into motions; what `poselift.lifter.load` gives is one."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    def __call__(
        self,
        tracks: Sequence[Track],
        *,
        image_size: tuple[int, int],
        fps: float,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Motion]:
        """One motion a track, in their order; `image_size` is (width, height)."""
        ...


class Parts:
    """The parts of a run, each by name or as an object of your own.

    Nothing is loaded before it is asked for, and each part only once: one `Parts` serves all the
    clips of a folder.

    >>> Parts(Settings(pose="movenet")).names["pose"]
    'thunder'
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        detector: PersonDetector | str | None = None,
        keypointer: Keypointer | str | None = None,
        lifter: Lifter | str | None = None,
    ) -> None:
        """Take the parts that `settings` name, but for those that are given, by name or whole."""
        given = {"detector": detector, "pose": keypointer, "lifter": lifter}
        self._digests: dict[Path, str] = {}
        self._own: dict[str, Any] = {
            kind: part for kind, part in given.items() if _is_object(kind, part)
        }
        named = {kind: name_of(part) for kind, part in given.items() if part is not None}
        #: The settings with the names of all parts in them.
        self.settings = (settings or Settings()).changed(**named)

    @cached_property
    def chosen(self) -> dict[str, tuple[str, str]]:
        """For detector, pose and lifter: the name, and in a few words why it was chosen."""
        from poselift.detectors import choose_detector, choose_keypointer
        from poselift.lifter.loading import choose_lifter

        settings = self.settings
        pose = self._of_ones_own("pose") or choose_keypointer(settings.pose, settings.device)
        if self._finds_people(pose[0]):
            detector = "none", "the pose part finds people itself"
        else:
            detector = self._of_ones_own("detector") or choose_detector(
                settings.detector, settings.device
            )
        lifter = self._of_ones_own("lifter") or choose_lifter(settings.lifter, settings.checkpoint)
        return {"detector": detector, "pose": pose, "lifter": lifter}

    @property
    def names(self) -> dict[str, str]:
        """The names of detector, pose and lifter."""
        return {kind: name for kind, (name, _) in self.chosen.items()}

    @property
    def explanation(self) -> str:
        """One line on which parts were chosen and why."""
        return "parts: " + ", ".join(
            f"{kind} {name} ({why})" for kind, (name, why) in self.chosen.items()
        )

    @property
    def seen_with(self) -> dict[str, list[str]] | None:
        """What 2D tracks depend on: name of detector and pose part, and digests of their files.

        None if one of them is an object, about which nobody knows whether it is the same next time;
        one that says so has an attribute `cache_key`, a text that changes with what it gives.
        """
        from poselift.detectors.registry import (
            files_of_detector,
            files_of_keypointer,
            options_of,
        )

        keys: dict[str, list[str]] = {}
        for kind, files_of in (("detector", files_of_detector), ("pose", files_of_keypointer)):
            name = self.names[kind]
            if name == "none":
                keys[kind] = []
            elif kind not in self._own:
                options = options_of("detector" if kind == "detector" else "keypointer", name)
                files = files_of(name)
                keys[kind] = [name, options, *(self._digest(name, file) for file in files)]
            elif hasattr(self._own[kind], "cache_key"):
                keys[kind] = [name, str(self._own[kind].cache_key)]
            else:
                return None
        return keys

    def _digest(self, name: str, file: Path) -> str:
        """Of one of a part's files; those of weights are read once, as the weights are."""
        if ":" in name:  # a file of the user's, which may be another for the next clip
            return digest_of(file)
        if file not in self._digests:
            self._digests[file] = digest_of(file)
        return self._digests[file]

    @cached_property
    def detector(self) -> PersonDetector | None:
        """The person detector; None where the keypointer finds people itself."""
        from poselift.detectors import load_detector
        from poselift.detectors.protocols import PoseFinder

        if "detector" in self._own:
            return cast("PersonDetector", self._own["detector"])
        if isinstance(self.keypointer, PoseFinder):
            return None
        return load_detector(self.settings.detector, self.settings.device)

    @cached_property
    def keypointer(self) -> Keypointer:
        """The part that reads joints."""
        from poselift.detectors import load_keypointer

        if "pose" in self._own:
            return cast("Keypointer", self._own["pose"])
        return load_keypointer(self.settings.pose, self.settings.device)

    @cached_property
    def lifter(self) -> Lifter:
        """The lifter."""
        if "lifter" in self._own:
            return cast("Lifter", self._own["lifter"])
        import_torch_calmly()
        from poselift import lifter

        settings = self.settings
        return lifter.load(
            settings.lifter,
            checkpoint=settings.checkpoint,
            device=settings.device,
            mirror=settings.mirror,
            field_of_view=settings.field_of_view,
        )

    def _of_ones_own(self, kind: str) -> tuple[str, str] | None:
        return (name_of(self._own[kind]), "an object of one's own") if kind in self._own else None

    def _finds_people(self, pose: str) -> bool:
        from poselift.detectors.protocols import PoseFinder
        from poselift.detectors.registry import finds_people

        if "pose" in self._own:
            return isinstance(self._own["pose"], PoseFinder)
        return finds_people(pose)


def name_of(part: Any) -> str:
    """What to call a part: its name, the `name` of an object, else its class's.

    >>> name_of("thunder"), name_of(object())
    ('thunder', 'object')
    """
    return (
        part if isinstance(part, str) else str(getattr(part, "name", None) or type(part).__name__)
    )


def _is_object(kind: str, part: Any) -> bool:
    """Whether a part is an object. One that cannot be of its kind is refused at once."""
    if part is None or isinstance(part, str):
        return False
    if not callable(part) and not hasattr(part, "find"):
        raise PoseliftError(
            f"The {kind} part is a {type(part).__name__}, which cannot be called.",
            "docs/python.md shows what each part must be able to do.",
        )
    if kind == "pose" and not hasattr(part, "skeleton"):
        raise PoseliftError(
            f"The keypointer {name_of(part)} has no `skeleton`.",
            "Give it one that names its joints, for example poselift.skeleton.COCO17.",
        )
    if kind == "lifter" and hasattr(part, "named_parameters"):
        raise PoseliftError(
            f"The lifter is a network, {type(part).__name__}, not a lifter.",
            "Wrap it: poselift.lifter.ClipLifter.from_net(net, normalisation='screen').",
        )
    return True
