"""The measured series as text: photos.csv, dots.csv, zones.csv and analysis.json.

Columns and their meaning are a stable interface (`docs/cli.md`). A measure that does not exist
is an empty field or null, never 0.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.measure.results import Dots, FloatColumn, Kind
from tracker.progress.report import Progress, progress_content
from tracker.report.spreadsheet import safe_cell, safe_value
from tracker.series import (
    DotSeries,
    PhotoMeasures,
    SeriesAnalysis,
    Status,
    ViewAnalysis,
    ZoneMeasures,
)

SCHEMA = "smp-tracker/analysis/1"

PHOTO_COLUMNS = (
    "photo",
    "sha256",
    "view",
    "captured_on",
    "days_since_baseline",
    "days_since_session",
    "stage",
    "status",
    "reason",
    "registered_to",
    "registration_error_px",
    "overlap",
    "focus",
    "glare",
    "px_per_dot",
    "n_dots",
    "fade",
    "fade_low",
    "fade_high",
    "detectable",
    "density_per_cm2",
    "density_ratio",
    "contrast",
    "evenness",
    "tone_delta_e",
    "erythema",
    "flags",
)
DOT_COLUMNS = (
    "photo",
    "dot",
    "zone",
    "ref_x_px",
    "ref_y_px",
    "x_px",
    "y_px",
    "pigment",
    "pigment_sd",
    "contrast",
    "fate",
)
ZONE_COLUMNS = (
    "photo",
    "view",
    "captured_on",
    "zone",
    "fade",
    "fade_low",
    "fade_high",
    "detectable",
    "n_dots",
    "area_cm2",
    "density_per_cm2",
    "density_ratio",
    "density_ratio_low",
    "density_ratio_high",
    "contrast",
    "contrast_ratio",
    "evenness",
    "tone_density",
    "tone_delta_e",
    "erythema",
)
DETECTION_COLUMNS = ("x_px", "y_px", "fwhm_px", "contrast", "pigment", "snr", "kind")

Row = Mapping[str, Any]


def photo_rows(analysis: SeriesAnalysis) -> list[dict[str, Any]]:
    """One row per photo in time order, with the keys `PHOTO_COLUMNS`."""
    return [_photo_row(photo) for photo in analysis.photos]


def _photo_row(photo: PhotoMeasures) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(PHOTO_COLUMNS)
    row |= {
        "photo": photo.photo,
        "sha256": photo.sha256,
        "view": photo.view,
        "captured_on": photo.captured_on.isoformat() if photo.captured_on else None,
        "days_since_baseline": photo.days_since_baseline,
        "days_since_session": photo.days_since_session,
        "stage": photo.stage.value,
        "status": photo.status.value,
        "reason": photo.reason,
        "flags": "; ".join(photo.flags),
    }
    if photo.status is Status.REFUSED:
        return row
    row |= {
        "registered_to": photo.registered_to,
        "registration_error_px": photo.registration_error_px,
        "overlap": photo.overlap,
    }
    if photo.quality is not None:
        row |= {
            "focus": photo.quality.focus,
            "glare": photo.quality.glare_share,
            "px_per_dot": photo.quality.px_per_dot,
        }
    if photo.whole is not None:
        whole = _zone_row(photo, photo.whole)
        row |= {key: whole[key] for key in PHOTO_COLUMNS if key in whole}
    return row


def zone_rows(analysis: SeriesAnalysis) -> list[dict[str, Any]]:
    """One row per measured photo and zone (`all` first), with the keys `ZONE_COLUMNS`."""
    rows = []
    for photo in analysis.photos:
        measured = ((photo.whole,) if photo.whole else ()) + photo.zones
        rows += [_zone_row(photo, zone) for zone in measured]
    return rows


def _zone_row(photo: PhotoMeasures, zone: ZoneMeasures) -> dict[str, Any]:
    row = {key: value for key, value in vars(zone).items() if key in ZONE_COLUMNS}
    return row | {
        "photo": photo.photo,
        "view": photo.view,
        "captured_on": photo.captured_on.isoformat() if photo.captured_on else None,
        "fade": zone.fade.value,
        "fade_low": zone.fade.low,
        "fade_high": zone.fade.high,
    }


def photos_csv(analysis: SeriesAnalysis, *, for_spreadsheet: bool = False) -> str:
    """Text of photos.csv; for a spreadsheet, no name can be taken for a formula."""
    return rows_csv(PHOTO_COLUMNS, photo_rows(analysis), for_spreadsheet=for_spreadsheet)


def zones_csv(analysis: SeriesAnalysis, *, for_spreadsheet: bool = False) -> str:
    """Text of zones.csv; for a spreadsheet, no name can be taken for a formula."""
    return rows_csv(ZONE_COLUMNS, zone_rows(analysis), for_spreadsheet=for_spreadsheet)


def dots_csv(analysis: SeriesAnalysis, *, for_spreadsheet: bool = False) -> str:
    """Text of dots.csv: a row per baseline dot and photo, photos in time order.

    For a spreadsheet, no name can be taken for a formula.
    """
    shown = safe_cell if for_spreadsheet else str
    views = {photo.photo: view for view in analysis.views for photo in view.photos}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(DOT_COLUMNS)
    for photo in analysis.photos:
        if photo.dots is None:
            continue
        view, dots = views[photo.photo], photo.dots
        n = len(view.dots)
        columns = (
            [shown(photo.photo)] * n,
            range(n),
            [shown(zone) for zone in view.dot_zone.tolist()],
            _texts(view.dots.x_px, 3),
            _texts(view.dots.y_px, 3),
            _texts(dots.x_px, 3),
            _texts(dots.y_px, 3),
            _texts(dots.pigment, 5),
            _texts(dots.pigment_sd, 5),
            _texts(dots.contrast, 5),
            dots.fate.tolist(),
        )
        writer.writerows(zip(*columns, strict=True))
    return buffer.getvalue()


def detection_csv(dots: Dots) -> str:
    """Text of the table that `smp-tracker detect` writes."""
    columns = (
        _texts(dots.x_px, 3),
        _texts(dots.y_px, 3),
        _texts(dots.fwhm_px, 3),
        _texts(dots.contrast, 5),
        _texts(dots.pigment, 5),
        _texts(dots.snr, 3),
        [Kind(int(code)).label for code in dots.kind],
    )
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(DETECTION_COLUMNS)
    writer.writerows(zip(*columns, strict=True))
    return buffer.getvalue()


def detection_rows(dots: Dots) -> list[dict[str, Any]]:
    """The same table as `detection_csv` with numbers, a row per spot."""
    columns = [getattr(dots, name).tolist() for name in DETECTION_COLUMNS[:-1]]
    kinds = [Kind(int(code)).label for code in dots.kind]
    return [
        dict(zip(DETECTION_COLUMNS, row, strict=True)) for row in zip(*columns, kinds, strict=True)
    ]


def analysis_json(analysis: SeriesAnalysis, progress: Progress | None = None) -> str:
    """Text of analysis.json: everything measured, with version, settings and their hash.

    `progress` is null where the photos have no dates to reckon from.
    """
    content = {
        "schema": SCHEMA,
        "version": analysis.version,
        "method_version": analysis.method_version,
        "settings": dict(analysis.settings),
        "settings_hash": analysis.settings_hash,
        "client": analysis.client,
        "sessions": [asdict(session) for session in analysis.sessions],
        "notes": list(analysis.notes),
        "views": [_view_content(view) for view in analysis.views],
        "refused": [_photo_content(photo) for photo in analysis.refused],
        "progress": progress_content(progress) if progress is not None else None,
    }
    return to_json(content)


def to_json(content: Any) -> str:
    """Strict JSON: NaN and infinity become null, dates ISO text, arrays lists."""
    return json.dumps(_plain(content), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _view_content(view: ViewAnalysis) -> dict[str, Any]:
    return {
        "view": view.view,
        "baseline": view.baseline,
        "baseline_shape": view.baseline_shape,
        "scale_mm_per_px": view.scale_mm_per_px,
        "scale_source": view.scale_source,
        "treated_outline_px": [np.round(polygon, 2) for polygon in view.treated_outline_px],
        "dots": {
            "zone": view.dot_zone,
            "pigment_weight": _rounded(view.pigment_weight),
            **_columns(view.dots),
        },
        "photos": [_photo_content(photo) for photo in view.photos],
    }


def _photo_content(photo: PhotoMeasures) -> dict[str, Any]:
    row = _photo_row(photo)
    return row | {
        "flags": list(photo.flags),
        "quality": asdict(photo.quality) if photo.quality else None,
        "look": asdict(photo.look) if photo.look else None,
        "whole": asdict(photo.whole) if photo.whole else None,
        "zones": [asdict(zone) for zone in photo.zones],
        "dots": _columns(photo.dots) if photo.dots else None,
    }


def _columns(dots: Dots | DotSeries) -> dict[str, NDArray[Any]]:
    """The columns of dots by name; what was worked out from them and kept is none."""
    return {field.name: _rounded(getattr(dots, field.name)) for field in fields(dots)}


def _rounded(column: NDArray[Any]) -> NDArray[Any]:
    return np.round(column, 5) if np.issubdtype(column.dtype, np.floating) else column


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)


def _texts(column: FloatColumn, decimals: int) -> list[str]:
    finite = np.isfinite(column)
    return [
        f"{value:.{decimals}f}" if known else ""
        for value, known in zip(column.tolist(), finite.tolist(), strict=True)
    ]


def rows_csv(columns: Sequence[str], rows: Iterable[Row], *, for_spreadsheet: bool = False) -> str:
    """Rows as CSV; for a spreadsheet, no text can be taken for a formula."""
    shown = safe_value if for_spreadsheet else _as_it_is
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([field_text(shown(row.get(name))) for name in columns])
    return buffer.getvalue()


def _as_it_is(value: Any) -> Any:
    return value


def field_text(value: Any) -> str:
    """A value as a field of a table; what was not measured is empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return str(value)
