"""Whether a photo will do, before it is filed: quality, and which view of the client it shows.

The same judgement as the measuring's own, so that a photo called good here is not refused there
for its quality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.blas_threads import one_blas_thread
from tracker.measure.colour_card import ColourCard, NoCard, find_card
from tracker.measure.dot_scale import find_dot_scale
from tracker.measure.features import PhotoFeatures, extract_features
from tracker.measure.luminance import SrgbArray, luminance_density
from tracker.measure.pose_change import refuse_turned
from tracker.measure.quality import LEAST_PX_PER_DOT, judge_quality
from tracker.measure.registration import NotRegistered, register
from tracker.measure.skin import find_skin


@dataclass(frozen=True)
class PhotoCheck:
    """What was seen in one photo.

    Attributes
    ----------
    blocking : str
        Why it cannot be measured; empty where it can.
    problems : tuple of str
        What limits it and what to do, `blocking` included.
    px_per_dot : float
        Width of a typical dot; NaN where none stands out.
    view : str or None
        The view whose first photo it lies on; None where that was not asked or none fits.
    mismatch : str
        Why it lies on none of the photos it was held against; empty where it does, or none was.
    card : str
        Whether colours can be set by a grey or colour card in it; empty where none was seen.
    """

    blocking: str
    problems: tuple[str, ...]
    px_per_dot: float
    view: str | None = None
    mismatch: str = ""
    card: str = ""

    @property
    def praise(self) -> str:
        """What a photo without problems is told."""
        words = "sharp and evenly lit"
        if self.px_per_dot >= LEAST_PX_PER_DOT:
            words = f"sharp and close enough: dots are {self.px_per_dot:.0f} px wide"
        return f"{words}; {self.card}" if self.card else words


@one_blas_thread()
def features_of(srgb: SrgbArray) -> PhotoFeatures:
    """What other photos are held against."""
    return extract_features(srgb, find_skin(srgb).region)


@one_blas_thread()
def check_photo(srgb: SrgbArray, references: Mapping[str, PhotoFeatures]) -> PhotoCheck:
    """Judge a photo's quality and find its view.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        Upright sRGB pixels.
    references : mapping of view to PhotoFeatures
        The views that the photo may show; with none, no view is looked for.

    Returns
    -------
    PhotoCheck
    """
    skin = find_skin(srgb)
    width_px = float("nan")
    if skin.region[::2, ::2].any():
        width_px = find_dot_scale(luminance_density(srgb), skin.region).fwhm_px
    quality = judge_quality(srgb, skin, width_px)
    if quality.blocking:
        return PhotoCheck(quality.blocking, quality.problems, width_px)
    card = _card_words(find_card(srgb))
    if not references:
        return PhotoCheck("", quality.problems, width_px, card=card)
    own = extract_features(srgb, skin.region)
    view: str | None = None
    most, reason = 0.0, ""
    for name, reference in references.items():
        found = refuse_turned(register(reference, own))
        if isinstance(found, NotRegistered):
            reason = reason or found.reason
        elif (matches := found.evidence.get("matches", 1.0)) > most:
            view, most = name, matches
    mismatch = "" if view is not None else reason
    return PhotoCheck("", quality.problems, width_px, view, mismatch, card)


def _card_words(card: ColourCard | NoCard) -> str:
    if isinstance(card, ColourCard):
        return f"{card.kind} found: colours are set by it"
    return f"{card.kind} not used: {card.reason}" if card.reason else ""
