"""The pages and how to get from one to another."""

from __future__ import annotations

from typing import Any

import streamlit as st


def pages() -> list[Any]:
    """All pages in the order of the menu; the first is where a visit starts."""
    from tracker.ui.pages import compare, learn, result, start  # they import this module

    return [
        st.Page(start.show, title="Photos", url_path="photos", default=True),
        st.Page(result.show, title="Result", url_path="result"),
        st.Page(compare.show, title="Compare", url_path="compare"),
        st.Page(learn.show, title="How it is measured", url_path="learn"),
    ]


def go(title: str) -> None:
    """Leave for the page with this title."""
    st.switch_page(next(page for page in pages() if page.title == title))
