"""Every example in a docstring runs."""

from __future__ import annotations

import doctest
import importlib
import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
FILES = [
    Path(folder, name)
    for folder, _, names in os.walk(ROOT / "poselift", followlinks=True)
    for name in names
    if name.endswith(".py") and name != "__main__.py"
]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in FILES
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={"np": np})
    assert result.failed == 0
