"""The dashboard served as people get it, and Debian's chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tracker.synthetic import render_series, scene_specs

PHOTO_DAYS = ("2026-01-10", "2026-03-20", "2026-06-02")
FADES = (0.0, 0.45, 0.75)
START_SECONDS = 60
PATIENCE_MS = 90_000
"""The first visit waits for the server to load its libraries, on a busy machine for long."""
QUIET = "the server responded with a status of 404"
"""Pages beside the first make Streamlit probe two paths that are not there: harmless."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return browser_type_launch_args | {"executable_path": chromium}


@pytest.fixture(scope="session")
def rendered_photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three rendered photos of one scalp as JPEG files: known shares of the pigment are gone."""
    folder = tmp_path_factory.mktemp("photos")
    spec = scene_specs("clinic", 3, FADES)
    small = replace(spec, width_px=900, height_px=800, px_per_mm=10.0, patch_radius_mm=24.0)
    paths = []
    for day, photo in zip(PHOTO_DAYS, render_series(small).photos, strict=True):
        path = folder / f"{day}_top.jpg"
        Image.fromarray(photo.srgb).save(path, quality=94)
        paths.append(path)
    return paths


@pytest.fixture(scope="session")
def base_url(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard on a store that is not there yet."""
    folder = tmp_path_factory.mktemp("store")
    with served(root, folder, {}) as address:
        yield address


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    root: Path, folder: Path, settings: dict[str, str], port: int | None = None
) -> Iterator[str]:
    """Address of a dashboard on a store in `folder` that is not there yet."""
    port = port or free_port()
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(
        [
            sys.executable,
            *("-m", "streamlit", "run", "app.py", f"--server.port={port}"),
            *("--server.headless=true", "--server.address=127.0.0.1"),
        ],
        cwd=root,
        env=dict(os.environ)
        | {
            "SMP_TRACKER_RECORDS": str(folder / "records"),
            "SMP_TRACKER_USERS": str(folder / "users.json"),
        }
        | settings,
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.fixture
def shots(root: Path) -> Path:
    """Where the pictures of the visit are kept."""
    folder = root / "test-results"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def watched(page: Any, base_url: str) -> Iterator[Any]:
    """A page that must log no error and ask nobody but the dashboard for anything."""
    complaints: list[str] = []
    strangers: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and QUIET not in message.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    own = (base_url, base_url.replace("http", "ws"), "data:", "blob:")
    page.on(
        "request",
        lambda request: None if request.url.startswith(own) else strangers.append(request.url),
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    yield page
    assert not strangers
    assert not complaints


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, "the dashboard ended at once"
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the dashboard did not start")
