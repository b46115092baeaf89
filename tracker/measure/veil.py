"""What shine lies on the dots more than on the native skin beside them.

Shine adds white light. It weakens the density of dots and skin alike, and it lies where the lamp is
mirrored: often on the treated crown and not on the native sides, where the tone gain is read. But
it also washes out the skin's colour there. The change of colour since the baseline, treated against
native skin, tells how much: the same skin is seen twice, and white balance is the same for both.

Four other things change colour there, and must not pass for shine:

- *Contrast and saturation of the camera.* They change all colour by one factor, and where treated skin has less
  colour than native skin (a shaved crown has half of that of a forehead), the difference between them too. The photo's
  colours are divided by that factor (`tracker.measure.tone_gain.ColourContrast`); what it may be wrong by is doubt.
- *Ink that goes.* Between the dots lies their blue shadow; without it the skin is more coloured. It
  went where dots went: what goes with the ink that was taken out of the pictures, and is gone, is taken off.
- *Treated skin* that was tanned or bleached. Such a change ends where the treatment ended, while shine does not
  know that border: what jumps there is taken off (`BlotchedLight`, a field of shine beside it), as far as
  it is more than what a field of shine leaves of itself.
- *Blood.* The strongest colour is that of blood and melanin together, green minus red density. Blue minus red, less
  0.66 of that, is blind to blood, and noisier: where the two disagree, it is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.skin_blocks import BlotchedLight, block_shares, density_blocks
from tracker.measure.tone_gain import AS_BASELINE, ColourContrast, melanin_colour, skin_colour

WHOLLY = 0.6
"""Share of a block that makes it treated or native."""


@dataclass(frozen=True)
class VeilSettings:
    """How much of the colour's change is taken for shine on the dots."""

    least_colour: float = 0.04
    """Skin with less colour than this, in density, is drawn too grey to see shine on it."""
    field_share: float = 30.0
    """A strong field of shine: a change of colour must be a sharp one to count as the skin's own."""
    own_noise: float = 0.03
    """Jump at the border, as a share of the colour, that shine itself leaves: half of such a one is believed. Where
    nothing changed it is 0.006 to 0.009 on average and scatters by 0.010 to 0.014 (108 rendered photos)."""
    apart: float = 0.02
    """Difference of the two colours' readings at which both count alike."""
    believed: float = 0.9
    """Share of the colour's change by which dots change. Over 108 rendered photos, against the shine that was
    drawn, it is 0.97 by green minus red."""
    noise: float = 0.008
    """SD of the reading where no shine moved: what is no larger counts for little."""
    doubt: float = 0.5
    """SD of what is read, as a share of it."""
    most: float = 0.06
    """More is hardly ever read where there is shine alone: in 2 of 177 rendered photos method 20 read more (0.08).
    On four real heads, photographed years apart, up to 0.15 was read: by then stubble and tan may have changed the
    native skin beside them, so the rest is doubt alone."""


@dataclass(frozen=True)
class Veil:
    """Contrast of dots relative to native skin, against the baseline, with the SD of its logarithm."""

    kept: float
    log_sd: float


NONE_SEEN = Veil(1.0, 0.0)


