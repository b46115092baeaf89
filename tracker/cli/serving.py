"""The dashboard as a child process on a store; and the demo."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracker.access import AccessError, is_loopback, read_users
from tracker.cli.record_work import asked_passphrase
from tracker.cli.terminal import DONE, Terminal, UnusableError
from tracker.logs import LOG_VARIABLE, LogForm
from tracker.samples import beside_package, import_samples, sample_clients
from tracker.storage.location import DATABASE_FILE, VAULT_FOLDER, data_folder, store_place
from tracker.storage.opening import open_store
from tracker.storage.unlocking import PASSPHRASE_VARIABLE, environment_passphrase

STORE_VARIABLE = "SMP_TRACKER_RECORDS"
VAULT_VARIABLE = "SMP_TRACKER_VAULT"
SIGN_IN_VARIABLE = "SMP_TRACKER_SIGN_IN"
USERS_VARIABLE = "SMP_TRACKER_USERS"
DEFAULT_PORT = 8501
START_SECONDS = 90
FIRST_PAGE_SECONDS = 30
DEMO_MARK = ".smp-tracker-demo"
"""Lies in a demo's store, so that the next demo may replace it and nothing else."""
OWN_FILES = {
    DEMO_MARK,
    DATABASE_FILE,
    f"{DATABASE_FILE}-wal",
    f"{DATABASE_FILE}-shm",
    VAULT_FOLDER,
    "tray",
}
HERE = "127.0.0.1"


def default_users() -> Path:
    """The file of users where none is named."""
    return data_folder() / "users.json"


def demo(
    store: Path | None,
    *,
    port: int | None,
    open_browser: bool,
    check: bool,
    terminal: Terminal,
) -> int:
    """Bring the sample clients into a fresh store, measure them, and serve the dashboard."""
    from tracker.storage.results import measure_client

    folders = sample_clients()
    if not folders:
        raise UnusableError(
            f"{beside_package('sample_images')}: the sample clients are missing; "
            "install the package again"
        )
    folder = store or data_folder() / "demo"
    _fresh_folder(folder)
    terminal.remark(f"measuring {len(folders)} sample clients in {folder}")
    with open_store(str(folder), create=True) as kept:
        for done in import_samples(kept, folders):
            with terminal.progress(done.code) as progress:
                found = measure_client(kept, done.code, progress=progress)
            n = sum(photo.usable for photo in found.analysis.photos)
            terminal.remark(f"{done.code}: {n} of {len(found.analysis.photos)} photos measured")
    return serve_store(
        str(folder), port=port, open_browser=open_browser, check=check, terminal=terminal
    )


def _fresh_folder(folder: Path) -> None:
    """An empty folder with the demo's mark; an earlier demo goes, nothing else does."""
    if folder.exists() and not (
        folder.is_dir() and ((folder / DEMO_MARK).exists() or not any(folder.iterdir()))
    ):
        raise UnusableError(f"{folder}: holds other files; name a new or empty folder with --store")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in [path for path in folder.iterdir() if path.name in OWN_FILES]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        left = sorted(path.name for path in folder.iterdir())
        if left:
            raise UnusableError(
                f"{folder}: holds {left[0]}, which no demo made; name a new folder with --store"
            )
        (folder / DEMO_MARK).touch()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise UnusableError(
            f"{folder}: cannot be written ({reason}); name another folder with --store"
        ) from error


def serve_store(
    store: str | None,
    *,
    vault: str | None = None,
    address: str = HERE,
    port: int | None,
    sign_in: bool | None = None,
    users: Path | None = None,
    open_browser: bool,
    check: bool,
    log: LogForm | None = None,
    terminal: Terminal,
) -> int:
    """Serve the dashboard until Ctrl-C; with `check` until it answers.

    `sign_in` None asks people to sign in where others than this computer can reach the page.
    """
    _check_store(store)
    wanted = not is_loopback(address) if sign_in is None else sign_in
    if wanted:
        _check_users(users or default_users())
    # Made and brought up to this program here: what is wrong with it is one line on the terminal.
    typed: dict[str, str | None] = {}

    def words() -> str | None:
        said = asked_passphrase()
        if environment_passphrase() is None:
            typed[PASSPHRASE_VARIABLE] = said
        return said

    open_store(store, vault=vault, create=True, words=words).close()
    chosen = _port(address, port)
    seen_at = address if address not in ("0.0.0.0", "::") else HERE
    page = f"http://{f'[{seen_at}]' if ':' in seen_at else seen_at}:{chosen}"
    environment = {
        STORE_VARIABLE: store,
        VAULT_VARIABLE: vault,
        SIGN_IN_VARIABLE: "on" if wanted else "off",
        USERS_VARIABLE: str((users or default_users()).absolute()),
        **typed,
        LOG_VARIABLE: log.value if log is not None else None,
    }
    with _server(address, chosen, environment) as server:
        _wait_until_healthy(server, page)
        _visit_once(page)
        if check:
            terminal.result(f"the dashboard answers at {page}", {"address": page})
            return DONE
        terminal.remark(f"The dashboard is at {page} (Ctrl-C ends it).")
        if not wanted and not is_loopback(address):
            terminal.remark("Whoever reaches this address may see and change everything.")
        if terminal.as_json:
            terminal.result("", {"address": page})
        if open_browser and _has_screen():
            webbrowser.open(page)
        try:
            return DONE if server.wait() == 0 else 1
        except KeyboardInterrupt:
            return DONE


