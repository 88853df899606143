"""Pickles made to do harm: each is refused in words, in little memory and little time."""

from __future__ import annotations

import collections
import io
import pickle
import pickletools
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter.data.objects import read_objects
from poselift.weights.checkpoint import read_checkpoint
from poselift.weights.pickles import Budget
from poselift.weights.unpickling import SafeUnpickler

ROOT = Path(__file__).parents[2]


def read(content: bytes) -> Any:
    return SafeUnpickler(io.BytesIO(content), Budget("test", len(content))).load()


PLAIN = [
    None, True, False, 0, -1, 255, 65536, 2**40, -(2**70), 1.5, "text", "ünï", b"bytes", [], {},
    (), [1, [2, [3]]], {"a": {"b": (1, 2, 3, 4)}, 1: None, (1, "x"): 2.0}, {1, 2}, frozenset({3}),
    collections.OrderedDict(a=1), bytearray(b"abc"), 1 + 2j, ["same"] * 3,
    b"x" * 70000, "y" * 70000,
]  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_are_what_python_reads(protocol: int) -> None:
    assert read(pickle.dumps(PLAIN, protocol)) == PLAIN


def npz(path: Path, content: bytes, shape: tuple[int, ...] = (), name: str = "data") -> Path:
    """An .npz with one array of objects, whose pickle is `content`."""
    file = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.npy", file.getvalue() + content)
    return path


def array_with_state(state: bytes) -> bytes:
    """An array of NumPy's, filled with a state that is given as opcodes."""
    return (
        b"\x80\x04cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
        + state
        + b"b."
    )


def dtype(text: str) -> bytes:
    name = text.encode()
    return b"cnumpy\ndtype\n(U".replace(b"U", b"\x8c" + bytes([len(name)]) + name) + (
        b"\x89\x88tR(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )


def laughs() -> bytes:
    """A list of two lists, each of two lists, and so on: 60 lists, 2^60 if each is copied."""
    out = b"\x80\x04]\x94"
    for level in range(60):
        out += b"](" + (b"h" + bytes([level])) * 2 + b"e\x94"
    return out + b"."


def tuple_key() -> bytes:
    out = b"\x80\x04}\x94K\x01\x85\x94"
    for level in range(1, 60):
        out += (b"h" + bytes([level])) * 2 + b"\x86\x94"
    return out + b"K\x01s0h\x00."


def again_and_again(call: bytes, times: int, payload: bytes) -> bytes:
    """`call` of one large text, many times."""
    text = (
        b"\x80\x04X" + struct.pack("<I", len(payload)) + payload + b"\x94\x30" + call + b"\x94\x30("
    )
    return text + b"h\x01h\x00\x85R" * times + b"l."


HOSTILE: dict[str, Callable[[], bytes]] = {
    "pointers for objects": lambda: array_with_state(
        b"(K\x01K\x02\x85" + dtype("O8") + b"\x89C\x10" + b"A" * 16 + b"t"
    ),
    "more shape than bytes": lambda: array_with_state(
        b"(K\x01J\xff\xff\xff\x7f\x85" + dtype("f8") + b"\x89C\x08" + bytes(8) + b"t"
    ),
    "a negative shape": lambda: array_with_state(
        b"(K\x01J\xff\xff\xff\xff\x85" + dtype("f8") + b"\x89C\x08" + bytes(8) + b"t"
    ),
    "bytes for a list of objects": lambda: array_with_state(
        b"(K\x01K\x02\x85" + dtype("O8") + b"\x89]K\x01at"
    ),
    "a memo of four billion": lambda: b"\x80\x04Nr\xff\xff\xff\xff.",
    "many memos of four billion": lambda: b"\x80\x04N" + b"".join(
        b"r" + struct.pack("<I", 2**32 - 1 - n) for n in range(1000)
    ) + b".",
    "lists in lists": laughs,
    "tuples for a key": tuple_key,
    "bytes of a terabyte": lambda: b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"abc.",
    "a bytearray of a terabyte": lambda: b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"abc.",
    "a frame of a terabyte": lambda: b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N.",
    "a text encoded again and again": lambda: again_and_again(
        b"c_codecs\nencode\n", 20_000, b"x" * 1_000_000
    ),
    "millions of empty dictionaries": lambda: b"\x80\x04(" + b"}" * 20_000_000 + b"l.",
    "a deep nest": lambda: b"\x80\x04" + b"]" * 200_000 + b"a" * 199_999 + b".",
    "a list that holds itself": lambda: b"\x80\x04]\x94h\x00a.",
    "state for a function": lambda: (
        b"\x80\x04ctorch._utils\n_rebuild_tensor\nN}\x8c\x0c__defaults__)s\x86b."
    ),
    "a call of what was never named": lambda: b"\x80\x04\x8c\x01x)R.",
    "a number of a million bits": lambda: (
        b"\x80\x04\x8b" + struct.pack("<I", 125_000) + b"\x7f" * 125_000 + b"."
    ),
}  # fmt: skip

#: Half a gigabyte beyond what the imports take is more than the fixed bound and less than harm.
CHILD = """
import resource, sys, time
import numpy, torch
from poselift.errors import PoseliftError
from poselift.lifter.data.objects import read_objects
from poselift.weights.checkpoint import read_checkpoint

now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + (700 << 20),) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
for path in sys.argv[1:]:
    begun = time.process_time()
    try:
        (read_objects if path.endswith(".npz") else read_checkpoint)(path)
        print("read", path)
    except PoseliftError as error:
        print("refused", path, str(error)[:500])
    assert "MemoryError" not in str(locals().get("error", ""))
    assert time.process_time() - begun < 12, path
"""


def in_a_child(*paths: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, paths)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "MemoryError" not in done.stdout
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="limits by /proc and rlimit")
def test_hostile_pickles_neither_crash_nor_swell(tmp_path: Path) -> None:
    paths = []
    for number, (name, content) in enumerate(HOSTILE.items()):
        paths.append(npz(tmp_path / f"{number} {name}.npz", content()))
    said = in_a_child(*paths)
    assert len(said) == len(paths)
    assert all(line.startswith("refused") for line in said), "\n".join(said)


