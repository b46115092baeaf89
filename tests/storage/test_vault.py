"""The vault on both kinds of place: bytes come back, whole or not at all, and are never replaced."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.storage import vault as vaults
from tracker.storage.errors import StoreError
from tracker.storage.vault import (
    AlteredError,
    FolderVault,
    LostError,
    Shelf,
    Vault,
    checked_get,
    open_vault,
    sha256_of,
)

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 40
NAME = sha256_of(PHOTO)


@pytest.fixture(params=["folder", "s3"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    if request.param == "folder":
        return open_vault(str(tmp_path / "vault"))
    return open_vault(request.getfixturevalue("s3_url"))


def test_bytes_come_back_and_are_kept_once(vault: Vault) -> None:
    assert not vault.holds(Shelf.ORIGINALS, NAME)
    assert vault.put(Shelf.ORIGINALS, NAME, PHOTO) is True
    assert vault.put(Shelf.ORIGINALS, NAME, PHOTO) is False
    assert vault.holds(Shelf.ORIGINALS, NAME)
    assert vault.get(Shelf.ORIGINALS, NAME) == PHOTO
    assert checked_get(vault, Shelf.ORIGINALS, NAME) == PHOTO
    assert list(vault.names(Shelf.ORIGINALS)) == [NAME]
    assert list(vault.names(Shelf.RESULTS)) == []


def test_what_is_there_is_never_replaced(vault: Vault) -> None:
    vault.put(Shelf.ORIGINALS, NAME, b"altered by somebody")
    assert vault.put(Shelf.ORIGINALS, NAME, PHOTO) is False
    assert vault.get(Shelf.ORIGINALS, NAME) == b"altered by somebody"
    with pytest.raises(AlteredError, match=f"original {NAME[:12]}: has been altered in"):
        checked_get(vault, Shelf.ORIGINALS, NAME)


def test_what_is_lost_is_named(vault: Vault) -> None:
    with pytest.raises(LostError, match=f"original {NAME[:12]}: is lost from"):
        vault.get(Shelf.ORIGINALS, NAME)


def test_removing(vault: Vault) -> None:
    vault.put(Shelf.RESULTS, NAME, PHOTO)
    vault.remove(Shelf.RESULTS, NAME)
    vault.remove(Shelf.RESULTS, NAME)
    assert not vault.holds(Shelf.RESULTS, NAME)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "/b"])
def test_only_hashes_are_names(vault: Vault, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        vault.put(Shelf.ORIGINALS, name, PHOTO)


def test_many_at_once_keep_one(vault: Vault) -> None:
    put: list[bool] = []
    threads = [
        threading.Thread(target=lambda: put.append(vault.put(Shelf.ORIGINALS, NAME, PHOTO)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(put) == 8
    assert any(put)
    assert vault.get(Shelf.ORIGINALS, NAME) == PHOTO


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000))
def test_any_bytes_come_back(tmp_path: Path, data: bytes) -> None:
    vault = FolderVault(tmp_path / "any")
    vault.put(Shelf.ORIGINALS, sha256_of(data), data)
    assert checked_get(vault, Shelf.ORIGINALS, sha256_of(data)) == data


def test_a_file_is_on_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = FolderVault(tmp_path / "vault")
    target = tmp_path / "vault" / "originals" / NAME[:2] / NAME
    seen: list[tuple[bool, int]] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        seen.append((target.exists(), os.fstat(handle).st_size))
        real(handle)

    monkeypatch.setattr(vaults.os, "fsync", fsync)
    vault.put(Shelf.ORIGINALS, NAME, PHOTO)
    # First the whole file under another name, then the folder that lists it.
    assert seen[0] == (False, len(PHOTO))
    assert seen[1][0] is True


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = FolderVault(tmp_path / "vault")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vaults.os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot be written to \(no space left on device\)"):
        vault.put(Shelf.ORIGINALS, NAME, PHOTO)
    assert not [path for path in (tmp_path / "vault").rglob("*") if path.is_file()]


def test_originals_are_read_only(tmp_path: Path) -> None:
    FolderVault(tmp_path).put(Shelf.ORIGINALS, NAME, PHOTO)
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not file.stat().st_mode & 0o222


@pytest.mark.parametrize("named", ["ftp://x/y", "s3://", "s3://key:secret@bucket/x"])
def test_other_places_are_refused(named: str) -> None:
    with pytest.raises(StoreError) as refused:
        open_vault(named)
    assert "secret" not in str(refused.value)


def test_a_bucket_that_is_not_there_is_one_line(s3_url: str) -> None:
    vault = open_vault("s3://no-such-bucket/x")
    with pytest.raises(StoreError, match="s3://no-such-bucket/x: cannot be written to") as refused:
        vault.put(Shelf.ORIGINALS, NAME, PHOTO)
    assert len(str(refused.value).splitlines()) == 1
