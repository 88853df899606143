"""Hypothesis strategies that make files worse."""

from __future__ import annotations

import io
import json
import struct
import zipfile

from hypothesis import strategies as st

_NUMBERS = ["0", "-1", "1e999", "NaN", "Infinity", "-1e-300", "9" * 40, "1e9", "null", "[]", '"²"']
_BYTES = [b"\0", b"\xff" * 8, b"\x80" * 4, b"[" * 3000, b"{" * 9, b" " * 3000, b"\n" * 500]
_BYTES += [
    struct.pack(kind, value) for kind, value in (("<I", 2**31), ("<Q", 2**62), (">I", 2**32 - 1))
]


@st.composite
def bytes_of(draw: st.DrawFn, seed: bytes) -> bytes:
    """A file that was cut, overwritten, repeated, or filled up."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.sampled_from([1, 1, 2, 4, 8, 64, 1000]))
        kind = draw(st.integers(0, 5))
        if kind == 0:
            del data[at:]
        elif kind == 1:
            data[at : at + length] = draw(st.binary(max_size=length))
        elif kind == 2:
            data[at:at] = draw(st.sampled_from(_BYTES))
        elif kind == 3:
            data[at : at + length] = draw(st.sampled_from(_BYTES))[:length]
        elif kind == 4:
            data[at:at] = data[at : at + length] * draw(st.integers(1, 40))
        else:
            del data[at : at + length]
    return bytes(data)


@st.composite
def text_of(draw: st.DrawFn, seed: bytes) -> bytes:
    """A text whose words were exchanged, doubled, or made strange numbers."""
    words = seed.decode("utf-8", "replace").split(" ")
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(words) - 1))
        other = draw(st.integers(0, len(words) - 1))
        words[at] = draw(
            st.one_of(st.sampled_from(_NUMBERS), st.just(words[other]), st.text(max_size=6))
        )
    return " ".join(words).encode("utf-8", "surrogatepass")


_LEAVES = (
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=9)
)
_ANY = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def json_of(draw: st.DrawFn, seed: bytes) -> bytes:
    """JSON of the same keys in which something is of another kind, or missing."""
    root = json.loads(seed)
    for _ in range(draw(st.integers(1, 3))):
        root = _changed(draw, root, draw(st.integers(0, 4)))
    return json.dumps(root).encode()


def _changed(draw: st.DrawFn, value: object, depth: int) -> object:
    if depth and isinstance(value, dict) and value:
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 5)) == 0:
            return {other: one for other, one in value.items() if other != key}
        return {**value, key: _changed(draw, value[key], depth - 1)}
    if depth and isinstance(value, list) and value:
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _changed(draw, value[at], depth - 1), *value[at + 1 :]]
    return draw(_ANY)


_DTYPES = [
    "'<f4'",
    "'<f8'",
    "'|O'",
    "'<U9'",
    "'|S0'",
    "'<f2'",
    "'|b1'",
    "'<i8'",
    "'<c16'",
    "[('a', '<f4')]",
    "'<M8[s]'",
    "'<U900000000'",
]
_SIDES = st.one_of(st.integers(-2, 20), st.sampled_from([17, 2, 3, 10**5, 2**31, 10**12, 2**63]))


@st.composite
def arrays_of(draw: st.DrawFn, seed: bytes) -> bytes:
    """An .npz in which one array lies about itself, or is another's."""
    with zipfile.ZipFile(io.BytesIO(seed)) as old:
        arrays = {name: old.read(name) for name in old.namelist()}
    worse = draw(st.sampled_from(sorted(arrays)))
    content = arrays[worse]
    kind = draw(st.integers(0, 3))
    if kind == 0:
        content = _header(draw) + draw(st.sampled_from([b"", bytes(100), content[128:]]))
    elif kind == 1:
        content = arrays[draw(st.sampled_from(sorted(arrays)))]
    elif kind == 2:
        content = bytes(draw(st.sampled_from([0, 10, 1_000_000])))
    else:
        content = draw(bytes_of(content))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in {**arrays, worse: content}.items():
            new.writestr(name, data)
    return out.getvalue()


def _header(draw: st.DrawFn) -> bytes:
    shape = tuple(draw(st.lists(_SIDES, max_size=5)))
    dtype, order = draw(st.sampled_from(_DTYPES)), draw(st.booleans())
    text = f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}}}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def worse(reader: str, seed: bytes) -> st.SearchStrategy[bytes]:
    """Files that a reader may be given instead of `seed`."""
    kinds = [bytes_of(seed)]
    if seed[:2] == b"PK" and reader != "checkpoint":
        kinds.append(arrays_of(seed))
    if seed[:1] in b"[{":
        kinds += [json_of(seed), text_of(seed)]
    if reader in ("bvh", "asf", "amc", "settings", "training"):
        kinds.append(text_of(seed))
    return st.one_of(kinds)
