"""The tables as Parquet, for programs that read many of them at once. Same columns, typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tracker.report.tables import PHOTO_COLUMNS
from tracker.series import SeriesAnalysis

DOTS_FILE = "dots.parquet"
ROWS_PER_GROUP = 20_000
_TEXT_COLUMNS = {
    "photo",
    "sha256",
    "view",
    "captured_on",
    "stage",
    "status",
    "reason",
    "registered_to",
    "flags",
}
_WHOLE_COLUMNS = {"days_since_baseline", "days_since_session", "n_dots"}


def _kind(column: str) -> pa.DataType:
    if column in _TEXT_COLUMNS:
        return pa.string()
    return pa.int64() if column in _WHOLE_COLUMNS else pa.float64()


BATCH_SCHEMA = pa.schema(
    [("client", pa.string())] + [(column, _kind(column)) for column in PHOTO_COLUMNS]
)
DOTS_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("client", "photo", "view")]
    + [("dot", pa.int32()), ("zone", pa.string())]
    + [
        (name, pa.float64())
        for name in ("ref_x_px", "ref_y_px", "x_px", "y_px", "pigment", "pigment_sd", "contrast")
    ]
    + [("fate", pa.string())]
)


class BatchWriter:
    """Writes batch.parquet a client at a time, so that a million rows need little memory."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, BATCH_SCHEMA, compression="zstd")
        self._rows: list[list[Any]] = []

    def add(self, client: str, rows: Iterable[Sequence[Any]]) -> None:
        self._rows += [[client, *row] for row in rows]
        if len(self._rows) >= ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            columns = zip(*self._rows, strict=True)
            arrays = [
                pa.array(column, type=field.type)
                for column, field in zip(columns, BATCH_SCHEMA, strict=True)
            ]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=BATCH_SCHEMA))
        self._rows = []


def write_dots(path: Path, client: str, analysis: SeriesAnalysis) -> None:
    """Write dots.parquet: dots.csv with full precision, and the client and view in each row."""
    views = {photo.photo: view for view in analysis.views for photo in view.photos}
    tables = []
    for photo in analysis.photos:
        dots = photo.dots
        if dots is None:
            continue
        view = views[photo.photo]
        n = len(view.dots)
        columns = [
            np.full(n, client),
            np.full(n, photo.photo),
            np.full(n, photo.view),
            np.arange(n, dtype=np.int32),
            view.dot_zone,
            view.dots.x_px,
            view.dots.y_px,
            dots.x_px,
            dots.y_px,
            dots.pigment,
            dots.pigment_sd,
            dots.contrast,
            dots.fate,
        ]
        arrays = [
            pa.array(column.tolist(), type=field.type)
            if pa.types.is_string(field.type)
            else pa.array(column, type=field.type, from_pandas=True)
            for column, field in zip(columns, DOTS_SCHEMA, strict=True)
        ]
        tables.append(pa.Table.from_arrays(arrays, schema=DOTS_SCHEMA))
    table = pa.concat_tables(tables) if tables else DOTS_SCHEMA.empty_table()
    pq.write_table(table, path, compression="zstd")
