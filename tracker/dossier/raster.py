"""A drawing as a picture of pixels, for those who cannot place an SVG."""

from __future__ import annotations

import tempfile
from pathlib import Path

import typst

from tracker.dossier.glyphs import FONTS

POINTS_PER_INCH = 72.0
WIDTH_PT = 480.0
PAGE = """#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image("drawing.svg", width: {width}pt)
"""


def png_of_svg(svg: str, *, width_px: int = 1920) -> bytes:
    """PNG of a drawing, on white, its words in the shipped font.

    Parameters
    ----------
    svg : str
        A whole SVG document.
    width_px : int
        Width of the picture; its height follows.
    """
    # Given as bytes Typst takes text alone: a picture needs a folder.
    with tempfile.TemporaryDirectory(prefix="smp-tracker-") as folder:
        (Path(folder) / "drawing.svg").write_text(svg, encoding="utf-8")
        (Path(folder) / "main.typ").write_text(PAGE.format(width=WIDTH_PT), encoding="utf-8")
        made = typst.compile(
            str(Path(folder) / "main.typ"),
            root=folder,
            format="png",
            ppi=width_px / WIDTH_PT * POINTS_PER_INCH,
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
        )
    return bytes(made)
