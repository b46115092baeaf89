"""What shine lies on the dots more than on the native skin beside them.

Shine adds white light. It weakens the density of dots and skin alike, and it lies where the lamp is
mirrored: often on the treated crown and not on the native sides, where the tone gain is read. But
it also washes out the skin's colour there. The change of colour since the baseline, treated against
native skin, tells how much: the same skin is seen twice, and white balance is the same for both.

Skin that was treated may change its colour too: it reddens, or becomes paler. Neither must pass for
shine. Such a change ends where the treatment ended, while shine does not know that border: what jumps
at the border is taken off (`treated_effect` with a field of shine beside it), and the colour is taken
along a direction that blood does not change: blue minus red density, less 0.66 of green minus red.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.skin_blocks import Light, block_shares, density_blocks, treated_effect
from tracker.measure.tone_gain import melanin_colour

WHOLLY = 0.6
"""Share of a block that makes it treated or native."""


@dataclass(frozen=True)
class VeilSettings:
    """How much of the colour's change is taken for shine on the dots."""

    least_colour: float = 0.04
    """Skin with less colour than this, in density, is drawn too grey to see shine on it."""
    field_share: float = 30.0
    """A strong field of shine: a change of colour must be a sharp one to count as the skin's own."""
    believed: float = 0.9
    """Share of the colour's change by which dots change. By the channels' brightness alone white light takes 0.65
    (dark skin) to 0.8 (fair) of it from red and luminance; over 121 rendered photos of two renderers with
    known truth the slopes are 1.0 and 0.95."""
    noise: float = 0.015
    """SD of the reading where no shine moved: what is no larger counts for little."""
    doubt: float = 0.5
    """SD of what is read, as a share of it."""
    most: float = 0.06
    """More is hardly ever read where there is shine alone: of 177 rendered photos 2 read more (0.08). On four real
    heads, photographed years apart, up to 0.15 was read: by then stubble and tan may have changed the native
    skin beside them, so the rest is doubt alone."""


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
) -> Veil:
    """How much of the dots' contrast shine leaves, beyond what it leaves of native skin.

    Parameters
    ----------
    baseline_rgb, photo_rgb : ndarray of shape (H, W, 3)
        Optical density of the three channels in one frame, dots and hairs taken out; NaN where unusable.
    treated, native : ndarray of bool, shape (H, W)
        Skin with the dots, and skin without pigment.

    Returns
    -------
    Veil
        `kept` below 1 where the photo's dots lie under more shine than the baseline's; 1 where there is too
        little skin to tell.
    """
    before, after = melanin_colour(baseline_rgb), melanin_colour(photo_rgb)
    known: BoolArray = np.isfinite(before) & np.isfinite(after)
    treated, native = treated & known, native & known
    if not (treated.any() and native.any()):
        return NONE_SEEN
    colour = float(np.median(before[treated | native]))
    if colour < settings.least_colour:
        return NONE_SEEN
    change = np.nan_to_num(after - before)
    blocks = density_blocks(change[..., None], known)
    inside, outside = (block_shares(skin) > WHOLLY for skin in (treated, native))
    own = treated_effect(
        blocks.density,
        blocks,
        inside,
        outside,
        light=Light.BLOTCHED,
        field_share=settings.field_share,
    )
    if not own.measured:
        return NONE_SEEN
    whole = np.nanmedian(blocks.density[inside, 0]) - np.nanmedian(blocks.density[outside, 0])
    washed = float(whole - own.value[0]) / colour
    clear = washed**2 / (washed**2 + settings.noise**2)
    read = settings.believed * clear * washed
    log_kept = float(np.clip(read, -settings.most, settings.most))
    return Veil(float(np.exp(log_kept)), settings.doubt * abs(read))
