"""The pages and how to get from one to another.

Each page is imported when it is first opened: the first paint does not wait for the charts.
"""

from __future__ import annotations

from typing import Any

import streamlit as st


def _photos() -> None:
    from tracker.ui.pages import start

    start.show()


def _result() -> None:
    from tracker.ui.pages import result

    result.show()


def _compare() -> None:
    from tracker.ui.pages import compare

    compare.show()


def _batch() -> None:
    from tracker.ui.pages import batch

    batch.show()


def _learn() -> None:
    from tracker.ui.pages import learn

    learn.show()


def pages() -> list[Any]:
    """All pages in the order of the menu; the first is where a visit starts."""
    return [
        st.Page(_photos, title="Photos", url_path="photos", default=True),
        st.Page(_result, title="Result", url_path="result"),
        st.Page(_compare, title="Compare", url_path="compare"),
        st.Page(_batch, title="Batch", url_path="batch"),
        st.Page(_learn, title="How it is measured", url_path="learn"),
    ]


def go(title: str) -> None:
    """Leave for the page with this title."""
    st.switch_page(next(page for page in pages() if page.title == title))
