"""A fade plot is worked out once for all who see the same one.

Altair checks every part of a chart against the whole grammar of charts: two seconds of computing for
a client with zones, during which the server answers others more slowly.
"""

from __future__ import annotations

import hashlib

import streamlit as st

from tracker.ui import look
from tracker.ui.fade_plot import Plot, fade_plot
from tracker.ui.look import Palette
from tracker.ui.speech import speech

KEPT_PLOTS = 256
"""Some 20 kB each."""


def show_plot(plot: Plot, words: str) -> None:
    """Draw the plot where the page is; `words` say what it shows to who cannot see it."""
    colours = look.palette()
    _drawn(plot_key(plot, colours), words, plot, colours)


def plot_key(plot: Plot, colours: Palette) -> str:
    """Names all that the drawing depends on: every value on it, colours, language."""
    return hashlib.sha256(repr((plot, colours, speech())).encode()).hexdigest()


@st.cache_data(show_spinner=False, max_entries=KEPT_PLOTS)
def _drawn(key: str, words: str, _plot: Plot, _colours: Palette) -> None:
    """Draw; who asks with the same key later is sent the same drawing."""
    del key
    st.altair_chart(fade_plot(_plot, _colours), width="stretch", theme=None, alt=words)
