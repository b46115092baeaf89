"""How a store says that it cannot: one line with name, fault and remedy."""

from __future__ import annotations

from tracker.records import RecordError


class StoreError(RecordError):
    """A store, or something in it, that cannot be used as asked; nothing was changed."""


class ChangedMeanwhileError(StoreError):
    """Somebody else changed a record after it was read; nothing was overwritten."""

    def __init__(self, name: str) -> None:
        super().__init__(
            name,
            "changed meanwhile: somebody else saved it after you opened it",
            "open it again and repeat your change",
        )


class NotThereError(StoreError):
    """A client, session or photo that the store does not hold."""