@pytest.mark.skipif(sys.platform != "linux", reason="limits by /proc and rlimit")
def test_bombs_in_a_zip_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "zeros.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        shape = {"descr": "<f8", "fortran_order": False, "shape": (1 << 27,)}
        np.lib.format.write_array_header_1_0(header, shape)
        with archive.open("data.npy", "w", force_zip64=True) as file:
            file.write(header.getvalue())
            for _ in range(1 << 9):
                file.write(bytes(1 << 20))
    with zipfile.ZipFile(tmp_path / "terabytes.npz", "w") as archive:
        header = io.BytesIO()
        shape = {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
        np.lib.format.write_array_header_1_0(header, shape)
        archive.writestr("data.npy", header.getvalue() + bytes(64))
    zeros, terabytes = in_a_child(tmp_path / "zeros.npz", tmp_path / "terabytes.npz")
    assert "would fill more than" in zeros
    assert "differ" in terabytes


@pytest.mark.skipif(sys.platform != "linux", reason="limits by /proc and rlimit")
def test_many_tensors_on_one_storage_are_refused(tmp_path: Path) -> None:
    whole = torch.zeros(2_000_000)
    torch.save({str(n): whole[n:] for n in range(1500)}, tmp_path / "bomb.pth")
    torch.save({str(n): whole[n : n + 2] for n in range(1500)}, tmp_path / "small.pth")
    bomb, small = in_a_child(tmp_path / "bomb.pth", tmp_path / "small.pth")
    assert "would fill more than" in bomb
    assert small.startswith("read")


def test_nothing_is_written_into_our_own_functions(tmp_path: Path) -> None:
    from poselift.weights import unpickling

    before = unpickling._rebuild_tensor.__defaults__, dict(vars(unpickling._rebuild_tensor))
    path = tmp_path / "state.pth"
    path.write_bytes(HOSTILE["state for a function"]())
    with pytest.raises(PoseliftError):
        read_checkpoint(path)
    assert (unpickling._rebuild_tensor.__defaults__, vars(unpickling._rebuild_tensor)) == before


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_honest_arrays_come_back(tmp_path: Path, protocol: int) -> None:
    content = {
        "poses": np.arange(24.0).reshape(2, 4, 3), "columns": np.asfortranarray(np.eye(3)[:2]),
        "flags": np.array([True, False]), "none": np.zeros((0, 5), np.float32),
        "big": np.arange(3, dtype=">i4"), "one": np.float32(2.5), "scalar": np.array(7),
        "ragged": np.array([np.zeros(2), np.ones(3)], dtype=object),
    }  # fmt: skip
    pickled = pickle.dumps(np.array(content, dtype=object), protocol)
    pickletools.dis(pickled, io.StringIO())
    got = read_objects(npz(tmp_path / "honest.npz", pickled))["data"]
    for name in content:
        if name != "ragged":
            np.testing.assert_array_equal(got[name], content[name])
    assert got["poses"].dtype == np.float64
    assert [len(one) for one in got["ragged"]] == [2, 3]
