import numpy as np
import pytest

from tracker.measure.spline_field import fit_spline_field

LOW, HIGH = np.zeros(2), np.array([400.0, 300.0])


def _smooth(xy: np.ndarray) -> np.ndarray:
    x, y = xy.T / 100
    return np.column_stack([3 * np.sin(x) + y, 2 * np.cos(y) - 0.5 * x])


def _fit(xy: np.ndarray, displacement: np.ndarray, **changes: float):
    settings = {"spacing": 40.0, "bend_sd": 2.0, "noise_sd": 0.5} | changes
    return fit_spline_field(xy, displacement, low=LOW, high=HIGH, **settings)


def test_recovers_a_smooth_field_among_wrong_measurements() -> None:
    rng = np.random.default_rng(1)
    xy = rng.uniform(LOW, HIGH, (1500, 2))
    measured = _smooth(xy) + rng.normal(0, 0.5, xy.shape)
    wrong = rng.random(len(xy)) < 0.2
    measured[wrong] += rng.uniform(-20, 20, (wrong.sum(), 2))
    fit = _fit(xy, measured)
    places = rng.uniform(LOW + 20, HIGH - 20, (500, 2))
    error = np.hypot(*(fit.field(places) - _smooth(places)).T)
    assert np.median(error) < 0.2
    assert fit.weight[wrong].mean() < 0.1


def test_posterior_covers_the_error() -> None:
    rng = np.random.default_rng(2)
    xy = rng.uniform(LOW, HIGH, (300, 2))
    fit = _fit(xy, _smooth(xy) + rng.normal(0, 0.5, xy.shape))
    places = rng.uniform(LOW + 20, HIGH - 20, (500, 2))
    scaled = (fit.field(places) - _smooth(places)) / fit.sd(places)[:, None]
    assert 0.4 < np.sqrt(np.mean(scaled**2)) < 1.5


def test_is_unsure_where_nothing_was_measured() -> None:
    rng = np.random.default_rng(3)
    xy = rng.uniform(LOW, [150.0, 300.0], (300, 2))
    fit = _fit(xy, _smooth(xy))
    near, far = fit.sd(np.array([[75.0, 150.0], [390.0, 150.0]]))
    assert far > 20 * near


def test_affine_motion_is_free() -> None:
    rng = np.random.default_rng(4)
    xy = rng.uniform(LOW, HIGH, (200, 2))
    motion = xy @ np.array([[0.1, -0.2], [0.05, 0.1]]) + [5.0, -3.0]
    fit = _fit(xy, motion, bend_sd=1e-3)
    assert np.abs(fit.residual).max() < 1e-2


def test_unknown_places_stay_unknown() -> None:
    xy = np.random.default_rng(5).uniform(LOW, HIGH, (50, 2))
    fit = _fit(xy, _smooth(xy))
    assert np.isnan(fit.field(np.array([[np.nan, 3.0]]))).any()


def test_too_few_measurements_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 measurements"):
        _fit(np.zeros((2, 2)), np.zeros((2, 2)))
