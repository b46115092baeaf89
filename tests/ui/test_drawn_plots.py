"""A plot is worked out once for all who see the same one, and again for who sees another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.test_fade_plot import plot_of, view_with_everything
from tracker.storage.store import Store
from tracker.ui import drawn_plots
from tracker.ui.drawn_plots import plot_key
from tracker.ui.fade_plot import Plot, fade_plot
from tracker.ui.fade_rows import Measure
from tracker.ui.look import DARK, LIGHT, Palette
from tracker.ui.speech import speak

Wait = Callable[[str], str]


def test_the_key_names_everything_on_the_plot() -> None:
    view, refused = view_with_everything()
    plot = plot_of(view, refused)
    row = replace(plot.rows[1], value=plot.rows[1].value + 1e-9)
    others = [
        replace(plot, rows=[plot.rows[0], row, *plot.rows[2:]]),
        replace(plot, measure=Measure.CONTRAST),
        replace(plot, target=0.9),
        replace(plot, sessions=plot.sessions[:-1]),
        replace(plot, forecast=plot.forecast[:-1]),
        replace(plot, title="Crown"),
        replace(plot, span=(0.0, 1.0)),
    ]
    keys = [plot_key(each, LIGHT) for each in (plot, *others)]
    keys.append(plot_key(plot, DARK))
    speak("de")
    keys.append(plot_key(plot, LIGHT))
    speak(None)
    assert len(set(keys)) == len(keys)
    again, refused_again = view_with_everything()
    assert plot_key(plot_of(again, refused_again), LIGHT) == keys[0]


def test_the_key_holds_no_address_of_an_object() -> None:
    view, refused = view_with_everything()
    assert " at 0x" not in repr((plot_of(view, refused), LIGHT, speak("de")))
    speak(None)


def test_the_second_visitor_is_sent_the_drawing_of_the_first(
    app: AppTest,
    store: Store,
    engine: object,
    wait_for: Wait,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[Plot] = []

    def counted(plot: Plot, colours: Palette) -> object:
        drawn.append(plot)
        return fade_plot(plot, colours)

    monkeypatch.setattr(drawn_plots, "fade_plot", counted)
    from tests.ui.test_pages import open_fade

    open_fade(app, wait_for)
    specs = [chart.proto.spec for chart in app.get("vega_lite_chart")]
    assert len(drawn) == len(specs) > 1
    app.run()
    assert [chart.proto.spec for chart in app.get("vega_lite_chart")] == specs
    assert len(drawn) == len(specs)
