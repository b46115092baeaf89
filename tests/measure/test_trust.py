"""Where a field may be used: proven places, gaps between them, and what lies outside."""

import numpy as np

from tracker.measure.geometry import centred_cells
from tracker.measure.growth import Growth, HoldOut
from tracker.measure.matching import Matches
from tracker.measure.spline_field import fit_spline_field
from tracker.measure.trust import BRIDGED_CALIBRATION, SD_CALIBRATION, Trust, judge_cells

LONG_SIDE = 640
STEP = 8


def bend(xy: np.ndarray) -> np.ndarray:
    """A displacement that curves smoothly, by some 20 px over the picture."""
    x, y = (xy / LONG_SIDE - 0.5).T
    return np.column_stack([3 + 20 * x * x + 6 * y, -2 + 14 * x * y])


def judged(left_out: object, skin: object = None) -> tuple[Trust, np.ndarray, np.ndarray]:
    """Trust in a field through matches everywhere but where `left_out`; cells (x, y); error of the field."""
    rng = np.random.default_rng(4)
    xy = rng.uniform(0, LONG_SIDE, (6000, 2))
    kept = xy[~left_out(xy)]  # type: ignore[operator]
    fit = fit_spline_field(
        kept,
        bend(kept) + rng.normal(0, 0.5, kept.shape),
        low=np.zeros(2),
        high=np.full(2, float(LONG_SIDE)),
        spacing=LONG_SIDE / 24,
        bend_sd=0.001 * LONG_SIDE,
        noise_sd=0.5,
    )
    cells = centred_cells((LONG_SIDE, LONG_SIDE), STEP)
    nothing = Matches(np.empty(0, np.intp), np.empty(0, np.intp))
    hits = ~left_out(xy)  # type: ignore[operator]
    flat = cells.reshape(-1, 2)
    where = np.ones(cells.shape[:2], bool)
    if skin is not None:
        where = skin(flat).reshape(where.shape)  # type: ignore[operator]
    trust = judge_cells(Growth(fit, nothing, kept), HoldOut(xy, hits), cells, where, LONG_SIDE, 1.5)
    error = np.hypot(*(fit.field(flat) - bend(flat)).T).reshape(where.shape)
    return trust, cells, error


def hole(xy: np.ndarray) -> np.ndarray:
    return np.hypot(*(xy - LONG_SIDE / 2).T) < 90


def right_part(xy: np.ndarray) -> np.ndarray:
    return xy[:, 0] > 400


def test_a_gap_amid_proven_skin_is_bridged_with_a_larger_error_that_holds() -> None:
    trust, cells, error = judged(hole)
    inside = hole(cells.reshape(-1, 2)).reshape(trust.proven.shape)
    assert trust.bridged[inside].mean() > 0.6
    assert (trust.proven | trust.bridged)[inside].mean() > 0.98
    assert not (trust.bridged & trust.proven).any()
    gap, sure = trust.sd_px[trust.bridged], trust.sd_px[trust.proven]
    assert np.median(gap) > 2 * np.median(sure)
    # Two coordinates: 99 % of errors within 3 sd.
    assert (error[trust.bridged] < 3 * gap).mean() > 0.98


def test_beyond_the_outermost_matches_nothing_is_bridged() -> None:
    trust, cells, _ = judged(right_part)
    beyond = cells[..., 0] > 400 + LONG_SIDE / 40 + 2 * STEP
    assert np.isnan(trust.sd_px[beyond]).all()
    assert not trust.bridged[beyond].any()


def test_a_gap_is_bridged_on_skin_only() -> None:
    trust, cells, _ = judged(hole, lambda xy: ~hole(xy))
    inside = hole(cells.reshape(-1, 2)).reshape(trust.proven.shape)
    assert np.isnan(trust.sd_px[inside]).all()


def test_a_place_at_the_rim_of_the_matches_is_less_sure_than_one_within() -> None:
    trust, cells, _ = judged(right_part)
    rim = trust.proven & (cells[..., 0] > 396) & (cells[..., 1] > 100) & (cells[..., 1] < 540)
    within = trust.proven & (np.abs(cells[..., 0] - 200) < 60)
    assert rim.any()
    assert np.median(trust.sd_px[rim]) > 3 * np.median(trust.sd_px[within])


def test_a_gap_costs_more_than_the_posterior_of_proven_skin() -> None:
    assert BRIDGED_CALIBRATION > SD_CALIBRATION
