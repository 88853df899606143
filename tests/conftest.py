"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

SAMPLES = Path(__file__).parents[1] / "sample_videos"


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    # Tests run side by side on few cores: threads of one would only wait for those of another.
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def balance() -> Path:
    return SAMPLES / "balance.mp4"


@pytest.fixture(scope="session")
def two_people() -> Path:
    return SAMPLES / "two_people.mp4"
