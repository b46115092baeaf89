"""The look shared by all pages: palette, page style, and small pieces of HTML.

Colours come as `light-dark()` pairs, so that text set in HTML follows the theme at once.
Everything a person typed or a file name says is escaped here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Protocol

import streamlit as st

from tracker.series import Progress
from tracker.ui.words import Verdict, sentence


@dataclass(frozen=True)
class Palette:
    """Colours of pictures that cannot read the page's style (charts)."""

    text: str
    quiet: str
    line: str
    faint: str
    accent: str
    warn: str
    paper: str


ICON = Path(__file__).with_name("icon.png")
"""A file of our own: an emoji or symbol name would be fetched from the internet."""

LIGHT = Palette("#211e1a", "#6a635a", "#ddd7cf", "#ece8e2", "#0b6b6b", "#a8480c", "#fbfaf8")
DARK = Palette("#efebe5", "#a8a097", "#3b3833", "#262420", "#58c4bb", "#f0a267", "#171614")

FATE_COLOURS = {
    "persisting": "#2b6cff",
    "faded": "#ffb000",
    "gone": "#12b886",
    "censored": "#b5aea5",
    "new": "#e64980",
}
"""Told apart with every common colour vision; each fate also has its own mark."""


def palette() -> Palette:
    """Colours for the theme the visitor sees."""
    return DARK if st.context.theme.type == "dark" else LIGHT


