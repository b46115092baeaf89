"""A sheet to print: cards with a marker of known size, a millimetre scale and grey patches.

The PDF is written by hand: rectangles, lines and a built-in font are all it needs, every length is
exact, and the same sheet is the same bytes. The marker is the one that `measure.scale` reads, the
greys stand where `measure.colour_card` looks for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from tracker.measure.marker_card import (
    CARD_MM,
    DICTIONARY,
    GREYS,
    MARKER_CORNER_MM,
    MARKER_ID,
    MARKER_MM,
    patch_boxes_mm,
)
from tracker.measure.scale import DICTIONARIES

__all__ = ["CARD_MM", "MARKER_MM", "Paper", "marker_sheet", "sheet_content"]

POINTS_PER_MM = 72 / 25.4


class Paper(Enum):
    """Width and height in millimetres."""

    A4 = (210.0, 297.0)
    LETTER = (215.9, 279.4)


@dataclass(frozen=True)
class Box:
    """A filled rectangle: left, bottom, width and height in mm from the sheet's lower left corner."""

    left: float
    bottom: float
    width: float
    height: float
    grey: float = 0.0


@dataclass(frozen=True)
class Words:
    """A line of text: left and baseline in mm, height of the letters in points."""

    left: float
    bottom: float
    size_pt: float
    text: str


def marker_sheet(paper: Paper) -> bytes:
    """The sheet as a PDF of one page."""
    boxes, words = sheet_content(paper)
    lines = [
        f"{box.grey:.3f} g {_pt(box.left)} {_pt(box.bottom)} {_pt(box.width)} {_pt(box.height)} re f"
        for box in boxes
    ]
    lines += [
        f"BT 0 g /F1 {line.size_pt:g} Tf {_pt(line.left)} {_pt(line.bottom)} Td "
        f"({_escaped(line.text)}) Tj ET"
        for line in words
    ]
    return _pdf("\n".join(lines).encode("latin-1"), paper)


def sheet_content(paper: Paper) -> tuple[list[Box], list[Words]]:
    """What stands on the sheet: a line to check the print by, and eight cards to cut out."""
    width, height = paper.value
    gap = 6.0
    left = (width - 2 * CARD_MM[0] - gap) / 2
    top = height - 30.0
    boxes: list[Box] = []
    words = [
        Words(left, height - 14, 13, "SMP tracker: marker cards"),
        Words(
            left, height - 20, 9,
            "Print at 100 % (actual size, no fitting) on matt paper. This line must be 100 mm long:",
        ),
        Words(
            left + 104, height - 26.6, 9, "else the scale is wrong: print again.",
        ),
        Words(
            left, 9, 7.5,
            "Print in grey, black ink only: greys and paper set white balance and exposure. "
            "A card with a cast, shine or shadow is not used.",
        ),
    ]  # fmt: skip
    boxes += _ruler(left, height - 27, 100)
    for row in range(4):
        for column in range(2):
            at = (left + column * (CARD_MM[0] + gap), top - (row + 1) * CARD_MM[1] - row * gap)
            card_boxes, card_words = _card(*at)
            boxes += card_boxes
            words += card_words
    return boxes, words


def _card(left: float, bottom: float) -> tuple[list[Box], list[Words]]:
    width, height = CARD_MM
    hair = 0.2
    outline = [
        Box(left, bottom, width, hair, 0.6),
        Box(left, bottom + height - hair, width, hair, 0.6),
        Box(left, bottom, hair, height, 0.6),
        Box(left + width - hair, bottom, hair, height, 0.6),
    ]
    marker_left = left + MARKER_CORNER_MM[0]
    marker_bottom = bottom + height - MARKER_CORNER_MM[1] - MARKER_MM
    patches = [
        Box(left + x, bottom + height - low, right - x, low - high, grey)
        for (x, high, right, low), grey in zip(patch_boxes_mm().tolist(), GREYS, strict=True)
    ]
    words = [
        Words(left + 32, bottom + height - 26, 7, f"marker side {MARKER_MM:g} mm, {DICTIONARY}"),
        Words(left + 6, bottom + 5.2, 6.5, "Lay flat beside the dots, in the same light; nothing on it."),
        Words(left + 78.5, bottom + 9, 6.5, "mm"),
        Words(left + 6, bottom + 2.4, 6.5, "Greys: white balance and exposure. Use the same card every time."),
    ]  # fmt: skip
    boxes = [
        *outline,
        *_marker(marker_left, marker_bottom),
        *patches,
        *_ruler(left + 7.5, bottom + 9, 70),
    ]
    return boxes, words


def _marker(left: float, bottom: float) -> list[Box]:
    """The marker's black cells; runs of a row are one box, so that no seam shows in print."""
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARIES[DICTIONARY])
    n = dictionary.markerSize + 2
    cells = np.asarray(cv2.aruco.generateImageMarker(dictionary, MARKER_ID, n)) == 0
    side = MARKER_MM / n
    boxes = []
    for row in range(n):
        edges = np.flatnonzero(np.diff(np.r_[0, cells[row].astype(int), 0]))
        boxes += [
            Box(left + a * side, bottom + (n - 1 - row) * side, (b - a) * side, side)
            for a, b in edges.reshape(-1, 2)
        ]
    return boxes


def _ruler(left: float, bottom: float, length_mm: int) -> list[Box]:
    """A millimetre scale: the ticks' middles are whole millimetres apart."""
    thin = 0.15
    ticks = [
        Box(left + k - thin / 2, bottom, thin, 5.0 if k % 10 == 0 else 3.5 if k % 5 == 0 else 2.0)
        for k in range(length_mm + 1)
    ]
    return [Box(left - thin / 2, bottom - thin, length_mm + thin, thin), *ticks]


def _pt(mm: float) -> str:
    return f"{mm * POINTS_PER_MM:.4f}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _pdf(content: bytes, paper: Paper) -> bytes:
    """A PDF of one page with this content stream."""
    width, height = (_pt(side) for side in paper.value)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)
