"""Whether a photo is good enough to measure, in numbers and in words.

No threshold is an absolute brightness, so skin tone does not decide: exposure is judged by
the clipped share, focus on log luminance relative to the contrast of the same skin, glare
relative to the photo's own skin.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tracker.measure.dot_scale import sample_tiles
from tracker.measure.luminance import BoolArray, SrgbArray, clipped, luminance_density
from tracker.measure.skin import SkinMap

MOST_CLIPPED_SHARE = 0.10
MOST_GLARE_SHARE = 0.25
LEAST_PX_PER_DOT = 3.0
SOFT_FOCUS = 0.13
BLOCKING_FOCUS = 0.07
"""Fine over medium contrast: sharp photos of skin have 0.2 to 0.7, blurred by 4 px 0.09 to 0.14,
where the quantisation of 8 bits begins to hide how blurred they are."""
FOCUS_SIGMAS_PX = (0.8, 1.6, 6.4)
LEAST_SIDE_PX = 128


@dataclass(frozen=True)
class PhotoQuality:
    """Quality of one photo.

    Attributes
    ----------
    focus : float
        Sharpness of log luminance over skin: fine contrast relative to medium contrast of the
        same skin. Larger is sharper; exposure and skin tone cancel.
    clipped_share : float
        Share of the skin too bright or too dark for the code to follow the light.
    glare_share : float
        Share of the skin under shine.
    px_per_dot : float
        Full width at half maximum of a typical dot; NaN where no dots stand out.
    problems : tuple of str
        What limits the measures and what to do about it.
    blocking : str
        Why the photo cannot be measured at all; empty if it can.
    """

    focus: float
    clipped_share: float
    glare_share: float
    px_per_dot: float
    problems: tuple[str, ...] = ()
    blocking: str = ""


def measure_focus(srgb: SrgbArray, region: BoolArray) -> float:
    """Fine over medium contrast of log luminance within `region`; NaN without skin."""
    if not region.any():
        return float("nan")
    fine, medium = [], []
    # Tiles spread over the skin say as much as all of a large photo, in a fraction of the time.
    for window in sample_tiles(region):
        # Below 0.8 px there is mostly sensor noise and quantisation, which blur does not touch.
        tile, skin = luminance_density(srgb[window]), region[window]
        steps = [cv2.GaussianBlur(tile, (0, 0), sigma) for sigma in FOCUS_SIGMAS_PX]
        fine.append(np.abs(steps[0] - steps[1])[skin])
        medium.append(np.abs(steps[1] - steps[2])[skin])
    return float(np.median(np.concatenate(fine))) / max(
        float(np.median(np.concatenate(medium))), 1e-6
    )


def judge_quality(srgb: SrgbArray, skin_map: SkinMap, fwhm_px: float) -> PhotoQuality:
    """Quality of a photo over its skin.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        Encoded sRGB pixels.
    skin_map : SkinMap
        From `find_skin` of the same photo.
    fwhm_px : float
        Dot size from `detect_dots`; NaN if none stands out.
    """
    region = skin_map.region
    if not region[::2, ::2].any():
        reason = skin_map.problems[0] if skin_map.problems else "no scalp in view"
        return PhotoQuality(
            float("nan"), float("nan"), float("nan"), fwhm_px, (reason,), blocking=reason
        )
    # Every second row and column: a share needs no more.
    clipped_share = float(clipped(srgb[::2, ::2])[region[::2, ::2]].mean())
    glare_share = float(skin_map.glare[region].mean())
    focus = measure_focus(srgb, region)
    problems = list(skin_map.problems)
    blocking = ""
    if min(srgb.shape[:2]) < LEAST_SIDE_PX:
        blocking = (
            f"too small: {srgb.shape[1]} x {srgb.shape[0]} px, {LEAST_SIDE_PX} needed; "
            "send the original photo"
        )
    if clipped_share > MOST_CLIPPED_SHARE:
        problems.append(
            f"{clipped_share:.0%} of the skin is clipped: lower the exposure and avoid the flash"
        )
        if clipped_share > 0.5:
            blocking = blocking or problems[-1]
    if glare_share > MOST_GLARE_SHARE:
        problems.append(f"{glare_share:.0%} of the skin shines: use soft light from two sides")
    if focus < SOFT_FOCUS:
        problems.append("blurred: hold still and tap the scalp to focus")
        if focus < BLOCKING_FOCUS:
            blocking = blocking or "too blurred: hold still and tap the scalp to focus"
    if np.isfinite(fwhm_px) and fwhm_px < LEAST_PX_PER_DOT:
        problems.append(
            f"move closer: dots are {fwhm_px:.1f} px, {LEAST_PX_PER_DOT:.0f} needed to count them"
        )
    if blocking and blocking not in problems:
        problems.append(blocking)
    return PhotoQuality(
        focus, clipped_share, glare_share, fwhm_px, tuple(problems), blocking=blocking
    )
