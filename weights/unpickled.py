"""From what `SafeUnpickler` read to tensors, arrays and plain containers, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from poselift.weights.pickles import Budget
from poselift.weights.unpickling import Inert, LazyTensor


def resolved(
    value: Any, budget: Budget, tensor: Callable[[LazyTensor], Any], array: Callable[[Any], Any]
) -> Any:
    """A nest of containers with real tensors and arrays in it.

    Each object is made once, however often the pickle names it.

    Args:
        value: what `SafeUnpickler` read.
        budget: pays for what is made.
        tensor: makes a tensor of a lazy one.
        array: makes what an array shall be of a NumPy array.
    """
    made: dict[int, Any] = {}

    def real(one: Any) -> Any:
        if isinstance(one, LazyTensor):
            budget.take(prod(one.size) * one.dtype.itemsize)
            return tensor(one)
        if isinstance(one, Inert):
            plain = _plain(one, budget, known)
            return array(plain) if _is_array(plain) else plain
        if isinstance(one, Mapping):
            return {known(key): known(item) for key, item in one.items()}
        if isinstance(one, tuple):
            return tuple(known(item) for item in one)
        return [known(item) for item in one]

    def known(one: Any) -> Any:
        if not isinstance(one, LazyTensor | Inert | Mapping | tuple | list):
            return one
        if id(one) not in made:
            made[id(one)] = one  # a list inside itself stays what it is
            made[id(one)] = real(one)
        return made[id(one)]

    return known(value)


def _is_array(value: Any) -> bool:
    import numpy as np

    return isinstance(value, np.ndarray)


def _plain(value: Inert, budget: Budget, known: Callable[[Any], Any]) -> Any:
    """The number, size or array that an inert object stands for; itself where it is no such."""
    import numpy as np

    name = value.inert_name.rpartition(".")[2]
    if name == "Size" and value.args:
        return tuple(value.args[0])
    if name == "scalar" and len(value.args) == 2:
        dtype, data = _number_type(value.args[0]), _as_bytes(value.args[1])
        return np.frombuffer(data, dtype)[0].item() if dtype and data is not None else value
    if name == "_reconstruct" and isinstance(value.state, tuple) and len(value.state) == 5:
        _, shape, described, fortran, data = value.state
        if _type_text(described).startswith("O"):
            return _objects(shape, data, bool(fortran), budget, known)
        return _numbers(shape, described, "F" if fortran else "C", data, budget, value)
    if name == "_frombuffer" and len(value.args) == 4:
        data, described, shape, order = value.args
        return _numbers(shape, described, order, data, budget, value)
    return value


def _numbers(
    shape: Any, described: Any, order: Any, data: Any, budget: Budget, otherwise: Any
) -> Any:
    """An array of plain numbers, as large as its bytes; `otherwise` for other types."""
    import numpy as np

    dtype, content = _number_type(described), _as_bytes(data)
    if dtype is None or content is None:
        return otherwise
    if prod(_checked(shape)) * dtype.itemsize != len(content):
        raise ValueError(f"an array of shape {shape} and its {len(content)} bytes differ")
    budget.take(len(content))
    flat = np.frombuffer(content, dtype).reshape(shape, order="F" if order == "F" else "C")
    return np.ascontiguousarray(flat.astype(dtype.newbyteorder("="))).reshape(shape)


def _objects(
    shape: Any, items: Any, fortran: bool, budget: Budget, known: Callable[[Any], Any]
) -> Any:
    """An array of objects, each of them made here; never one of bytes taken for pointers."""
    import numpy as np

    if not isinstance(items, list) or prod(_checked(shape)) != len(items):
        raise ValueError("an array of objects that does not list them")
    budget.take(8 * len(items))
    out = np.empty(len(items), object)
    for place, item in enumerate(items):
        out[place] = known(item)
    return out.reshape(shape, order="F" if fortran else "C")


def _checked(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("what is no shape of an array")
    return shape


def _as_bytes(data: Any) -> bytes | None:
    # Pickles of Python 2 hold bytes as text.
    return (
        data.encode("latin1")
        if isinstance(data, str)
        else data
        if isinstance(data, bytes)
        else None
    )


def _type_text(described: Any) -> str:
    named = isinstance(described, Inert) and described.inert_name.endswith(".dtype")
    text = described.args[0] if named and described.args else ""
    return text if isinstance(text, str) else ""


def _number_type(described: Any) -> Any:
    """The NumPy type of an inert one; None unless it is of plain numbers."""
    import numpy as np

    text = _type_text(described)
    if text not in {f"{kind}{size}" for kind in "iu" for size in "1248"} | {"f2", "f4", "f8", "b1"}:
        return None
    big = isinstance(described.state, tuple) and described.state[1:2] == (">",)
    return np.dtype(text).newbyteorder(">" if big else "<")
