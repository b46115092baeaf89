"""How much more pigment a photo shows than an earlier one, dot by dot."""

from __future__ import annotations

import numpy as np

from tracker.measure.catalogue import median_spacing
from tracker.measure.fade import Z_95, bootstrap_sd
from tracker.measure.results import Estimate
from tracker.series import PhotoMeasures, Status, ViewAnalysis

GAIN_SD = 0.045
"""What the stated error of a photo's contrast leaves out, relative to its pigment: on rendered scenes
the gain errs by 5 to 6 % where 3 to 3.5 % is stated (docs/STATUS.md)."""
LEAST_DOTS = 60


def pigment_step(view: ViewAnalysis, before: PhotoMeasures, now: PhotoMeasures) -> Estimate:
    """Pigment that `now` shows more than `before`, as a share of the baseline's.

    Both are sums over the same dots, so that what they share (which spots count as dots, hair among
    them, how dots differ) leaves with the difference. What each photo has of its own stays: contrast,
    zero point, colour channels and alignment (`PhotoLook.own_sd`).

    Returns
    -------
    Estimate
        Missing with fewer than `LEAST_DOTS` dots in both photos, or where a result of an earlier
        version does not hold each photo's own error.
    """
    nothing = Estimate.missing("fraction")
    first = next((p for p in view.photos if p.status is Status.BASELINE), None)
    own = [_own_sd(photo) for photo in (before, now)]
    if first is None or first.dots is None or before.dots is None or now.dots is None:
        return nothing
    start, earlier, later = first.dots.pigment, before.dots.pigment, now.dots.pigment
    seen = np.isfinite(start + earlier + later)
    weight = view.pigment_weight[seen]
    total = float((weight * start[seen]).sum())
    if int(seen.sum()) < LEAST_DOTS or total <= 0 or not np.isfinite(own).all():
        return nothing
    places = view.dots.xy_px[seen]
    value = float((weight * (later - earlier)[seen]).sum()) / total
    spread = bootstrap_sd(
        start[seen],
        (later - earlier)[seen],
        weight,
        places,
        spacing_px=median_spacing(places),
    )
    left = [float((weight * amount[seen]).sum()) / total for amount in (earlier, later)]
    gain = [
        0.0 if photo is first else GAIN_SD * share
        for photo, share in zip((before, now), left, strict=True)
    ]
    half = Z_95 * float(np.sqrt(spread**2 + np.square(own).sum() + np.square(gain).sum()))
    return Estimate(value, value - half, value + half, int(seen.sum()), "fraction")


def _own_sd(photo: PhotoMeasures) -> float:
    if photo.status is Status.BASELINE:
        return 0.0
    return float("nan") if photo.look is None else photo.look.own_sd
