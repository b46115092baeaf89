"""The reading that counts: dots fitted alone, with hair clipped alike on the dots and beside them.

Stubble grows and is shaved between two photos, and where it crosses a dot it reads as pigment. But hair
does not know where the dots are: on average it darkens the skin beside them as much as the dots, and a
local difference is free of it, if hair is treated alike in both places. It is not where hair is masked
on skin but cannot be on a dot, nor where it is fitted as a spot of its own unless it stands too near
a dot. So here only the dots are fitted, dots and background pass one linear filter, and whatever they
leave unexplained is clipped at a few spreads of the skin, on the dots as beside them (Huber's estimator
[1]_). Without the clipping the sum of the pigment is free of bias but noisy; with it a dot keeps
some of the hair that covers most of it: 6 % where hair covers 3 % of the skin, rising with the cover.

References
----------
.. [1] P. J. Huber, "Robust estimation of a location parameter", Ann. Math. Statist. 35, 73-101 (1964).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.blur_match import DotPicture, matched_width_px, unrest_about
from tracker.measure.lens_match import SUM_SIGMAS, sum_about
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.shadow import ring_density
from tracker.measure.smoothing import LocalMean, gaussian, robust_sd, sample
from tracker.measure.spots import overlap, paint_spots, skin_between, solve_amplitudes


@dataclass(frozen=True)
class DotSettings:
    """How the dots are read once it is known which places they are."""

    clip_sds: float = 2.5
    """What neither dots nor background explain counts up to this many spreads of the skin."""
    rounds: int = 3
    """Fits; from the second on the clipping knows the dots, and the width their mean picture."""
    min_visible_share: float = 0.85
    """A place with less of its spot on valid skin is censored."""
    ridge: float = 0.01
    """Relative ridge: keeps pairs closer than one sigma from taking opposite signs."""


@dataclass(frozen=True, eq=False)
class DotReading:
    """Pigment of the dots in one channel of one photo.

    Attributes
    ----------
    pigment : ndarray of shape (n,)
        Integrated optical density, OD px^2 of the frame; NaN where censored.
    amplitude : ndarray of shape (n,)
        Peak optical density of the fitted spot; NaN where censored.
    empty_pigment : ndarray of shape (m,)
        The same reading at places without a dot.
    around : ndarray of shape (n,)
        What dots and background leave unexplained on a ring about each dot, optical density (`ring_density`).
    summed : ndarray of shape (n,) or None
        All density above the background within a circle about each dot, the same circle in all photos, OD px^2 of the
        frame, nothing clipped; NaN where censored. None where no other photo is compared.
    picture : DotPicture
    """

    pigment: FloatColumn
    amplitude: FloatColumn
    empty_pigment: FloatColumn
    around: FloatColumn
    summed: FloatColumn | None
    picture: DotPicture

    @property
    def sigma_px(self) -> float:
        """Fitted width of the spots."""
        return self.picture.sigma_px

    @property
    def noise(self) -> float:
        """Standard deviation of `pigment` where there is no dot."""
        return robust_sd(self.empty_pigment)


class DotReader:
    """The dots of one photo and the skin around them, the same for all its channels.

    Parameters
    ----------
    valid : ndarray of shape (H, W) of bool
        Pixels of skin that the photo shows.
    places_px : ndarray of shape (n, 2)
        The dots as this photo shows them.
    strength : ndarray of shape (n,)
        Their weight in the mean dot, not negative.
    controls_px : ndarray of shape (m, 2)
        Places without a dot (`empty_places`), the same for the whole series.
    sigma_px : float
        Width of the spots at baseline.
    smooth_px : float
        Sigma of the background.

    Raises
    ------
    ValueError
        If `valid` is no picture, or there is not one strength for each of at least one dot.
    """

    def __init__(
        self,
        valid: BoolArray,
        places_px: FloatColumn,
        strength: FloatColumn,
        controls_px: FloatColumn,
        *,
        sigma_px: float,
        smooth_px: float,
        settings: DotSettings = DotSettings(),
    ) -> None:
        if valid.ndim != 2:
            raise ValueError(f"valid must be two-dimensional, got shape {valid.shape}")
        if len(places_px) == 0 or len(places_px) != len(strength):
            raise ValueError(
                f"places_px and strength must be of one length above 0, got {len(places_px)} "
                f"and {len(strength)}"
            )
        self._valid, self._weight = valid, valid.astype(np.float32)
        self._places_px, self._strength = places_px, strength
        self._sum_px = SUM_SIGMAS * sigma_px
        self._smooth_px, self._settings = smooth_px, settings
        self._local = LocalMean(self._weight, smooth_px)
        self._between = skin_between(self._weight, places_px, sigma_px)
        shown = gaussian(self._weight, sigma_px)
        least = settings.min_visible_share
        self._seen = sample(shown, places_px) >= least
        self._controls = controls_px[sample(shown, controls_px) >= least]

    def read(
        self,
        density: FloatArray,
        sigma_px: float,
        reference: DotPicture | None = None,
        *,
        compared: bool = True,
    ) -> DotReading:
        """Pigment of the dots in one channel.

        Parameters
        ----------
        density : ndarray of shape (H, W)
            Optical density in the baseline's frame.
        sigma_px : float
            Width of the spots, with a `reference` only of the first fit.
        reference : DotPicture, optional
            The baseline's dots, by which this photo's width is found (`matched_width_px`).
        compared : bool
            Whether the picture of the dots is compared with another photo's, by dots clear of hair.
        """
        places, settings = self._places_px, self._settings
        filled = np.where(self._valid, density, 0).astype(np.float32)
        once = clean = rest = filled
        amplitude = np.zeros(len(places))
        unrest: FloatColumn | None = None
        summed: FloatColumn | None = None
        matrix = overlap(places, sigma_px, self._smooth_px, settings.ridge)
        for number in range(settings.rounds):
            once = (clean - self._local.of(clean)) * self._weight
            if number == 1 and reference is not None:
                sigma_px = matched_width_px(reference, self._picture(once, sigma_px, unrest))
                matrix = overlap(places, sigma_px, self._smooth_px, settings.ridge)
            # Dots and background pass the same filter: dense work, where no skin is left
            # between the dots, stays unbiased.
            twice = (once - self._local.of(once)) * self._weight
            amplitude = solve_amplitudes(
                matrix, sample(gaussian(twice, sigma_px), places), amplitude if number else None
            )
            model = paint_spots(filled.shape, places, amplitude, sigma_px)
            explained = self._local.of(clean - model) + model
            rest = filled - explained
            if compared and number == 0:
                # Before clipping: hair shows in full, and so does what is no Gaussian in a dot.
                unrest = unrest_about(rest, self._between, places, sigma_px)
                summed = np.where(self._seen, sum_about(once, places, self._sum_px), np.nan)
            # A photo that shows no skin here has no spread, and no dot that is seen.
            spread = robust_sd(rest[self._valid]) if self._valid.any() else 0.0
            most = settings.clip_sds * spread
            np.clip(rest, -most, most, out=rest)
            rest *= self._weight
            clean = (explained + rest) * self._weight
        area = 2 * np.pi * sigma_px**2
        amplitude = np.where(self._seen, amplitude, np.nan)
        # A control shares no pixels with the fitted dots, so one step of the same filter does.
        empty = 2 * sample(gaussian(rest, sigma_px), self._controls) * area
        picture = self._picture(once, sigma_px, unrest)
        around = ring_density(rest, places, sigma_px)
        return DotReading(amplitude * area, amplitude, empty, around, summed, picture)

    def _picture(
        self, signal: FloatArray, sigma_px: float, unrest: FloatColumn | None
    ) -> DotPicture:
        return DotPicture(signal, self._places_px, self._seen, self._strength, sigma_px, unrest)
