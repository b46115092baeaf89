"""Where a store lies: a folder by default, a PostgreSQL database by URL."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tracker.storage.errors import StoreError

DATABASE_FILE = "records.db"
VAULT_FOLDER = "vault"
POSTGRES_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


def data_folder() -> Path:
    """Where this user's programs keep their data."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "smp-tracker"


def default_store() -> str:
    """Folder of the store where none is named."""
    return str(data_folder() / "records")


@dataclass(frozen=True)
class StorePlace:
    """A store's database: a folder, or the URL of a PostgreSQL database.

    Attributes
    ----------
    folder : Path or None
        Folder that holds `records.db` and, unless it says otherwise, the vault.
    url : str
        SQLAlchemy URL of the database.
    label : str
        The place as it may be shown: without a password.
    """

    folder: Path | None
    url: str
    label: str

    @property
    def database_file(self) -> Path | None:
        return None if self.folder is None else self.folder / DATABASE_FILE


def store_place(named: str | None) -> StorePlace:
    """Read `--store PATH_OR_URL`; the per-user folder without it.

    Raises
    ------
    StoreError
        If it is neither a folder nor the URL of a PostgreSQL database.
    """
    text = named or default_store()
    if "://" not in text:
        folder = Path(text).expanduser().absolute()
        if folder.is_file():
            raise StoreError(text, "is a file, not a folder", "name the folder of the store")
        # as_posix: a URL has forward slashes on Windows too.
        return StorePlace(folder, f"sqlite:///{(folder / DATABASE_FILE).as_posix()}", str(folder))
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    scheme = text.split("://", 1)[0]
    if scheme not in POSTGRES_SCHEMES:
        raise StoreError(
            f"{scheme}://...",
            "is no store",
            "name a folder or postgresql://user@host/database",
        )
    try:
        url = make_url(text).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            f"{scheme}://...", "is no valid URL", "write postgresql://user@host/database"
        ) from error
    return StorePlace(
        None,
        url.render_as_string(hide_password=False),
        url.set(drivername="postgresql", query={}).render_as_string(hide_password=True),
    )
