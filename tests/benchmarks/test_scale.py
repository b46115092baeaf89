"""Figures of docs/scale.md: made from what was measured, nothing else is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.scale_document import BEGIN, END, sections, write_document

WHERE: dict[str, Any] = {"processors": 2, "python": "3.11", "commit": "abc", "load": 0.25}
SIZES = [
    {
        "megapixels": megapixels,
        "measure_seconds_per_photo": 6.0,
        "write_seconds_per_photo": 1.2,
        "peak_mb": 700.0,
        "photos": 3,
        "result_bytes_per_photo": 5e6,
        "load": 0.1,
    }
    for megapixels in (2, 12, 48)
]
RESULTS: dict[str, Any] = {
    "cost": WHERE | {"sizes": SIZES},
    "speed": WHERE
    | {
        "clients": 8,
        "photos": 24,
        "runs": {"1": [40.0, 38.0], "2": [21.0, 20.0]},
        "load": [0.1, 0.3],
        "speedup": 1.9,
    },
}


def test_figures_come_from_what_was_measured() -> None:
    text = "\n".join(sections(RESULTS))
    assert "| 12 | 6.0 | 1.2 | 700 | 1090 | 5.0 | 0.1 |" in text
    assert "**1.90 x**" in text
    assert "not run yet" in text
    # 7.2 s a photo at nine tenths of the time: 1e6 * 7.2 / 3600 / 0.9
    assert "2 222 core hours" in text
    assert "35 h on 64 cores" in text


def test_the_document_keeps_what_people_wrote(tmp_path: Path) -> None:
    path = tmp_path / "scale.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_document(RESULTS, path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n**Throughput")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
