"""Whether the photos in a store are those of a report, and whether its figures still come out."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pypdf
from pypdf.errors import PyPdfError

from tracker.analysis import AnalysisSettings
from tracker.dossier.case import read_case
from tracker.dossier.figures import SCHEMA, figures_of, fingerprint
from tracker.records.timeline import DEFAULT_TIMELINE
from tracker.report.publish import OutputError
from tracker.series import Progress
from tracker.storage.errors import NotThereError, StoreError
from tracker.storage.store import Store
from tracker.storage.vault import AlteredError, LostError, Shelf, checked_get

BLOCK = re.compile(r'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)
MOST_BYTES = 200_000_000


@dataclass(frozen=True)
class ReportCheck:
    """What became of each photo of a report.

    Attributes
    ----------
    client : str
    made_at : str
    same : tuple of str
        Photos that the store holds bit for bit.
    missing, altered : tuple of str
        Photos that are not in the store under this client; or whose file is lost or altered.
    newer : tuple of str
        Photos of the client that the report does not know.
    figures : str
        `same`, `other`, or why they were not made again.
    """

    client: str
    made_at: str
    same: tuple[str, ...]
    missing: tuple[str, ...]
    altered: tuple[str, ...]
    newer: tuple[str, ...]
    figures: str

    @property
    def holds(self) -> bool:
        return not (self.missing or self.altered) and self.figures != "other"


def read_report(path: Path) -> dict[str, Any]:
    """What a report carries for programs; raises `OutputError` for any other file."""
    remedy = "name a PDF or HTML file that `smp-tracker report` wrote"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OutputError(f"{path}: is too large for a report; {remedy}")
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise OutputError(f"{path}: cannot be read ({reason}); {remedy}") from error
    try:
        text = _in_pdf(data) if data.startswith(b"%PDF") else _in_page(data)
        content = json.loads(text)
        photos = [(str(p["name"]), str(p["sha256"])) for p in content["photos"]]
        if content["schema"] != SCHEMA or not isinstance(content["client"], str) or not photos:
            raise ValueError("another schema")
    except (ValueError, KeyError, TypeError, PyPdfError, RecursionError) as error:
        raise OutputError(f"{path}: is no report of smp-tracker; {remedy}") from error
    return dict(content)


def _in_pdf(data: bytes) -> str:
    found = pypdf.PdfReader(io.BytesIO(data)).attachments["report.json"]
    return found[0].decode()


def _in_page(data: bytes) -> str:
    found = BLOCK.search(data.decode())
    if found is None:
        raise ValueError("no figures")
    return found[1]


def check_report(
    store: Store, content: dict[str, Any], *, progress: Progress | None = None
) -> ReportCheck:
    """Compare a report with the store.

    Every original that the report names is read and hashed. The figures are made again from the
    store where all photos are there, and compared with the report's.
    """
    code = content["client"]
    wanted = {str(p["name"]): str(p["sha256"]) for p in content["photos"]}
    try:
        kept = {k.record.sha256: k.record.name for k in store.photos(code)}
    except NotThereError:
        kept = {}
    same, missing, altered = [], [], []
    tell = progress or (lambda _share, _text: None)
    for number, (name, digest) in enumerate(wanted.items()):
        tell(number / len(wanted), f"reading {name}")
        if digest not in kept:
            missing.append(name)
            continue
        try:
            checked_get(store.vault, Shelf.ORIGINALS, digest)
            same.append(name)
        except (LostError, AlteredError):
            altered.append(name)
    newer = [name for digest, name in kept.items() if digest not in wanted.values()]
    return ReportCheck(
        code,
        str(content.get("made_at", "")),
        tuple(same),
        tuple(missing),
        tuple(altered),
        tuple(newer),
        _figures(store, content, bool(missing or altered or newer), progress),
    )


def _figures(
    store: Store, content: dict[str, Any], differs: bool, progress: Progress | None
) -> str:
    if differs:
        return "not compared: the photos differ"
    try:
        days = int(content["healed_days"])
        timeline = replace(DEFAULT_TIMELINE, healed_days=days)
        case = read_case(
            store,
            content["client"],
            settings=AnalysisSettings(timeline=timeline),
            progress=progress,
        )
    except (StoreError, ValueError, TypeError, KeyError) as error:
        return f"not compared: {error}"
    figures = figures_of(case, with_name=bool(content.get("name")))
    for field, now in (
        ("program_version", figures.program_version),
        ("method_version", figures.method_version),
        ("settings_hash", figures.settings_hash),
    ):
        if content.get(field) != now:
            return f"not compared: {field.replace('_', ' ')} is {now}, the report's another"
    # The report's own content is hashed, not the hash it states: that could stay when a figure is changed.
    return "same" if content_fingerprint(content) == fingerprint(figures) else "other"


def content_fingerprint(content: dict[str, Any]) -> str:
    """Fingerprint of the figures that a report carries."""
    bare = {k: v for k, v in content.items() if k not in ("made_at", "figures_sha256")}
    text = json.dumps(bare, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
