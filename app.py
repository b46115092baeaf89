"""The dashboard: `streamlit run app.py`. Page setup and navigation, nothing else."""

from __future__ import annotations

import streamlit as st

from tracker.ui import look, routes, workspace


def main() -> None:
    """Draw the page that the visitor asked for."""
    st.set_page_config(
        page_title="SMP Tracker",
        page_icon=str(look.ICON),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    st.logo(str(look.ICON), size="large")
    workspace.follow_address()
    look.apply_style()
    st.navigation(routes.pages(), position="top").run()


# A child process that imports this file again (spawned pools) must not draw the page.
if __name__ == "__main__":
    main()
