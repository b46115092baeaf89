from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests import factories
from tracker.series import Stage
from tracker.ui.fade_chart import COUNTED, EARLY, MISSING, fade_chart, fade_rows
from tracker.ui.look import DARK, LIGHT


def test_rows_tell_counted_early_and_missing_photos_apart() -> None:
    view = factories.make_view()
    early = replace(view.photos[2], stage=Stage.HEALING)
    refused = replace(factories.make_refused(), captured_on=view.photos[3].captured_on)
    view = replace(view, photos=(*view.photos[:2], early, view.photos[3]))
    rows = fade_rows(view, factories.make_sessions(), refused=(refused,))
    assert sorted(rows["mark"]) == sorted([COUNTED, COUNTED, EARLY, COUNTED, MISSING])
    missing = rows[rows["mark"] == MISSING].iloc[0]
    assert missing["value"] == "not measured"
    assert missing["remark"] == "too blurred to show dots"


def test_a_refused_photo_without_a_date_has_no_place_on_a_dated_axis() -> None:
    view = factories.make_view()
    rows = fade_rows(view, (), refused=(factories.make_refused(),))
    assert len(rows) == 4


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize("zone", ["all", "crown", "unheard of"])
def test_chart_is_a_whole_specification(colours, zone: str) -> None:
    view = factories.make_view()
    chart = fade_chart(view, factories.make_sessions(), colours, zone=zone, target=0.95)
    text = json.dumps(chart.to_dict())
    assert "goal 95" in text
    assert "noticeable from 23" in text
    assert ("detectable from 6" in text) == (zone != "unheard of")
    assert "http" not in text.replace("https://vega.github.io/schema", "")


def test_undated_series_is_drawn_in_order() -> None:
    view = factories.make_view()
    undated = tuple(replace(photo, captured_on=None) for photo in view.photos)
    spec = fade_chart(replace(view, photos=undated), (), LIGHT, compact=True).to_dict()
    assert "photo, in order" in json.dumps(spec)


def test_one_photo_alone_still_draws() -> None:
    view = factories.make_view()
    fade_chart(replace(view, photos=view.photos[:1]), (), LIGHT).to_dict()
