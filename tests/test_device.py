"""Which device, and with how many threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
import torch

from poselift.device import torch_threads


@pytest.fixture(autouse=True)
def _three_threads():  # type: ignore[no-untyped-def]
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_the_callers_threads_come_back_whatever_happens() -> None:
    with torch_threads(1):
        assert torch.get_num_threads() == 1
        with torch_threads(2):
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    with pytest.raises(ZeroDivisionError), torch_threads(1):
        raise ZeroDivisionError
    assert torch.get_num_threads() == 3


def test_blocks_of_several_threads_overlap() -> None:
    """The other thread enters within our block and leaves after it."""
    entered, leave = threading.Event(), threading.Event()
    inside: list[int] = []
    after: list[int] = []

    def other() -> None:
        with torch_threads(2):
            inside.append(torch.get_num_threads())
            entered.set()
            leave.wait(10)
        after.append(torch.get_num_threads())

    worker = threading.Thread(target=other)
    with torch_threads(1):
        worker.start()
        assert entered.wait(10)
        assert torch.get_num_threads() in (1, 2)
    leave.set()
    worker.join()
    assert inside == [2]
    assert after == [3]
    assert torch.get_num_threads() == 3
    fresh: list[int] = []
    newcomer = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
    newcomer.start()
    newcomer.join()
    assert fresh == [3]


def test_torch_is_imported_with_threads_that_sleep() -> None:
    code = (
        "import os; from poselift.parts import Parts; Parts().lifter; "
        "print(os.environ.get('OMP_WAIT_POLICY'))"
    )
    environment = {**os.environ, "OMP_DISPLAY_ENV": "true"}
    environment.pop("OMP_WAIT_POLICY", None)
    command = [sys.executable, "-c", code]
    out = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert out.stdout == "None\n"
    if "OMP_WAIT_POLICY" in out.stderr:  # torch's OpenMP is one that tells
        assert "OMP_WAIT_POLICY = 'PASSIVE'" in out.stderr
