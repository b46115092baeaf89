"""Photos that a person drops on the page: into the client's tray at once, looked at in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tracker.logs import EventLog
from tracker.photos import PhotoError
from tracker.records import ClientRecord
from tracker.series import Progress
from tracker.storage.store import Store
from tracker.storage.tray import already_filed, tray_of
from tracker.storage.vault import sha256_of

LOG = EventLog(__name__)
OWN_NAME = "My photos"
"""Name of the client that photos make which are dropped before there is one."""


class DroppedFile(Protocol):
    """A file as the browser hands it over."""

    name: str

    def getvalue(self) -> bytes:
        """All its bytes."""
        ...


@dataclass(frozen=True)
class Rejected:
    """A file that was not taken: what is wrong and what to do."""

    name: str
    what: str
    remedy: str


def receive(
    store: Store, code: str, files: Sequence[DroppedFile], progress: Progress
) -> list[Rejected]:
    """Put files into a client's tray; returns those that were not taken, each with its reason.

    What is taken is on disk when its turn is over: a reload, a closed tab or a stopped server
    loses none of it.
    """
    tray = tray_of(store, code)
    there = {photo.sha256: photo.name for photo in tray.photos()}
    rejected: list[Rejected] = []
    for number, file in enumerate(files):
        progress(number / len(files), f"Looking at {file.name}")
        data = file.getvalue()
        sha256 = sha256_of(data)
        owner = already_filed(store, [sha256]).get(sha256)
        if sha256 in there:
            what = f"is the same photo as {there[sha256]}"
            rejected.append(Rejected(file.name, what, "it is kept once; nothing to do"))
            _refused(code, sha256, "there already")
        elif owner is not None and owner[0] == code:
            what = f"is here already, as {owner[1]}"
            rejected.append(Rejected(file.name, what, "it is kept once; nothing to do"))
            _refused(code, sha256, "filed already")
        elif owner is not None:
            what = f"is filed under client {owner[0]} already"
            remedy = "a photo belongs to one client: check whose it is"
            rejected.append(Rejected(file.name, what, remedy))
            _refused(code, sha256, "filed under another client")
        else:
            try:
                there[sha256] = tray.put(data, file.name, today=store.today).name
            except PhotoError as error:
                remedy = error.remedy.replace(" into the folder", " here")
                rejected.append(Rejected(file.name, error.what, remedy))
                _refused(code, sha256, error.what)
    progress(1.0, "Done")
    return rejected


def _refused(code: str, sha256: str, reason: str) -> None:
    LOG.warning("upload refused", client=code, sha256=sha256, reason=reason)


def new_client(store: Store, name: str) -> str:
    """Code of a new client; the name may be empty."""
    return store.add_client(ClientRecord("", name=" ".join(name.split()))).record.code
