from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tracker.cli import main, serving


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
            return True
    except OSError:
        return False


def test_the_dashboard_starts_answers_and_stops(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["app", "--store", str(tmp_path), "--port", "0", "--check"]) == 0
    said = capfd.readouterr()
    assert said.out.startswith("the dashboard answers at http://127.0.0.1:")
    assert said.err == ""
    assert not answers(said.out.split()[-1])


def test_the_address_comes_as_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "--store", str(tmp_path), "--port", "0", "--check", "--json"]) == 0
    address = json.loads(capfd.readouterr().out)["address"]
    assert address.startswith("http://127.0.0.1:")


def test_a_port_in_use_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["app", "--store", str(tmp_path), "--port", port, "--check"]) == 2
    assert f"port {port} is in use" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ending_the_command_ends_the_server(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tracker", "app", "--store", str(tmp_path)]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--no-browser"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(serving.PACKAGE).parent,
    )
    assert process.stderr is not None
    assert f"http://127.0.0.1:{port}" in process.stderr.readline()
    assert answers(f"http://127.0.0.1:{port}")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) in (0, 130)
    process.stderr.close()
    for _ in range(50):
        if not answers(f"http://127.0.0.1:{port}"):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the server outlived the command")


@pytest.fixture
def samples(small_client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One sample client of two photos in place of the shipped ones."""
    folder = tmp_path / "samples"
    (folder / "anna").mkdir(parents=True)
    for photo in sorted(small_client.glob("*.jpg"))[:2]:
        shutil.copy(photo, folder / "anna")
    real = serving.beside_package
    monkeypatch.setattr(
        serving,
        "beside_package",
        lambda name: folder if name == "sample_images" else real(name),
    )
    return folder


def test_the_demo_measures_the_samples_twice_in_a_row(samples: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    for _ in range(2):
        assert main(["demo", "--store", str(store), "--port", "0", "--check", "-q"]) == 0
        assert (store / "results" / "anna" / "report.html").exists()
        assert sorted(p.name for p in (store / "anna").iterdir()) == sorted(
            p.name for p in (samples / "anna").iterdir()
        )
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_the_demo_replaces_nothing_but_a_demo(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "thesis.docx").touch()
    assert main(["demo", "--store", str(tmp_path / "store"), "--check"]) == 2
    assert "--store" in capsys.readouterr().err
    shutil.rmtree(samples / "anna")
    assert main(["demo", "--store", str(tmp_path / "other"), "--check"]) == 2
    assert "sample clients are missing" in capsys.readouterr().err


def test_the_private_store_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "data"))
    assert serving.data_folder().name == "smp-tracker"
    assert str(tmp_path) in str(serving.data_folder())


def test_a_screen_is_needed_for_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if os.name == "posix" and sys.platform != "darwin":
        assert not serving._has_screen()


def test_command_and_dashboard_agree_on_the_store() -> None:
    from tracker.ui.clients import STORE_VARIABLE

    assert serving.STORE_VARIABLE == STORE_VARIABLE