def _check_store(store: str | None) -> None:
    """Refuse a folder that holds something else: no store is made amid a person's files."""
    folder = store_place(store).folder
    if folder is None or (folder / DATABASE_FILE).exists():
        return
    if not folder.is_dir():
        if store is None:
            return
        # A slip of the pen must not open an empty clinic.
        raise UnusableError(
            f"{store}: there is no such folder; make it first, or leave out --store"
        )
    others = sorted(p for p in folder.iterdir() if p.name not in OWN_FILES)
    if others:
        kind = "client folders" if others[0].is_dir() else "other files"
        raise UnusableError(
            f"{folder}: holds {kind} and no records; name a new folder with --store, and bring "
            f"each client in with `smp-tracker import {others[0]} --store ...`"
        )


def _check_users(users: Path) -> None:
    """Refuse to serve others where nobody can sign in."""
    try:
        anybody = bool(read_users(users))
    except AccessError as error:
        raise UnusableError(str(error)) from error
    if not anybody:
        raise UnusableError(
            "others could reach the dashboard and nobody can sign in: add people with "
            "`smp-tracker user add NAME --role owner`, or say --no-sign-in if everybody who "
            "reaches this address may see and change everything"
        )


def _port(address: str, wanted: int | None) -> int:
    """The wanted port if it is free; without a wish the usual one, or any that is free."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in (wanted,) if wanted is not None else (DEFAULT_PORT, 0):
        with socket.socket(family) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise UnusableError(f"port {wanted} is in use; --port 0 takes a free one")


@contextmanager
def _server(
    address: str, port: int, settings: dict[str, str | None], *, log: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    page = beside_package("app.py")
    if not page.exists():
        raise UnusableError(f"{page}: the dashboard is missing; install the package again")
    options = {
        "server.port": port,
        "server.address": address,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer",
        "logger.level": "error",
        # Streamlit's own lines: with JSON the tracker puts all of a line into the message.
        "logger.messageFormat": "%(message)s"
        if settings.get(LOG_VARIABLE) == LogForm.JSON
        else "%(asctime)s %(message)s",
    }
    if is_loopback(address):
        options["browser.serverAddress"] = address
    environment = dict(os.environ)
    for name, value in settings.items():
        environment.pop(name, None)
        if value is not None:
            # The server runs in the page's own folder: a relative path would lead elsewhere.
            plain = name == STORE_VARIABLE and "://" not in value
            environment[name] = str(Path(value).expanduser().absolute()) if plain else value
    command = [sys.executable, "-m", "streamlit", "run", str(page)]
    command += [f"--{name}={value}" for name, value in options.items()]
    # In the page's own folder: there Streamlit finds the look of the dashboard.
    server = subprocess.Popen(
        command, cwd=page.parent, env=environment, stdout=subprocess.DEVNULL, stderr=log
    )
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


def _visit_once(address: str) -> None:
    """Have the server draw its first page: no person waits for its libraries to load."""
    from google.protobuf.message import DecodeError
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect
    from websockets.typing import Origin, Subprotocol

    asked, answer = BackMsg(), ForwardMsg()
    asked.rerun_script.query_string = ""
    line = address.replace("http://", "ws://") + "/_stcore/stream"
    deadline = time.monotonic() + FIRST_PAGE_SECONDS
    # Nothing hangs on it: where it fails, the first visitor waits a little longer.
    with (
        contextlib.suppress(OSError, WebSocketException, TimeoutError, DecodeError),
        connect(
            line,
            origin=Origin(address),
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            proxy=None,
        ) as visit,
    ):
        visit.send(asked.SerializeToString())
        while answer.WhichOneof("type") != "script_finished":
            answer.ParseFromString(visit.recv(max(0.0, deadline - time.monotonic())))


def _has_screen() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
