"""A client's records and results as tables: CSV, Excel, Parquet, JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from tracker.dossier.case import ClientCase
from tracker.dossier.figures import figures_of, report_content
from tracker.report.spreadsheet import safe_cell
from tracker.report.tables import PHOTO_COLUMNS, ZONE_COLUMNS, photo_rows, to_json, zone_rows

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Earliest time a ZIP can hold: the same tables give the same bytes."""
Row = dict[str, Any]

SESSION_COLUMNS = (
    "date", "kind", "method", "device", "wavelength_nm", "fluence_j_cm2", "spot_mm", "passes",
    "zones", "pain", "cost", "currency", "operator", "notes",
)  # fmt: skip
NUMBERS = {
    "days_since_baseline", "days_since_session", "registration_error_px", "overlap", "focus",
    "glare", "px_per_dot", "n_dots", "fade", "fade_low", "fade_high", "detectable",
    "density_per_cm2", "density_ratio", "density_ratio_low", "density_ratio_high", "contrast",
    "contrast_ratio", "evenness", "tone_density", "tone_delta_e", "erythema", "area_cm2",
    "wavelength_nm", "fluence_j_cm2", "spot_mm", "passes", "pain", "cost",
}  # fmt: skip
DATES = {"captured_on", "date"}
MEANINGS = {
    "fade": "share of the baseline's pigment that is gone, a fraction; _low, _high: 95 % interval",
    "detectable": "smallest change of the fade that can be told from none, a fraction",
    "density_ratio": "share of the baseline's dots still visible",
    "evenness": "SD over mean of the pigment in equal cells; 0 is even",
    "tone_delta_e": "CIEDE2000 between the skin between the dots and native skin",
    "stage": "where the photo stands after the last session; only `healed` counts",
}


@dataclass(frozen=True)
class ClientTable:
    """One table: its columns and rows with typed values; None where not measured."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def client_tables(case: ClientCase) -> tuple[ClientTable, ...]:
    """Photos, zones and sessions of a client."""
    sessions = [
        asdict(s) | {"kind": s.kind.value, "zones": "; ".join(s.zones)} for s in case.sessions
    ]
    return (
        make_table("photos", PHOTO_COLUMNS, photo_rows(case.analysis)),
        make_table("zones", ZONE_COLUMNS, zone_rows(case.analysis)),
        make_table("sessions", SESSION_COLUMNS, sessions),
    )


def make_table(name: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> ClientTable:
    typed = tuple({column: _typed(column, row.get(column)) for column in columns} for row in rows)
    return ClientTable(name, tuple(columns), typed)


def _typed(column: str, value: Any) -> Any:
    if column in DATES and isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if column in NUMBERS and value is not None:
        return float(value)
    return value


def csv_text(table: ClientTable) -> str:
    """A table as CSV; typed text that could be a formula is escaped, numbers are not."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([_field(row[column]) for column in table.columns])
    return buffer.getvalue()


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    return safe_cell(str(value))


def csv_zip(case: ClientCase) -> bytes:
    """All tables as CSV with a readme, in a ZIP."""
    files = {f"{t.name}.csv": csv_text(t).encode("utf-8") for t in client_tables(case)}
    return zip_bytes({"readme.txt": readme(case).encode(), **files})


def parquet_zip(case: ClientCase) -> bytes:
    """All tables as Parquet with typed columns, in a ZIP."""
    files = {}
    for table in client_tables(case):
        fields = [pa.field(column, _arrow_type(column)) for column in table.columns]
        made = pa.Table.from_pylist(list(table.rows), schema=pa.schema(fields))
        buffer = io.BytesIO()
        pq.write_table(made, buffer)
        files[f"{table.name}.parquet"] = buffer.getvalue()
    return zip_bytes({"readme.txt": readme(case).encode(), **files})


def _arrow_type(column: str) -> pa.DataType:
    if column in NUMBERS:
        return pa.float64()
    return pa.date32() if column in DATES else pa.string()


def excel_bytes(case: ClientCase, *, made_at: datetime) -> bytes:
    """One workbook: a readme sheet, then a sheet per table with typed columns."""
    book = Workbook(write_only=True)
    book.properties.creator = "smp-tracker"
    book.properties.created = book.properties.modified = made_at.replace(tzinfo=None, microsecond=0)
    sheet = book.create_sheet("readme")
    sheet.column_dimensions["A"].width = 110
    for line in readme(case).splitlines():
        sheet.append([_text_cell(sheet, line)])
    for table in client_tables(case):
        sheet = book.create_sheet(table.name)
        sheet.freeze_panes = "B2"
        for number, column in enumerate(table.columns, 1):
            width = 26 if column in ("photo", "reason", "flags", "notes", "sha256") else 13
            sheet.column_dimensions[get_column_letter(number)].width = width
        head = [_text_cell(sheet, column) for column in table.columns]
        for cell in head:
            cell.font = Font(bold=True)
        sheet.append(head)
        for row in table.rows:
            values = [row[column] for column in table.columns]
            sheet.append([_text_cell(sheet, v) if isinstance(v, str) else v for v in values])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _text_cell(sheet: Any, text: str) -> Any:
    """A cell that is text whatever it begins with; what XML cannot hold becomes a space."""
    clean = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)[:32_000]
    cell = WriteOnlyCell(sheet, value=clean)
    cell.data_type = "s"
    return cell


def json_text(case: ClientCase) -> str:
    """Figures and all tables as strict JSON."""
    content = {
        "figures": report_content(figures_of(case)),
        "tables": {table.name: list(table.rows) for table in client_tables(case)},
    }
    return json.dumps(json.loads(to_json(content)), indent=1, ensure_ascii=False) + "\n"


def readme(case: ClientCase) -> str:
    """What the tables hold, for who opens them without the program."""
    analysis = case.analysis
    lines = [
        f"Client {case.code}, measured by smp-tracker {analysis.version}.",
        f"Method {analysis.method_version}, settings {analysis.settings_hash}.",
        "A measurement, not a diagnosis. An empty field was not measured; it is never 0.",
        f"Healed means at least {case.settings.timeline.healed_days} days after the last session.",
        "In CSV a text that could be taken for a formula begins with an apostrophe.",
        "",
        *(f"{name}: {meaning}" for name, meaning in MEANINGS.items()),
    ]
    return "\n".join(lines) + "\n"


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A ZIP whose bytes follow from its files alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            packed = name.endswith((".csv", ".txt", ".json"))
            info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            archive.writestr(info, data)
    return buffer.getvalue()
