"""A vault whose files are sealed where the store is encrypted, and plain where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tracker.sealing import KeyRing, SealBrokenError, UnknownKeyError, is_sealed, open_bytes
from tracker.sealing.content import key_of_file, seal_bytes
from tracker.storage.sealed_columns import other_keys
from tracker.storage.vault import AlteredError, Shelf, Vault, key_of


class SealedVault:
    """Seals what goes into another vault, opens what comes out of it.

    Files keep their names, the hash of what they hold in the clear: whoever has a copy of a photo
    can tell that it lies there.
    """

    def __init__(self, inner: Vault, ring: Callable[[], KeyRing | None]) -> None:
        self.inner = inner
        self._ring = ring

    @property
    def place(self) -> str:
        return self.inner.place

    def put(self, shelf: Shelf, name: str, data: bytes) -> bool:
        return self.inner.put(shelf, name, self._sealed(shelf, name, data))

    def replace(self, shelf: Shelf, name: str, data: bytes) -> None:
        self.inner.replace(shelf, name, self._sealed(shelf, name, data))

    def get(self, shelf: Shelf, name: str) -> bytes:
        return self._opened(shelf, name, self.inner.get(shelf, name))

    def _opened(self, shelf: Shelf, name: str, data: bytes) -> bytes:
        if not is_sealed(data):
            return data
        ring = self._ring()
        if ring is None:
            raise other_keys(self.place)
        try:
            return open_bytes(ring, key_of(shelf, name), data)
        except UnknownKeyError as error:
            raise other_keys(self.place) from error
        except SealBrokenError as error:
            raise AlteredError(self.place, shelf, name) from error

    def holds(self, shelf: Shelf, name: str) -> bool:
        return self.inner.holds(shelf, name)

    def remove(self, shelf: Shelf, name: str) -> None:
        self.inner.remove(shelf, name)

    def names(self, shelf: Shelf) -> Iterator[str]:
        return self.inner.names(shelf)

    def reseal(self, shelf: Shelf, name: str) -> bool:
        """Bring a file under the key that seals now; False where it lies there already."""
        ring = self._ring()
        data = self.inner.get(shelf, name)
        if ring is None or key_of_file(data) == ring.active:
            return False
        self.replace(shelf, name, self._opened(shelf, name, data))
        return True

    def _sealed(self, shelf: Shelf, name: str, data: bytes) -> bytes:
        ring = self._ring()
        return data if ring is None else seal_bytes(ring, key_of(shelf, name), data)
