"""Opening a store: database, migrations, vault."""

from __future__ import annotations

import getpass
from datetime import datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tracker.storage import tables
from tracker.storage.engine import open_engine, reading, writing
from tracker.storage.errors import StoreError
from tracker.storage.location import VAULT_FOLDER, StorePlace, store_place
from tracker.storage.migrate import migrate
from tracker.storage.sealed_columns import ring_of
from tracker.storage.sealed_vault import SealedVault
from tracker.storage.statements import kept_setting
from tracker.storage.store import Clock, Store
from tracker.storage.unlocking import Words, environment_passphrase, unlock
from tracker.storage.vault import FolderVault, Vault, open_vault

VAULT_SETTING = "vault"


def local_clock() -> datetime:
    return datetime.now().astimezone()


def user_name() -> str:
    """Who works here, for the audit; empty where the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def open_store(
    named: str | None = None,
    *,
    vault: str | None = None,
    create: bool = False,
    clock: Clock = local_clock,
    actor: str = "",
    words: Words = environment_passphrase,
) -> Store:
    """Open a store and bring its tables up to this program.

    Parameters
    ----------
    named : str, optional
        A folder or the URL of a PostgreSQL database; by default the user's own folder.
    vault : str, optional
        Folder or ``s3://bucket/prefix`` for the photos; remembered by the store. By default
        `vault` within the store's folder.
    create : bool
        Whether to make a store where there is none.
    clock : callable
        Gives the time now.
    actor : str
        Who works, for the audit.
    words : callable
        Gives the passphrase; asked where the store is encrypted.

    Raises
    ------
    StoreError
        If there is no store and none is to be made, or it cannot be used or unlocked.
    """
    place = store_place(named)
    if place.folder is not None:
        _check_folder(place, create=create)
    engine = open_engine(place)
    try:
        if create or place.folder is None:
            _make_folder(place)
        migrate(engine, place)
        unlock(engine, place, words)
        sealed = SealedVault(_vault(engine, place, vault), partial(ring_of, engine))
        return Store(engine, place, sealed, clock=clock, actor=actor or user_name())
    except BaseException:
        engine.dispose()
        raise


def _check_folder(place: StorePlace, *, create: bool) -> None:
    file = place.database_file
    # SQLite takes an empty file for a fresh database; a clinic's never is one.
    if not create and file is not None and not (file.exists() and file.stat().st_size):
        raise StoreError(
            place.label,
            "there is no store here yet",
            "`smp-tracker client add` or `smp-tracker import` makes one",
        )


def _make_folder(place: StorePlace) -> None:
    if place.folder is None:
        return
    try:
        # Health records: nobody else of this computer reads them.
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise StoreError(
            place.label, f"cannot be made ({reason})", "name another folder with --store"
        ) from error


def _vault(engine: sa.Engine, place: StorePlace, wanted: str | None) -> Vault:
    """The vault that the store remembers, or the wanted one, which it remembers from now on."""
    with reading(engine, place) as connection:
        remembered = kept_setting(connection, VAULT_SETTING)
        has_photos = connection.execute(sa.select(tables.photo.c.id).limit(1)).first() is not None
    by_default = place.folder / VAULT_FOLDER if place.folder is not None else None
    if wanted is None:
        if remembered is not None:
            return open_vault(remembered)
        if by_default is None:
            raise StoreError(
                place.label,
                "has no place for photos yet",
                "name a folder that all rooms see, or s3://bucket/prefix, with --vault once",
            )
        return FolderVault(by_default)
    vault = open_vault(wanted)
    known = remembered or (str(by_default) if by_default is not None and has_photos else None)
    if known is not None and open_vault(known).place != vault.place:
        raise StoreError(
            place.label, f"keeps its photos in {known}, not in {wanted}", "leave out --vault"
        )
    if remembered is None and (by_default is None or Path(vault.place) != by_default):
        row = {"key": VAULT_SETTING, "value": vault.place}
        try:
            with writing(engine, place) as connection:
                connection.execute(tables.setting.insert().values(row))
        except IntegrityError:
            # Another room named one in this moment: the same, or this one is told.
            return _vault(engine, place, wanted)
    return vault
