"""Reading ahead in a thread."""

import threading

import pytest

from poselift.media import prefetch
from poselift.media.prefetch import trailing


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


def test_work_trails_one_item_behind_in_order():
    threads = set()

    def work(number):
        threads.add(threading.current_thread().name)
        return 2 * number

    made = []

    def items():
        for number in range(5):
            made.append(number)
            yield number

    results = trailing(items(), work)
    assert next(results) == 0
    assert made == [0, 1]
    assert list(results) == [2, 4, 6, 8]
    assert len(threads) == 1
    assert threads != {threading.current_thread().name}


def test_an_error_of_trailing_work_comes_in_its_place():
    def work(number):
        if number == 2:
            raise KeyError("bug")
        return number

    results = trailing(range(9), work)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(KeyError):
        next(results)
    assert list(trailing([], work)) == []
