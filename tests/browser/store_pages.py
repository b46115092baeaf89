"""One page of the store by itself, for the tests: `?page=zones&client=C-0001`.

The store is the one that the environment names, as on the command line.
"""

from __future__ import annotations

import os

import streamlit as st

from tracker.storage.opening import open_store
from tracker.storage.store import Store
from tracker.ui import look
from tracker.ui.pages import compare, corrections, guide, zones


@st.cache_resource
def the_store(place: str) -> Store:
    return open_store(place, actor="M.")


def main() -> None:
    st.set_page_config(page_title="SMP Tracker", page_icon=str(look.ICON), layout="wide")
    look.apply_style()
    store = the_store(os.environ["SMP_TRACKER_RECORDS"])
    code = st.query_params.get("client", "C-0001")
    may_change = st.query_params.get("role", "") != "viewer"
    page = st.query_params.get("page", "zones")
    if page == "compare":
        compare.show_compare(store, code)
    else:
        show = {
            "zones": zones.show_zones,
            "corrections": corrections.show_corrections,
            "guide": guide.show_guide,
        }[page]
        show(store, code, may_change=may_change)


if __name__ == "__main__":
    main()
