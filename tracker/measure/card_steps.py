"""What the grey steps of a card say of a photo's white balance, exposure and tone.

For each step the density that it has is known, and the density that the photo shows is read. What
must be added to the seen density is one constant per channel (white balance and exposure) and a
smooth term that all channels share (the camera's tone curve):

    true - seen = offset[channel] + slope (seen - PIVOT) + bend (seen - PIVOT)^2 + error

Steps that do not agree with this are no grey steps, or not all in one light: the card is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tracker.measure.luminance import BoolArray
from tracker.measure.results import FloatColumn

PIVOT = 0.7
"""Seen density around which the tone term turns: a middle grey."""
LEAST_STEPS = 4
SLOPE_SD, BEND_SD = 0.25, 0.20
"""What a camera's tone curve usually does, per OD and per OD squared."""
MOST_SLOPE = 0.45
"""Beyond this the greys are veiled by a mirror of the light, or are not the card's own."""
READING_SD = 0.005
"""Density of a step as read: paper grain, noise, light that is not quite a plane."""
LEAST_STEP = 0.02
"""Density by which a step must be darker than the one before."""
MOST_LIGHTNESS_MISFIT, MOST_COLOUR_MISFIT = 0.045, 0.020
"""Density (rms over the steps) by which greys may miss the fit: all channels together, and one
channel against the others."""
PLACE_SD = 0.08
"""Density by which a card beside the head gets more or less light than the skin: 20 degrees between
them under a light that falls in at 35 degrees and makes half of the brightness. On rendered heads
of seeds 401 to 403 with cards tilted by 8 degrees (sd): 0.058 (marker) and 0.068 (chart), rms; of
404 to 406: 0.10 and 0.086. This is both together."""
PLACE_CHANGE_SD = 0.05
"""The same in each of two photos that are compared: a head's shape is the same in both. There 0.039."""
MIXED_LIGHT_SD = np.array([0.006, 0.004, 0.008])
"""Density, red, green, blue: lamps, windows and walls of different colours around the head."""
STRENGTH_SD = 0.20
"""Cameras show colours stronger than they are, greys not: a usual phone's saturation of 1.05 to
1.25 changes the distance from grey, in density, by up to a third. Greys cannot tell."""
STRENGTH_CHANGE_SD = 0.12
"""The same from one photo to another of the same client."""
CHART_STRENGTH_SD = 0.05
"""Where patches of known colour tell the strength: what differs between skin and them."""


@dataclass(frozen=True, eq=False)
class GreySteps:
    """Grey steps of one card in one photo, from light to dark.

    Attributes
    ----------
    true : ndarray of shape (n, 3)
        Density that the steps have; red, green, blue.
    true_sd : ndarray of shape (n,)
        What each may be off by (printing, editions), density.
    seen : ndarray of shape (n, 3)
        Density in the photo, the slope of the light across the card taken off; NaN where clipped.
    common_sd : ndarray of shape (3,)
        What all steps may be off by together, as the paper's own colour.
    tone_sd : float
        What all may be off by together in proportion to their density: a print that came out too
        dark or too light. It looks like a tone curve and is taken for one.
    """

    true: FloatColumn
    true_sd: FloatColumn
    seen: FloatColumn
    common_sd: FloatColumn
    tone_sd: float = 0.0

    @property
    def usable(self) -> BoolArray:
        """True where a step was read in all channels, shape (n,)."""
        return np.asarray(np.isfinite(self.seen).all(axis=1))


@dataclass(frozen=True, eq=False)
class CardCorrection:
    """What to add to a photo's densities.

    Attributes
    ----------
    coefficients : ndarray of shape (5,)
        Offsets of red, green and blue at `PIVOT`, slope and bend of the tone.
    covariance : ndarray of shape (5, 5)
        Of the coefficients, without where the card lies (`PLACE_SD`, `MIXED_LIGHT_SD`).
    misfit : float
        Root mean square by which the steps miss the fit, density.
    n_steps : int
    tone_sd : float
        Of `GreySteps`.
    photos : int
        2 where two photos are compared: the card lay somewhere in each.
    strength, strength_sd : float
        True over seen distance of a colour from grey, density; 1 where only greys are known.
    """

    coefficients: FloatColumn
    covariance: FloatColumn
    misfit: float
    n_steps: int
    tone_sd: float = 0.0
    photos: int = 1
    strength: float = 1.0
    strength_sd: float = STRENGTH_SD

    def to_add(self, density: FloatColumn) -> tuple[FloatColumn, FloatColumn]:
        """What must be added to a seen density, shape (3,), and its covariance (3, 3).

        The covariance holds the card's own error, the place of the card beside the skin
        (common to the channels), mixed light, and what cameras add to colours but not to greys.
        """
        design = _design(density[None])[0]
        grey = density + design @ self.coefficients
        colour = grey - grey.mean()
        true = grey + (self.strength - 1) * colour
        covariance = design @ self.covariance @ design.T
        covariance += (self.tone_sd * grey.mean()) ** 2
        place = PLACE_SD if self.photos == 1 else PLACE_CHANGE_SD
        covariance += self.photos * (place**2 + np.diag(MIXED_LIGHT_SD**2))
        covariance += self.strength_sd**2 * np.outer(colour, colour)
        return true - density, covariance

    def of_differences(self, density: FloatColumn) -> FloatColumn:
        """What turns a small seen difference of density, near `density`, into a true one, (3, 3)."""
        tone = 1 + self.coefficients[3] + 2 * self.coefficients[4] * (density - PIVOT)
        third = np.full((3, 3), 1 / 3)
        colours = third + self.strength * (np.eye(3) - third)
        return np.asarray(colours * tone, np.float64)


