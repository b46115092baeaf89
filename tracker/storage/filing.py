"""New photos into the store: the original into the vault, its facts into the records."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePath

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tracker.folder import day_of_photo, view_in_name
from tracker.photos import inspect_photo, read_photo_bytes
from tracker.record_files import VIEW_WORDS, VIEWS
from tracker.records import ClientRecord, DateSource, PhotoRecord, RecordError, rules
from tracker.storage import tables
from tracker.storage.errors import StoreError
from tracker.storage.rows import Kept
from tracker.storage.statements import find_client, insert, lock_client, select
from tracker.storage.store import Store
from tracker.storage.thumbnails import make_thumbnail
from tracker.storage.vault import Shelf, checked_get, sha256_of

VAULT_LOCK = 7_160_002
"""PostgreSQL advisory lock: nothing is removed from the vault while a photo is being filed."""


@dataclass(frozen=True, eq=False)
class Incoming:
    """A photo to be filed. `read` gives its bytes; it may be called again."""

    record: PhotoRecord
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Filed:
    """What became of photos that came in.

    Attributes
    ----------
    added : tuple of PhotoRecord
        Photos that are new, under the names they got.
    known : tuple of PhotoRecord
        Photos that the client had already.
    notes : tuple of str
        What a person should know, a line each.
    """

    added: tuple[PhotoRecord, ...]
    known: tuple[PhotoRecord, ...]
    notes: tuple[str, ...]


def describe_photo(
    path: Path,
    *,
    today: date,
    view: str | None = None,
    taken_on: date | None = None,
    mm_per_px: float | None = None,
) -> tuple[Incoming, list[str]]:
    """Read a photo file's facts: date and its source, device, orientation, size, hash.

    Place, serial numbers and everything else in its metadata are not read.

    Parameters
    ----------
    path : Path
    today : date
        A camera's date after it is not used.
    view : str, optional
        Else the one in the file's name, or none.
    taken_on : date, optional
        A typed date; it comes before the camera's.
    mm_per_px : float, optional
        Scale of this photo.

    Returns
    -------
    Incoming
    list of str
        Remarks on the file.

    Raises
    ------
    PhotoError
        If the file is no usable photo.
    RecordError
        If `view` is not known.
    """
    data = read_photo_bytes(path)
    header = inspect_photo(data, path.name)
    day, source, remarks = day_of_photo(header, path.name, today)
    if taken_on is not None:
        day, source, remarks = taken_on, DateSource.TYPED, []
    record = PhotoRecord(
        name=path.name,
        sha256=header.sha256,
        view=view_in_name(path.name) if view is None else check_view(view),
        captured_on=day,
        date_source=source,
        device=header.camera,
        orientation=header.orientation,
        width_px=header.width_px,
        height_px=header.height_px,
        mm_per_px=mm_per_px,
    )
    notes = [f"{path.name}: {remark}" for remark in (*header.notes, *remarks)]
    return Incoming(record, lambda: read_photo_bytes(path)), notes


def check_view(view: str) -> str:
    """The usual word for a view; '' for none; raises `RecordError` for an unknown one."""
    words = view.strip().lower()
    if words and words not in VIEW_WORDS:
        raise RecordError(f"view `{view}`", "is not known", "give one of " + ", ".join(VIEWS))
    return VIEW_WORDS.get(words, "")


def file_photos(store: Store, code: str, photos: Sequence[Incoming]) -> Filed:
    """File photos under a client: all of them or, where one may not be filed, none.

    Raises
    ------
    RecordError
        If a photo's date cannot be, or a photo is filed under another client already.
    StoreError
        If database or vault cannot be written.
    """
    with store.reading() as connection:
        client = find_client(connection, code)
        check_photos(connection, store, client.record, client.id, photos)
    with originals_put(store, photos) as put, store.writing() as connection:
        return file_within(connection, store, lock_client(connection, code), photos, put)


def check_photos(
    connection: sa.Connection,
    store: Store,
    client: ClientRecord,
    client_id: int | None,
    photos: Sequence[Incoming],
) -> list[str]:
    """Check photos before anything is written; returns warnings, raises `RecordError`."""
    warnings: list[str] = []
    hashes = [photo.record.sha256 for photo in photos]
    owners = {
        row.sha256: (row.id, row.code)
        for row in connection.execute(
            sa.select(tables.photo.c.sha256, tables.client.c.id, tables.client.c.code)
            .join(tables.client)
            .where(tables.photo.c.sha256.in_(hashes))
        )
    }
    for photo in photos:
        owner_id, owner = owners.get(photo.record.sha256, (client_id, client.code))
        if owner_id != client_id:
            raise StoreError(
                photo.record.name,
                f"is filed under client {owner} already",
                "a photo belongs to one client: check whose it is",
            )
        if photo.record.sha256 not in owners:
            warnings += rules.check_photo(photo.record, client, today=store.today)
    return warnings


@dataclass(frozen=True)
class PutOriginals:
    """Hashes of originals that were not in the vault and are now.

    Attributes
    ----------
    new : frozenset of str
        All of them.
    lost : frozenset of str
        Those of them that a record spoke of already.
    """

    new: frozenset[str]
    lost: frozenset[str]


@contextmanager
def originals_put(store: Store, photos: Sequence[Incoming]) -> Iterator[PutOriginals]:
    """Put originals and thumbnails into the vault; gives the hashes of those that were not there.

    What the block then does not file goes again.
    """
    put: list[tuple[Shelf, str]] = []
    new: set[str] = set()
    try:
        # Read before the vault is looked at: an original is there before a record speaks of it,
        # so one that is on record now and not there was lost, not just filed by somebody else.
        with store.reading() as connection:
            hashes = [photo.record.sha256 for photo in photos]
            on_record = sa.select(tables.photo.c.sha256).where(tables.photo.c.sha256.in_(hashes))
            recorded = set(connection.execute(on_record).scalars())
        for photo in photos:
            name = photo.record.sha256
            if store.vault.holds(Shelf.ORIGINALS, name):
                continue
            data = _unchanged(photo)
            small = make_thumbnail(data)
            # Listed first: who is stopped while a file gets its name leaves nothing behind.
            put += [(Shelf.ORIGINALS, name), (Shelf.THUMBNAILS, name)]
            if store.vault.put(Shelf.ORIGINALS, name, data):
                new.add(name)
            if small is not None:
                store.vault.put(Shelf.THUMBNAILS, name, small)
        yield PutOriginals(frozenset(new), frozenset(new & recorded))
    except IntegrityError as error:
        # Somebody filed the same photo in this very moment.
        take_back(store, put)
        raise StoreError(
            store.place.label, "a photo was filed by somebody else just now", "try again"
        ) from error
    except BaseException:
        take_back(store, put)
        raise


def take_back(store: Store, put: Sequence[tuple[Shelf, str]]) -> None:
    """Remove what was put into the vault for something that then failed."""
    # The first failure is the one to tell; a file that is left over harms nobody.
    with contextlib.suppress(StoreError):
        remove_unreferenced(store, put)


def _unchanged(photo: Incoming) -> bytes:
    data = photo.read()
    if sha256_of(data) != photo.record.sha256:
        raise StoreError(photo.record.name, "changed while it was read", "try again")
    return data


def file_within(
    connection: sa.Connection,
    store: Store,
    client: Kept[ClientRecord],
    photos: Sequence[Incoming],
    put: PutOriginals,
) -> Filed:
    """File photos whose originals are in the vault, as a part of a larger transaction.

    `put` says which originals were not in the vault before (`originals_put`).
    """
    hold_vault(connection)
    notes = check_photos(connection, store, client.record, client.id, photos)
    present = {
        kept.record.sha256: kept.record for kept in select(connection, PhotoRecord, client.id)
    }
    names = {record.name for record in present.values()}
    added: list[PhotoRecord] = []
    known: list[PhotoRecord] = []
    for photo in photos:
        record = photo.record
        if record.sha256 in present:
            before = present[record.sha256]
            if before in added:
                notes.append(f"{record.name}: is the same photo as {before.name}; kept once")
            else:
                known.append(before)
                if record.sha256 in put.lost:
                    notes.append(
                        f"{before.name}: its original was lost from the vault; it is back, the "
                        "same byte for byte"
                    )
                    store.note_in_audit(connection, client.id, "put back", f"photo {before.name}")
            continue
        if not store.vault.holds(Shelf.ORIGINALS, record.sha256):
            # An erasure took it away between our putting it there and now.
            store.vault.put(Shelf.ORIGINALS, record.sha256, _unchanged(photo))
        elif record.sha256 not in put.new:
            # Left over by a program that was stopped: no record may rest on it unseen.
            checked_get(store.vault, Shelf.ORIGINALS, record.sha256)
        name = _free_name(record.name, names)
        if name != record.name:
            notes.append(
                f"{record.name}: the client has another photo of that name; kept as {name}"
            )
        record = replace(record, name=name)
        insert(connection, record, client.id)
        store.note_in_audit(connection, client.id, "add", f"photo {name}")
        present[record.sha256] = record
        names.add(name)
        added.append(record)
    return Filed(tuple(added), tuple(known), tuple(notes))


def _free_name(name: str, taken: Collection[str]) -> str:
    """The name, or one with a number: phones begin again at IMG_0001."""
    path, number, free = PurePath(name), 1, name
    while free in taken:
        number += 1
        free = f"{path.stem}-{number}{path.suffix}"
    return free


def hold_vault(connection: sa.Connection, *, removing: bool = False) -> None:
    """Until the transaction ends, keep filing and removing apart.

    SQLite has one writer at a time anyhow; on PostgreSQL many file at once and one removes.
    """
    if connection.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock if removing else sa.func.pg_advisory_xact_lock_shared
        connection.execute(sa.select(lock(VAULT_LOCK)))


def remove_unreferenced(store: Store, files: Sequence[tuple[Shelf, str]]) -> None:
    """Remove files from the vault that no record speaks of."""
    if files:
        with store.writing() as connection:
            remove_within(connection, store, files)


def remove_within(
    connection: sa.Connection, store: Store, files: Sequence[tuple[Shelf, str]]
) -> None:
    """Remove those of the files that no record speaks of, as a part of a larger transaction."""
    hold_vault(connection, removing=True)
    photos = set(connection.execute(sa.select(tables.photo.c.sha256)).scalars())
    results = set(connection.execute(sa.select(tables.result.c.payload_sha256)).scalars())
    for shelf, name in files:
        if name not in (results if shelf is Shelf.RESULTS else photos):
            store.vault.remove(shelf, name)
