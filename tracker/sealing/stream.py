"""A file of any size, sealed in pieces: written once from front to back, read at any place.

Each piece is AES-GCM under a key of this file alone, its number and whether it is the last one in
the nonce (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizar, 2015): pieces that
are cut off, left out or put elsewhere are noticed.
"""

from __future__ import annotations

import io
import json
import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tracker.sealing.errors import SealBrokenError, WrongPassphraseError
from tracker.sealing.ring import FILE_KEY_BYTES, Passphrase

STREAM_MARK = b"\x01smp-stream:1\n"
PIECE_BYTES = 1 << 20
TAG_BYTES = 16
LONGEST_HEAD_BYTES = 4096
LABEL = "stream"


class SealedWriter(io.RawIOBase):
    """Write-only file over `target`; what is written is sealed under `passphrase`.

    `close` seals the last piece; a file without it is broken. `target` stays open.
    """

    def __init__(self, target: BinaryIO, passphrase: Passphrase) -> None:
        super().__init__()
        key = os.urandom(FILE_KEY_BYTES)
        facts = {**passphrase.facts, "key": passphrase.wrap(key, LABEL)}
        target.write(STREAM_MARK + json.dumps(facts, sort_keys=True).encode() + b"\n")
        self._target, self._cipher = target, AESGCM(key)
        self._waiting, self._number = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._waiting += data
        # One piece more must follow before a piece is known not to be the last.
        while len(self._waiting) > PIECE_BYTES:
            self._seal(bytes(self._waiting[:PIECE_BYTES]), last=False)
            del self._waiting[:PIECE_BYTES]
        return len(data)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), piece, None))
        self._number += 1

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._waiting), last=True)
            self._waiting.clear()
        super().close()


class SealedReader(io.RawIOBase):
    """Read-only file over a sealed one; can be sought in, holds one piece in memory.

    Raises
    ------
    WrongPassphraseError
        At once, if the passphrase is another one.
    SealBrokenError
        At once if the head cannot be read, later where a piece was altered or is missing.
    """

    def __init__(self, source: BinaryIO, words: str) -> None:
        super().__init__()
        facts, head_bytes = _head(source)
        passphrase = Passphrase.again(words, facts)
        try:
            self._cipher = AESGCM(passphrase.unwrap(str(facts.get("key", "")), LABEL))
        except ValueError as error:
            raise WrongPassphraseError from error
        size = source.seek(0, os.SEEK_END) - head_bytes
        sealed_piece = PIECE_BYTES + TAG_BYTES
        self._last = max(0, -(-size // sealed_piece) - 1)
        self._size = size - (self._last + 1) * TAG_BYTES
        if self._size < 0:
            raise SealBrokenError("the last piece")
        self._source, self._head_bytes, self._at = source, head_bytes, 0
        self._kept: tuple[int, bytes] = (-1, b"")
        self._piece(self._last)  # a file that was cut is told before anything is read of it

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        number, start = divmod(self._at, PIECE_BYTES)
        if self._at >= self._size or not len(buffer):
            return 0
        some = self._piece(number)[start : start + len(buffer)]
        buffer[: len(some)] = some
        self._at += len(some)
        return len(some)

    def _piece(self, number: int) -> bytes:
        if self._kept[0] != number:
            self._source.seek(self._head_bytes + number * (PIECE_BYTES + TAG_BYTES))
            sealed = self._source.read(PIECE_BYTES + TAG_BYTES)
            nonce = _nonce(number, last=number == self._last)
            try:
                self._kept = (number, self._cipher.decrypt(nonce, sealed, None))
            except (InvalidTag, ValueError) as error:
                raise SealBrokenError(f"piece {number}") from error
        return self._kept[1]


def is_sealed_stream(source: BinaryIO) -> bool:
    """Whether a file begins as a sealed one; leaves it at its beginning."""
    source.seek(0)
    found = source.read(len(STREAM_MARK)) == STREAM_MARK
    source.seek(0)
    return found


def _head(source: BinaryIO) -> tuple[dict[str, object], int]:
    source.seek(0)
    head = source.read(len(STREAM_MARK) + LONGEST_HEAD_BYTES)
    line, end, _ = head.removeprefix(STREAM_MARK).partition(b"\n")
    try:
        facts = json.loads(line)
    except ValueError as error:
        raise SealBrokenError("the head") from error
    if not (head.startswith(STREAM_MARK) and end and isinstance(facts, dict)):
        raise SealBrokenError("the head")
    return facts, len(STREAM_MARK) + len(line) + 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
