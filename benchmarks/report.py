"""How long a report takes: `python -m benchmarks.report` prints a table, a row per form.

A rendered client of 20 photos (4 megapixels) is imported and measured once; then the report is
made from the kept result as the command does it: store opened, figures, pictures, file. `--document
docs/reports.md` puts the table between the marks there.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tracker.dossier.case import read_case
from tracker.dossier.report import report_html, report_parts, report_pdf
from tracker.storage.clinic_settings import Language, Paper
from tracker.storage.import_folder import import_folder
from tracker.storage.opening import open_store
from tracker.storage.results import measure_client
from tracker.synthetic import random_client, render_series, write_client

BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
NOW = datetime(2032, 1, 1, tzinfo=UTC)
"""After the last rendered photo."""
LIMIT_S = 10.0
CODE = "series"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--document", type=Path)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        text = measure(Path(folder), chosen.photos, chosen.repeats)
    print(text)
    if chosen.document is not None:
        before = chosen.document.read_text(encoding="utf-8")
        head, rest = before.split(BEGIN)
        tail = rest.split(END)[1]
        chosen.document.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")
    return 0


def measure(folder: Path, n_photos: int, repeats: int) -> str:
    """The table of times."""
    client = random_client(11, n_photos=n_photos)
    write_client(client, [render_series(view.series) for view in client.views], folder / CODE)
    with open_store(str(folder / "store"), create=True, clock=lambda: NOW) as store:
        import_folder(store, folder / CODE)
        code = store.clients()[0].record.code
        measure_client(store, code)
    times: dict[str, list[float]] = {"PDF": [], "HTML": []}
    size = 0
    for _ in range(repeats):
        for form, taken in times.items():
            start = time.perf_counter()
            with open_store(str(folder / "store"), clock=lambda: NOW) as store:
                case = read_case(store, code)
                parts = report_parts(case)
                if form == "PDF":
                    report_pdf(parts, language=Language.ENGLISH, paper=Paper.A4, made_at=NOW)
                else:
                    report_html(parts, language=Language.ENGLISH, made_at=NOW)
            taken.append(time.perf_counter() - start)
            size = len(case.photos)
    rows = [
        f"| {form} | {size} photos | {statistics.median(t):.1f} s | {max(t):.1f} s | "
        f"under {LIMIT_S:.0f} s |"
        for form, t in times.items()
    ]
    head = "| form | client | median | slowest | asked for |\n|---|---|--:|--:|--:|"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}{load}."
    return "\n".join([head, *rows, "", machine])


if __name__ == "__main__":
    raise SystemExit(main())
