"""The pieces of work of a batch, as they are sent to a worker, and what comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from tracker.analysis import AnalysisSettings
from tracker.batch.found import FoundClient
from tracker.batch.kept import PhotoFacts


@dataclass(frozen=True)
class Job:
    """What all tasks of a batch share."""

    root: str
    out: str
    today: date
    summary_only: bool = False
    settings: AnalysisSettings = AnalysisSettings()
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True)
class ViewTask:
    """Measure one view of one client, unless that is done.

    Attributes
    ----------
    client : FoundClient
        With the photos of this view only.
    known : mapping of path to PhotoFacts
        Photos that need not be read again to know what they are.
    again : bool
        Measure also what is done but failed; `force`: whatever is done.
    watched : bool
        Say before each photo which one it is: its worker ended before.
    left_out : tuple of str
        Names of photos that are not to be read: a worker ended over them.
    give_up : (kind, reason, remedy) or ()
        Measure nothing: keep that it failed, and why.
    """

    job: Job
    client: FoundClient
    view: str
    known: Mapping[str, PhotoFacts] = field(default_factory=dict)
    again: bool = False
    force: bool = False
    watched: bool = False
    left_out: tuple[str, ...] = ()
    give_up: tuple[str, ...] = ()

    @property
    def n_photos(self) -> int:
        return len(self.client.photos)

    @property
    def name(self) -> str:
        return _task_name("view", self.client.name, self.view)


@dataclass(frozen=True)
class PublishTask:
    """Write one client's results from its measured views.

    Attributes
    ----------
    client : FoundClient
    state : str
        `FoundClient.state`, kept so that nothing is done again.
    facts : mapping of path to PhotoFacts
    keys : mapping of view to view key
    published : str
        What the folder of results that is there was made from; empty where there is none.
    without_folder : str
        A reason to write rows but no folder: a worker ended over it.
    """

    job: Job
    client: FoundClient
    state: str
    facts: Mapping[str, PhotoFacts]
    keys: Mapping[str, str]
    published: str = ""
    without_folder: str = ""
    watched: bool = False

    @property
    def n_photos(self) -> int:
        return len(self.client.photos)

    @property
    def name(self) -> str:
        return _task_name("publish", self.client.name, "")


Task = ViewTask | PublishTask


@dataclass(frozen=True)
class ViewDone:
    """A view is measured, was measured before, or has failed as a whole."""

    key: str
    facts: dict[str, PhotoFacts]
    measured: bool
    n_failures: int


@dataclass(frozen=True)
class PublishDone:
    """A client's results are written and its record is kept."""

    n_rows: int
    n_failures: int
    written: bool


@dataclass(frozen=True)
class ClientFailed:
    """A client's records cannot be understood, or its results have no place."""

    reason: str
    remedy: str


@dataclass(frozen=True)
class Changed:
    """A photo changed while it was worked on: look again."""

    what: str


@dataclass(frozen=True)
class Lost:
    """Photos or results can no longer be reached: the batch must stop."""

    line: str


@dataclass(frozen=True)
class Faulted:
    """The program itself is at fault; the text says where."""

    what: str


@dataclass(frozen=True)
class Crashed:
    """The worker was ended: a native crash, or the system took its memory back."""


Outcome = ViewDone | PublishDone | ClientFailed | Changed | Lost | Faulted | Crashed


def _task_name(kind: str, client: str, view: str) -> str:
    digest = hashlib.sha256(f"{client}\0{view}".encode()).hexdigest()[:20]
    return f"{kind}-{digest}"
