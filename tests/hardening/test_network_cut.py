"""With the network cut everything works: whatever leaves this computer is refused, and named."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cli.test_serving import answers

# Python runs this before anything else, in every process that a command starts.
CUT = """
import os, sys

def look(event, given):
    if event in ("socket.connect", "socket.sendto"):
        place = given[1]
        host = place[0] if isinstance(place, tuple) else "localhost"
    elif event == "socket.getaddrinfo":
        host = given[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"):
        with open(os.environ["ASKED_OUTSIDE"], "a") as file:
            file.write(f"{event} {host}\\n")
        raise OSError(101, "Network is unreachable")

sys.addaudithook(look)
"""


@pytest.fixture
def cut(tmp_path: Path) -> dict[str, str]:
    """Environment of a process that reaches nothing but this computer."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(CUT, encoding="utf-8")
    paths = (str(tmp_path / "hook"), os.environ.get("PYTHONPATH", ""))
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "ASKED_OUTSIDE": str(tmp_path / "asked.txt"),
    }


def asked(cut: dict[str, str]) -> str:
    file = Path(cut["ASKED_OUTSIDE"])
    return file.read_text(encoding="utf-8") if file.exists() else ""


def test_the_cut_is_a_cut(cut: dict[str, str]) -> None:
    ask = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    done = subprocess.run([sys.executable, "-c", ask], env=cut, capture_output=True, timeout=60)
    assert done.returncode != 0
    assert "192.0.2.1" in asked(cut)


def test_a_client_is_measured(cut: dict[str, str], small_client: Path, tmp_path: Path) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    for photo in sorted(small_client.glob("*.jpg"))[:2]:
        shutil.copy(photo, folder)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tracker", "analyse", str(folder), "--out", str(out)]
    done = subprocess.run(command, env=cut, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert asked(cut) == ""
    page = (out / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//[^\"' >]+", page)


def test_the_dashboard_is_served(cut: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    (tmp_path / "records").mkdir()
    command = [sys.executable, "-m", "tracker", "app", "--store", str(tmp_path / "records")]
    server = subprocess.Popen(
        [*command, "--port", str(port), "--no-browser"], env=cut, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        assert address in server.stderr.readline()  # said once it answers
        assert answers(address)
        with urllib.request.urlopen(address, timeout=30) as answer:
            page = answer.read().decode()
        parts = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert any(part.endswith(".js") for part in parts)
        for part in parts:
            assert not re.match(r"(https?:)?//", part), part
            with urllib.request.urlopen(f"{address}/{part.lstrip('./')}", timeout=30) as answer:
                assert answer.status == 200
    finally:
        server.terminate()
        server.wait(30)
        assert server.stderr is not None
        server.stderr.close()
    assert asked(cut) == ""
