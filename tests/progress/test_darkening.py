"""Pigment of a photo against an earlier one, dot by dot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests import factories
from tests.progress.looks import photo_look
from tracker.progress.darkening import GAIN_SD, pigment_step
from tracker.progress.watches import Sign, State, watch_view
from tracker.series import PhotoMeasures, ViewAnalysis


def view_with(shares: list[float], *, own_sd: float = 0.03, seed: int = 1) -> ViewAnalysis:
    """Dots that keep these shares of their pigment, each dot with a course of its own."""
    rng = np.random.default_rng(seed)
    view = factories.make_view()
    photos: list[PhotoMeasures] = []
    start = np.full(len(view.dots), 4.0)
    course = rng.normal(0, 0.2, len(view.dots))
    for photo, share in zip(view.photos, [1.0, *shares], strict=False):
        assert photo.dots is not None
        left = np.clip(share * (1 + (share < 1) * course), 0, None)
        dots = replace(photo.dots, pigment=start * left)
        photos.append(replace(photo, dots=dots, look=photo_look(own_sd=own_sd)))
    return replace(view, photos=tuple(photos))


def test_the_step_is_read_and_what_dots_have_in_common_adds_no_error() -> None:
    view = view_with([0.5, 0.8])
    step = pigment_step(view, view.photos[1], view.photos[2])
    assert step.value == pytest.approx(0.3, abs=0.03)
    sd = (step.high - step.low) / 3.92
    least = np.hypot(0.03 * np.sqrt(2), GAIN_SD * np.hypot(0.5, 0.8))
    # Quadrature of the two fades would add what the dots share to this.
    assert sd == pytest.approx(least, rel=0.1)


def test_against_the_baseline_only_the_later_photo_errs() -> None:
    view = view_with([1.3])
    step = pigment_step(view, view.photos[0], view.photos[1])
    assert step.value == pytest.approx(0.3, abs=0.01)
    assert (step.high - step.low) / 3.92 == pytest.approx(np.hypot(0.03, GAIN_SD * 1.3), rel=0.05)


def test_results_of_earlier_versions_hold_no_own_error() -> None:
    view = view_with([0.5, 0.8], own_sd=float("nan"))
    assert not pigment_step(view, view.photos[1], view.photos[2]).measured


@pytest.mark.parametrize(
    ("shares", "state"), [([0.5, 0.8], State.SEEN), ([0.5, 0.55], State.NOT_SEEN)]
)
def test_the_watch_takes_the_step(shares: list[float], state: State) -> None:
    found = {w.sign: w for w in watch_view(view_with(shares))}[Sign.DARKENING]
    assert found.state is state
    assert found.value.value == pytest.approx(shares[1] - shares[0], abs=0.03)
