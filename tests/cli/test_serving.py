from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tracker.cli import main, serving
from tracker.samples import PACKAGE
from tracker.storage.opening import open_store
from tracker.storage.results import kept_analysis, measured_state


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
        cwd=PACKAGE.parent,
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


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_the_log_is_json_alone_and_health_follows_the_store(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tracker", "app", "--store", str(tmp_path), "--log", "json"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--no-browser"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=PACKAGE.parent,
    )
    assert process.stderr is not None
    started = json.loads(process.stderr.readline())
    assert (started["event"], started["address"]) == ("server started", "127.0.0.1")
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        if answers(address):
            break
        time.sleep(0.1)
    with urllib.request.urlopen(f"{address}/health", timeout=10) as answer:
        assert json.load(answer) == {"database": "good", "vault": "good"}
    (tmp_path / "records.db").unlink()
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(f"{address}/health", timeout=10)
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    rows = [json.loads(line) for line in process.stderr.read().splitlines()]
    process.stderr.close()
    assert "server stopped" in [row["event"] for row in rows]


@pytest.fixture
def samples(small_client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One sample client of two photos in place of the shipped ones."""
    folder = tmp_path / "samples"
    (folder / "anna").mkdir(parents=True)
    for photo in sorted(small_client.glob("*.jpg"))[:2]:
        shutil.copy(photo, folder / "anna")
    monkeypatch.setattr(
        serving, "sample_clients", lambda: sorted(p for p in folder.iterdir() if p.is_dir())
    )
    return folder


def test_the_demo_measures_the_samples_twice_in_a_row(samples: Path, tmp_path: Path) -> None:
    place = tmp_path / "store"
    for _ in range(2):
        assert main(["demo", "--store", str(place), "--port", "0", "--check", "-q"]) == 0
        with open_store(str(place)) as store:
            assert [kept.record.code for kept in store.clients()] == ["anna"]
            assert len(store.photos("anna")) == 2
            # The dashboard opens what the demo measured, and measures nothing again.
            assert measured_state(store, "anna").missing == ()
            assert kept_analysis(store, "anna") is not None


def test_the_demo_replaces_nothing_but_a_demo(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "thesis.docx").touch()
    assert main(["demo", "--store", str(tmp_path / "store"), "--check"]) == 2
    assert "--store" in capsys.readouterr().err
    (tmp_path / "store" / serving.DEMO_MARK).touch()
    assert main(["demo", "--store", str(tmp_path / "store"), "--check"]) == 2
    assert "thesis.docx" in capsys.readouterr().err
    assert (tmp_path / "store" / "thesis.docx").exists()
    shutil.rmtree(samples / "anna")
    assert main(["demo", "--store", str(tmp_path / "other"), "--check"]) == 2
    assert "sample clients are missing" in capsys.readouterr().err


def test_a_folder_of_something_else_is_no_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "2026-01-10_top.jpg").touch()
    assert main(["app", "--store", str(tmp_path), "--port", "0", "--check"]) == 2
    assert "smp-tracker import" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["anna"]


def test_a_store_that_cannot_be_is_said_before_anything_starts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["app", "--store", "ftp://clinic", "--check"]) == 2
    assert "is no store" in capsys.readouterr().err


def test_others_are_let_in_only_where_they_sign_in_or_a_person_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    users = str(tmp_path / "users.json")
    store = str(tmp_path / "store")
    (tmp_path / "store").mkdir()
    open_to_all = ["app", "--store", store, "--address", "0.0.0.0", "--port", "0", "--check"]
    assert main([*open_to_all, "--users", users]) == 2
    assert "nobody can sign in" in capfd.readouterr().err
    assert main(["app", "--store", store, "--sign-in", "--users", users, "--check"]) == 2
    capfd.readouterr()
    assert main([*open_to_all, "--users", users, "--no-sign-in"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert main(["user", "add", "Anna", "--role", "owner", "--users", users]) == 0
    assert "anna may sign in as owner" in capfd.readouterr().out
    assert main([*open_to_all, "--users", users]) == 0


def test_users_are_added_listed_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    users = ["--users", str(tmp_path / "users.json")]
    assert main(["user", "list", *users]) == 0
    assert "nobody yet" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["user", "add", "anna", *users]) == 2
    assert "needs 10 letters" in capsys.readouterr().err
    bert = ["user", "add", "bert@clinic.example", "--no-password", "--role", "viewer", *users]
    assert main(bert) == 0
    capsys.readouterr()
    assert main(["user", "list", "--json", *users]) == 0
    (found,) = json.loads(capsys.readouterr().out)["users"]
    assert (found["name"], found["role"]) == ("bert@clinic.example", "viewer")
    assert main(["user", "remove", "bert@clinic.example", *users]) == 0
    assert main(["user", "remove", "bert@clinic.example", *users]) == 2
    assert "user list" in capsys.readouterr().err


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


def test_command_and_dashboard_agree_on_their_variables() -> None:
    from tracker.ui import session_store, sign_in

    assert serving.STORE_VARIABLE == session_store.STORE_VARIABLE
    assert serving.VAULT_VARIABLE == session_store.VAULT_VARIABLE
    assert serving.SIGN_IN_VARIABLE == sign_in.SWITCH_VARIABLE
    assert serving.USERS_VARIABLE == sign_in.USERS_VARIABLE
