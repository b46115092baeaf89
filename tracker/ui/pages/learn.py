"""How it is measured, in plain words."""

from __future__ import annotations

import streamlit as st

from tracker.ui import look
from tracker.ui.words import HEALED_AFTER_DAYS, NOTICEABLE_FADE, percent

STEPS = {
    "The first photo sets the dots": """
Every pigment dot is found in the first photo of a view. Moles, pores and hair are told apart
by shape, colour, and by whether they stay put.""",
    "Later photos are laid on it": """
Skin texture shows which place is which, on a curved head, from another angle, in other light.
Photos that do not fit are refused with a reason.""",
    "Pigment is weighed at each dot": """
At every dot’s place the tracker adds up how much light the pigment takes away, against the skin
around it, even where no dot can be seen any more.""",
    "The sums are compared": """
What is left in all dots, against the first photo, gives the fade. A 95 % interval says how far
off the photos allow it to be.""",
}

QUESTIONS = {
    "Why not just count dots?": """
A dot that is half gone still counts as a dot. In a trial with a known fade of 59 %, counting saw
12 %. The count is shown, but it is never the headline.""",
    "What do “detectable” and “noticeable” mean?": f"""
Detectable: larger than the smallest change these photos can show for certain. Noticeable:
{percent(NOTICEABLE_FADE)} or more, the change of hair density from which on dermatologists and
patients see a difference.""",
    "Why do some photos not count?": f"""
Right after a session, frosting hides dots; then come redness and crusts, and the body clears
pigment for weeks. Photos taken earlier than {HEALED_AFTER_DAYS} days after a session are shown as
hollow marks and left out of the result. Without session dates the tracker cannot know, and counts
every photo.""",
    "What if the light was different?": """
Brightness, white balance and soft shadows cancel, because each dot is compared with the skin right
beside it. Glare does not cancel: shiny places are left out.""",
    "What does “not measured” mean?": """
The photo does not support that number: the place is out of the picture or in glare, or the photos
have no scale. It never means zero.""",
    "What makes good photos?": """
The same place, distance and angle as the first photo; soft, even light without flash; a dry scalp
at the same shave; so sharp and close that a dot is at least 4 pixels wide.""",
    "What do the smaller figures mean?": """
**Dots still visible**: the share of the first photo’s dots that can still be told from skin.
**Contrast**: how dark the dots are against the skin around them. **Unevenness**: how much the
pigment differs from place to place; an even fade keeps it low. **ΔE**: the colour difference
between the treated skin and the native skin beside it.""",
    "Where do my photos go?": """
Into the records that Settings names: a private folder of this computer, unless a clinic named another
place. Each is kept byte for byte as you added it. The pages load nothing from the internet, and
your own files are never changed.""",
    "Is this a diagnosis?": """
No. It measures pigment. If skin stays red, turns lighter or darker than it was, or rises, show it
to your clinic.""",
}


def show() -> None:
    """Draw the page."""
    st.html(
        '<div class="smp"><h1 class="smp-name">How it is measured</h1>'
        '<p class="smp-lead">The same patch of scalp, dot by dot, month after month.</p></div>'
    )
    items = "".join(
        f'<li><strong>{look.text(title)}</strong><p class="quiet">{look.text(body)}</p></li>'
        for title, body in STEPS.items()
    )
    st.html(f'<ol class="smp smp-steps">{items}</ol>')
    st.subheader("Questions people ask", anchor=False)
    for question, answer in QUESTIONS.items():
        with st.expander(question):
            st.write(answer.strip())
