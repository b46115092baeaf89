"""Garbage is collected now and then, and what stays for the life of the server is kept out of it.

Left alone, Streamlit collects garbage in full after every run of a page, libraries and all, and nothing
else runs meanwhile: half of what a server with 25 visitors did (`python -m benchmarks.load`).
`.streamlit/config.toml` tells it not to.
"""

from __future__ import annotations

import gc
import threading
import time

COLLECT_EVERY_S = 5.0
"""What a closed tab leaves behind stays no longer than that while others open pages."""

_lock = threading.Lock()
_drawn: set[str] = set()
_collected_s = 0.0


def after_page(page: str) -> None:
    """After a run of a page: set aside what is new and stays, let go what is garbage."""
    if not set_aside(page):
        collect_at_times()


def collect_at_times() -> bool:
    """Collect garbage unless somebody did within the last seconds; returns whether it did."""
    global _collected_s
    with _lock:
        now = time.monotonic()
        if now < _collected_s + COLLECT_EVERY_S:
            return False
        _collected_s = now
    gc.collect()
    return True


def set_aside(page: str) -> bool:
    """After the first run of a page: all that is there now, its libraries foremost, stays.

    Returns whether it was the first. What is there and dies later is let go as before, unless it
    is part of a cycle: a few objects, once for each page.
    """
    with _lock:
        if page in _drawn:
            return False
        _drawn.add(page)
    gc.collect()
    gc.freeze()
    return True
