"""The vault: files named by their content, written whole, never overwritten.

Three shelves: `originals` (photos byte for byte, named by their own SHA-256), `results` (measured
series, likewise) and `thumbnails` (named by the photo they show). What stands on a shelf is never
replaced: a damaged original is evidence, and putting it right is a person's decision.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tracker.storage.errors import StoreError

NAME_PATTERN = re.compile(r"[0-9a-f]{64}")
READ_ONLY = 0o444
"""Other rooms read the originals; nobody has business to write to them."""
PART = ".part"


class Shelf(StrEnum):
    ORIGINALS = "originals"
    RESULTS = "results"
    THUMBNAILS = "thumbnails"

    @property
    def named_by_content(self) -> bool:
        return self is not Shelf.THUMBNAILS


class LostError(StoreError):
    """A file that the vault should hold is not there."""

    def __init__(self, place: str, shelf: Shelf, name: str) -> None:
        super().__init__(
            f"{shelf.value.removesuffix('s')} {name[:12]}",
            f"is lost from {place}",
            "bring back a backup; `smp-tracker verify` lists all that is lost",
        )


class AlteredError(StoreError):
    """A file in the vault no longer is what was put there."""

    def __init__(self, place: str, shelf: Shelf, name: str) -> None:
        super().__init__(
            f"{shelf.value.removesuffix('s')} {name[:12]}",
            f"has been altered in {place}",
            "bring back a backup; `smp-tracker verify` lists all that is altered",
        )


class Vault(Protocol):
    """Where the files are. All methods raise `StoreError` where the place fails."""

    @property
    def place(self) -> str:
        """Folder or URL, as it may be shown."""
        ...

    def put(self, shelf: Shelf, name: str, data: bytes) -> bool:
        """Keep a file; False where that name was there already (it is left as it is)."""
        ...

    def replace(self, shelf: Shelf, name: str, data: bytes) -> None:
        """Put other bytes in a file's place in one step: what it holds comes under another key."""
        ...

    def get(self, shelf: Shelf, name: str) -> bytes:
        """Bytes of a file as they are; raises `LostError`."""
        ...

    def holds(self, shelf: Shelf, name: str) -> bool:
        """Whether a file of that name is there, in whatever state."""
        ...

    def remove(self, shelf: Shelf, name: str) -> None:
        """Remove a file; one that is not there is no failure."""
        ...

    def names(self, shelf: Shelf) -> Iterator[str]:
        """All names on a shelf, in no order."""
        ...


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def key_of(shelf: Shelf, name: str) -> str:
    """Place of a file within a vault; raises `ValueError` for anything but a hash as a name."""
    if not NAME_PATTERN.fullmatch(name):
        raise ValueError(f"name must be a SHA-256 in hexadecimal, got {name!r}")
    return f"{shelf.value}/{name[:2]}/{name}"


def checked_get(vault: Vault, shelf: Shelf, name: str) -> bytes:
    """Bytes of a file that is named by its content; raises `LostError` or `AlteredError`."""
    data = vault.get(shelf, name)
    if sha256_of(data) != name:
        raise AlteredError(vault.place, shelf, name)
    return data


class FolderVault:
    """A vault in a folder of this computer or a shared drive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def place(self) -> str:
        return str(self.folder)

    def put(self, shelf: Shelf, name: str, data: bytes) -> bool:
        if self._path(shelf, name).exists():
            return False
        self.replace(shelf, name, data)
        return True

    def replace(self, shelf: Shelf, name: str, data: bytes) -> None:
        """Write to a hidden file beside, bring it to disk, then give it its name in one step."""
        target = self._path(shelf, name)
        part: Path | None = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, text = tempfile.mkstemp(prefix=".", suffix=PART, dir=target.parent)
            part = Path(text)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.chmod(READ_ONLY)
            part.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise self._failure(error, "written to") from error
        finally:
            if part is not None:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)

    def get(self, shelf: Shelf, name: str) -> bytes:
        try:
            return self._path(shelf, name).read_bytes()
        except FileNotFoundError as error:
            raise LostError(self.place, shelf, name) from error
        except OSError as error:
            raise self._failure(error, "read") from error

    def holds(self, shelf: Shelf, name: str) -> bool:
        return self._path(shelf, name).exists()

    def remove(self, shelf: Shelf, name: str) -> None:
        target = self._path(shelf, name)
        try:
            with contextlib.suppress(FileNotFoundError):
                target.chmod(0o600)  # Windows removes no read-only file
                target.unlink()
            with contextlib.suppress(OSError):  # not empty yet
                target.parent.rmdir()
        except OSError as error:
            raise self._failure(error, "written to") from error

    def names(self, shelf: Shelf) -> Iterator[str]:
        for path in (self.folder / shelf.value).glob("??/*"):
            if NAME_PATTERN.fullmatch(path.name):
                yield path.name

    def _path(self, shelf: Shelf, name: str) -> Path:
        return self.folder / key_of(shelf, name)

    def _failure(self, error: OSError, doing: str) -> StoreError:
        reason = (error.strerror or "unknown error").lower()
        return StoreError(
            self.place,
            f"cannot be {doing} ({reason})",
            "check the disk, its free space and the permissions; nothing was changed",
        )


def _sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to disk, where the system knows how."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_vault(named: str) -> Vault:
    """Vault in a folder, or at ``s3://bucket/prefix``; raises `StoreError` for another place."""
    if named.startswith("s3://"):
        from tracker.storage.s3_vault import S3Vault

        return S3Vault(named)
    if "://" in named:
        raise StoreError(named.split("://")[0] + "://...", "is no vault", "name a folder or s3://")
    return FolderVault(Path(named).expanduser().absolute())
