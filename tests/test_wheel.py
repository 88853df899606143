"""The wheel: one name with its types, installed beside a stranger's files, with command and API."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.test_rooms import MODULES

ROOT = Path(__file__).parents[1]
ROOMS = ("demo", "detectors", "lifter", "weights")
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build leaves files in the folder that it is run in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    for name in ("poselift", *ROOMS):
        copytree(ROOT / name, source / name, symlinks=True, ignore=ignore_patterns("__pycache__"))
    command = f"-m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir {out} {source}"
    subprocess.run([sys.executable, *command.split()], check=True)
    [built] = out.glob("*.whl")
    return built


def test_it_holds_one_name_and_its_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [top] = [name for name in names if name.endswith("top_level.txt")]
        assert archive.read(top).decode().split() == ["poselift"]
    folders = {name.split("/")[0] for name in names}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"poselift"}
    assert "poselift/py.typed" in names


def test_it_holds_every_module(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.endswith(".py")}
    inside = {path.relative_to(ROOT).as_posix() for path in MODULES.values()}
    expected = {name if name.startswith("poselift/") else f"poselift/{name}" for name in inside}
    assert packed == expected


def test_the_packages_listed_are_those_in_the_folders() -> None:
    there = [name for name, path in MODULES.items() if path.name == "__init__.py"]
    assert sorted(SETUP["packages"]) == sorted(there)
    links = {path.name for path in (ROOT / "poselift").iterdir() if path.is_symlink()}
    assert links in ({*ROOMS}, set())  # none in a checkout that cannot hold links
    assert SETUP["package-dir"] == {
        "poselift": "poselift",
        **{f"poselift.{room}": room for room in ROOMS},
    }


@pytest.fixture(scope="module")
def beside_a_stranger(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of our rooms' names, and an environment `env` with the wheel in it."""
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "demo.py").write_text("raise RuntimeError('this is not the demo you look for')\n")
    for room in ("weights", "lifter", "detectors"):
        (folder / room).mkdir()
        (folder / room / "__init__.py").write_text("raise RuntimeError('nor are these')\n")
    venv.create(folder / "env", symlinks=os.name != "nt")
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python)]
    options = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*command, *options], check=True)
    # What we depend on is borrowed from the running environment. A path in a .pth file is only
    # searched: the .pth files in it, one of which may lead to this checkout, are not read.
    [site] = (folder / "env").glob("lib/python*/site-packages")
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    return folder


def call(folder: Path, *words: str | Path) -> str:
    """What a program in the new environment prints, with the stranger's folder as the current."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "OMP_NUM_THREADS": "1",
    }
    program, *rest = map(str, words)
    out = subprocess.run(
        [str(folder / "env" / "bin" / program), *rest],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert out.returncode == 0, out.stderr
    return out.stdout


def test_the_command_works_there(beside_a_stranger: Path, balance: Path) -> None:
    call(beside_a_stranger, "poselift", "video", balance, "--end", "0.2", "--height", "96")
    assert (beside_a_stranger / "output" / "balance" / "balance.mp4").stat().st_size > 1000


def test_the_api_works_there(beside_a_stranger: Path, balance: Path) -> None:
    (beside_a_stranger / "program.py").write_text(
        "import sys, poselift\n"
        "motion = poselift.run(sys.argv[1], end=0.2)\n"
        "motion.save('own', ['npz', 'bvh'])\n"
        "print(poselift.__file__, poselift.load('own/balance.npz').pose3d.shape[2:])\n"
    )
    printed = call(beside_a_stranger, "python", "program.py", balance)
    assert str(beside_a_stranger / "env") in printed
    assert "(17, 3)" in printed