def _design(seen: FloatColumn) -> FloatColumn:
    """Rows of the straight-line fit, (n, 3, 5)."""
    away = seen - PIVOT
    design = np.zeros((*seen.shape, 5))
    design[:, [0, 1, 2], [0, 1, 2]] = 1
    design[..., 3], design[..., 4] = away, away**2
    return design


def fit_steps(steps: GreySteps) -> CardCorrection | str:
    """The correction that a card's greys ask for, or why they cannot be used.

    Returns
    -------
    CardCorrection or str
        The reason, in words, where the steps do not agree with one light and one tone curve.
    """
    usable = steps.usable
    n = int(usable.sum())
    if n < LEAST_STEPS:
        return f"clipped: only {n} of its {len(usable)} greys are neither too bright nor too dark"
    seen, true, sd = steps.seen[usable], steps.true[usable], steps.true_sd[usable]
    light = seen.mean(axis=1)
    if (np.diff(light) < LEAST_STEP).any():
        return "its greys do not get darker step by step: something covers or mirrors on it"
    coefficients, covariance, residual = _fit(seen, true - seen, np.hypot(sd, READING_SD))
    together = residual.mean(axis=1)
    apart = residual - together[:, None]
    colour_misfit = float(np.sqrt((apart**2).sum() / max(2 * (n - 1), 1)))
    lightness_misfit = float(np.sqrt((together**2).sum() / max(n - 1, 1)))
    if abs(coefficients[3]) > MOST_SLOPE:
        return "its greys differ too little or too much: it mirrors the light, or is no such card"
    if colour_misfit > MOST_COLOUR_MISFIT:
        return "its greys are not equally neutral: printed with a cast, or in mixed light"
    if lightness_misfit > MOST_LIGHTNESS_MISFIT:
        return "its greys do not fit one light: a shadow or a reflection lies on it"
    own = np.diag(steps.common_sd**2) / 3 + 2 / 3 * np.outer(steps.common_sd, steps.common_sd)
    covariance[:3, :3] += own
    return CardCorrection(
        coefficients, covariance, float(np.sqrt((residual**2).mean())), n, steps.tone_sd
    )


def compare_steps(now: GreySteps, first: GreySteps) -> CardCorrection | str:
    """What to add to one photo's densities to bring them to another photo of the same card.

    What the card truly reflects does not enter: the same print in both photos cancels.
    """
    if len(now.seen) != len(first.seen):
        return "the cards of the two photos are of different kinds"
    both = now.usable & first.usable
    if both.sum() < LEAST_STEPS:
        return "too few greys of the card are seen in both photos"
    pair = GreySteps(
        first.seen[both], np.full(int(both.sum()), READING_SD), now.seen[both], np.zeros(3)
    )
    found = fit_steps(pair)
    if isinstance(found, str):
        return f"between the two photos, {found}"
    return replace(found, photos=2, strength_sd=STRENGTH_CHANGE_SD)


def _fit(
    seen: FloatColumn, wanted: FloatColumn, sd: FloatColumn
) -> tuple[FloatColumn, FloatColumn, FloatColumn]:
    """Least squares with a prior on the tone: coefficients, covariance, residuals (n, 3).

    A step's error is shared by its channels for the most part (a print that is too dark is so in
    all of them), so steps count as `n` readings of lightness, not `3 n`.
    """
    n = len(seen)
    design = _design(seen)
    # Each channel carries a third of the weight: together they are one step.
    weight = np.repeat(1 / (3 * sd**2), 3)
    rows = design.reshape(3 * n, 5)
    prior = np.diag([0.0, 0.0, 0.0, 1 / SLOPE_SD**2, 1 / BEND_SD**2])
    inverse = np.linalg.inv((rows * weight[:, None]).T @ rows + prior)
    coefficients = inverse @ ((rows * weight[:, None]).T @ wanted.ravel())
    residual = wanted - (design @ coefficients)
    return coefficients, np.asarray(inverse, np.float64), residual
