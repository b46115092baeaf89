"""Files to take away: the tables that the command line writes, and the plot.

A browser's download is opened in a spreadsheet by a click: other than in the command line's tables,
whose form is a contract, a name that could be taken for a formula begins with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from tracker.dossier.raster import png_of_svg
from tracker.report.charts import fade_svg
from tracker.report.spreadsheet import safe_value
from tracker.report.standalone import standalone
from tracker.report.tables import analysis_json, dots_csv, photos_csv, zones_csv
from tracker.series import SeriesAnalysis, ViewAnalysis
from tracker.ui.clients import Client


def show_plot(
    client: Client,
    analysis: SeriesAnalysis,
    view: ViewAnalysis,
    measure: str,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Draw the downloads of the plot: its picture, and the numbers that stand on it."""
    stem, name = _stem(client.code), view.view or "scalp"

    def table() -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]) if rows else ["photo"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: safe_value(value) for key, value in row.items()} for row in rows)
        return out.getvalue()

    def drawing() -> str:
        return standalone(fade_svg(view, analysis.sessions, target=client.target))

    with st.container(horizontal=True):
        st.download_button(
            "Picture of the fade (PNG)",
            data=lambda: png_of_svg(drawing()),
            file_name=f"{stem}-fade-{name}.png",
            mime="image/png",
            key="download-plot-png",
            on_click="ignore",
            icon=":material/image:",
        )
        st.download_button(
            "Picture of the fade (SVG)",
            data=drawing,
            file_name=f"{stem}-fade-{name}.svg",
            mime="image/svg+xml",
            key="download-plot",
            on_click="ignore",
            icon=":material/image:",
        )
        st.download_button(
            "Data of this plot (CSV)",
            data=table,
            file_name=f"{stem}-{_stem(measure)}-{name}.csv",
            mime="text/csv",
            key="download-plot-data",
            on_click="ignore",
            icon=":material/table_view:",
        )


def show(client: Client, analysis: SeriesAnalysis) -> None:
    """Draw the row of downloads."""
    st.subheader("Take away", anchor=False)
    stem = _stem(client.code)
    files = (
        ("Photos", "photos.csv", "text/csv", partial(photos_csv, analysis, for_spreadsheet=True)),
        ("Zones", "zones.csv", "text/csv", partial(zones_csv, analysis, for_spreadsheet=True)),
        ("Dots", "dots.csv", "text/csv", partial(dots_csv, analysis, for_spreadsheet=True)),
        ("Everything", "analysis.json", "application/json", lambda: analysis_json(analysis)),
    )
    with st.container(horizontal=True):
        for label, name, mime, make in files:
            kind = name.rsplit(".", 1)[1].upper()
            st.download_button(
                f"{label} ({kind})",
                data=make,
                file_name=f"{stem}-{name}",
                mime=mime,
                key=f"download-{name}",
                on_click="ignore",
                icon=":material/download:",
            )


def _stem(name: str) -> str:
    """The client's name as a file name can carry it."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "client"
