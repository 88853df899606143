"""The lens that a file tells of is found in real files and disbelieved where it cannot be true."""

from __future__ import annotations

import math
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from poselift.media import open_source
from poselift.media.lens import told_focal

KEY = "com.apple.quicktime.camera.focal_length.35mm_equivalent"


def filmed(path: Path, **metadata: str) -> Path:
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as out:
        out.metadata.update(metadata)
        stream = out.add_stream("libx264", 25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for _ in range(3):
            picture = av.VideoFrame.from_ndarray(np.full((96, 160, 3), 90, np.uint8), "bgr24")
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
    return path


def test_it_is_read_from_a_phones_file(tmp_path: Path) -> None:
    with open_source(filmed(tmp_path / "phone.mov", **{KEY: "26"})) as clip:
        assert clip.focal == pytest.approx(26 / math.hypot(36, 24) * math.hypot(160, 96))


def test_most_files_tell_nothing(tmp_path: Path) -> None:
    with open_source(filmed(tmp_path / "plain.mp4", title="a clip")) as clip:
        assert clip.focal is None


def test_it_is_read_from_a_cameras_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 28
    exif[0x0112] = 6  # taken upright
    Image.new("RGB", (160, 96)).save(tmp_path / "photo.jpg", exif=exif)
    Image.new("RGB", (160, 96)).save(tmp_path / "drawn.png")
    with open_source(tmp_path / "photo.jpg") as photo:
        assert photo.size == (96, 160)
        assert photo.focal == pytest.approx(28 / math.hypot(36, 24) * math.hypot(160, 96))
    with open_source(tmp_path / "drawn.png") as drawn:
        assert drawn.focal is None


@pytest.mark.parametrize("told", ["", "wide", "nan", "inf", "-26", "0", "2", "5000"])
def test_what_cannot_be_is_not_believed(told: str) -> None:
    assert told_focal({KEY: told}, (1920, 1080)) is None
