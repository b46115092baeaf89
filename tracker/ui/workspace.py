"""What this browser tab is looking at, and the shared desk where series are measured.

The address bar names the client (`?client=` for a folder, `?added=` for photos added in the
browser), so a reload or a second tab comes back to the same place; added photos live in the
memory of this computer only, under an address nobody can guess.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections import OrderedDict
from pathlib import Path

import streamlit as st

from tracker.folder import read_client_folder
from tracker.photos import PHOTO_SUFFIXES, read_photo_bytes
from tracker.series import SeriesAnalysis
from tracker.ui.clients import STORE_VARIABLE, Client, from_folder
from tracker.ui.jobs import Job, JobState, MeasuringDesk
from tracker.ui.pictures import thumbnail_of_file

DEMO_MARK = ".smp-tracker-demo"
"""Lies in a store that `smp-tracker demo` made (`tracker.cli.serving`)."""
KEPT_ADDITIONS = 6
"""Sets of added photos kept for reloads; the oldest goes first."""


class Shelf:
    """Clients made of added photos, by the unguessable name in the address bar."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: OrderedDict[str, Client] = OrderedDict()

    def put(self, client: Client) -> str:
        token = secrets.token_urlsafe(9)
        with self._lock:
            self._clients[token] = client
            while len(self._clients) > KEPT_ADDITIONS:
                self._clients.popitem(last=False)
        return token

    def get(self, token: str) -> Client | None:
        with self._lock:
            return self._clients.get(token)


@st.cache_resource(show_spinner=False)
def desk() -> MeasuringDesk:
    return MeasuringDesk()


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    return Shelf()


def store_folder() -> Path:
    """The folder of client folders: named by the environment, else the sample clients."""
    named = os.environ.get(STORE_VARIABLE, "")
    if named:
        return Path(named)
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "sample_images"
    return beside if beside.is_dir() else package / "bundled" / "sample_images"


def store_is_named() -> bool:
    return bool(os.environ.get(STORE_VARIABLE, ""))


def shows_samples() -> bool:
    """True where the clients shown are the rendered ones."""
    return not store_is_named() or (store_folder() / DEMO_MARK).exists()


def photo_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)


def client_folders() -> list[Path]:
    """Folders of the store that hold at least one photo."""
    store = store_folder()
    if not store.is_dir():
        return []
    folders = sorted(path for path in store.iterdir() if path.is_dir())
    return [folder for folder in folders if photo_files(folder)]


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of a folder's files: changes when any of them does."""
    facts = []
    for path in sorted(folder.iterdir()):
        if path.is_file():
            stat = path.stat()
            facts.append((path.name, stat.st_size, stat.st_mtime_ns))
    return tuple(facts)


def read_folder(folder: Path) -> Client:
    return _read_folder(str(folder), _stamp(folder))


@st.cache_resource(show_spinner=False, max_entries=64)
def _read_folder(folder: str, stamp: tuple[tuple[str, int, int], ...]) -> Client:
    del stamp  # part of the key only
    return from_folder(read_client_folder(Path(folder)))


@st.cache_data(show_spinner=False, max_entries=256)
def folder_thumbnail(path: str, modified_ns: int) -> bytes:
    """A small picture of a photo file; empty where it cannot be read."""
    del modified_ns  # part of the key only
    try:
        return thumbnail_of_file(read_photo_bytes(Path(path)))
    except Exception:  # a preview only: the measuring says in words what is wrong
        return b""


def open_folder(name: str) -> None:
    """Look at a client folder of the store from now on."""
    _look_at("client", name)


def open_added(client: Client) -> None:
    """Look at added photos from now on."""
    _look_at("added", shelf().put(client))


def _look_at(kind: str, name: str) -> None:
    st.session_state["place"] = (kind, name)


def close() -> None:
    st.session_state.pop("place", None)
    st.query_params.clear()


def follow_address() -> None:
    """Agree with the address bar: it wins on a fresh tab, the tab's own place afterwards."""
    watcher()
    if "place" not in st.session_state:
        for kind in ("client", "added"):
            if kind in st.query_params:
                st.session_state["place"] = (kind, st.query_params[kind])
                break
    place = st.session_state.get("place")
    if place is not None and dict(st.query_params) != {place[0]: place[1]}:
        st.query_params.clear()
        st.query_params[place[0]] = place[1]


def current_client() -> Client | None:
    """The client this tab looks at; None when nothing is chosen or it is no longer there."""
    place = st.session_state.get("place")
    if place is None:
        return None
    kind, name = place
    if kind == "added":
        return shelf().get(name)
    folder = store_folder() / name
    known = any(path.name == name for path in client_folders())
    return read_folder(folder) if known else None


def watcher() -> str:
    """A name for this tab among those that wait for the same measurement."""
    if "watcher" not in st.session_state:
        st.session_state["watcher"] = secrets.token_hex(8)
    return str(st.session_state["watcher"])


def measure(client: Client) -> Job:
    """The measuring job of a client; started when there is none."""
    return desk().ask(client.key, client.measure, watcher())


def measure_again(client: Client) -> None:
    desk().forget(client.key)


def finished_analysis(client: Client) -> SeriesAnalysis | None:
    """The result of a client when it is there already; never starts anything."""
    job = desk().find(client.key)
    return job.analysis if job is not None and job.state == JobState.DONE else None
