"""A page of ten thousand frames, with as large a video as a page embeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from poselift.export.html import EMBED_MOST, PageClip, PageResult, write_page
from poselift.media import VideoWriter
from tests.export.conftest import clip_of, walker
from tests.page.conftest import Tab

pytestmark = pytest.mark.slow

FRAMES, SIZE, BITS = 10_000, (320, 240), 14
#: The number that the video's picture shows, read from its pixels.
PAINTED = f"""
() => {{
  const canvas = window.paper ??= new OffscreenCanvas({SIZE[0]}, {SIZE[1]});
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  context.drawImage(poselift.main.video, 0, 0, {SIZE[0]}, {SIZE[1]});
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit++) {{
    const x = (bit + 0.5) * {SIZE[0]} / {BITS};
    if (context.getImageData(x, 220, 1, 1).data[0] > 127) number |= 1 << bit;
  }}
  return number;
}}
"""


def numbered(number: int) -> np.ndarray:
    """A picture with the bits of its number."""
    image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    edges = np.linspace(0, SIZE[0], BITS + 1).round().astype(int)
    for bit in range(BITS):
        image[200:, edges[bit] : edges[bit + 1]] = 255 if number >> bit & 1 else 0
    return image


def padded(path: Path, size: int) -> None:
    """Make an MP4 larger by a box that players skip: real pictures would take minutes to encode."""
    more = size - path.stat().st_size
    noise = np.random.default_rng(1).integers(0, 256, more - 8, np.uint8)
    with path.open("ab") as file:
        file.write(more.to_bytes(4, "big") + b"free" + noise.tobytes())


def test_ten_thousand_frames_open_and_are_in_step(tmp_path: Path, tab: Tab) -> None:
    path, time = tmp_path / "long.mp4", np.arange(FRAMES) / 30
    with VideoWriter(path, SIZE, 30.0, quality="draft") as writer:
        for number, moment in enumerate(time):
            writer.write(numbered(number), float(moment))
    padded(path, EMBED_MOST - 1_000_000)
    poses = np.stack([np.tile(walker(500, heading=one), (20, 1, 1)) for one in range(3)])
    motion = replace(clip_of(poses, time=time, name="long"), size=SIZE)
    page_file = write_page([PageResult(motion, PageClip(path, True))], tmp_path / "long.html")
    begun = monotonic()
    page = tab.open(page_file.as_uri(), "window.poselift && poselift.main.player.told")
    took = monotonic() - begun
    for target in np.random.default_rng(3).integers(0, FRAMES, 20).tolist():
        page.evaluate("(frame) => poselift.seek(frame)", target)
        tab.until(f"poselift.main.player.frame === {target} && !poselift.main.video.seeking")
        assert page.evaluate(PAINTED) == target
    page.evaluate("poselift.seek(9000)")
    tab.until("poselift.main.player.frame === 9000")
    page.evaluate("poselift.toggle()")
    tab.until("poselift.main.player.frame > 9010")
    assert tab.wrong == []
    assert took < 60, f"opened after {took:.0f} s"
    print(f"{page_file.stat().st_size / 1e6:.0f} MB opened after {took:.1f} s")
