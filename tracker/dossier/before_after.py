"""A before/after picture to be shown: two aligned crops, scale bar, days, the fade and its interval."""

from __future__ import annotations

import io
from datetime import date
from enum import StrEnum

from PIL import Image, ImageDraw, ImageFont

from tracker.dossier.figures import ViewFigures
from tracker.dossier.glyphs import FONTS, printable
from tracker.dossier.pictures import PairPictures
from tracker.dossier.view_pages import status_words
from tracker.dossier.words import Words

INK, SOFT, TEAL, AMBER, PAPER = "#211e1a", "#6d6862", "#0b6b6b", "#b4580a", "#ffffff"
BARS_MM = (50, 20, 10, 5, 2, 1)


class Shape(StrEnum):
    SQUARE = "square"
    PORTRAIT = "portrait"


SIZES = {Shape.SQUARE: (1080, 1080), Shape.PORTRAIT: (1080, 1350)}


def before_after_png(
    view: ViewFigures,
    pair: PairPictures,
    words: Words,
    *,
    shape: Shape,
    clinic: str = "",
    show_dates: bool = False,
) -> bytes:
    """The picture as PNG.

    Parameters
    ----------
    view : ViewFigures
        A view with a shown photo.
    pair : PairPictures
    words : Words
        The language of its text.
    shape : Shape
        Square: side by side, wide pictures one above the other; portrait: always so.
    clinic : str
        Name that stands at its foot.
    show_dates : bool
        Dates instead of days since the first photo.
    """
    assert view.whole is not None
    width, height = SIZES[shape]
    canvas = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(canvas)
    top, foot, gap, rim = 190, 130, 16, 36
    area = (width - 2 * rim, height - top - foot)
    crop = pair.crop
    wide = crop.right - crop.left > 1.1 * (crop.bottom - crop.top)
    if shape is Shape.SQUARE and not wide:
        cell = ((area[0] - gap) // 2, area[1] - 50)
        places = [(rim, top), (rim + cell[0] + gap, top)]
    else:
        cell = (area[0], (area[1] - gap) // 2 - 46)
        places = [(rim, top), (rim, top + cell[1] + gap + 46)]
    accent = TEAL if view.healed else AMBER
    fade = view.whole.fade
    draw.text((rim, 30), words.percent(fade.value), font=_font(80, bold=True), fill=accent)
    left = rim + draw.textlength(words.percent(fade.value), font=_font(80, bold=True)) + 28
    said = words("of the pigment is gone, 95 % interval {interval}", interval=words.interval(fade))
    _fit(draw, (left, 46), said, width - left - rim, 28, INK)
    _fit(draw, (left, 88), status_words(view, words), width - left - rim, 28, accent, bold=True)
    captions = (
        _when(view.baseline_on, 0, words, show_dates),
        _when(view.shown_on, _days(view), words, show_dates),
    )
    for place, data, caption in zip(places, (pair.before, pair.after), captions, strict=True):
        with Image.open(io.BytesIO(data)) as photo:
            zoom = min(cell[0] / photo.width, cell[1] / photo.height)
            size = (max(1, round(photo.width * zoom)), max(1, round(photo.height * zoom)))
            small = photo.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        x = place[0] + (cell[0] - size[0]) // 2
        canvas.paste(small, (x, place[1]))
        _fit(draw, (x, place[1] + size[1] + 8), caption, cell[0], 26, INK)
        if view.mm_per_px:
            _scale_bar(draw, (x, place[1]), size, pair.scale * zoom / view.mm_per_px)
    foot_words = printable(clinic) + (" · " if clinic else "")
    foot_words += words("a measurement, not a diagnosis")
    _fit(draw, (rim, height - 92), foot_words, width - 2 * rim, 24, SOFT)
    if pair.gains:
        note = words("Same crop and scale; colour of the later photo matched on untreated skin.")
    else:
        note = words("Same crop and scale; colour as photographed.")
    _fit(draw, (rim, height - 56), note, width - 2 * rim, 22, SOFT)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


def _days(view: ViewFigures) -> int | None:
    if view.baseline_on is None or view.shown_on is None:
        return None
    return (view.shown_on - view.baseline_on).days


def _when(day: date | None, days: int | None, words: Words, show_dates: bool) -> str:
    if show_dates:
        return words.day(day)
    return words("day {n}", n=days) if days is not None else words("day not known")


def _scale_bar(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], size: tuple[int, int], px_per_mm: float
) -> None:
    for length in BARS_MM:
        if length * px_per_mm <= 0.35 * size[0]:
            x, y = place[0] + 14, place[1] + size[1] - 18
            end = x + length * px_per_mm
            draw.line((x, y, end, y), fill="#000000", width=9)
            draw.line((x + 2, y, end - 2, y), fill="#ffffff", width=5)
            at = (x, y - 36)
            draw.text(
                at,
                f"{length} mm",
                font=_font(24, bold=True),
                fill="#ffffff",
                stroke_width=3,
                stroke_fill="#000000",
            )
            return


def _fit(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    width: float,
    size: int,
    colour: str,
    *,
    bold: bool = False,
) -> None:
    """Text on one line, smaller where it is too long."""
    while size > 11 and draw.textlength(text, font=_font(size, bold=bold)) > width:
        size -= 1
    draw.text(place, text, font=_font(size, bold=bold), fill=colour)


def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "NotoSans-Bold.ttf" if bold else "NotoSans-Regular.ttf"
    return ImageFont.truetype(str(FONTS / name), size)
