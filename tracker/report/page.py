"""report.html: one self-contained page. No script, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tracker.measure.results import Estimate, Fate
from tracker.progress.forecast import CurvePoint
from tracker.progress.report import Progress, curve_of_row
from tracker.report.charts import NOTICEABLE, fade_svg
from tracker.report.evenness_map import evenness_svg
from tracker.report.overlays import FATE_COLOURS, FATE_WORDS
from tracker.series import PhotoMeasures, SeriesAnalysis, Stage, Status, ViewAnalysis

EARLY_STAGES = (Stage.IMMEDIATE, Stage.HEALING, Stage.SETTLING)


@dataclass(frozen=True)
class ViewPictures:
    """JPEG files for one view; empty bytes where there is no such picture."""

    before: bytes = b""
    after: bytes = b""
    checkerboard: bytes = b""
    after_photo: str = ""
    """Name of the photo shown as `after`."""


def headline_photo(view: ViewAnalysis) -> PhotoMeasures | None:
    """The photo that a view's result rests on: the last measured one that is not too fresh."""
    measured = [
        photo
        for photo in view.photos
        if photo.status is Status.MEASURED and photo.whole and photo.whole.fade.measured
    ]
    counted = [photo for photo in measured if photo.stage not in EARLY_STAGES]
    candidates = counted or measured
    return candidates[-1] if candidates else None


def render_page(
    analysis: SeriesAnalysis,
    *,
    view_pictures: Mapping[str, ViewPictures],
    photo_pictures: Mapping[str, bytes],
    target: float | None = None,
    goal: str = "",
    made: Progress | None = None,
) -> str:
    """Text of report.html.

    Parameters
    ----------
    analysis : SeriesAnalysis
        What was measured.
    view_pictures : mapping of view name to ViewPictures
        Before, after and check pictures.
    photo_pictures : mapping of photo name to JPEG bytes
        Each photo with its dots marked.
    target : float, optional
        Share of the pigment to be removed.
    goal : str, optional
        The goal in words.
    made : Progress, optional
        Curve, forecast, judgement and watches.

    Returns
    -------
    str
        A whole HTML document; every text in it is escaped.
    """
    template = page_environment().get_template("report.html.j2")
    return template.render(
        analysis=analysis,
        view_pictures=view_pictures,
        photo_pictures=photo_pictures,
        headline_photo=headline_photo,
        chart=lambda view: Markup(
            fade_svg(view, analysis.sessions, target=target, curve=curve_of(made, view.view))
        ),
        made=made,
        progress_of_view={view.view: view for view in made.views} if made is not None else {},
        evenness_svg=lambda view: Markup(evenness_svg(view.cells)),
        early_stages=EARLY_STAGES,
        keys=[
            (f"rgb{FATE_COLOURS[fate]}", FATE_WORDS[fate]) for fate in Fate if fate is not Fate.NEW
        ],
        noticeable=NOTICEABLE,
        target=target,
        goal=goal,
    )


def curve_of(made: Progress | None, view: str) -> Sequence[CurvePoint]:
    """The whole's curve of one view; empty without one that rests on a healed photo."""
    for row in made.views if made is not None else ():
        if row.view == view:
            return curve_of_row(row)
    return ()


@lru_cache(maxsize=1)
def _opening(words: str) -> str:
    """A sentence's first letter in upper case; the rest as it is, names and ITA included."""
    return words[:1].upper() + words[1:]


def page_environment() -> Environment:
    """Templates of all pages, with their filters."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": _percent,
        "opening": _opening,
        "interval": _interval,
        "number": _number,
        "data_uri": _data_uri,
        "estimate": estimate_words,
    }
    return environment


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if math.isfinite(share) else "–"


def _interval(estimate: Estimate) -> str:
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return "–"
    return f"{100 * estimate.low:.0f} to {100 * estimate.high:.0f} %"


UNITS = {
    "fraction": "",
    "share": "",
    "SD / mean": "",
    "dE00": "ΔE00",
    "L*": "L*",
    "b*": "b*",
    "OD": "OD",
    "ln": "(ln)",
}
IN_PERCENT = ("fraction", "share", "SD / mean")


def estimate_words(estimate: Estimate) -> str:
    """A value with its interval and unit; a dash where it was not measured."""
    if not estimate.measured:
        return "–"
    if estimate.unit in IN_PERCENT:
        low, high = round(100 * estimate.low), round(100 * estimate.high)
        return f"{100 * estimate.value:.0f} % ({low} to {high})"
    digits = 1 if estimate.unit in ("dE00", "L*", "b*") else 3
    unit = UNITS.get(estimate.unit, estimate.unit)
    text = f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"
    return f"{text} {unit}".strip()


def _number(value: float | None, decimals: int = 2) -> str:
    return f"{value:.{decimals}f}" if value is not None and math.isfinite(value) else "–"


def _data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
