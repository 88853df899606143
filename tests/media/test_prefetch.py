"""Reading ahead in a thread."""

import threading

import pytest

from poselift.media import prefetch


def test_order_and_bound():
    made = []

    def items():
        for number in range(50):
            made.append(number)
            yield number

    ahead = prefetch(items(), size=4)
    assert next(ahead) == 0
    threading.Event().wait(0.3)
    assert len(made) <= 1 + 4 + 1  # taken, waiting, in hand
    assert list(ahead) == list(range(1, 50))


def test_an_error_comes_after_what_was_before():
    def items():
        yield 1
        yield 2
        raise KeyError("bug")

    ahead = prefetch(items())
    assert (next(ahead), next(ahead)) == (1, 2)
    with pytest.raises(KeyError):
        next(ahead)


def test_leaving_early_closes_the_source():
    closed = threading.Event()

    def items():
        try:
            yield from range(1000)
        finally:
            closed.set()

    before = threading.active_count()
    ahead = prefetch(items(), size=2)
    assert next(ahead) == 0
    ahead.close()
    assert closed.is_set()
    assert threading.active_count() == before
