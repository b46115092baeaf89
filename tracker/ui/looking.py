"""Looking at photos in the tray, one after another in a thread of its own.

What is found is written to the tray, so that a page that comes back, or another tab, sees it.
Nothing here touches Streamlit.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable

from tracker.measure.features import PhotoFeatures
from tracker.photos import PhotoError, decode_photo
from tracker.records import PhotoRecord, RecordError
from tracker.storage.store import Store
from tracker.storage.tray import Look, Tray, TrayPhoto
from tracker.storage.vault import Shelf, checked_get

KEPT_FEATURES = 14
"""First photos that new ones are held against; 7 MB each."""


class LookingDesk:
    """One thread that looks at photos in the order they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[tuple[str, str]] = set()
        self._tasks: queue.SimpleQueue[tuple[tuple[str, str], Callable[[], None]]] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None
        self._features: OrderedDict[str, PhotoFeatures] = OrderedDict()

    def look(self, store: Store, code: str, tray: Tray, photo: TrayPhoto) -> None:
        """Look at a photo when its turn comes; asked again, it is looked at once."""
        key = (str(tray.folder), photo.sha256)
        with self._lock:
            if key in self._waiting:
                return
            self._waiting.add(key)
            self._tasks.put((key, lambda: self._look(store, code, tray, photo.sha256)))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="looking", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            key, task = self._tasks.get()
            try:
                task()
            finally:
                with self._lock:
                    self._waiting.discard(key)

    def _look(self, store: Store, code: str, tray: Tray, sha256: str) -> None:
        photo = tray.find(sha256)
        if photo is None or photo.look is not Look.WAITING:
            return
        try:
            found = self._found(store, code, tray, photo)
        except PhotoError as error:
            found = {"look": Look.UNUSABLE, "problems": (f"{error.what}: {error.remedy}",)}
        except RecordError:
            return  # gone from the tray meanwhile, or the store is busy: asked for again
        except Exception as error:  # whatever it is, the others must be looked at
            words = f"could not be looked at ({type(error).__name__})"
            found = {"look": Look.USABLE, "problems": (words,)}
        tray.change(sha256, **found)

    def _found(self, store: Store, code: str, tray: Tray, photo: TrayPhoto) -> dict[str, object]:
        # The engine takes seconds to load: not before a photo asks for it.
        from tracker.photo_check import check_photo

        srgb = decode_photo(tray.data(photo.sha256), photo.name).srgb
        check = check_photo(srgb, self._references(store, code, photo.view))
        look = Look.UNUSABLE if check.blocking else Look.GOOD
        if look is Look.GOOD and (check.problems or check.mismatch):
            look = Look.USABLE
        found: dict[str, object] = {
            "look": look,
            "problems": check.problems,
            "praise": check.praise,
            "mismatch": check.mismatch,
        }
        if not photo.view and check.view:
            found |= {"view": check.view, "view_matched": True}
        return found

    def _references(self, store: Store, code: str, view: str) -> dict[str, PhotoFeatures]:
        """The first photo of the photo's view, or of every view where it has none."""
        first: dict[str, PhotoRecord] = {}
        for kept in store.photos(code):
            record = kept.record
            if record.view and record.captured_on and (not view or record.view == view):
                first.setdefault(record.view, record)
        return {name: self._features_of(store, record) for name, record in first.items()}

    def _features_of(self, store: Store, record: PhotoRecord) -> PhotoFeatures:
        from tracker.photo_check import features_of

        if record.sha256 not in self._features:
            data = checked_get(store.vault, Shelf.ORIGINALS, record.sha256)
            self._features[record.sha256] = features_of(decode_photo(data, record.name).srgb)
            while len(self._features) > KEPT_FEATURES:
                self._features.popitem(last=False)
        return self._features[record.sha256]
