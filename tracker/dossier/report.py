"""The report of one client, from its case to the bytes of a PDF or an HTML page."""

from __future__ import annotations

import base64
import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tracker.dossier.case import ClientCase
from tracker.dossier.chart import fade_chart
from tracker.dossier.figures import (
    ReportFigures,
    figures_of,
    fingerprint,
    report_content,
    shown_photo,
)
from tracker.dossier.glyphs import FAMILIES, FONTS, missing_characters, printable
from tracker.dossier.letter import Letter
from tracker.dossier.pictures import PairPictures, pair_pictures
from tracker.dossier.words import Words
from tracker.dossier.writing import write_letter
from tracker.series import Progress
from tracker.storage.clinic_settings import ClinicSettings, Language, Paper

HERE = Path(__file__).parent
LONG_RUN = 14
"""Letters without a gap after which a line may break, so that no name leaves the page."""
BREAK = "\u200b"
TALL = 0.74
"""Height over width from which a picture is kept from filling the page."""


@dataclass(frozen=True, eq=False)
class ReportParts:
    """What a report is made of, whichever form it takes."""

    figures: ReportFigures
    pairs: dict[str, PairPictures]
    clinic: ClinicSettings


def report_parts(
    case: ClientCase, *, with_name: bool = False, progress: Progress | None = None
) -> ReportParts:
    """Figures and pictures of a client's report.

    Raises
    ------
    StoreError
        If an original is lost or altered.
    """
    tell = progress or (lambda _share, _text: None)
    pairs = {}
    figures = figures_of(case, with_name=with_name)
    cells = {view.view: view.cells for view in figures.views}
    for number, view in enumerate(case.analysis.views):
        tell(number / len(case.analysis.views), f"pictures of {view.view or 'all photos'}")
        shown = shown_photo(view)
        if shown is not None:
            pairs[view.view] = pair_pictures(
                view, shown, case.read(view.baseline), case.read(shown.photo), cells[view.view]
            )
    tell(1.0, "writing")
    return ReportParts(figures, pairs, case.clinic)


def report_pdf(parts: ReportParts, *, language: Language, paper: Paper, made_at: datetime) -> bytes:
    """The report as PDF/A-3b with its figures attached as report.json.

    `made_at` is the stated creation time; everything else follows from `parts`.
    """
    at = made_at.astimezone(UTC).replace(microsecond=0)
    letter = _letter(parts, Words(language), at)
    missing = _undrawable(letter)
    if missing:
        letter = _letter(parts, Words(language), at, " ".join(_code_point(c) for c in missing))
    files, names = _files(parts, Words(language))
    content = _for_paper(asdict(letter)) | {
        "paper": {Paper.A4: "a4", Paper.LETTER: "us-letter"}[paper],
        "fonts": list(FAMILIES),
        "made": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "files": names,
        "tall": [
            f"{view}/{name}"
            for view, pair in parts.pairs.items()
            for name in ("before", "after", "dots", "heat")
            if pair.crop.bottom - pair.crop.top > TALL * (pair.crop.right - pair.crop.left)
        ],
    }
    sources = {
        "main.typ": (HERE / "letter.typ").read_bytes(),
        "letter.json": _json(content).encode(),
        "report.json": embedded_json(parts.figures, at).encode(),
        **files,
    }
    # Given as bytes Typst takes text alone: pictures need a folder.
    with tempfile.TemporaryDirectory(prefix="smp-tracker-") as folder:
        for name, data in sources.items():
            (Path(folder) / name).write_bytes(data)
        return bytes(
            typst.compile(
                str(Path(folder) / "main.typ"),
                root=folder,
                format="pdf",
                font_paths=[str(FONTS)],
                ignore_system_fonts=True,
                timestamp=int(at.timestamp()),
                pdf_standards=["a-3b"],
            )
        )


def report_html(parts: ReportParts, *, language: Language, made_at: datetime) -> str:
    """The report as one self-contained page, with its figures embedded for programs."""
    at = made_at.astimezone(UTC).replace(microsecond=0)
    words = Words(language)
    letter = _letter(parts, words, at)
    return (
        _environment()
        .get_template("letter.html.j2")
        .render(
            letter=letter,
            logo=parts.clinic.logo_png,
            files=_pictures(parts),
            charts={
                view.view: Markup(fade_chart(view, parts.figures.target, words))
                for view in parts.figures.views
            },
            # `<` would end the block early; JSON knows it by its code as well.
            report_json=Markup(embedded_json(parts.figures, at).replace("<", "\\u003c")),
        )
    )


def embedded_json(figures: ReportFigures, made_at: datetime) -> str:
    """What a report carries for programs: its figures, their fingerprint and its time."""
    content = {
        "made_at": made_at.isoformat(),
        "figures_sha256": fingerprint(figures),
        **report_content(figures),
    }
    return _json(content)


def undrawable_characters(parts: ReportParts, language: Language) -> tuple[str, ...]:
    """Characters of the report that the PDF replaces by a sign."""
    return _undrawable(_letter(parts, Words(language), datetime(2000, 1, 1, tzinfo=UTC)))


def _letter(parts: ReportParts, words: Words, at: datetime, undrawable: str = "") -> Letter:
    return write_letter(
        parts.figures, parts.pairs, parts.clinic, words, made_at=at, undrawable=undrawable
    )


def _undrawable(letter: Letter) -> tuple[str, ...]:
    return missing_characters("".join(_texts(asdict(letter))))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return []


def _code_point(letter: str) -> str:
    return f"U+{ord(letter):04X}"


def _for_paper(value: Any, key: str = "") -> Any:
    """Texts as the paper takes them: drawable, and breakable where a word is very long."""
    if isinstance(value, str):
        return _breakable(printable(value)) if key != "kind" else value
    if isinstance(value, dict):
        # Keys of pictures and charts are no words to be read.
        kind = value.get("kind")
        made = {k: _for_paper(v, k) for k, v in value.items()}
        if kind == "pictures":
            made["rows"] = [[r[0], _for_paper(r[1])] for r in value["rows"]]
        if kind == "chart":
            made["text"] = value["text"]
        return made
    if isinstance(value, list | tuple):
        return [_for_paper(item, key) for item in value]
    return value


def _breakable(text: str) -> str:
    words = text.split(" ")
    return " ".join(
        BREAK.join(w[k : k + LONG_RUN] for k in range(0, len(w), LONG_RUN))
        if len(w) > 2 * LONG_RUN
        else w
        for w in words
    )


def _pictures(parts: ReportParts) -> dict[str, bytes]:
    files = {}
    for view, pair in parts.pairs.items():
        for name in ("before", "after", "dots", "heat"):
            data: bytes = getattr(pair, name)
            if data:
                files[f"{view}/{name}"] = data
    return files


def _files(parts: ReportParts, words: Words) -> tuple[dict[str, bytes], dict[str, str]]:
    """Pictures under plain file names, and the name of each key."""
    contents = {key: (data, "jpg") for key, data in _pictures(parts).items()}
    for view in parts.figures.views:
        svg = printable(fade_chart(view, parts.figures.target, words))
        contents[f"chart/{view.view}"] = (svg.encode(), "svg")
    if parts.clinic.logo_png:
        contents["logo"] = (parts.clinic.logo_png, "png")
    files, names = {}, {}
    for number, (key, (data, suffix)) in enumerate(contents.items()):
        name = f"picture-{number}.{suffix}"
        files[name] = data
        names[key] = name
    return files, names


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = lambda data, kind: (
        f"data:image/{kind};base64," + base64.b64encode(data).decode("ascii")
    )
    return environment
