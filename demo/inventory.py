"""What `--list` shows: every part and weight file, and whether it is on this machine."""

from __future__ import annotations

from poselift import weights
from poselift.detectors.registry import is_here
from poselift.detectors.table import DETECTORS, KEYPOINTERS, Part
from poselift.lifter import loading
from poselift.plugins import load_plugins


def inventory() -> str:
    """The parts, one per line, with a mark for what is here."""
    load_plugins()
    lines = ["detectors (--detector)"]
    lines += _parts(DETECTORS)
    lines += ["", "keypointers (--pose)"]
    lines += _parts(KEYPOINTERS)
    added = [entry for entry in weights.ENTRIES.values() if entry.name not in weights.BUILT_IN]
    others = [entry for entry in added if entry.kind != "lifter"]
    if others:
        lines += ["", "your own (--detector or --pose)"]
        lines += [_row(weights.available(e.name), e.name, f"{e.model}; {e.note}") for e in others]
    lines += ["", "lifters (--lifter)"]
    lifters = [entry for entry in weights.ENTRIES.values() if entry.kind == "lifter"]
    lines += [_row(weights.available(e.name), e.name, f"{e.model}; {e.note}") for e in lifters]
    lines += [_row(True, name, note) for name, (_, note) in loading.OWN.items()]
    lines += [
        "",
        "+ installed, - not installed: `poselift weights get NAME` fetches it or says how.",
    ]
    return "\n".join(lines)


def _parts(known: dict[str, Part]) -> list[str]:
    rows = []
    for name, part in known.items():
        note = part.note + (f"; give {name}:FILE" if part.needs_file else "")
        rows.append(_row(part.needs_file or is_here(part), name, note))
    return rows


def _row(here: bool, name: str, note: str) -> str:
    return f"  {'+' if here else '-'} {name:<28} {note}"
