"""Where the fade lags: a map of cells, the spread over them, and zones a session behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.measure.evenness import CELL_SPACINGS, MIN_CELL_DOTS, MIN_CELLS, relative_variation
from tracker.measure.fade import block_index
from tracker.measure.results import Estimate, FloatColumn
from tracker.progress.response import Posterior
from tracker.series import PhotoMeasures, ViewAnalysis

RESAMPLES = 200
SEED = 20_260_101
HALF_SESSION = 0.5
"""Less than this behind is not worth a name."""


@dataclass(frozen=True)
class FadeCell:
    """One cell of the evenness map, in baseline pixels: how much is gone there."""

    x_px: float
    y_px: float
    side_px: float
    fade: float
    n_dots: int


@dataclass(frozen=True)
class Lag:
    """How many sessions a zone is behind (above 0) or ahead of the whole."""

    zone: str
    sessions: float
    low: float
    high: float
    sentence: str


def fade_cells(view: ViewAnalysis, photo: PhotoMeasures) -> tuple[FadeCell, ...]:
    """Fade per square cell of about 25 dots, a cell with too few left out."""
    start = _baseline_pigment(view)
    if start is None or photo.dots is None or len(view.dots) == 0:
        return ()
    xy = view.dots.xy_px
    seen = np.isfinite(start) & np.isfinite(photo.dots.pigment)
    side = CELL_SPACINGS * view.dots.spacing_px
    if seen.sum() < MIN_CELL_DOTS or not side > 0:
        return ()
    cell = block_index(xy[seen], side)
    weight = view.pigment_weight[seen]
    before = np.bincount(cell, weight * start[seen])
    now = np.bincount(cell, weight * photo.dots.pigment[seen])
    count = np.bincount(cell)
    corner = xy[seen].min(axis=0)
    place = np.floor((xy[seen] - corner) / side)
    cells = []
    for k in np.flatnonzero((count >= MIN_CELL_DOTS) & (before > 0)):
        x, y = corner + (place[cell == k][0] + 0.5) * side
        fade = float(1 - now[k] / before[k])
        cells.append(FadeCell(float(x), float(y), float(side), fade, int(count[k])))
    return tuple(cells)


def _baseline_pigment(view: ViewAnalysis) -> FloatColumn | None:
    return next((p.dots.pigment for p in view.photos if p.photo == view.baseline and p.dots), None)


def unevenness(view: ViewAnalysis, photo: PhotoMeasures, zone: str) -> Estimate:
    """SD over mean of the pigment in equal cells, with an interval from resampled cells.

    Parameters
    ----------
    view : ViewAnalysis
    photo : PhotoMeasures
        A measured photo of the view.
    zone : str
        A zone's name, or `all`.
    """
    if photo.dots is None or len(view.dots) == 0:
        return Estimate.missing("SD / mean")
    mine = np.ones(len(view.dots), bool) if zone == "all" else view.dot_zone == zone
    xy, pigment = view.dots.xy_px[mine], photo.dots.pigment[mine]
    weight = view.pigment_weight[mine]
    spacing = view.dots.spacing_px
    value = relative_variation(pigment, weight, xy, spacing)
    if not np.isfinite(value):
        return Estimate.missing("SD / mean")
    seen = np.isfinite(pigment) & (weight > 0)
    cell = block_index(xy[seen], CELL_SPACINGS * spacing)
    count, mass = np.bincount(cell), np.bincount(cell, weight[seen])
    usable = (count >= MIN_CELL_DOTS) & (mass > 0)
    mean_dot = np.bincount(cell, (weight * pigment)[seen])[usable] / mass[usable]
    n = len(mean_dot)
    if n < MIN_CELLS:
        return Estimate.missing("SD / mean")
    picks = np.random.default_rng(SEED).integers(0, n, (RESAMPLES, n))
    centre = mean_dot[picks].mean(axis=1)
    spread = mean_dot[picks].std(axis=1, ddof=1) / np.where(centre > 0, centre, np.nan)
    half = 1.96 * float(np.nanstd(spread))
    return Estimate(value, max(0.0, value - half), value + half, n, "SD / mean")


def lags(
    posterior: Posterior, sessions: Sequence[Sequence[int]], whole: FloatColumn
) -> tuple[Lag, ...]:
    """How far each zone is behind the whole, in sessions of the client's own response.

    Parameters
    ----------
    posterior : Posterior
        Of all zones of a view together.
    sessions : sequence of sequences of int
        Past sessions of each zone, in the order of `posterior.zones`.
    whole : ndarray of shape (zones,)
        Share of the view's baseline pigment in each zone.
    """
    if not any(sessions) or not np.isfinite(whole).all() or whole.sum() <= 0:
        return ()
    left = np.stack(
        [posterior.log_left(z, s) for z, s in zip(posterior.zones, sessions, strict=True)], axis=1
    )
    most = max(len(s) for s in sessions)
    middle = left @ (whole / whole.sum())
    step = np.maximum(middle / max(1, most), 0.05)
    found = []
    for k, zone in enumerate(posterior.zones):
        behind = (middle - left[:, k]) / step
        low, value, high = (float(v) for v in np.quantile(behind, [0.025, 0.5, 0.975]))
        words = "keeps pace with the whole, as far as these photos tell"
        if low > 0 and value >= HALF_SESSION:
            words = f"is {_sessions(value)} behind the whole"
        elif high < 0 and value <= -HALF_SESSION:
            words = f"is {_sessions(-value)} ahead of the whole"
        found.append(Lag(zone, value, low, high, f"{zone} {words}"))
    return tuple(found)


def _sessions(count: float) -> str:
    if count < 0.75:
        return "about half a session"
    if count < 1.5:
        return "about one session"
    return f"about {round(count)} sessions"
