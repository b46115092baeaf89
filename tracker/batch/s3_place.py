"""Photos and results in S3-compatible storage, by URL.

Who may enter is said by the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
`AWS_REGION`, `AWS_ENDPOINT_URL`) on every machine that works, never by the URL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tracker.batch.places import Entry, PlaceLostError
from tracker.storage.s3_vault import connect_bucket, split_s3_url


class S3Place:
    """A tree of objects at ``s3://bucket/prefix``."""

    def __init__(self, url: str) -> None:
        bucket, prefix = split_s3_url(url)
        self._url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._store = connect_bucket(bucket)

    @property
    def url(self) -> str:
        return self._url

    def entries(self, folder: str) -> list[Entry]:
        import obstore

        try:
            listed = obstore.list_with_delimiter(self._store, prefix=self._key(folder))
        except Exception as error:
            raise self._lost(error, "read") from error
        folders = [
            Entry(self._within(str(path)), is_folder=True) for path in listed["common_prefixes"]
        ]
        return folders + [self._entry(found) for found in listed["objects"]]

    def stats(self, paths: Iterable[str]) -> dict[str, Entry]:
        wanted = set(paths)
        return {entry.path: entry for entry in self._below("") if entry.path in wanted}

    def names(self, folder: str) -> Iterator[str]:
        yield from (entry.path for entry in self._below(folder))

    def read(self, path: str, n_bytes: int | None = None) -> bytes:
        import obstore

        key = self._key(path)
        try:
            if n_bytes is not None:
                return bytes(obstore.get_range(self._store, key, start=0, length=n_bytes))
            return bytes(obstore.get(self._store, key).bytes())
        except FileNotFoundError:
            raise
        except Exception as error:
            raise OSError(0, _first_line(error)) from error

    def write(self, path: str, data: bytes) -> None:
        import obstore

        try:
            obstore.put(self._store, self._key(path), data)
        except Exception as error:
            raise self._lost(error, "written") from error

    def create(self, path: str, data: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            obstore.put(self._store, self._key(path), data, mode="create")
        except AlreadyExistsError:
            return False
        except Exception as error:
            raise self._lost(error, "written") from error
        return True

    def remove(self, path: str) -> None:
        import obstore

        try:
            obstore.delete(self._store, self._key(path))
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._lost(error, "written") from error

    def work_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="smp-tracker-"))

    def publish(self, made: Path, folder: str) -> None:
        old = set(self.names(folder))
        new = set()
        for file in sorted(path for path in made.rglob("*") if path.is_file()):
            path = f"{folder}/{file.relative_to(made).as_posix()}"
            self.write(path, file.read_bytes())
            new.add(path)
        for path in sorted(old - new):
            self.remove(path)

    def publish_file(self, made: Path, path: str) -> None:
        import obstore

        try:
            obstore.put(self._store, self._key(path), made)
        except Exception as error:
            raise self._lost(error, "written") from error

    def check(self, witnesses: Iterable[str] = ()) -> None:
        del witnesses  # a bucket that is gone says so
        import obstore

        try:
            obstore.list_with_delimiter(self._store, prefix=self._key(".smp-batch/lock"))
        except Exception as error:
            raise self._lost(error, "reached") from error

    def _below(self, folder: str) -> Iterator[Entry]:
        import obstore

        try:
            for page in obstore.list(self._store, prefix=self._key(folder)):
                yield from (self._entry(found) for found in page)
        except Exception as error:
            raise self._lost(error, "read") from error

    def _entry(self, found: Any) -> Entry:
        stamp = str(found.get("e_tag") or found["last_modified"])
        return Entry(self._within(str(found["path"])), int(found["size"]), stamp)

    def _within(self, key: str) -> str:
        return key.removeprefix(self._prefix).rstrip("/")

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}".rstrip("/")

    def _lost(self, error: Exception, doing: str) -> PlaceLostError:
        return PlaceLostError(
            self.url,
            f"cannot be {doing} ({_first_line(error)})",
            "what was measured is kept; check the address, the keys in AWS_* variables and the "
            "network and repeat the command",
        )


def _first_line(error: Exception) -> str:
    # obstore puts its own Rust structures behind the first line.
    return next(iter(str(error).strip().splitlines()), "unknown error")[:160]
