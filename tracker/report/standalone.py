"""The fade plot as a drawing that stands by itself: in a page its look comes from the page's style."""

from __future__ import annotations

import re
from pathlib import Path

from tracker.report.charts import HEIGHT, WIDTH

STYLE = Path(__file__).with_name("plot.css")
INK = {
    "text": "#211e1a",
    "quiet": "#6b645b",
    "line": "#ddd7cf",
    "accent": "#0b6b6b",
    "warn": "#a1440d",
}
"""The report page's own colours on white paper."""


def standalone(svg: str) -> str:
    """A drawing of `charts.fade_svg` with its colours, its size and a white ground inside."""
    style = re.sub(
        r"var\(--(\w+)\)", lambda found: INK[found[1]], STYLE.read_text(encoding="utf-8")
    )
    # The font that is shipped first: a picture made elsewhere looks the same.
    style = style.replace("system-ui", "'Noto Sans', system-ui")
    start = svg.index(">") + 1
    head = svg[: start - 1] + f' width="{WIDTH}" height="{HEIGHT}">'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    return f"{head}<style>{style}</style>{ground}{svg[start:]}"
