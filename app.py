"""The dashboard: `streamlit run app.py`. Page setup, sign-in and navigation, nothing else."""

from __future__ import annotations

import streamlit as st

from tracker.ui import look, routes, sign_in
from tracker.ui.speech import speak


def main() -> None:
    """Draw the page that the visitor asked for."""
    st.set_page_config(
        page_title="SMP Tracker",
        page_icon=str(look.ICON),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    speak(st.context.locale)
    look.apply_style()
    admitted = sign_in.admit()
    sign_in.write_cookie()
    page = st.navigation(routes.pages(), position="top" if admitted else "hidden")
    if admitted:
        st.logo(str(look.ICON), size="large")
        routes.run(page)


# A child process that imports this file again (spawned pools) must not draw the page.
if __name__ == "__main__":
    main()
