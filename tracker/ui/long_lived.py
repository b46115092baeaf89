"""What stays for the life of the server is kept out of Streamlit's collections of garbage.

Streamlit collects garbage in full after every run of a page, libraries and all, and nothing else runs
meanwhile: most of what a server with many visitors did.
"""

from __future__ import annotations

import gc
import threading

_lock = threading.Lock()
_drawn: set[str] = set()


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
