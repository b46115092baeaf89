"""Sentences of the engine that a report may quote, with `{...}` for the figures in them."""

from __future__ import annotations

PATTERNS = (
    "not healed yet ({stage})",
    "{share} of the skin is clipped: lower the exposure and avoid the flash",
    "{share} of the skin shines: use soft light from two sides",
    "blurred: hold still and tap the scalp to focus",
    "too blurred: hold still and tap the scalp to focus",
    "move closer: dots are {size} px, {needed} needed to count them",
    "too small: {size} px, {needed} needed",
    "send the original photo",
    "no scalp in view (or far out of focus): fill the frame with the shaved scalp",
    "no scalp in view that its colour would show: the photo is black and white, take or send it in colour",
    "only {share} overlap: photograph the same area",
    "only {share} of the baseline's dots are in view: photograph the same area",
    "another head or another part of it: only {places} places agree",
    "see that it shows this client and the area of the baseline",
    "too blurred or too little skin to align: focus on the scalp ({details} details)",
    "only {n} pigment dots found: no baseline without visible dots",
    "no pigment dots found in this view: there is nothing to follow",
    (
        "hair here looks like dots, so the interval is wide: shave as for the baseline, come closer, or "
        "draw the zone without hair"
    ),
    (
        "hair here cannot be told from dots (the fade would be known to ±{doubt}): shave as for the "
        "baseline, come closer, or draw the zone without hair"
    ),
    "reads {share} faded, which pigment cannot do: hair was taken for dots",
    "shave as for the baseline and photograph again",
    "{share} of the pigment does not fade as the rest does: a part that was not treated, or dots that do not respond",
    (
        "{share} of what may be pigment does not fade as the rest does, dots that were not treated or "
        "hair: the interval allows for both"
    ),
    "look at the overlay, and mark dots or hair in Corrections",
    "pigment darker than at baseline",
    "no photo of healed skin yet",
    "no colour claim: {reason}",
    "nothing was seen up to {photo}",
    "only {n} clear hairs on native skin at baseline",
    "an erythema index of about {change}",
    "a melanin index of about {change}",
    "{share} of the baseline's pigment",
    "relief eight times as strong, or strong shine on the whole area",
    "{share} of the hairs, where {n} are clear",
    "dots two and a half times as wide",
    "{share} more red and less blue taken away",
)
"""The catalogues translate these; whatever else comes is quoted in English."""
