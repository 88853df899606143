"""The CMU motion capture database, made into a set: every trial of a folder as 17 joints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from poselift.errors import PoseliftError
from poselift.lifter.data import asf, bvh, naming
from poselift.lifter.data.cutting import after_rest_pose, resampled, sound_stretches
from poselift.lifter.data.mocap import cmu_trial
from poselift.lifter.data.naming import Convention
from poselift.lifter.data.storing import Captured, write_set
from poselift.skeleton import H36M17

#: Subjects recorded at 60 frames per second according to CMU's index; all others are at 120. An AMC
#: does not say, and the releases of cgspeed.com write 120 into every BVH.
AT_60 = frozenset({33, 34, 42, 60, 61, 62, 74, 75, 77, 79, 80, 87, 88, 89})
#: Metres of the units in which BVH files are written; the last is that of CMU's ASF.
UNITS = (1.0, 0.01, 0.001, 0.0254, 0.0254 / 0.45)
#: From hip to ankle along the bones, in metres, in grown-ups. The nearest two UNITS are further
#: apart than these two, so that a leg fits one unit only.
LEG = (0.6, 1.2)

_SAY_SCALE = "Say with `scale` how many metres a unit of the files is."

Kind = Literal["asfamc", "bvh"]


@dataclass(frozen=True)
class Trial:
    """One motion: its name in the set, its file, and where it is from the folder."""

    name: str
    path: Path
    place: str

    @property
    def number(self) -> tuple[int, int]:
        """CMU's subject and trial; (0, 0) if the name is none of CMU's."""
        return cmu_trial(self.name) or (0, 0)


@dataclass(frozen=True)
class Wishes:
    """How clips are made.

    Attributes:
        fps: frames per second of the clips.
        source_fps: that of the files; None: as they or CMU's index say.
        scale: metres per unit of the files; None: from the ASF, or for a BVH from its legs.
        shortest: seconds; shorter clips are left out.
        descriptions: what a trial such as (1, 4) shows.
    """

    fps: float = 60.0
    source_fps: float | None = None
    scale: float | None = None
    shortest: float = 0.5
    descriptions: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass
class Report:
    """What became of a folder.

    Attributes:
        clips, seconds: made, in all.
        cut: trials that jump.
        short: pieces too short for use.
        failed: why files could not be read.
        read_as: how many trials were read by each way to name the joints.
    """

    clips: int = 0
    seconds: float = 0.0
    cut: int = 0
    short: int = 0
    failed: list[PoseliftError] = field(default_factory=list)
    read_as: dict[Convention, int] = field(default_factory=dict)


def trials_of(folder: Path, kind: Kind) -> list[Trial]:
    """The motions in a folder and those below: `<source>/<subject>/<trial>`."""
    suffix = ".amc" if kind == "asfamc" else ".bvh"
    if not folder.is_dir():
        raise PoseliftError(f"No such folder: {folder}", "docs/training.md says what to give.")
    trials = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == suffix:
            subject = re.fullmatch(r"(\d+)_\d+", path.stem)
            name = f"{kind}/{subject[1] if subject else path.parent.name}/{path.stem}"
            trials.append(Trial(name, path, path.relative_to(folder).as_posix()))
    if not trials:
        raise PoseliftError(f"{folder} holds no {suffix} files.", "Unpack CMU's archive there.")
    return trials


def make_set(
    trials: list[Trial], path: Path, wishes: Wishes, heard: Callable[[int, Trial], None]
) -> Report:
    """Write the set of all trials that can be read; `heard` is told of each before its turn."""
    report = Report()
    write_set(path, _all_clips(trials, wishes, report, heard))
    return report


def _all_clips(
    trials: list[Trial], wishes: Wishes, report: Report, heard: Callable[[int, Trial], None]
) -> Iterator[Captured]:
    done: dict[str, Trial] = {}
    for number, trial in enumerate(trials):
        heard(number, trial)
        try:
            if trial.name in done:
                raise PoseliftError(f"The same trial as {done[trial.name].path}.", "Keep one.")
            clips = clips_of(trial, wishes, report)
        except PoseliftError as error:
            where = "" if str(trial.path) in error.message else f"{trial.path}: "
            report.failed.append(PoseliftError(where + error.message, error.hint))
            continue
        done[trial.name] = trial
        for clip in clips:
            report.clips += 1
            report.seconds += len(clip.joints) / wishes.fps
            yield clip
    if not done:
        why = report.failed[0]
        raise PoseliftError(f"None of {len(trials)} files could be read. {why.message}", why.hint)
    if not report.clips:
        raise PoseliftError(f"No clip lasts {wishes.shortest:g} s.", "Give a smaller `shortest`.")


def clips_of(trial: Trial, wishes: Wishes, report: Report) -> list[Captured]:
    """One trial as a clip, or as several where it jumps; `report` counts what was cut."""
    joints, fps, unit, convention = _read(trial, wishes)
    report.read_as[convention] = report.read_as.get(convention, 0) + 1
    first = after_rest_pose(joints, fps)
    stretches = [(a + first, b + first) for a, b in sound_stretches(joints[first:], fps)]
    pieces = [(a, b) for a, b in stretches if (b - a) / fps >= wishes.shortest]
    report.cut += len(stretches) > 1
    report.short += max(len(stretches), 1) - len(pieces)
    clips = []
    for index, (start, end) in enumerate(pieces, start=1):
        piece = resampled(joints[start:end], fps, wishes.fps)
        name = trial.name if len(pieces) == 1 else f"{trial.name}_p{index}"
        note = {
            "fps": wishes.fps,
            "description": wishes.descriptions.get(trial.number, ""),
            "frames": len(piece),
            "source_file": trial.place,
            "source_fps": fps,
            "source_frames": [start, end],
            "metres_per_unit": unit,
            "convention": convention.name,
        }
        clips.append(Captured(name, piece, note))
    return clips


def _read(trial: Trial, wishes: Wishes) -> tuple[np.ndarray, float, float, Convention]:
    """(T, 17, 3) metres, z up; frames per second; metres per unit of the file; its convention."""
    reader = _asf_amc if trial.path.suffix.lower() == ".amc" else _bvh
    joints, fps, unit, convention = reader(trial.path)
    if trial.number[0] in AT_60 and fps == 120:
        fps = 60.0
    unit = wishes.scale or unit or unit_of(joints)
    joints = to_z_up(joints * unit)
    leg = leg_length(joints)
    if not LEG[0] <= leg <= LEG[1]:
        raise PoseliftError(f"Legs of {leg:.3g} m are no person's.", _SAY_SCALE)
    return joints, wishes.source_fps or fps, unit, convention


def unit_of(joints: np.ndarray) -> float:
    """Metres per unit of (T, 17, 3), of UNITS the one that makes the legs those of a person."""
    leg = leg_length(joints)
    for unit in UNITS:
        if LEG[0] <= leg * unit <= LEG[1]:
            return unit
    raise PoseliftError(f"Legs of {leg:.4g} units are no person's in any known unit.", _SAY_SCALE)


def leg_length(joints: np.ndarray) -> float:
    """From hip to knee to ankle in (T, 17, 3), the mean of both legs."""
    chains = [
        [joints[:, H36M17.index(f"{side} {joint}")] for joint in ("hip", "knee", "ankle")]
        for side in ("left", "right")
    ]
    bones = [np.linalg.norm(np.diff(chain, axis=0), axis=-1).sum(axis=0) for chain in chains]
    return float(np.nanmedian(np.mean(bones, axis=0)))


def to_z_up(joints: np.ndarray) -> np.ndarray:
    """(..., 3) from y up, as CMU's files are, to z up."""
    return np.stack([joints[..., 0], -joints[..., 2], joints[..., 1]], axis=-1)