STYLE = """
<style>
:root {
  --smp-quiet: light-dark(#6a635a, #a8a097);
  --smp-line: light-dark(#ddd7cf, #3b3833);
  --smp-faint: light-dark(#f1eeea, #23211e);
  --smp-card: light-dark(#ffffff, #1d1b19);
  --smp-accent: light-dark(#0b6b6b, #58c4bb);
  --smp-accent-soft: light-dark(#0b6b6b2b, #58c4bb38);
  --smp-warn: light-dark(#a8480c, #f0a267);
  --smp-warn-soft: light-dark(#fdf1e7, #33241a);
}
.stMainBlockContainer { max-width: 70rem; padding-top: 4.6rem; padding-bottom: 5rem; }
.stAppHeader { background: color-mix(in srgb, var(--smp-faint) 70%, transparent);
  backdrop-filter: blur(8px); }
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primary"] * {
  color: light-dark(#ffffff, #0e1f1d); }
.stMain:focus-visible { outline: 3px solid var(--smp-accent); outline-offset: -3px; }
.smp { font-variant-numeric: tabular-nums; line-height: 1.45; }
.smp p { margin: 0; }
.smp .quiet, .smp.quiet { color: var(--smp-quiet); }
.smp .small { font-size: .875rem; }
.smp-eyebrow { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase;
  color: var(--smp-quiet); font-weight: 600; }
h1.smp-name { margin: 0 0 .3rem; padding: 0; font-size: 2.1rem; line-height: 1.15;
  overflow-wrap: anywhere; }
.smp-lead { font-size: 1.12rem; color: var(--smp-quiet); max-width: 44rem; }

.smp-hero { background: var(--smp-card); border: 1px solid var(--smp-line); border-radius: 1rem;
  padding: 1.6rem 1.8rem 1.5rem; }
.smp-hero .figure { font-size: clamp(3.2rem, 9vw, 5rem); font-weight: 650; line-height: 1;
  letter-spacing: -.03em; }
.smp-hero .claim { font-size: clamp(1.15rem, 3.2vw, 1.5rem); font-weight: 600; line-height: 1.25; }
.smp-hero .top { display: flex; flex-wrap: wrap; gap: .6rem 1.4rem; align-items: center;
  margin-bottom: 1.1rem; }
.smp-hero .words { flex: 1 1 16rem; }
.smp-hero .claim span { font-weight: 400; white-space: nowrap; }

.smp-chip { display: inline-flex; align-items: center; gap: .4em; font-size: .82rem;
  font-weight: 600; padding: .12rem .6rem; border-radius: 99px; border: 1px solid var(--smp-line);
  color: inherit; white-space: nowrap; }
.smp-chip::before { content: ""; width: .55em; height: .55em; border-radius: 99px;
  background: var(--smp-quiet); }
.smp-hero .smp-chip { margin-right: .5rem; }
.smp-chip.good { border-color: var(--smp-accent); color: var(--smp-accent); }
.smp-chip.good::before { background: var(--smp-accent); }
.smp-chip.part::before { background: transparent; border: 2px solid var(--smp-accent); }
.smp-chip.warn { border-color: var(--smp-warn); color: var(--smp-warn); }
.smp-chip.warn::before { background: var(--smp-warn); }
.smp-chip.none::before { background: transparent; border: 2px solid var(--smp-quiet); }

.smp-scale { position: relative; height: 3.6rem; margin: .2rem .2rem 0; }
.smp-scale .rail { position: absolute; left: 0; right: 0; top: 1.35rem; height: .8rem;
  border-radius: 99px; background: var(--smp-faint); box-shadow: inset 0 0 0 1px var(--smp-line); }
.smp-scale .fill { position: absolute; left: 0; top: 1.35rem; height: .8rem;
  border-radius: 99px 0 0 99px; background: var(--smp-accent); }
.smp-scale .band { position: absolute; top: 1.05rem; height: 1.4rem; border-radius: .3rem;
  background: var(--smp-accent-soft); box-shadow: inset 0 0 0 1.5px var(--smp-accent); }
.smp-scale .mark { position: absolute; top: .95rem; height: 1.6rem; width: 0;
  border-left: 2px dotted var(--smp-quiet); }
.smp-scale .mark.goal { border-left: 3px solid currentColor; }
.smp-scale .mark span { position: absolute; transform: translateX(-50%); white-space: nowrap;
  font-size: .78rem; color: var(--smp-quiet); top: 1.75rem; }
.smp-scale .mark.above span { top: -1.15rem; }
.smp-scale .mark.first span { transform: translateX(-2px); }
.smp-scale .mark.last span { transform: translateX(calc(-100% + 3px)); }

.smp .smp-facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr));
  gap: 1rem 1.4rem; margin: 1.4rem 0 0; padding: 1.2rem 0 0;
  border-top: 1px solid var(--smp-line); }
.smp-facts dt { font-size: .84rem; color: var(--smp-quiet); }
.smp .smp-facts dd { margin: .1rem 0 0; font-size: 1.16rem; font-weight: 600; }
.smp-facts dd small { display: block; font-weight: 400; font-size: .84rem;
  color: var(--smp-quiet); }

.smp-rows { width: 100%; border-collapse: collapse; font-size: .95rem; }
.smp-rows th { text-align: left; font-size: .8rem; font-weight: 600; color: var(--smp-quiet);
  padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--smp-line); }
.smp-rows td { padding: .6rem .8rem .6rem 0; border-bottom: 1px solid var(--smp-line);
  vertical-align: middle; }
.smp-rows td.num { white-space: nowrap; }
.smp-rows tr.dim td { color: var(--smp-quiet); }
.smp-rows .bar { position: relative; height: .9rem; min-width: 7rem; background: var(--smp-faint);
  border-radius: .25rem; }
.smp-rows .bar i { position: absolute; inset: 0 auto 0 0; background: var(--smp-accent);
  opacity: .8; border-radius: .25rem 0 0 .25rem; }
.smp-rows .bar b { position: absolute; top: 50%; height: 3px; margin-top: -1.5px;
  background: currentColor; border-radius: 3px; }
.smp-rows tr:has(+ tr.remark) td { border-bottom: 0; padding-bottom: .2rem; }
.smp-rows tr.remark td { padding-top: 0; font-size: .875rem; color: var(--smp-quiet); }
.smp-file { overflow-wrap: anywhere; }

.smp-note { border-left: 4px solid var(--smp-warn); background: var(--smp-warn-soft);
  padding: .8rem 1rem; border-radius: 0 .5rem .5rem 0; margin-bottom: .5rem; }
.smp-note.calm { border-color: var(--smp-accent); background: var(--smp-faint); }
.smp-note strong { overflow-wrap: anywhere; }
.smp-empty { border: 1.5px dashed var(--smp-line); border-radius: 1rem; padding: 2rem 1.6rem;
  text-align: center; }
.smp-empty strong { font-size: 1.15rem; display: block; margin-bottom: .3rem; }
.smp.smp-steps { counter-reset: s; list-style: none; padding: 0; margin: .4rem 0 0; display: grid;
  gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); }
.smp.smp-steps li { counter-increment: s; padding: 0 0 0 2.4rem; position: relative; margin: 0; }
.smp-steps li::before { content: counter(s); position: absolute; left: 0; top: .05rem;
  width: 1.65rem; height: 1.65rem; border-radius: 99px; border: 1.5px solid var(--smp-accent);
  color: var(--smp-accent); display: grid; place-items: center; font-weight: 650;
  font-size: .9rem; }
.smp-pair { display: grid; grid-template-columns: 1fr 1fr; gap: 3px; border-radius: .5rem;
  overflow: hidden; aspect-ratio: 2 / 1; background: var(--smp-faint); }
.smp-pair img { width: 100%; height: 100%; object-fit: cover; display: block; }
.smp-pair.single { grid-template-columns: 1fr; }
.smp-pair .none { display: grid; place-items: center; color: var(--smp-quiet); font-size: .9rem; }
.smp-client { display: flex; flex-direction: column; gap: .3rem; }
.smp-client .head { display: flex; align-items: baseline; gap: .5rem; flex-wrap: wrap;
  margin-top: .5rem; }
.smp-client h3 { margin: 0; padding: 0; font-size: 1.15rem; overflow-wrap: anywhere; }
.smp-client .figures { display: flex; flex-wrap: wrap; gap: .1rem .9rem; align-items: baseline;
  min-height: 1.9rem; }
.smp-client .figures strong { font-size: 1.35rem; letter-spacing: -.01em; }
.smp-client .flags { display: flex; flex-wrap: wrap; gap: .35rem; margin-top: .2rem; }
.spark { width: 100%; height: auto; display: block; }
.smp-verdict p { margin: 0 0 .25rem; }
.smp.smp-settings { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr));
  gap: 1rem 1.6rem; margin: .4rem 0 0; padding: 0; }
.smp-settings dt { font-size: .84rem; color: var(--smp-quiet); }
.smp.smp-settings dd { margin: .1rem 0 0; font-weight: 600; }
.smp-settings dd small { display: block; font-weight: 400; color: var(--smp-quiet); }
.smp-timeline { border-left: 2px solid var(--smp-line); padding-left: 1.2rem; margin-left: .4rem; }
.smp-timeline section { position: relative; margin: 0 0 1.6rem; }
.smp-timeline section::before { content: ""; position: absolute; left: -1.62rem; top: .3rem;
  width: .7rem; height: .7rem; border-radius: 99px; background: var(--smp-accent); }
.smp-timeline h4 { margin: 0; padding: 0; font-size: 1.05rem; }
.smp-timeline h4 .quiet { font-weight: 400; margin-left: .4rem; }
.smp-timeline .strip { display: grid; gap: .8rem; margin-top: .6rem;
  grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
.smp-timeline figure { margin: 0; }
.smp-timeline img { width: 100%; aspect-ratio: 4 / 3; object-fit: cover; border-radius: .5rem;
  display: block; }
.smp-timeline figcaption { font-size: .84rem; display: flex; flex-direction: column;
  align-items: flex-start; gap: .1rem; margin-top: .35rem; }
.smp.smp-legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0;
  margin: 0; font-size: .875rem; color: var(--smp-quiet); }
.smp-legend li { display: inline-flex; align-items: center; gap: .45rem; margin: 0; padding: 0; }
.smp-legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: 99px; }
.smp-legend .full { background: var(--smp-accent); }
.smp-legend .open { border: 2px solid var(--smp-accent); }
.smp-legend .cross { border-radius: 0; width: auto; height: auto; font-style: normal;
  font-weight: 700; color: var(--smp-warn); line-height: 1; }
.smp-legend .area { width: 1.3rem; border-radius: .15rem; }
.smp-legend .own { background: color-mix(in srgb, var(--smp-accent) 30%, transparent); }
.smp-legend .coming { background: color-mix(in srgb, var(--smp-accent) 15%, transparent);
  border-bottom: 2px dashed var(--smp-accent); }
.smp-legend .published { background: color-mix(in srgb, var(--smp-warn) 20%, transparent); }
.smp-legend .floor { background: color-mix(in srgb, var(--smp-quiet) 25%, transparent); }
.smp-legend .visit { background: var(--smp-warn); }
.smp-card h3 { margin: 0; padding: 0; font-size: 1.2rem; overflow-wrap: anywhere; }
.smp-thumb { aspect-ratio: 4 / 3; width: 100%; object-fit: cover; display: block;
  border-radius: .5rem; }

@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
  .smp-hero { padding: 1.2rem 1.1rem; border-radius: .8rem; }
  .smp-rows .wide { display: none; }
  .smp-rows td, .smp-rows th { padding-right: .5rem; }
  .smp-rows .bar { min-width: 4.5rem; }
}
@media (prefers-reduced-motion: reduce) { * { scroll-behavior: auto !important; } }
</style>
"""


