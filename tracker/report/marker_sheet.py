"""A sheet to print: cards with a marker of known size, a millimetre scale and grey patches.

The PDF is written by hand: rectangles, lines and a built-in font are all it needs, every length is
exact, and the same sheet is the same bytes. The marker is the one that `measure.scale` reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from tracker.measure.scale import DICTIONARIES

POINTS_PER_MM = 72 / 25.4
MARKER_MM = 20.0
"""Side of the printed marker: what `marker_mm` is to be set to."""
DICTIONARY, MARKER_ID = "DICT_4X4_50", 7
GREYS = (0.95, 0.80, 0.62, 0.44, 0.27, 0.12)
"""Grey of the patches in sRGB codes over 255, from light to dark."""
CARD_MM = (85.0, 54.0)
"""Of a bank card: it lies flat beside the head."""


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
    marker_left, marker_bottom = left + 6, bottom + height - 6 - MARKER_MM
    patches = [
        Box(left + 32 + 8 * k, bottom + height - 6 - 14, 7, 14, grey)
        for k, grey in enumerate(GREYS)
    ]
    words = [
        Words(left + 32, bottom + height - 26, 7, f"marker side {MARKER_MM:g} mm, {DICTIONARY}"),
        Words(left + 6, bottom + 3, 6.5, "Lay flat beside the dots, in the same light. mm"),
    ]
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
