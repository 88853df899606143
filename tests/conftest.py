"""What all tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

SAMPLES = Path(__file__).parents[1] / "sample_videos"
_QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a browser is needed for: `make test-browser` runs it."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright; one for all tests, since a process can hold only one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here: apt-get install --no-install-recommends chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(_QUIET))
        yield chromium
        chromium.close()
