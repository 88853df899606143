"""The recipes in `deploy/` and for containers: well formed, with options that the commands know."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from poselift.demo.commands import batch, serve
from poselift.demo.parser import Parser

ROOT = Path(__file__).parents[2]
yaml = pytest.importorskip("yaml")


def documents(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def read(command: Any, words: list[str]) -> Any:
    parser = Parser(prog="poselift")
    command.add_options(parser)
    return parser.read(words)


def test_the_job_of_kubernetes_is_a_command_that_we_know() -> None:
    job = documents("deploy/kuberay.yaml")
    program, name, *words = shlex.split(job["spec"]["entrypoint"])
    assert (program, name) == ("poselift", "batch")
    options = read(batch, words)
    [group] = job["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    [container] = group["template"]["spec"]["containers"]
    assert int(container["resources"]["limits"]["cpu"]) >= options.cpus_per_worker


def test_the_cluster_of_own_machines() -> None:
    cluster = documents("deploy/ray-cluster.yaml")
    assert cluster["max_workers"] >= len(cluster["provider"]["worker_ips"])
    text = (ROOT / "deploy/ray-cluster.yaml").read_text()
    [line] = re.findall(r"'poselift batch (.*)'", text)
    assert read(batch, shlex.split(line)).engine == "ray"


def test_the_page_in_a_container_is_opened_to_this_machine_alone() -> None:
    service = documents("compose.yaml")["services"]["serve"]
    name, *words = service["command"]
    assert name == "serve"
    port = read(serve, words).port
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda p: p.name)
def test_scripts_are_shell_with_options_that_the_command_knows(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    known = Parser(prog="poselift")
    batch.add_options(known)
    options = {name for action in known._actions for name in action.option_strings}
    text = re.sub(r"\\\n", " ", script.read_text())
    [call] = re.findall(r"batch \"\$\{?sources.*|batch \"\$\{SOURCES.*", text, re.IGNORECASE)
    used = set(re.findall(r"--[a-z-]+", re.sub(r":\?[^}]*", "", call)))
    assert {"--out"} <= used <= options


def test_the_image_holds_what_the_package_is_built_from() -> None:
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    import tomllib

    built = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = built["tool"]["setuptools"]["package-dir"].values()
    assert {f"!{room}" for room in rooms} <= set(kept)
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG BASE=\S+\nFROM \$\{BASE\}$", text, re.MULTILINE)
    assert re.search(r"^USER [1-9]\d*$", text, re.MULTILINE)
    assert 'ENTRYPOINT ["poselift"]' in text
