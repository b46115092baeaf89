from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np

from tests.factories import FADES, make_analysis, make_refused, make_view, photo_name
from tracker.measure.results import Dots, Kind
from tracker.report.tables import (
    DETECTION_COLUMNS,
    DOT_COLUMNS,
    PHOTO_COLUMNS,
    ZONE_COLUMNS,
    analysis_json,
    detection_csv,
    detection_rows,
    dots_csv,
    photos_csv,
    zones_csv,
)

FORMATS_PHOTO_COLUMNS = (
    "photo, sha256, view, captured_on, days_since_baseline, days_since_session, stage, status, "
    "reason, registered_to, registration_error_px, overlap, focus, glare, px_per_dot, n_dots, "
    "fade, fade_low, fade_high, detectable, density_per_cm2, density_ratio, contrast, evenness, "
    "tone_delta_e, erythema, flags"
)

FORMATS_DOT_COLUMNS = (
    "photo, dot, zone, ref_x_px, ref_y_px, x_px, y_px, pigment, pigment_sd, contrast, fate"
)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_columns_are_the_published_ones() -> None:
    assert ", ".join(PHOTO_COLUMNS) == FORMATS_PHOTO_COLUMNS
    assert ", ".join(DOT_COLUMNS) == FORMATS_DOT_COLUMNS
    assert photos_csv(make_analysis()).splitlines()[0] == ",".join(PHOTO_COLUMNS)
    assert zones_csv(make_analysis()).splitlines()[0] == ",".join(ZONE_COLUMNS)


def test_photos_are_rows_in_time_order_and_refused_ones_have_empty_measures() -> None:
    rows = rows_of(photos_csv(make_analysis()))
    refused = next(row for row in rows if row["status"] == "refused")
    assert refused["reason"] == "too blurred to show dots"
    assert not any(refused[name] for name in PHOTO_COLUMNS[PHOTO_COLUMNS.index("registered_to") :])
    measured = [row for row in rows if row["status"] != "refused"]
    assert [row["photo"] for row in measured] == [photo_name(i) for i in range(4)]
    assert [float(row["fade"]) for row in measured] == list(FADES)
    assert measured[0]["status"] == "baseline"
    assert measured[0]["days_since_session"] == ""
    assert measured[1]["captured_on"] == "2026-02-26"
    assert float(measured[1]["fade_high"]) > float(measured[1]["fade"])


def test_dots_are_a_row_per_baseline_dot_and_photo() -> None:
    view = make_view()
    rows = rows_of(dots_csv(make_analysis(views=("top", "front"))))
    assert len(rows) == len(view.dots) * 4 * 2
    censored = next(row for row in rows if row["fate"] == "censored")
    assert censored["x_px"] == censored["pigment"] == ""
    assert censored["ref_x_px"] == "60.000"
    last = [row for row in rows if row["photo"] == photo_name(3)]
    assert [int(row["dot"]) for row in last] == list(range(len(view.dots)))


def test_zones_have_the_whole_first() -> None:
    rows = rows_of(zones_csv(make_analysis()))
    assert [row["zone"] for row in rows[:3]] == ["all", "hairline", "crown"]
    assert len(rows) == 4 * 3


def test_no_dots_and_no_photos_are_a_header_alone() -> None:
    none = make_analysis(views=())
    assert dots_csv(none).splitlines() == [",".join(DOT_COLUMNS)]
    assert zones_csv(none).splitlines() == [",".join(ZONE_COLUMNS)]
    assert detection_csv(Dots.empty()).splitlines() == [",".join(DETECTION_COLUMNS)]


def test_detection_names_the_kind() -> None:
    column = np.array([1.0, 2.0, 3.0])
    dots = Dots(
        column, column, column, column, column, column, column, np.array([0, 1, 2], np.int8)
    )
    assert [row["kind"] for row in rows_of(detection_csv(dots))] == [kind.label for kind in Kind]


def test_detection_rows_are_the_same_table_with_numbers() -> None:
    column = np.array([1.5])
    dots = Dots(column, column, column, column, column, column, column, np.array([0], np.int8))
    (row,), (text,) = detection_rows(dots), rows_of(detection_csv(dots))
    assert tuple(row) == DETECTION_COLUMNS
    assert row["kind"] == text["kind"]
    assert row["x_px"] == float(text["x_px"]) == 1.5


def test_json_holds_everything_and_is_strict() -> None:
    text = analysis_json(make_analysis())
    content = json.loads(text, parse_constant=lambda name: 1 / 0)
    assert content["schema"] == "smp-tracker/analysis/1"
    assert {"version", "method_version", "settings", "settings_hash"} <= content.keys()
    (view,) = content["views"]
    assert len(view["dots"]["x_px"]) == len(view["photos"][1]["dots"]["fate"])
    assert view["photos"][1]["dots"]["x_px"][0] is None
    assert view["photos"][1]["whole"]["fade"]["value"] == FADES[1]
    assert content["refused"][0]["reason"]
    assert content["sessions"][0]["date"] == "2026-01-20"


def test_what_was_worked_out_from_dots_is_no_column_of_them() -> None:
    analysis = make_analysis()
    before = analysis_json(analysis)
    assert analysis.views[0].dots.spacing_px > 0
    assert analysis_json(analysis) == before


def test_text_with_commas_quotes_and_lines_survives() -> None:
    odd = replace(make_refused('a,"b".jpg'), reason="two\nlines, and a comma")
    row = rows_of(photos_csv(make_analysis(views=(), refused=(odd,))))[0]
    assert (row["photo"], row["reason"]) == ('a,"b".jpg', "two\nlines, and a comma")
