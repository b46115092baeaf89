"""What a batch keeps beside its results, so that it can be stopped, go on, and never repeat.

Below ``.smp-batch/`` in the results: a record per measured view (under a hash of all that its
numbers depend on), its series in the form of `storage.result_form`, and a record per client. All
are written whole; a record that is missing or damaged only means that it is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

from tracker.analysis import AnalysisSettings
from tracker.batch.found import WORK_FOLDER, Failure, Kind
from tracker.batch.places import Place
from tracker.records.corrections import MEASURED_KINDS, Correction, standing
from tracker.records.timeline import DEFAULT_TIMELINE
from tracker.series import PolygonZone, SeriesAnalysis
from tracker.storage.result_form import ResultFormError, from_bytes, to_bytes

FORM = 1
"""Of these records; another form is made again from the photos and kept series."""
LOCK_PATH = f"{WORK_FOLDER}/lock"
PROGRESS_PATH = f"{WORK_FOLDER}/progress.json"
TEMPORARY = f"{WORK_FOLDER}/tmp"
MARK_PATH = f"{WORK_FOLDER}/about.json"
CLIENTS = f"{WORK_FOLDER}/clients"


@dataclass(frozen=True)
class PhotoFacts:
    """What reading a photo file told, without decoding it.

    Attributes
    ----------
    sha256 : str
        Empty where the file could not be read.
    camera_day : date or None
    megapixels : float
        0 where unknown.
    notes : tuple of str
        Remarks on the file.
    what, remedy : str
        Why it cannot be used; empty for a photo.
    """

    sha256: str = ""
    camera_day: date | None = None
    megapixels: float = 0.0
    notes: tuple[str, ...] = ()
    what: str = ""
    remedy: str = ""

    def as_list(self) -> list[Any]:
        day = None if self.camera_day is None else self.camera_day.isoformat()
        return [self.sha256, day, self.megapixels, list(self.notes), self.what, self.remedy]

    @staticmethod
    def of_list(content: Sequence[Any]) -> PhotoFacts:
        sha256, day, megapixels, notes, what, remedy = content
        return PhotoFacts(
            sha256,
            None if day is None else date.fromisoformat(day),
            megapixels,
            tuple(notes),
            what,
            remedy,
        )


@dataclass(frozen=True)
class ViewRecord:
    """A view that is done: measured, or failed as a whole.

    Attributes
    ----------
    key : str
        `view_key` of what it was made from.
    failed : tuple of (kind, reason, remedy) or ()
        Why there is no series.
    crashed : tuple of str
        Photos left out because reading them ended the program.
    slim : bool
        Its series holds rows, no dots.
    seconds, megapixels
        What it took, for estimates. Not part of any result.
    """

    key: str
    failed: tuple[str, ...] = ()
    crashed: tuple[str, ...] = ()
    slim: bool = False
    seconds: float = 0.0
    megapixels: float = 0.0
    n_photos: int = 0
    n_failures: int = 0


@dataclass(frozen=True)
class ClientRecord:
    """A client that is done.

    Attributes
    ----------
    client : str
    state : str
        `FoundClient.state` it was made from: the same state means nothing is to be done.
    published : str
        Hash of what its folder of results was made from; empty without such a folder.
    facts : dict of path to (size, stamp, facts)
        What reading its photos told.
    rows : list of list
        Rows of batch.csv: values in the order of `PHOTO_COLUMNS`.
    failures : list of Failure
    notes : list of str
    summary : dict
        What the overview shows.
    seconds, megapixels, n_bytes
        What it took, for estimates.
    """

    client: str
    state: str
    published: str
    facts: dict[str, tuple[int, str, PhotoFacts]]
    rows: list[list[Any]]
    failures: list[Failure]
    notes: list[str]
    summary: dict[str, Any]
    seconds: float = 0.0
    megapixels: float = 0.0
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ClientState:
    """What planning needs of a client's record."""

    state: str
    published: str
    n_failures: int
    n_photos: int
    seconds: float
    megapixels: float
    n_bytes: int


