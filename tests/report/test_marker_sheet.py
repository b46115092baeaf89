"""The printed sheet: its lengths are true, and the program reads its own marker."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tracker.measure.scale import find_marker_scale
from tracker.report.marker_sheet import MARKER_MM, POINTS_PER_MM, Paper, marker_sheet

PX_PER_MM = 8.0
BOX = re.compile(rb"([\d.]+) g ([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re f")


def boxes_mm(pdf: bytes) -> np.ndarray:
    """Grey, left, bottom, width, height of every box as the PDF itself says."""
    found = np.array([[float(v) for v in row] for row in BOX.findall(pdf)])
    found[:, 1:] /= POINTS_PER_MM
    return found


def printed(pdf: bytes, paper: Paper) -> np.ndarray:
    """The sheet as a scanner sees it, `PX_PER_MM`."""
    width, height = paper.value
    page = np.full((round(height * PX_PER_MM), round(width * PX_PER_MM)), 255, np.uint8)
    for grey, left, bottom, w, h in boxes_mm(pdf):
        top = round((height - bottom - h) * PX_PER_MM)
        rows = slice(top, max(top + 1, round((height - bottom) * PX_PER_MM)))
        start = round(left * PX_PER_MM)
        page[rows, start : max(start + 1, round((left + w) * PX_PER_MM))] = round(255 * grey)
    return np.repeat(page[:, :, None], 3, axis=2)


@pytest.mark.parametrize("paper", list(Paper))
def test_the_program_reads_the_scale_off_its_own_sheet(paper: Paper) -> None:
    pdf = marker_sheet(paper)
    found = find_marker_scale(printed(pdf, paper), MARKER_MM)
    assert found is not None
    assert found.mm_per_px == pytest.approx(1 / PX_PER_MM, rel=0.01)
    assert found.n_markers == 8
    assert found.dictionary == "DICT_4X4_50"


@pytest.mark.parametrize("paper", list(Paper))
def test_everything_stays_on_the_paper_with_a_margin_to_print(paper: Paper) -> None:
    width, height = paper.value
    boxes = boxes_mm(marker_sheet(paper))
    assert (boxes[:, 1:3] > 5).all()
    assert (boxes[:, 1] + boxes[:, 3] < width - 5).all()
    assert (boxes[:, 2] + boxes[:, 4] < height - 5).all()


def test_the_check_line_is_100_mm_and_the_greys_are_six() -> None:
    boxes = boxes_mm(marker_sheet(Paper.A4))
    assert boxes[:, 3].max() == pytest.approx(100, abs=0.2)
    patches = boxes[np.isclose(boxes[:, 3], 7, atol=0.01)]
    assert len(patches) == 8 * 6
    assert len(np.unique(patches[:, 0])) == 6


def test_the_file_is_a_pdf_whose_table_of_objects_is_right() -> None:
    pdf = marker_sheet(Paper.LETTER)
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    start = int(pdf.split(b"startxref\n")[1].split(b"\n")[0])
    assert pdf[start:].startswith(b"xref\n0 6\n")
    offsets = [int(line[:10]) for line in pdf[start:].splitlines()[3:8]]
    for number, offset in enumerate(offsets, 1):
        assert pdf[offset:].startswith(b"%d 0 obj" % number)
    assert b"/MediaBox [0 0 612.0000 792.0000]" in pdf
    assert marker_sheet(Paper.LETTER) == pdf
