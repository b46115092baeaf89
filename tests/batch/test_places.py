"""A folder and an S3 bucket keep the same promises."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.s3 import BUCKET, s3_server
from tracker.batch.places import Entry, FolderPlace, Place, PlaceLostError, open_place, shown
from tracker.storage.errors import StoreError


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if request.param == "folder":
        return open_place(str(tmp_path / "place"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("server"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tester")
    return open_place(f"s3://{BUCKET}/{tmp_path.name}")


def test_files_come_back(place: Place) -> None:
    place.write("a/b/1.bin", b"one")
    place.write("a/b/1.bin", b"two")
    place.write("a/2.bin", b"")
    assert place.read("a/b/1.bin") == b"two"
    assert place.read("a/b/1.bin", 1) == b"t"
    assert place.create("a/3.bin", b"x")
    assert not place.create("a/3.bin", b"y")
    assert place.read("a/3.bin") == b"x"
    assert sorted(place.names("a")) == ["a/2.bin", "a/3.bin", "a/b/1.bin"]
    entries = {entry.path: entry for entry in place.entries("a")}
    assert sorted(entries) == ["a/2.bin", "a/3.bin", "a/b"]
    assert entries["a/b"].is_folder
    assert (entries["a/3.bin"].size, entries["a/3.bin"].is_folder) == (1, False)
    assert set(place.stats(["a/2.bin", "a/none", "a/b"])) == {"a/2.bin"}
    place.remove("a/3.bin")
    place.remove("a/3.bin")
    with pytest.raises(FileNotFoundError):
        place.read("a/3.bin")
    place.check(["a"])


def test_a_stamp_changes_with_the_file(place: Place) -> None:
    place.write("a.bin", b"one")
    first = place.stats(["a.bin"])["a.bin"]
    place.write("a.bin", b"two")
    assert place.stats(["a.bin"])["a.bin"].stamp != first.stamp


def test_a_folder_is_published_whole(place: Place) -> None:
    for content in ({"old.txt": b"1", "deep/x": b"2"}, {"new.txt": b"3"}):
        work = place.work_folder()
        made = work / "results"
        for name, data in content.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(data)
        place.publish(made, "client")
        assert {p: place.read(p) for p in place.names("client")} == {
            f"client/{name}": data for name, data in content.items()
        }
    file = place.work_folder() / "t.csv"
    file.write_bytes(b"table")
    place.publish_file(file, "t.csv")
    assert place.read("t.csv") == b"table"


def test_a_place_that_is_lost_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = FolderPlace(tmp_path / "gone")
    with pytest.raises(PlaceLostError, match="gone: cannot be reached any more; what was"):
        place.check()
    (tmp_path / "gone").mkdir()
    place.check()
    with pytest.raises(PlaceLostError):
        place.check(["anna", "bert"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tester")
    with pytest.raises(PlaceLostError, match="s3://nowhere/x: cannot be reached"):
        open_place("s3://nowhere/x").check()


@pytest.mark.parametrize(
    ("number", "what"), [(errno.ENOSPC, "the disk is full"), (errno.EIO, "cannot be written")]
)
def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, what: str
) -> None:
    place = FolderPlace(tmp_path)
    place.write("a.bin", b"old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PlaceLostError, match=what):
        place.write("a.bin", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert place.read("a.bin") == b"old"


def test_urls_that_are_no_place(tmp_path: Path) -> None:
    for url in ("s3://", "s3://user@bucket/x"):
        with pytest.raises(StoreError, match="AWS_"):
            open_place(url)


@pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX")
def test_pipes_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert FolderPlace(tmp_path).entries("") == [
        Entry("pipe.jpg", problem="is a device or pipe, not a file")
    ]
    assert shown("caf\udce9") == r"caf\xe9"


def test_a_new_file_on_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, *_: object) -> None:
        os.close(handle)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(PlaceLostError, match="the disk is full"):
        FolderPlace(tmp_path).create("lock", b"mine")
    assert not list(tmp_path.iterdir())
