"""Linear algebra on one thread while photos are measured.

Photos are worked on side by side, so the cores are in use; products of small matrices split over threads as well
make these wait for each other, which on a busy machine took twenty times longer than the products.
One thread also adds up in one order whatever the number of cores: the same photos give the same bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_held = ExitStack()
_users = 0


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread inside; nested and concurrent uses end with the last of them.

    The limit holds for the whole process: it belongs to the library, not to a thread.
    """
    global _held, _users
    with _lock:
        if _users == 0:
            _held = ExitStack()
            _held.enter_context(ThreadpoolController().limit(limits=1, user_api="blas"))
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _held.close()
