"""Which published parts suit which machine."""

from __future__ import annotations

from dataclasses import dataclass

from poselift import weights
from poselift.detectors.registry import is_here, milliseconds
from poselift.detectors.table import DETECTORS, KEYPOINTERS, Kind
from poselift.errors import PoseliftError


@dataclass(frozen=True)
class Advice:
    """Parts for a purpose; published ones by their published precision and size.

    Attributes:
        purpose: what for, in a few words.
        pose: names of keypointers, the first to be tried first.
        detector: names of detectors, none where the keypointers find people themselves.
    """

    purpose: str
    pose: tuple[str, ...]
    detector: tuple[str, ...] = ()


ADVICE = (
    Advice("nothing fetched", ("thunder",), ("nanodet",)),
    Advice("laptop", ("rtmpose-m", "rtmpose-s"), ("rtmdet-nano", "nanodet")),
    Advice("workstation", ("rtmpose-l", "rtmpose-m-384"), ("yolox-tiny", "rtmdet-nano")),
    Advice("GPU", ("rtmpose-x-384", "hrnet-w48-384"), ("yolox-m",)),
    Advice("live", ("lightning", "rtmpose-t"), ("rtmdet-nano", "nanodet")),
    Advice("many people", ("rtmo-s", "rtmo-m")),
    Advice("feet", ("rtmpose-m-halpe26", "blazepose"), ("rtmdet-nano", "nanodet")),
)

HEADER = ("for", "part", "here", "ms here", "what")


def table(device: str = "auto") -> list[tuple[str, ...]]:
    """Rows under `HEADER`; what is here is timed anew on this machine, and `auto` goes by that."""
    timed: dict[tuple[Kind, str], str] = {}
    rows: list[tuple[str, ...]] = []
    for advice in ADVICE:
        purpose = advice.purpose
        for kind, option, names in _options(advice):
            for name in names:
                if (kind, name) not in timed:
                    timed[kind, name] = _cost(kind, name, device)
                part = (DETECTORS if kind == "detector" else KEYPOINTERS)[name]
                here = "yes" if is_here(part) else "no"
                note = weights.entry(part.weights[0]).note
                rows.append((purpose, f"{option} {name}", here, timed[kind, name], note))
                purpose = ""
    return rows


def _options(advice: Advice) -> list[tuple[Kind, str, tuple[str, ...]]]:
    return [("keypointer", "--pose", advice.pose), ("detector", "--detector", advice.detector)]


def _cost(kind: Kind, name: str, device: str) -> str:
    """What a part takes here, as a text; "-" for one that is not here."""
    if not is_here((DETECTORS if kind == "detector" else KEYPOINTERS)[name]):
        return "-"
    try:
        return f"{milliseconds(kind, name, device, again=True):.0f}"
    except PoseliftError:
        return "fails"
