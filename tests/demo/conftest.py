from __future__ import annotations

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "sample_videos"


@pytest.fixture(scope="session")
def balance() -> Path:
    return SAMPLES / "balance.mp4"


@pytest.fixture(scope="session")
def two_people() -> Path:
    return SAMPLES / "two_people.mp4"
