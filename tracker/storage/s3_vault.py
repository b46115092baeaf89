"""The vault in S3-compatible storage.

Who may enter is said by the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
`AWS_REGION`, `AWS_ENDPOINT_URL`), never by the URL: a store remembers the URL of its vault.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tracker.storage.errors import StoreError
from tracker.storage.vault import NAME_PATTERN, LostError, Shelf, key_of

if TYPE_CHECKING:  # an extra: loaded where a vault lies in S3
    from obstore.store import S3Store

LIMIT_S = 30.0
"""For one request and its whole answer; a photo of 20 MB passes where 6 Mbit/s do. What was refused at
once is asked again while it lasts, so that nothing takes longer than twice this."""


def split_s3_url(url: str) -> tuple[str, str]:
    """Bucket and prefix of ``s3://bucket/prefix``.

    Raises
    ------
    StoreError
        If there is no bucket, or a key stands in the address.
    """
    bucket, _, prefix = url.removeprefix("s3://").strip("/").partition("/")
    if not bucket or "@" in bucket:
        raise StoreError(
            "s3://...",
            "is no place in S3",
            "write s3://bucket/prefix; keys and endpoint go into AWS_* variables",
        )
    return bucket, prefix


class S3Vault:
    """A vault at ``s3://bucket/prefix``; an object appears there whole or not at all."""

    def __init__(self, url: str) -> None:
        bucket, prefix = split_s3_url(url)
        self._url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._store = connect_bucket(bucket)

    @property
    def place(self) -> str:
        return self._url

    def put(self, shelf: Shelf, name: str, data: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        key = self._key(shelf, name)
        try:
            # Refused by the server itself where the name is there: two rooms cannot race.
            obstore.put(self._store, key, data, mode="create")
        except AlreadyExistsError:
            return False
        except Exception as error:
            raise self._failure(error, "written to") from error
        return True

    def replace(self, shelf: Shelf, name: str, data: bytes) -> None:
        import obstore

        try:
            obstore.put(self._store, self._key(shelf, name), data, mode="overwrite")
        except Exception as error:
            raise self._failure(error, "written to") from error

    def get(self, shelf: Shelf, name: str) -> bytes:
        import obstore

        key = self._key(shelf, name)
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except FileNotFoundError as error:
            raise LostError(self.place, shelf, name) from error
        except Exception as error:
            raise self._failure(error, "read") from error

    def holds(self, shelf: Shelf, name: str) -> bool:
        import obstore

        key = self._key(shelf, name)
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        except Exception as error:
            raise self._failure(error, "read") from error
        return True

    def remove(self, shelf: Shelf, name: str) -> None:
        import obstore

        key = self._key(shelf, name)
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._failure(error, "written to") from error

    def names(self, shelf: Shelf) -> Iterator[str]:
        import obstore

        try:
            for page in obstore.list(self._store, prefix=f"{self._prefix}{shelf.value}"):
                for entry in page:
                    name = str(entry["path"]).rsplit("/", 1)[-1]
                    if NAME_PATTERN.fullmatch(name):
                        yield name
        except Exception as error:
            raise self._failure(error, "read") from error

    def _key(self, shelf: Shelf, name: str) -> str:
        return self._prefix + key_of(shelf, name)

    def _failure(self, error: Exception, doing: str) -> StoreError:
        if "TimedOut" in str(error) or "timed out" in str(error):
            return StoreError(
                self.place,
                f"answers too slowly (no whole answer within {LIMIT_S:g} s)",
                "check the network and try again; nothing was changed in the records",
            )
        # obstore puts its own Rust structures behind the first line.
        reason = next(iter(str(error).strip().splitlines()), "unknown error")[:160]
        return StoreError(
            self.place,
            f"cannot be {doing} ({reason})",
            "check the address, the keys in AWS_* variables and the network; nothing was changed",
        )


def connect_bucket(bucket: str) -> S3Store:
    """Client of a bucket; raises `StoreError` where the extra is not installed."""
    try:
        from obstore.store import S3Store
    except ModuleNotFoundError as error:
        raise StoreError(
            f"s3://{bucket}",
            "needs the client for S3",
            "install the extra: pip install 'smp-tracker[s3]'",
        ) from error
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    options: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    return S3Store(
        bucket,
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        client_options={
            "timeout": timedelta(seconds=LIMIT_S),
            # Storage in the clinic's own network may do without TLS; whoever names it decides.
            "allow_http": bool(endpoint and endpoint.startswith("http://")),
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=LIMIT_S)},
        **options,
    )