def view_key(
    view: str,
    photos: Sequence[tuple[str, str, date | None]],
    *,
    mm_per_px: float | None,
    marker_mm: float | None,
    zones: Sequence[PolygonZone],
    corrections: Sequence[Correction] = (),
    settings: AnalysisSettings,
) -> str:
    """Hash of all that the numbers of a view depend on.

    `photos` are (sha256, name, day) in time order. Days count by their order alone, as stages
    never change a number: they are laid over the series when it is shown.
    """
    days = sorted({day for _, _, day in photos if day is not None})
    content: dict[str, Any] = {
        "settings": replace(settings, timeline=DEFAULT_TIMELINE).fingerprint(),
        "view": view,
        "photos": [
            [sha256, name, None if day is None else days.index(day)] for sha256, name, day in photos
        ],
        "mm_per_px": mm_per_px,
        "marker_mm": marker_mm,
        "zones": [[z.name, z.view, z.vertices_px] for z in zones if z.view in ("", view)],
    }
    names = {name for _, name, _ in photos}
    put_right = [
        one.numbers()
        for one in standing(corrections)
        if one.kind in MEASURED_KINDS and one.photo in names
    ]
    if put_right:
        content["corrections"] = put_right
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class Kept:
    """The records in the results' place."""

    def __init__(self, out: Place) -> None:
        self.out = out

    def view(self, key: str) -> ViewRecord | None:
        content = self._json(_view_path(key))
        if content is None:
            return None
        known = {field.name for field in fields(ViewRecord)}
        given = {name: _tupled(value) for name, value in content.items() if name in known}
        record = ViewRecord(**given)
        return record if record.key == key else None

    def put_view(self, record: ViewRecord) -> None:
        self.out.write(_view_path(record.key), _text({"form": FORM, **asdict(record)}))

    def series(self, key: str) -> SeriesAnalysis | None:
        """The measured series of a view; None where it is lost or damaged."""
        with contextlib.suppress(OSError, ResultFormError):
            return from_bytes(self.out.read(_series_path(key)))
        return None

    def put_series(self, key: str, analysis: SeriesAnalysis) -> int:
        data = to_bytes(analysis)
        self.out.write(_series_path(key), data)
        return len(data)

    def remove_series(self, key: str) -> None:
        self.out.remove(_series_path(key))

    def client(self, name: str) -> ClientRecord | None:
        parts = self._lines(client_path(name))
        if parts is None or parts[0].get("client") != name:
            return None
        head, content = parts[0], json.loads(parts[1])
        return ClientRecord(
            client=name,
            state=head["state"],
            published=head["published"],
            facts={
                path: (size, stamp, PhotoFacts.of_list(facts))
                for path, size, stamp, facts in content["facts"]
            },
            rows=content["rows"],
            failures=[
                Failure(name, photo, view, Kind(kind), reason, remedy)
                for photo, view, kind, reason, remedy in content["failures"]
            ],
            notes=content["notes"],
            summary=content["summary"],
            seconds=head["seconds"],
            megapixels=head["megapixels"],
            n_bytes=head["n_bytes"],
        )

    def put_client(self, record: ClientRecord) -> None:
        """Keep a client's record: a first line for planning, a second with all the rest."""
        head: dict[str, Any] = {
            "form": FORM,
            "client": record.client,
            "state": record.state,
            "published": record.published,
            "n_failures": len(record.failures),
            "n_photos": len(record.rows),
            "seconds": record.seconds,
            "megapixels": record.megapixels,
            "n_bytes": record.n_bytes,
        }
        content = {
            "facts": [
                [path, size, stamp, facts.as_list()]
                for path, (size, stamp, facts) in record.facts.items()
            ],
            "rows": record.rows,
            "failures": [failure.as_list()[1:] for failure in record.failures],
            "notes": record.notes,
            "summary": record.summary,
        }
        below = _text(content)
        head["length"] = len(below)  # a file that was cut is seen
        self.out.write(client_path(record.client), _text(head) + b"\n" + below)

    def state_of(self, path: str) -> tuple[str, ClientState] | None:
        """Client and state in the record at `path`, as `names` lists it."""
        parts = self._lines(path)
        if parts is None:
            return None
        head = parts[0]
        return head["client"], ClientState(
            head["state"],
            head["published"],
            head["n_failures"],
            head["n_photos"],
            head["seconds"],
            head["megapixels"],
            head["n_bytes"],
        )

    def _lines(self, path: str) -> tuple[dict[str, Any], bytes] | None:
        """Head and rest of a client's record; None where it is missing, cut or of another form."""
        try:
            first, _, rest = self.out.read(path).partition(b"\n")
            head = json.loads(first)
        except (OSError, ValueError):
            return None
        whole = (
            isinstance(head, dict) and head.get("form") == FORM and head.get("length") == len(rest)
        )
        return (head, rest) if whole else None

    def _json(self, path: str) -> dict[str, Any] | None:
        try:
            content = json.loads(self.out.read(path))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) and content.get("form") == FORM else None


def client_path(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:24]
    return f"{CLIENTS}/{digest[:2]}/{digest}.json"


def watch_path(task: str) -> str:
    """Where a worker under suspicion says which photo it is at."""
    return f"{WORK_FOLDER}/watch/{task}.json"


def _view_path(key: str) -> str:
    return f"{WORK_FOLDER}/views/{key[:2]}/{key}.json"


def _series_path(key: str) -> str:
    return f"{WORK_FOLDER}/series/{key[:2]}/{key}.smpr"


def _text(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
