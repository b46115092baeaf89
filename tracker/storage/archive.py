"""The one file of a backup: a zip of records, originals and results, with their checksums.

It is the same for both databases, so that a clinic may move from one to the other. Nothing in it
is ever written to a path that the archive names: files are put into the vault under their hash.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from tracker.sealing import SealBrokenError, WrongPassphraseError
from tracker.sealing.stream import SealedReader, is_sealed_stream
from tracker.storage.errors import StoreError
from tracker.storage.unlocking import HOW_TO_SAY, Words, environment_passphrase
from tracker.storage.vault import Shelf, sha256_of

FORMAT = "smp-tracker/backup/1"
MANIFEST = "manifest.json"
VAULT_MEMBER = re.compile(r"vault/(originals|results|thumbnails)/([0-9a-f]{64})")
TABLE_MEMBER = re.compile(r"tables/([a-z_]+)\.jsonl")


def table_member(name: str) -> str:
    return f"tables/{name}.jsonl"


def vault_member(shelf: Shelf, name: str) -> str:
    return f"vault/{shelf.value}/{name}"


class ArchiveWriter:
    """Adds members to a backup and remembers their checksums for its manifest."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._sums: dict[str, str] = {}

    def add(self, member: str, data: bytes) -> None:
        # Photos and results are compressed already; tables are text.
        packing = zipfile.ZIP_DEFLATED if member.endswith(".jsonl") else zipfile.ZIP_STORED
        self._archive.writestr(member, data, compress_type=packing)
        self._sums[member] = sha256_of(data)

    def finish(self, facts: Mapping[str, Any]) -> None:
        content = {"format": FORMAT, **facts, "sha256": self._sums}
        self._archive.writestr(MANIFEST, json.dumps(content, indent=1, sort_keys=True))


@dataclass(frozen=True)
class Backup:
    """An opened backup: what its manifest says, and its members with their checksums checked."""

    label: str
    revision: str
    made_at: str
    sums: Mapping[str, str]
    archive: zipfile.ZipFile
    was_sealed: bool = False

    def read(self, member: str) -> bytes:
        """Bytes of a member; raises `StoreError` where they are not what was backed up."""
        try:
            data = self.archive.read(member)
        except (KeyError, zipfile.BadZipFile, OSError, EOFError, SealBrokenError) as error:
            raise _damaged(self.label, member) from error
        if sha256_of(data) != self.sums[member]:
            raise _damaged(self.label, member)
        return data

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table; none where the backup's revision does not have it."""
        member = table_member(table)
        if member not in self.sums:
            return []
        return [json.loads(line) for line in self.read(member).splitlines()]

    @property
    def tables(self) -> list[str]:
        return [m[1] for member in self.sums if (m := TABLE_MEMBER.fullmatch(member))]

    @property
    def files(self) -> list[tuple[Shelf, str, str]]:
        """Shelf, name and member of every file."""
        return [
            (Shelf(m[1]), m[2], member)
            for member in self.sums
            if (m := VAULT_MEMBER.fullmatch(member))
        ]


@contextmanager
def opened_backup(path: Path, words: Words = environment_passphrase) -> Iterator[Backup]:
    """Open a backup and check what it lists; raises `StoreError` for anything else.

    `words` gives the passphrase of an encrypted one.
    """
    label = path.name
    with ExitStack() as held:
        try:
            file = held.enter_context(path.open("rb"))
            sealed = is_sealed_stream(file)
            source = _unsealed(file, label, words) if sealed else file
            archive = held.enter_context(zipfile.ZipFile(source))
        except FileNotFoundError as error:
            raise StoreError(label, "does not exist", "check the name and the folder") from error
        except IsADirectoryError as error:
            raise StoreError(
                label, "is a folder, not a backup", "name the file of a backup"
            ) from error
        except (zipfile.BadZipFile, OSError, EOFError, SealBrokenError) as error:
            raise StoreError(
                label, "is no backup, or is damaged", "use another backup; nothing was changed"
            ) from error
        yield replace(_checked(archive, label), was_sealed=sealed)


def _unsealed(file: BinaryIO, label: str, words: Words) -> io.BufferedReader:
    said = words()
    if said is None:
        raise StoreError(label, "is encrypted and needs its passphrase", HOW_TO_SAY)
    try:
        return io.BufferedReader(SealedReader(file, said))
    except WrongPassphraseError as error:
        raise StoreError(
            label,
            "is encrypted with another passphrase",
            "a backup keeps the passphrase that the store had when it was made",
        ) from error


def _checked(archive: zipfile.ZipFile, label: str) -> Backup:
    """The backup in an archive; raises `StoreError` where it is none."""
    try:
        content = json.loads(archive.read(MANIFEST))
        known = content["format"] == FORMAT
        backup = Backup(
            label, str(content["revision"]), str(content["made_at"]), content["sha256"], archive
        )
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile, SealBrokenError) as error:
        raise StoreError(
            label, "is no backup of smp-tracker", "name a file that `backup` wrote"
        ) from error
    if not known:
        raise StoreError(
            label,
            f"is a backup of another form ({content['format']})",
            "restore it with the version of smp-tracker that made it",
        )
    for member in {*backup.sums, *archive.namelist()} - {MANIFEST}:
        listed = member in backup.sums
        if not (listed and (VAULT_MEMBER.fullmatch(member) or TABLE_MEMBER.fullmatch(member))):
            raise StoreError(
                label,
                f"holds `{member}`, which no backup has",
                "do not use this file; nothing was changed",
            )
    return backup


def _damaged(label: str, member: str) -> StoreError:
    return StoreError(label, f"is damaged ({member})", "use another backup; nothing was changed")
