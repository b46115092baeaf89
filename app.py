"""The dashboard: `streamlit run app.py`. Page setup, sign-in and navigation, nothing else.

Streamlit imports this file for the server `app`, and runs it as `__main__` for each page.
"""

from __future__ import annotations

import streamlit as st

from tracker.logs import set_up, wanted_form
from tracker.ui import look, routes, server, sign_in
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


# A child process that imports this file again (spawned pools) has yet another name: nothing happens.
if __name__ == "__main__":
    main()
elif __name__ == "app":
    set_up(wanted_form())
    app = st.App(
        __file__,
        routes=server.routes(),
        middleware=server.middleware(),
        lifespan=server.lifespan,
    )
