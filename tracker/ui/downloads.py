"""Files to take away: the same tables that the command line writes, and the plot."""

from __future__ import annotations

import re

import streamlit as st

from tracker.report.charts import fade_svg
from tracker.report.tables import analysis_json, dots_csv, photos_csv, zones_csv
from tracker.series import SeriesAnalysis, ViewAnalysis
from tracker.ui.clients import Client


def show(client: Client, analysis: SeriesAnalysis, view: ViewAnalysis) -> None:
    """Draw the row of downloads."""
    st.subheader("Take away", anchor=False)
    stem = _stem(client.name)
    plot = fade_svg(view, analysis.sessions, target=client.target)
    files = (
        ("Photos", "photos.csv", "text/csv", lambda: photos_csv(analysis)),
        ("Zones", "zones.csv", "text/csv", lambda: zones_csv(analysis)),
        ("Dots", "dots.csv", "text/csv", lambda: dots_csv(analysis)),
        ("Everything", "analysis.json", "application/json", lambda: analysis_json(analysis)),
        ("Picture of the plot", f"fade-{view.view or 'scalp'}.svg", "image/svg+xml", lambda: plot),
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
