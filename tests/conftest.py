"""What all tests share."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    # Tests run side by side on few cores: threads of one would only wait for those of another.
    torch.set_num_threads(1)
