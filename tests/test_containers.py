"""Dockerfile and compose.yaml: linted, and what they name is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import PROGRAMS, compose_file

OWN = ("app", "scheduler", "worker", "batch")


def tool(name: str) -> str:
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        found = found.with_suffix(".exe")
    if not found.exists():
        pytest.fail(f"{name} is not installed; it is one of the development packages")
    return str(found)


def test_the_dockerfile_passes_its_lint(root: Path) -> None:
    done = subprocess.run(
        [tool("hadolint"), "--no-color", "Dockerfile"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_compose_passes_its_lint(root: Path) -> None:
    done = subprocess.run(
        [tool("compose-lint"), "check", "compose.yaml"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_services_name_only_what_is_there() -> None:
    content = compose_file()
    services = content["services"]
    assert set(services) == {*OWN, "database", "objects"}
    for name, service in services.items():
        assert set(service.get("networks", [])) <= set(content["networks"]), name
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in content["volumes"], name
        for other, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{name} waits for {other} for ever"
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), "the dashboard has no sign-in"
    # The dashboard's own word that it serves; the image has other roles, so the Dockerfile has none.
    assert ":8501/health" in str(services["app"]["healthcheck"])
    for name in OWN:
        assert services[name]["command"][0] in PROGRAMS
        assert services[name]["read_only"]


def test_the_image_copies_only_what_is_there_and_not_ignored(root: Path) -> None:
    allowed = {
        line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    copied = set()
    for line in (root / "Dockerfile").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--from"):
            copied |= set(words[1:-1])
    assert copied
    for name in copied:
        assert (root / name).exists(), name
        assert name in allowed, name


def test_every_machine_of_a_cluster_has_one_lock(root: Path) -> None:
    text = (root / "requirements-cluster.lock").read_text(encoding="utf-8")
    for package in ("distributed==", "obstore==", "psycopg-binary==", "streamlit=="):
        assert f"\n{package}" in text
