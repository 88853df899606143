"""How long `poselift serve` takes from a picture to the joints, with a client beside it.

    python -m benchmarks.serve [--frames 200]

One picture is on its way at a time, as the page does it: 640 pixels wide, of the sample clip. The
client sends pictures that are encoded already, so what is measured is the server and the socket.
"""

from __future__ import annotations

import argparse
import asyncio
import struct
import tempfile
import time
from pathlib import Path

import aiohttp
import cv2
import numpy as np
from aiohttp import web

from poselift.demo.serve.app import Server
from poselift.demo.serve.guard import Guard
from poselift.media import open_source
from poselift.settings import Settings

SAMPLE = Path(__file__).parents[1] / "sample_videos" / "two_people.mp4"
WARM = 20


def pictures(count: int) -> list[bytes]:
    """Frames of the sample clip as JPEG."""
    out: list[bytes] = []
    with open_source(SAMPLE) as clip:
        for frame in clip.frames():
            small = cv2.resize(frame.image, (640, 360), interpolation=cv2.INTER_AREA)
            out.append(np.asarray(cv2.imencode(".jpg", small)[1]).tobytes())
    return [out[i % len(out)] for i in range(count)]


async def measure(frames: int, folder: Path) -> np.ndarray:
    """Seconds from a picture's sending to its answer."""
    settings = Settings().changed(people="main")
    runner = web.AppRunner(Server(settings, Guard("token", "127.0.0.1"), folder).app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    origin = site.name
    took = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{origin}/live?token=token", headers={"Origin": origin}) as socket,
    ):
        for number, picture in enumerate(pictures(WARM + frames)):
            begun = time.perf_counter()
            await socket.send_bytes(struct.pack("<d", begun) + picture)
            answer = await socket.receive_json()
            assert "people" in answer, answer
            if number >= WARM:
                took.append(time.perf_counter() - begun)
    await runner.cleanup()
    return np.array(took)


def main() -> None:
    """Print the median and the 95th percentile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(measure(options.frames, Path(folder))) * 1000
    print(
        f"server and socket, {len(took)} pictures: median {np.median(took):.0f} ms, "
        f"95th percentile {np.percentile(took, 95):.0f} ms"
    )


if __name__ == "__main__":
    main()
