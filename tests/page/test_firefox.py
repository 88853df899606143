"""The pages in Firefox, where one is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.page.firefox import Firefox, firefox_path
from tests.page.test_report_in_browser import PAINTED, PLAY, SEEK
from tests.serve.conftest import Running

pytestmark = pytest.mark.slow


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    path = firefox_path()
    if path is None:
        pytest.skip("no Firefox here: apt-get install --no-install-recommends firefox-esr")
    profile = tmp_path / "profile"
    profile.mkdir()
    one = Firefox(path, profile)
    yield one
    one.close()


def test_the_3d_follows_the_frame_on_the_screen(page_file: Path, firefox: Firefox) -> None:
    firefox.open(page_file.as_uri())
    firefox.until("window.poselift")
    firefox.evaluate(PAINTED.strip().rstrip(";"))
    targets = np.random.default_rng(2).integers(0, 400, 200).tolist()
    found = firefox.evaluate(f"({SEEK})({json.dumps(targets)})")
    assert [row for row in found if not row[0] == row[1] == row[2]] == []
    firefox.evaluate("poselift.setRate(0.5)")
    played = firefox.evaluate(f"({PLAY})(300)")
    assert len(played) > 100
    # No clock of Firefox tells exactly which frame it shows while it plays.
    apart = [abs(shown - painted) for shown, painted in played]
    assert max(apart) <= 2  # 1 but for a busy machine
    assert np.mean(apart) < 0.25
    assert firefox.wrong == []


def test_the_live_page_answers(tmp_path: Path, firefox: Firefox) -> None:
    running = Running(tmp_path)
    try:
        firefox.open(running.address)
        firefox.until("window.live")
        firefox.evaluate("document.getElementById('start').click()")
        firefox.until("live.answers > 5")
        facts = firefox.evaluate("document.getElementById('facts').textContent")
    finally:
        running.stop()
    assert "0 people in the picture" in facts
    assert firefox.wrong == []