def apply_style() -> None:
    """Put the style sheet on the page; called once per run by `app.py`."""
    st.html(STYLE)


def text(words: str) -> str:
    """Escape words for HTML."""
    return escape(words, quote=True)


def plain(words: str) -> str:
    """Escape words for a widget that reads Markdown: file names stay as they are."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|:$~-])", r"\\\1", words)


def chip(words: str, kind: str = "") -> str:
    return f'<span class="smp-chip {kind}">{text(words)}</span>'


VERDICT_CHIPS = {
    Verdict.NOTICEABLE: "good",
    Verdict.DETECTABLE: "part",
    Verdict.CANNOT_TELL: "none",
    Verdict.DARKER: "warn",
    Verdict.NOT_MEASURED: "none",
}


def verdict_chip(verdict: Verdict) -> str:
    return chip(verdict.value, VERDICT_CHIPS[verdict])


def note(title: str, body: str, *, calm: bool = False) -> None:
    """A short notice with a coloured edge: what happened, and what to do."""
    st.html(
        f'<div class="smp smp-note{" calm" if calm else ""}" role="note">'
        f"<strong>{text(title)}</strong><p>{text(body)}</p></div>"
    )


class Failure(Protocol):
    """What every failure of ours says: `PhotoError`, `RecordError`, `StoreError`."""

    name: str
    what: str
    remedy: str


def failed(title: str, error: Failure, kept: str = "Nothing was lost.") -> None:
    """Say what did not work and why, that nothing was lost by it, and what to do."""
    note(title, f"{error.name}: {error.what}. {kept} {sentence(error.remedy)}")


def notes(items: Sequence[tuple[str, str]]) -> None:
    """Several notices of one kind, close together."""
    rows = "".join(
        f'<div class="smp-note" role="note"><strong>{text(title)}</strong><p>{text(body)}</p></div>'
        for title, body in items
    )
    if rows:
        st.html(f'<div class="smp">{rows}</div>')


def progress_bar(words: str = "") -> Progress:
    """A bar on the page, and what moves it."""
    bar = st.progress(0.0, text=plain(words))

    def tell(share: float, said: str) -> None:
        bar.progress(min(1.0, share), text=plain(said))

    return tell


def empty_state(title: str, body: str) -> None:
    st.html(
        f'<div class="smp smp-empty"><strong>{text(title)}</strong>'
        f'<p class="quiet">{text(body)}</p></div>'
    )
