"""A drawing as a picture of pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tracker.dossier.raster import png_of_svg

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" width="200" height="100">'
    '<rect x="0" y="0" width="100" height="100" fill="#0b6b6b"/>{}</svg>'
)
WORDS = '<text x="120" y="60" font-size="30" font-family="sans-serif" fill="#000000">70 %</text>'


def pixels(svg: str, width_px: int) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png_of_svg(svg, width_px=width_px))).convert("RGB"))


@pytest.mark.parametrize("width_px", [400, 1920])
def test_size_colours_and_words(width_px: int) -> None:
    bare, worded = (pixels(DRAWING.format(more), width_px) for more in ("", WORDS))
    assert bare.shape == worded.shape == (width_px // 2, width_px, 3)
    left, right = bare[:, : width_px // 2 - 2], bare[:, width_px // 2 + 2 :]
    assert (left == (11, 107, 107)).all()
    assert (right == 255).all()
    # Words are drawn, in a font that is shipped: dark pixels where there were none.
    assert (worded[:, width_px // 2 + 2 :].min(axis=2) < 60).sum() > width_px / 4


def test_the_same_drawing_gives_the_same_bytes() -> None:
    drawing = DRAWING.format(WORDS)
    assert png_of_svg(drawing) == png_of_svg(drawing)
