from __future__ import annotations

import math
from dataclasses import replace

from tests import factories
from tracker.series import Stage
from tracker.ui import cards, look
from tracker.ui.words import headline


def test_hero_escapes_names_and_shows_goal_and_facts() -> None:
    view = replace(factories.make_view(), view="<top>")
    html = cards.hero(view, headline(view, factories.make_sessions()), 0.95)
    assert "<top>" not in html
    assert "goal 95" in html
    assert "Dots still visible" in html


def test_unknown_measures_read_not_measured_never_zero() -> None:
    view = factories.make_view()
    blank = replace(
        factories.make_zone_measures("all", 0.7, 100),
        density_per_cm2=math.nan,
        tone_delta_e=math.nan,
        contrast_ratio=math.nan,
    )
    html = cards.facts(view, blank)
    assert html.count("not measured") == 3
    assert "needs a scale" in html
    assert "nan" not in html


def test_photo_table_keeps_refused_photos_and_remarks() -> None:
    view = factories.make_view()
    shiny = replace(view.photos[1], flags=("31% of the skin shines: use soft light",))
    fresh = replace(view.photos[2], stage=Stage.HEALING, flags=("not healed yet (healing)",))
    view = replace(view, photos=(view.photos[0], shiny, fresh, view.photos[3]))
    html = cards.photo_rows(view, factories.make_sessions(), (factories.make_refused(),))
    assert html.count("<tr") == 1 + 5 + 1
    assert "31% of the skin shines: use soft light." in html
    assert "not healed yet" not in html
    assert "refused" in html
    assert html.index("blurred.jpg") > html.index(view.photos[3].photo)


def test_zone_rows_mark_the_zone_that_lags() -> None:
    photo = factories.make_photo_measures(3)
    html = cards.zone_rows(photo, photo.zones[:1])
    assert html.count("Lags behind") == 1
    assert "Whole treated area" in html


def test_summary_line_leaves_out_what_is_not_known() -> None:
    assert cards.summary_line(1, (), "", None) == "1\u00a0photo"
    full = cards.summary_line(4, factories.make_sessions(), "soft fade", 0.5)
    assert full.replace("\u00a0", " ") == "4 photos · 3 sessions · goal: soft fade (50 % gone)"


def test_names_stay_as_they_are_in_markdown() -> None:
    assert look.plain("a_b*c.jpg") == r"a\_b\*c.jpg"
