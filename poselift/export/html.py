"""One page for the browser that holds a result: the clip, the room in 3D, curves, downloads.

It needs no server and no network: everything is in the one file, and its content security policy
forbids the browser to fetch anything else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from poselift.errors import PoseliftError
from poselift.export.caveats import caveats
from poselift.export.page_data import look, packed_motion
from poselift.files import atomic_path
from poselift.result import ClipMotion

#: Bytes of video that a page embeds; browsers take a few times as much memory to open it.
EMBED_MOST = 100_000_000
#: The files that the page is made of, in the order in which they build on each other.
SCRIPTS = (
    "geometry.js", "result.js", "shapes.js", "overlay.js", "room.js", "curves.js", "files.js",
    "player.js", "report.js",
)  # fmt: skip
FOLDER = Path(__file__).with_name("page")
#: Options that say where files go and what they look like: where somebody's folders lie is private.
_NOT_OF_THE_MOTION = {
    "audio", "cache", "height", "layout", "out", "quality", "record", "report", "save", "view",
}  # fmt: skip
_BLOCK = 3 << 20  # bytes: a multiple of three, so that each block is whole in base64


@dataclass(frozen=True)
class PageClip:
    """A video of exactly the motion's frames, the first at 0 s.

    Attributes:
        path: an MP4.
        embedded: in the page; otherwise the page names it and must stay in its folder.
        sound: whether there is some.
    """

    path: Path
    embedded: bool
    sound: bool = False


@dataclass(frozen=True)
class PageResult:
    """A motion for a page, with its clip where there is one."""

    motion: ClipMotion
    clip: PageClip | None = None


def write_page(results: Sequence[PageResult], path: Path) -> Path:
    """Write one result, or two to be compared in step, as the page `path`; returns it."""
    if not 1 <= len(results) <= 2:
        raise PoseliftError(
            f"A page shows one result or two, not {len(results)}.", "Make several pages."
        )
    empty = [one.motion.name for one in results if not len(one.motion.time)]
    if empty:
        raise PoseliftError(f"The motion {empty[0]!r} has no frames.", "Give one that has some.")
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    script = script_of(SCRIPTS)
    title = " | ".join(dict.fromkeys(one.motion.name for one in results))
    data = {"look": look(), "results": [_data(one, at) for at, one in enumerate(results)]}
    values = {
        "policy": _policy(style, script, results),
        "title": html.escape(title),
        "facts": html.escape(_facts(results[0].motion)),
        "warnings": _warnings(results),
        "made": "".join(
            _made(one.motion, "AB"[at] if len(results) > 1 else "")
            for at, one in enumerate(results)
        ),
        "style": style,
        "data": f'<script type="application/json" id="data">{_json(data)}</script>',
        "script": script,
    }
    template = (FOLDER / "page.html").read_text(encoding="utf-8")
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        for i, piece in enumerate(template.split("@@")):
            if not i % 2:
                file.write(piece)
            elif piece == "video":
                _write_videos(file, results)
            else:
                file.write(values[piece])
    return path


def script_of(names: Sequence[str]) -> str:
    """Script files as one, strict as each of them."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


def _policy(style: str, script: str, results: Sequence[PageResult]) -> str:
    """Only this style and this script run, and nothing is fetched."""
    beside = any(one.clip is not None and not one.clip.embedded for one in results)
    media = "blob: 'self' file:" if beside else "blob:"
    return "; ".join([
        "default-src 'none'",
        f"script-src 'sha256-{_digest(script)}'",
        f"style-src 'sha256-{_digest(style)}'",
        f"media-src {media}",
        "base-uri 'none'",
        "form-action 'none'",
    ])  # fmt: skip


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _json(value: Any) -> str:
    """JSON that can stand in a page: no text in it ends its script."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _data(one: PageResult, at: int) -> dict[str, Any]:
    label = one.motion.name if not one.motion.lifter else f"{one.motion.name}, {one.motion.lifter}"
    video: dict[str, Any] | None = None
    if one.clip is not None and one.clip.embedded:
        blocks = [f"video{at}-{number}" for number in range(_blocks(one.clip.path))]
        video = {"blocks": blocks, "type": "video/mp4", "sound": one.clip.sound}
    elif one.clip is not None:
        video = {"file": one.clip.path.name, "sound": one.clip.sound}
    return {**packed_motion(one.motion), "label": label, "video": video}


def _blocks(path: Path) -> int:
    return -(-path.stat().st_size // _BLOCK)


def _write_videos(file: TextIO, results: Sequence[PageResult]) -> None:
    for at, one in enumerate(results):
        if one.clip is None or not one.clip.embedded:
            continue
        for number, block in enumerate(_read_blocks(one.clip.path)):
            text = base64.b64encode(block).decode("ascii")
            file.write(f'<script type="text/plain" id="video{at}-{number}">{text}</script>\n')


def _read_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _facts(motion: ClipMotion) -> str:
    width, height = motion.size
    span = float(motion.time[-1] - motion.time[0]) + 1 / motion.fps
    people = {0: "nobody", 1: "1 person"}.get(len(motion.ids), f"{len(motion.ids)} people")
    return f"{people}, {span:.1f} s, {motion.fps:.4g} frames/s, {width} x {height}"


def _warnings(results: Sequence[PageResult]) -> str:
    lines = []
    for one in results:
        who = f"{one.motion.name}, {one.motion.lifter}: " if len(results) > 1 else ""
        lines += [f"{who}{text}" for text in caveats(one.motion)]
    return "".join(f'<p class="warning">{html.escape(line)}</p>\n' for line in lines)


def _made(motion: ClipMotion, letter: str) -> str:
    """A table of what the result says about how it was made, under its letter if it has one."""
    meta = motion.meta
    rows = {"clip": meta.get("source", motion.name), "lifter": motion.lifter}
    if meta.get("lifter_sha256"):
        rows["weights"] = f"SHA-256 {meta['lifter_sha256']}"
    rows["room"] = meta.get("upright", meta.get("up", ""))
    angle = meta.get("placed_with_field_of_view", 0)
    if angle:
        rows["field of view"] = f"{angle:g} degrees along the longer side"
    options = meta.get("options", {})
    shown = {
        name: options[name]
        for name in sorted(options)
        if options[name] not in (None, "") and name not in _NOT_OF_THE_MOTION
    }
    rows["options"] = ", ".join(f"{name} = {_plain(value)}" for name, value in shown.items())
    rows["Poselift"] = meta.get("poselift", "")
    cells = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>\n"
        for name, value in rows.items()
        if value
    )
    caption = f"<caption>{letter}</caption>\n" if letter else ""
    return f'<table class="facts">\n{caption}{cells}</table>\n'


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
