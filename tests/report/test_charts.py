from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tests.factories import FADES, make_sessions, make_view
from tracker.report.charts import HEIGHT, WIDTH, fade_points, fade_svg
from tracker.report.standalone import standalone
from tracker.series import Stage, ViewAnalysis

SVG = "{http://www.w3.org/2000/svg}"


def marks(view: ViewAnalysis, kind: str, **options: object) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(fade_svg(view, make_sessions(), **options))  # type: ignore[arg-type]
    return [element for element in root.iter() if element.get("class") == kind]


def test_every_measured_photo_has_a_mark_in_its_place() -> None:
    circles = marks(make_view(), "healed")
    assert len(circles) == 4
    heights = [float(circle.get("cy", "nan")) for circle in circles]
    per_share = (heights[0] - heights[3]) / (FADES[3] - FADES[0])
    assert (heights[0] - heights[1]) / per_share == pytest.approx(FADES[1], abs=0.005)
    assert len(marks(make_view(), "bar")) == 4
    assert len(marks(make_view(), "visit")) == 3
    assert len(marks(make_view(), "floor")) == 1


def test_photos_taken_too_early_are_hollow_and_not_on_the_curve() -> None:
    view = make_view()
    early = replace(view.photos[1], stage=Stage.HEALING)
    view = replace(view, photos=(view.photos[0], early, *view.photos[2:]))
    assert len(marks(view, "early")) == 1
    (curve,) = marks(view, "curve")
    assert len(curve.get("points", "").split()) == 3


def test_a_zone_and_a_goal() -> None:
    assert fade_points(make_view(), "crown")[2].value == pytest.approx(FADES[2] * 1.2)
    assert fade_points(make_view(), "none") == []
    assert len(marks(make_view(), "goal", target=0.95)) == 1


def test_without_dates_the_photos_stand_in_order() -> None:
    view = make_view()
    view = replace(view, photos=tuple(replace(p, captured_on=None) for p in view.photos))
    places = [float(circle.get("cx", "nan")) for circle in marks(view, "healed")]
    gaps = [b - a for a, b in pairwise(places)]
    assert gaps == pytest.approx([gaps[0]] * 3, abs=0.2)
    assert marks(view, "visit") == []


@pytest.mark.parametrize("n_photos", [0, 1])
def test_too_few_photos_are_still_a_drawing(n_photos: int) -> None:
    view = replace(make_view(), photos=make_view().photos[:n_photos])
    assert len(marks(view, "healed")) == n_photos


def test_unmeasured_photos_leave_no_mark() -> None:
    view = make_view()
    whole = view.photos[1].whole
    assert whole is not None
    unmeasured = replace(whole, fade=replace(whole.fade, value=math.nan))
    view = replace(view, photos=(view.photos[0], replace(view.photos[1], whole=unmeasured)))
    assert len(marks(view, "healed")) == 1


def test_names_cannot_break_the_drawing() -> None:
    view = make_view()
    odd = tuple(replace(p, photo='<script>"&.jpg') for p in view.photos)
    assert "<script>" not in fade_svg(replace(view, photos=odd))


def test_a_drawing_by_itself_brings_its_look() -> None:
    """Without a page's style the band would be black and the lines would not be there."""
    alone = standalone(fade_svg(make_view(), make_sessions(), target=0.8))
    root = ElementTree.fromstring(alone)
    assert (root.get("width"), root.get("height")) == (str(WIDTH), str(HEIGHT))
    style = root.find(f"{SVG}style")
    assert style is not None
    assert style.text is not None
    assert "var(" not in style.text
    classes = {e.get("class") for e in root.iter() if e.get("class")} - {"fade"}
    assert {"grid", "axis", "curve", "goal", "visit"} <= classes
    for name in classes:
        assert f"svg .{name} {{" in style.text, name