def relative_veil(
    baseline_rgb: FloatArray,
    photo_rgb: FloatArray,
    treated: BoolArray,
    native: BoolArray,
    settings: VeilSettings = VeilSettings(),
    taken: tuple[FloatArray, FloatArray] | None = None,
    contrast: ColourContrast = AS_BASELINE,
) -> Veil:
    """How much of the dots' contrast shine leaves, beyond what it leaves of native skin.

    Parameters
    ----------
    baseline_rgb, photo_rgb : ndarray of shape (H, W, 3)
        Optical density of the three channels in one frame, dots and hairs taken out; NaN where unusable.
    treated, native : ndarray of bool, shape (H, W)
        Skin with the dots, and skin without pigment.
    taken : tuple of two ndarrays of shape (H, W), optional
        How much of dots and hairs was taken out of the baseline and of the photo, in any one unit.
    contrast : ColourContrast
        How strongly the photo draws colour against the baseline, wherever it is.

    Returns
    -------
    Veil
        `kept` below 1 where the photo's dots lie under more shine than the baseline's; 1 where there is too
        little skin to tell.
    """
    known: BoolArray = np.asarray(
        np.isfinite(baseline_rgb).all(axis=2) & np.isfinite(photo_rgb).all(axis=2)
    )
    treated, native = treated & known, native & known
    if not (treated.any() and native.any()):
        return NONE_SEEN
    pairs = [(colour(baseline_rgb), colour(photo_rgb)) for colour in (melanin_colour, skin_colour)]
    usual = [float(np.median(before[treated | native])) for before, _ in pairs]
    if usual[0] < settings.least_colour:
        return NONE_SEEN
    drawn = np.float32(np.exp(contrast.log_ratio))
    shares, doubts = [], []
    for (before, after), colour in zip(pairs, usual, strict=True):
        if colour < settings.least_colour:
            continue
        inside, outside = (float(np.median(before[skin])) for skin in (treated, native))
        # Shine that is in the ratio already washes out native skin the less: these shares make its change the veil's.
        standing = outside + (1 - contrast.by_treated) * (inside - outside)
        standing = max(standing, settings.least_colour)
        shares.append((after / drawn - before) / np.float32(standing))
        doubts.append(contrast.log_sd * abs(inside - outside) / standing)
    gone = np.zeros(known.shape, np.float32) if taken is None else taken[0] - taken[1]
    change = np.nan_to_num(np.stack([*shares, gone], axis=-1))
    washed = _washed(change, known, treated, native, settings)
    if washed is None:
        return NONE_SEEN
    # The second is the first where skin is too grey for it.
    bloodless, whole = float(washed[0]), float(washed[-1])
    agreed = settings.apart**2 / (settings.apart**2 + (whole - bloodless) ** 2)
    share = bloodless + agreed * (whole - bloodless)
    doubt = doubts[0] + agreed * (doubts[-1] - doubts[0])
    clear = share**2 / (share**2 + settings.noise**2 + doubt**2)
    read = settings.believed * clear * share
    log_kept = float(np.clip(read, -settings.most, settings.most))
    # What was seen and not believed may be shine all the same.
    unbelieved = min(settings.believed * (1 - clear) * abs(share), settings.most)
    return Veil(float(np.exp(log_kept)), float(np.hypot(settings.doubt * read, unbelieved)))


def _washed(
    change: FloatArray,
    known: BoolArray,
    treated: BoolArray,
    native: BoolArray,
    settings: VeilSettings,
) -> FloatColumn | None:
    """How much more colour shine leaves to treated than to native skin, a value per colour; None if too little skin.

    `change`, (H, W, k + 1), are changes of the colours, as shares of them, and what went of all that was taken out.
    """
    blocks = density_blocks(change, known)
    inside, outside = (block_shares(skin) > WHOLLY for skin in (treated, native))
    colour, gone = blocks.density[:, :-1], blocks.density[:, -1]
    light = BlotchedLight.of(
        np.column_stack([colour, np.nan_to_num(gone), inside]),
        blocks,
        inside,
        outside,
        settings.field_share,
    )
    if light is None:
        return None
    k = colour.shape[1]
    if np.nan_to_num(gone).any():
        by_ink = light.effect(k, range(k))[0]
        colour = colour - np.outer(gone, by_ink)
        light = light.less(range(k), k, by_ink)
    own = light.effect(k + 1, range(k))[0]
    believed = own**2 / (own**2 + settings.own_noise**2)
    apart = np.nanmedian(colour[inside], axis=0) - np.nanmedian(colour[outside], axis=0)
    return np.asarray(apart - believed * own, np.float64)
