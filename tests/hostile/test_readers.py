"""Any bytes give a result or a PoseliftError, within bounds of time and memory."""

from __future__ import annotations

import io
import json
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.child import Child
from tests.hostile.readers import READERS, write_seeds
from tests.hostile.worse import worse

CORPUS = Path(__file__).parent / "corpus"
TRIES = 5  # of each reader in the usual suite; `make fuzz` tries more


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(scope="module")
def child(seeds: dict[str, Path]) -> Iterator[Child]:
    with Child(seeds["mp4"].parent) as one:
        yield one


def test_each_reader_takes_its_seed(child: Child, seeds: dict[str, Path]) -> None:
    outcomes = {name: child.read(name, path) for name, path in seeds.items()}
    assert {name: what for name, what in outcomes.items() if what != "read"} == {}


@pytest.mark.parametrize("reader", READERS)
def test_any_bytes(child: Child, seeds: dict[str, Path], tmp_path: Path, reader: str) -> None:
    path = tmp_path / f"worse{READERS[reader][1]}"
    seed = seeds[reader].read_bytes()

    @settings(
        max_examples=TRIES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(worse(reader, seed) | st.binary(max_size=200))
    def attempt(data: bytes) -> None:
        path.write_bytes(data)
        assert child.read(reader, path) in ("read", "refused")

    attempt()


@pytest.mark.parametrize("reader", sorted(path.name for path in CORPUS.iterdir()))
def test_what_the_long_runs_found(child: Child, reader: str, tmp_path: Path) -> None:
    """`make fuzz` puts it there: what failed, and what reached new code."""
    kept = [Path(shutil.copy(path, tmp_path)) for path in sorted((CORPUS / reader).iterdir())]
    outcomes = {path.name: child.read(reader, path) for path in kept}
    assert {name: what for name, what in outcomes.items() if what not in ("read", "refused")} == {}


POSE = {"keypoints": [1.0] * 51}
BVH = b"HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n"
BVH += b"End Site\n{\nOFFSET 0 0 0\n}\n}\n"


def zipped() -> bytes:
    """More than a gigabyte in one megabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(12):
            archive.writestr(f"{number}.npy", bytes(100_000_000))
    return out.getvalue()


def lying() -> bytes:
    """Eight terabytes, in the words of a header."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xy.npy", b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header)
    return out.getvalue()


def network(what: object) -> bytes:
    """A weight file of nothing but settings."""
    meta = {"format": "poselift-lifter-1", "model": "ftcm", "settings": json.dumps(what)}
    header = json.dumps({"__metadata__": meta}).encode()
    return struct.pack("<Q", len(header)) + header


def poses(count: int, image: int) -> bytes:
    """AlphaPose's JSON of many people in one image."""
    return json.dumps([{**POSE, "image_id": image}] * count).encode()


#: Small files that ask for much: what they are, for which reader, and how they are made.
BOMBS: list[tuple[str, str, Callable[[], bytes]]] = [
    ("json a million deep", "alphapose", lambda: b"[" * 10**6),
    ("openpose a million deep", "openpose", lambda: b"[" * 10**6),
    ("registry a million deep", "registry", lambda: b"[" * 10**6),
    ("toml a hundred thousand deep", "settings", lambda: b"a = " + b"[" * 10**5),
    ("a list of empty lists", "coco", lambda: b"[" + b"[]," * 9_000_000 + b"[]]"),
    ("frame 10^30", "alphapose", lambda: poses(1, 10**30)),
    ("twenty thousand people", "alphapose", lambda: poses(20_000, 1)),
    ("a gigabyte in a megabyte", "poses", zipped),
    ("8 TB declared", "poses", lying),
    ("8 TB of motion capture", "mocap", lying),
    ("spaces", "bvh", lambda: b" \n" * 2_000_000),
    ("spaces after the hierarchy", "bvh", lambda: BVH + b" " * 4_000_000),
    ("frames without end", "bvh",
     lambda: BVH + b"MOTION\nFrames: " + b"9" * 30 + b"\nFrame Time: 0.01\n0"),
    ("a frame of a day", "bvh", lambda: BVH + b"MOTION\nFrames: 1\nFrame Time: 86400\n0"),
    ("a header of an exabyte", "lifter", lambda: struct.pack("<Q", 2**60) + b"{}"),
    ("networks without end", "lifter", lambda: network({"frames": 10**9, "width": 10**6})),
    ("networks below nothing", "lifter", lambda: network({"frames": -9, "width": 0})),
    ("networks of infinite width", "lifter", lambda: network({"frames": 9, "width": 1e999})),
    ("settings in a list", "lifter", lambda: network([[1], {}])),
]  # fmt: skip


@pytest.mark.parametrize(("what", "reader", "made"), BOMBS, ids=[bomb[0] for bomb in BOMBS])
def test_bombs(
    child: Child, tmp_path: Path, what: str, reader: str, made: Callable[[], bytes]
) -> None:
    path = tmp_path / f"bomb{READERS[reader][1]}"
    path.write_bytes(made())
    assert child.read(reader, path) in ("read", "refused"), what