def read_descriptions(path: Path) -> dict[tuple[int, int], str]:
    """What each trial shows, from an index with lines such as `01_04   playground - climb`."""
    found = re.findall(r"^\s*(\d+)_(\d+)[ \t]+(\S.*?)\s*$", asf.read_text(path), re.MULTILINE)
    if not found:
        raise PoseliftError(
            f"{path} has no line such as '01_04   playground - climb'.",
            "The index of the cgspeed.com releases has.",
        )
    return {(int(subject), int(trial)): text for subject, trial, text in found if text != "Unknown"}


def _asf_amc(path: Path) -> tuple[np.ndarray, float, float | None, Convention]:
    """(T, 17, 3) in the file's units, frames per second, metres per unit, and its convention."""
    figure = asf.read_asf(_skeleton_of(path))
    ends = asf.bone_ends(figure, asf.read_amc(path, figure))
    convention = naming.recognise(ends, [naming.ASF])
    return naming.seventeen(convention, ends), 120.0, figure.unit, convention


def _skeleton_of(path: Path) -> Path:
    """The .asf of an .amc: named as its subject, its folder or its beginning, or the only one.

    HDM05's `HDM_bd_walk4StepsRstart_001_120.amc` belongs to `HDM_bd.asf`.
    """
    beside = [one for one in sorted(path.parent.iterdir()) if one.suffix.lower() == ".asf"]
    for name in (path.stem.split("_")[0], path.parent.name):
        for one in beside:
            if one.stem == name:
                return one
    begins = [one for one in beside if path.stem.startswith(f"{one.stem}_")]
    if begins:
        return max(begins, key=lambda one: len(one.stem))
    if len(beside) != 1:
        raise PoseliftError(
            f"{path} has no skeleton: {len(beside)} .asf files beside it.",
            f"Put {path.stem.split('_')[0]}.asf there.",
        )
    return beside[0]


def _bvh(path: Path) -> tuple[np.ndarray, float, float | None, Convention]:
    """The same of a BVH, which does not tell its units: None."""
    capture = bvh.read_bvh(path)
    convention = naming.recognise(joint.name for joint in capture.joints)
    if convention.chest:
        capture = capture.with_chest(*convention.chest)
    if convention.crown:
        capture = capture.with_point(naming.CROWN, *convention.crown)
    places = bvh.joint_places(capture)
    return naming.seventeen(convention, places), capture.fps, None, convention
