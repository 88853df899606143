"""`poselift page`: pages of stored results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from poselift.demo.cli import main
from tests.export.conftest import clip_of, walker


@pytest.fixture
def stored(tmp_path: Path) -> list[Path]:
    motions = [clip_of(walker(20)[None], name=name) for name in ("one", "other")]
    return [motion.save(tmp_path, ["npz"])[0] for motion in motions]


def test_two_results_make_one_page(stored: list[Path]) -> None:
    assert main(["page", *map(str, stored)]) == 0
    page = stored[0].with_name("one-other.html").read_text()
    assert "<title>one | other</title>" in page
    assert page.count('"packed"') == 2


def test_more_than_two_are_refused(stored: list[Path], capsys) -> None:
    assert main(["page", *map(str, [*stored, stored[0]])]) == 2
    assert "one result or two" in capsys.readouterr().err
    assert main(["page", str(stored[0]), "--clip", "a.mp4", "b.mp4"]) == 2


def test_what_is_no_result_is_told(tmp_path: Path, capsys) -> None:
    np.savez(tmp_path / "poses.npz", xy=np.ones((3, 17, 2)))
    assert main(["page", str(tmp_path / "poses.npz")]) == 2
    assert "holds no motion" in capsys.readouterr().err
    assert not (tmp_path / "poses.html").exists()
