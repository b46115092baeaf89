"""The dashboard as a child process, on a store of client folders; and the demo."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tracker.cli.terminal import DONE, Terminal, UnusableError
from tracker.storage.location import data_folder

STORE_VARIABLE = "SMP_TRACKER_STORE"
"""Tells the dashboard which folder of client folders to show."""
DEFAULT_PORT = 8501
START_SECONDS = 90
DEMO_MARK = ".smp-tracker-demo"
"""Lies in a demo's store, so that the next demo may replace it and nothing else."""

PACKAGE = Path(__file__).resolve().parent.parent


def beside_package(name: str) -> Path:
    """Return `app.py` or `sample_images`: in a checkout beside the package, else inside it."""
    beside = PACKAGE.parent / name
    return beside if beside.exists() else PACKAGE / "bundled" / name


def demo(
    store: Path | None,
    *,
    port: int | None,
    open_browser: bool,
    check: bool,
    terminal: Terminal,
) -> int:
    """Copy the sample clients to a fresh store, measure them, and serve the dashboard."""
    from tracker.cli.batching import batch

    samples = beside_package("sample_images")
    clients = sorted(f for f in samples.glob("*") if f.is_dir()) if samples.is_dir() else []
    if not clients:
        raise UnusableError(f"{samples}: the sample clients are missing; install the package again")
    store = store or data_folder() / "demo"
    _fresh_store(clients, store)
    terminal.remark(f"measuring {len(clients)} sample clients in {store}")
    # Photos that cannot be measured are part of the demo: the status of the batch does not count.
    batch(
        store,
        store / "results",
        jobs=0,
        overwrite=True,
        # One JSON document at most: that of the dashboard's address.
        terminal=replace(
            terminal,
            as_json=False,
            quiet=terminal.quiet or terminal.as_json,
            verbose=not terminal.quiet,
        ),
    )
    return serve_store(store, port=port, open_browser=open_browser, check=check, terminal=terminal)


def _fresh_store(clients: list[Path], store: Path) -> None:
    if store.exists() and not (
        store.is_dir() and ((store / DEMO_MARK).exists() or not any(store.iterdir()))
    ):
        raise UnusableError(f"{store}: holds other files; name a new or empty folder with --store")
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{store.name}.", dir=store.parent))
        try:
            (work / DEMO_MARK).touch()
            for client in clients:
                shutil.copytree(client, work / client.name)
            if store.exists():
                shutil.rmtree(store)
            work.rename(store)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise UnusableError(
            f"{store}: cannot be written ({reason}); name another folder with --store"
        ) from error


def serve_store(
    store: Path | None,
    *,
    port: int | None,
    open_browser: bool,
    check: bool,
    terminal: Terminal,
) -> int:
    """Serve the dashboard on this computer only, until Ctrl-C; with `check` until it answers."""
    if store is not None and not store.is_dir():
        raise UnusableError(f"{store}: there is no such folder; name a folder of client folders")
    chosen = _port(port)
    address = f"http://127.0.0.1:{chosen}"
    with _server(chosen, store) as server:
        _wait_until_healthy(server, address)
        if check:
            terminal.result(f"the dashboard answers at {address}", {"address": address})
            return DONE
        terminal.remark(f"The dashboard is at {address} (Ctrl-C ends it).")
        if terminal.as_json:
            terminal.result("", {"address": address})
        if open_browser and _has_screen():
            webbrowser.open(address)
        try:
            return DONE if server.wait() == 0 else 1
        except KeyboardInterrupt:
            return DONE


def _port(wanted: int | None) -> int:
    """The wanted port if it is free; without a wish the usual one, or any that is free."""
    for port in (wanted,) if wanted is not None else (DEFAULT_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise UnusableError(f"port {wanted} is in use; --port 0 takes a free one")


@contextmanager
def _server(port: int, store: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    page = beside_package("app.py")
    if not page.exists():
        raise UnusableError(f"{page}: the dashboard is missing; install the package again")
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": "127.0.0.1",
        "client.toolbarMode": "viewer",
        "logger.level": "error",
    }
    environment = dict(os.environ)
    environment.pop(STORE_VARIABLE, None)
    if store is not None:
        environment[STORE_VARIABLE] = str(store.resolve())
    command = [sys.executable, "-m", "streamlit", "run", str(page)]
    command += [f"--{name}={value}" for name, value in options.items()]
    # In the page's own folder: there Streamlit finds the look of the dashboard.
    server = subprocess.Popen(command, cwd=page.parent, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_healthy(server: subprocess.Popen[bytes], address: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with direct.open(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.15)
    raise UnusableError("the dashboard did not start; the lines above say why")


def _has_screen() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
