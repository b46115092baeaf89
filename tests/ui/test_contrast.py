"""Text stands out from its ground by WCAG AA (4.5 : 1), in both themes; so do marks (3 : 1)."""

from __future__ import annotations

import re

import pytest

from tracker.ui import look


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def pair(name: str) -> tuple[str, str]:
    found = re.search(rf"--smp-{name}: light-dark\((#\w{{6}}), (#\w{{6}})\)", look.STYLE)
    assert found is not None
    return found[1], found[2]


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("ground", ["faint", "card", "warn-soft"])
@pytest.mark.parametrize("ink", ["quiet", "accent", "warn"])
def test_words_on_every_ground(ink: str, ground: str, theme: int) -> None:
    assert contrast(pair(ink)[theme], pair(ground)[theme]) >= 4.5


@pytest.mark.parametrize("colours", [look.LIGHT, look.DARK])
def test_charts(colours: look.Palette) -> None:
    for ink in (colours.text, colours.quiet, colours.accent, colours.warn):
        assert contrast(ink, colours.paper) >= 4.5
