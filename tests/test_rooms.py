"""Who may import whom, as the table in CONTRIBUTING.md says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: What lies below everything: no room of ours is known to it.
BASE = {
    "angles", "clock", "device", "errors", "files", "gaps", "large", "lazy", "npz",
    "onnx_runtime", "plugins",
    "poses2d", "progress", "reading", "result", "sections", "skeleton", "smoothing", "types",
    "version", "who",
}  # fmt: skip
#: Each room, and the rooms that it may import from beside itself and the base.
ROOMS: dict[str, set[str]] = {
    "base": set(),
    "weights": set(),
    "media": set(),
    "scene": set(),
    "drawing": set(),
    "detectors": {"weights"},
    "lifter": {"weights"},
    "export": {"scene", "drawing"},
    "send": {"export"},
    "way": {"weights", "media", "scene", "drawing", "detectors", "lifter", "export"},
    "batch": {"media", "detectors", "way"},
    "demo": {
        "weights",
        "media",
        "scene",
        "drawing",
        "detectors",
        "lifter",
        "export",
        "send",
        "way",
        "batch",
    },
}
#: Imports against the table, each for a reason of its own.
EXCEPTIONS = {
    # A motion saves itself; all formats build on it.
    ("poselift.result", "poselift.saving"),
    # Former addresses of commands.
    ("poselift.lifter.__main__", "poselift.demo.cli"),
    ("poselift.weights.__main__", "poselift.demo.cli"),
}
FOLDERS = set(ROOMS) - {"base", "way"}


def room_of(module: str) -> str:
    """The room of a module: its folder; else the base, or the way of a clip.

    >>> room_of("poselift.lifter.clip"), room_of("poselift.types"), room_of("poselift.pipeline")
    ('lifter', 'base', 'way')
    """
    names = module.split(".")
    if len(names) == 1 or names[1] == "__main__":  # the face, and `python -m poselift`
        return "demo"
    if names[1] in FOLDERS:
        return names[1]
    return "base" if names[1] in BASE else "way"


def modules() -> dict[str, Path]:
    """Every module of ours and its file, by the name that it is imported by."""
    found = {}
    for folder in ("poselift", "demo", "detectors", "lifter", "weights"):
        for path in (ROOT / folder).rglob("*.py"):
            if any(parent.is_symlink() for parent in path.parents):
                continue
            names = path.relative_to(ROOT).with_suffix("").parts
            names = names if folder == "poselift" else ("poselift", *names)
            found[".".join(names[:-1] if names[-1] == "__init__" else names)] = path
    return found


def imports(source: str, known: set[str]) -> Iterator[str]:
    """The modules of ours that a file imports, wherever in the file, for types as well."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("poselift"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("poselift"):
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield whole if whole in known else str(node.module)


def broken(module: str, source: str, known: set[str]) -> list[str]:
    """The imports of a module that the table does not allow."""
    room = room_of(module)
    return [
        other
        for other in imports(source, known)
        if room_of(other) not in {room, "base"} | ROOMS[room] and (module, other) not in EXCEPTIONS
    ]


MODULES = modules()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_from_the_rooms_below_it(module: str) -> None:
    assert broken(module, MODULES[module].read_text(encoding="utf-8"), set(MODULES)) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("poselift.types", "from poselift.lifter import clip"),
        ("poselift.media.video", "def f():\n    from poselift.demo.console import reporter"),
        ("poselift.lifter.clip", "if TYPE_CHECKING:\n    from poselift.detectors.see import See"),
        ("poselift.weights.entry", "import poselift.lifter"),
        ("poselift.pipeline", "from poselift.demo import window"),
        ("poselift.scene.world", "from poselift import settings"),
    ],
)
def test_what_breaks_the_table_is_found(module: str, source: str) -> None:
    assert len(broken(module, source, set(MODULES))) == 1


def test_nothing_is_excepted_that_does_not_happen() -> None:
    for module, other in EXCEPTIONS:
        source = MODULES[module].read_text(encoding="utf-8")
        assert other in set(imports(source, set(MODULES)))


def test_contributing_says_the_same() -> None:
    rows = {}
    for line in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].strip("`") in ROOMS:
            names = cells[2].replace("`", "").split(", ")
            rows[cells[0].strip("`")] = {name for name in names if name != "nothing"}
    assert rows == {room: below or set() for room, below in ROOMS.items()}
