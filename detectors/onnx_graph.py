"""What a stranger's ONNX file would do, told from its bytes before any runtime opens it.

onnxruntime computes constant parts of a graph while it loads the file, and nothing interrupts it
there. So what could take memory or time without bound, or read other files, is looked for first.
The file is a protobuf message; only the few fields that matter are read, without a dependency.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from poselift.errors import PoseliftError

#: Operators that repeat a part of the graph as often as a number in the file says.
_UNBOUNDED = ("Loop", "Scan", "SequenceMap")
#: Operators whose result is as large as a constant says.
_SIZED_BY_INPUT = ("ConstantOfShape", "Expand", "Tile", "Range", "Pad", "Resize", "Upsample")
_SIZED_BY_ATTRIBUTE = ("RandomNormal", "RandomUniform", "EyeLike")
#: Most elements that a constant may ask for: a gigabyte of float32.
_MOST_ELEMENTS = 1 << 28
_MOST_DEPTH = 50
#: What a protobuf message may have.
_MOST_BYTES = 1 << 31
#: Constants with more elements are no shapes.
_LONGEST_SHAPE = 64
_INT64, _INT32 = 7, 6
_EXTERNAL = 1

# Field numbers of onnx.proto.
_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_FUNCTION_NODE = 7
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_INTS = 5, 6, 8
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = 10, 11, 22
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_INT32, _TENSOR_INT64 = 1, 2, 5, 7
_TENSOR_NAME, _TENSOR_RAW, _TENSOR_EXTERNAL, _TENSOR_LOCATION = 8, 9, 13, 14


class MalformedError(Exception):
    """The bytes are no protobuf message."""


@dataclass
class _Facts:
    """What was found in a file so far."""

    operators: set[str] = field(default_factory=set)
    external: set[str] = field(default_factory=set)
    shapes: dict[str, list[int]] = field(default_factory=dict)
    sized: list[tuple[str, list[str]]] = field(default_factory=list)
    largest: int = 0


def check_graph(path: Path) -> set[str]:
    """Refuse a file that could take time or memory without bound, or read files elsewhere.

    A file that is no protobuf message passes: whoever opens it says so better.

    Returns:
        The names of the operators that it computes.
    """
    facts = _Facts()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PoseliftError(
                f"{path.name} has {path.stat().st_size / 1e9:.1f} GB, more than an ONNX file can.",
                "Choose the model's .onnx file.",
            )
        _model(path.read_bytes(), facts)
    except MalformedError:
        return set()
    except OSError as error:
        raise PoseliftError(f"Cannot read {path}: {error.strerror}.", "Check the path.") from error
    _check_operators(path, facts)
    for location in sorted(facts.external):
        _check_external(path, location)
    return facts.operators


def _check_operators(path: Path, facts: _Facts) -> None:
    loops = sorted(facts.operators.intersection(_UNBOUNDED))
    if loops:
        raise PoseliftError(
            f"{path.name} is refused: it contains {', '.join(loops)}, which may run without end.",
            "Detectors and pose models have none: export the model without it.",
        )
    for operator, inputs in facts.sized:
        for name in inputs:
            facts.largest = max(facts.largest, _elements(facts.shapes.get(name, []), operator))
    if facts.largest > _MOST_ELEMENTS:
        raise PoseliftError(
            f"{path.name} is refused: it makes an array of {facts.largest:.3g} elements.",
            "No detector or pose model needs that: get the file from its publisher.",
        )


def _elements(shape: list[int], operator: str) -> int:
    if operator == "Range":  # start, limit and step come one by one
        return max((abs(value) for value in shape), default=0)
    if operator == "Pad":
        return sum(abs(value) for value in shape)
    return math.prod(max(abs(value), 1) for value in shape)


def _check_external(path: Path, location: str) -> None:
    """Weights beside the model may be read, and nothing outside its folder."""
    folder = path.resolve().parent
    beside = (folder / location).resolve()
    if "\\" in location or ":" in location or not beside.is_relative_to(folder):
        raise PoseliftError(
            f"{path.name} is refused: it refers to {location[:200]!r}, which is outside its "
            "folder.",
            "Get the file from its publisher, or export it with the weights inside.",
        )
    if not beside.is_file():
        raise PoseliftError(
            f"{path.name} keeps weights in {location[:200]!r}, which is not next to it.",
            "Put both files into one folder.",
        )


def _model(data: bytes, facts: _Facts) -> None:
    for number, value in _fields(memoryview(data)):
        if number == _MODEL_GRAPH:
            _graph(_message(value), facts, 0)
        elif number == _MODEL_FUNCTIONS:
            for inner, node in _fields(_message(value)):
                if inner == _FUNCTION_NODE:
                    _node(_message(node), facts, 0)


def _graph(data: memoryview, facts: _Facts, depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise PoseliftError(
            f"The model's graphs are nested more than {_MOST_DEPTH} deep.",
            "Get the file from its publisher.",
        )
    for number, value in _fields(data):
        if number == _GRAPH_NODE:
            _node(_message(value), facts, depth)
        elif number == _GRAPH_INITIALIZER:
            _tensor(_message(value), facts)
        elif number == _GRAPH_SPARSE:
            _sparse(_message(value), facts)


def _node(data: memoryview, facts: _Facts, depth: int) -> None:
    inputs: list[str] = []
    outputs: list[str] = []
    operator = ""
    shape: list[int] = []
    for number, value in _fields(data):
        if number == _NODE_INPUT:
            inputs.append(_text(value))
        elif number == _NODE_OUTPUT:
            outputs.append(_text(value))
        elif number == _NODE_OP:
            operator = _text(value)
        elif number == _NODE_ATTRIBUTE:
            shape += _attribute(_message(value), facts, depth)
    facts.operators.add(operator)
    if operator == "Constant" and outputs:
        facts.shapes[outputs[0]] = shape
    elif operator in _SIZED_BY_INPUT:
        facts.sized.append((operator, inputs))
    elif operator in _SIZED_BY_ATTRIBUTE:
        facts.largest = max(facts.largest, _elements(shape, operator))


def _attribute(data: memoryview, facts: _Facts, depth: int) -> list[int]:
    """Look into an attribute; the whole numbers in it, where they may be a shape."""
    shape: list[int] = []
    for number, value in _fields(data):
        if number in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
            _graph(_message(value), facts, depth + 1)
        elif number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
            shape += _tensor(_message(value), facts)
        elif number == _ATTRIBUTE_SPARSE:
            _sparse(_message(value), facts)
        elif number == _ATTRIBUTE_INTS and len(shape) <= _LONGEST_SHAPE:
            shape += _numbers(value)
    return shape


def _sparse(data: memoryview, facts: _Facts) -> None:
    for number, value in _fields(data):
        if number in (1, 2):  # its values and their places
            _tensor(_message(value), facts)


def _tensor(data: memoryview, facts: _Facts) -> list[int]:
    name, kind, external = "", 0, False
    dims: list[int] = []
    shape: list[int] = []
    raw = data[:0]
    locations = []
    for number, value in _fields(data):
        if number == _TENSOR_DIMS:
            dims += _numbers(value)
        elif number == _TENSOR_TYPE:
            kind = value if isinstance(value, int) else 0
        elif number in (_TENSOR_INT32, _TENSOR_INT64) and len(shape) <= _LONGEST_SHAPE:
            shape += _numbers(value)
        elif number == _TENSOR_NAME:
            name = _text(value)
        elif number == _TENSOR_RAW:
            raw = _message(value)
        elif number == _TENSOR_EXTERNAL:
            entry = dict(_fields(_message(value)))
            if _text(entry.get(1, data[:0])) == "location":
                locations.append(_text(entry.get(2, data[:0])))
        elif number == _TENSOR_LOCATION:
            external = value == _EXTERNAL
    if external:
        facts.external.update(locations)
    facts.largest = max(facts.largest, math.prod(max(abs(size), 1) for size in dims))
    if kind in (_INT32, _INT64) and len(raw):
        shape = _unpacked(raw, kind)
    if name and len(shape) <= _LONGEST_SHAPE:
        facts.shapes[name] = shape
    return shape


def _unpacked(raw: memoryview, kind: int) -> list[int]:
    size, letter = (8, "q") if kind == _INT64 else (4, "i")
    count = len(raw) // size
    if count > _LONGEST_SHAPE:
        return []
    return list(struct.unpack(f"<{count}{letter}", raw[: count * size]))


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number, value) of each field of a message."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        value: int | memoryview
        if kind == 0:
            value, at = _varint(data, at)
        elif kind == 2:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = data[at : at + size], at + size
        else:
            raise MalformedError
        if at > end:
            raise MalformedError
        yield number, value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise MalformedError


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise MalformedError
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_message(value)).decode("utf-8", "replace")


def _numbers(value: int | memoryview) -> list[int]:
    """A whole number, or several packed into one field; negative ones are large varints."""
    if isinstance(value, int):
        return [_signed(value)]
    numbers: list[int] = []
    at = 0
    while at < len(value) and len(numbers) <= _LONGEST_SHAPE:
        number, at = _varint(value, at)
        numbers.append(_signed(number))
    return numbers


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
