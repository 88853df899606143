"""Long tracks in sections that overlap, so that what is computed of them at once is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from poselift import large

#: Frames of a track that is processed in one go.
WHOLE = 3600
#: Frames of a section, and of the overlap of two.
_SECTION, _OVERLAP = 2400, 600


@dataclass(frozen=True)
class Section:
    """Some rows of a long track.

    Attributes:
        rows: of the track.
        own: those of them for which this section counts, where two are not to be mixed.
        weight: (N,) float32 of each row; those of all sections add up to 1.
    """

    rows: slice
    own: slice
    weight: np.ndarray

    def inside(self) -> slice:
        """`own`, counted within the section."""
        return slice(self.own.start - self.rows.start, self.own.stop - self.rows.start)


def sections(length: int) -> Iterator[Section]:
    """The sections of a track of so many frames; a single one up to `WHOLE`.

    >>> [(s.rows.start, s.rows.stop, s.own.start) for s in sections(5000)]
    [(0, 2400, 0), (1800, 4200, 2100), (3600, 5000, 3900)]
    """
    if length <= WHOLE:
        everything = slice(0, length)
        yield Section(everything, everything, np.ones(length, np.float32))
        return
    step = _SECTION - _OVERLAP
    count = -(-(length - _OVERLAP) // step)
    rise = np.sin((np.arange(_OVERLAP) + 0.5) / _OVERLAP * np.pi / 2) ** 2
    for number in range(count):
        start, last = number * step, number == count - 1
        stop = length if last else start + _SECTION
        weight = np.ones(stop - start, np.float32)
        own_start, own_stop = start, stop
        if number:
            weight[:_OVERLAP] = rise
            own_start += _OVERLAP // 2
        if not last:
            weight[-_OVERLAP:] = rise[::-1]
            own_stop -= _OVERLAP // 2
        yield Section(slice(start, stop), slice(own_start, own_stop), weight)


class Blended:
    """What sections say of each row of a track, mixed where they overlap.

    >>> out = Blended(5000)
    >>> for section in sections(5000):
    ...     out.add(section, np.ones((section.rows.stop - section.rows.start, 3)))
    >>> bool(np.allclose(out.result(), 1))
    True
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._sum: np.ndarray | None = None
        self._total = np.zeros(length, np.float32)

    def add(self, section: Section, values: np.ndarray) -> None:
        """Take (N, ...) for the rows of a section."""
        if self._sum is None:
            self._sum = large.zeros((self._length, *values.shape[1:]), np.float32)
        weight = section.weight.reshape(-1, *[1] * (values.ndim - 1))
        self._sum[section.rows] += weight * values.astype(np.float32)
        self._total[section.rows] += section.weight
        large.release(self._sum)

    def result(self) -> np.ndarray:
        """(T, ...) float32; rows of which no section said anything lie between their neighbours."""
        assert self._sum is not None
        out, known = self._sum, self._total > 0
        for block in large.blocks(self._length, out):
            # Exactly 1 but where a neighbour said nothing.
            total = np.where(known[block], self._total[block], 1)
            if not np.allclose(total, 1, atol=1e-5):
                out[block] /= total.reshape(-1, *[1] * (out.ndim - 1))
        large.bridge(out, known)
        return out
