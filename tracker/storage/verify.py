"""Whether every original is there and is what was put there. Looks only, mends nothing."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from tracker.series import Progress
from tracker.storage import tables
from tracker.storage.store import Store
from tracker.storage.vault import AlteredError, LostError, Shelf, checked_get


@dataclass(frozen=True)
class Damage:
    """A photo or result whose file is lost or altered."""

    client: str
    name: str
    """Name of the photo, or "result N"."""
    sha256: str
    what: str
    """`lost` or `altered`."""


@dataclass(frozen=True)
class Verified:
    """What a look through the vault found."""

    n_originals: int
    n_results: int
    damage: tuple[Damage, ...]
    strays: tuple[str, ...]
    """Originals that no record speaks of: left over by a program that was stopped."""


def verify_store(store: Store, *, progress: Progress | None = None) -> Verified:
    """Read every original and result and compare it with its hash; raises `StoreError`."""
    tell = progress or (lambda _share, _text: None)
    with store.reading() as connection:
        photos = connection.execute(
            sa.select(tables.client.c.code, tables.photo.c.name, tables.photo.c.sha256).join(
                tables.client
            )
        ).all()
        results = connection.execute(
            sa.select(tables.client.c.code, tables.result.c.id, tables.result.c.payload_sha256)
            .join(tables.client)
            .order_by(tables.result.c.id)
        ).all()
    files = [(code, name, sha, Shelf.ORIGINALS) for code, name, sha in sorted(photos)]
    files += [(code, f"result {number}", sha, Shelf.RESULTS) for code, number, sha in results]
    damage: list[Damage] = []
    for number, (code, name, sha, shelf) in enumerate(files):
        tell(number / len(files), f"reading {name}")
        try:
            checked_get(store.vault, shelf, sha)
        except LostError:
            damage.append(Damage(code, name, sha, "lost"))
        except AlteredError:
            damage.append(Damage(code, name, sha, "altered"))
    known = {sha for _, _, sha in photos}
    strays = sorted(name for name in store.vault.names(Shelf.ORIGINALS) if name not in known)
    return Verified(len(photos), len(results), tuple(damage), tuple(strays))
