"""Texts and files under a key of the ring, bound to the place they belong to.

A text becomes `MARK key:base64`, AES-SIV with the place's name as associated data. A random nonce
makes equal texts look different; a *steady* text is sealed without one, so that the database can
still tell equal names apart from others (a deterministic cipher, RFC 5297). A file becomes
`FILE_MARK`, key, nonce, AES-GCM. Empty texts stay empty.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from tracker.sealing.errors import SealBrokenError
from tracker.sealing.ring import NONCE_BYTES, KeyRing

MARK = "\x01smp:"
"""Begins a sealed text: with a letter that nobody types."""
FILE_MARK = b"\x01smp-file:1\n"
KEY_BYTES = 4
SIV_NONCE_BYTES = 16


def is_sealed(value: object) -> bool:
    """Whether a text or the bytes of a file are sealed."""
    if isinstance(value, bytes):
        return value.startswith(FILE_MARK)
    return isinstance(value, str) and value.startswith(MARK)


def seal_text(ring: KeyRing, place: str, text: str, *, steady: bool = False) -> str:
    """Seal a text with the ring's active key; as it is where that is off, or it is empty."""
    if ring.active is None or not text:
        return text
    nonce = b"" if steady else os.urandom(SIV_NONCE_BYTES)
    cipher = AESSIV(ring.text_key(ring.active))
    sealed = cipher.encrypt(text.encode(), [place.encode(), nonce])
    return f"{MARK}{ring.active}:{base64.b64encode(nonce + sealed).decode()}"


def open_text(ring: KeyRing, place: str, sealed: str, *, steady: bool = False) -> str:
    """The text again; one that was never sealed as it is.

    Raises
    ------
    SealBrokenError
        If it was altered or belongs to another place.
    UnknownKeyError
        If its key is not on the ring.
    """
    if not is_sealed(sealed):
        return sealed
    number, _, rest = sealed.removeprefix(MARK).partition(":")
    try:
        key = ring.text_key(int(number))
        data = base64.b64decode(rest, validate=True)
        size = 0 if steady else SIV_NONCE_BYTES
        return AESSIV(key).decrypt(data[size:], [place.encode(), data[:size]]).decode()
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError(place) from error


def seal_bytes(ring: KeyRing, place: str, data: bytes) -> bytes:
    """Seal a file with the ring's active key; as it is where that is off."""
    if ring.active is None:
        return data
    nonce = os.urandom(NONCE_BYTES)
    head = FILE_MARK + ring.active.to_bytes(KEY_BYTES, "big")
    sealed = AESGCM(ring.file_key(ring.active)).encrypt(nonce, data, head + place.encode())
    return head + nonce + sealed


def open_bytes(ring: KeyRing, place: str, data: bytes) -> bytes:
    """A file again; one that was never sealed as it is. Raises as `open_text` does."""
    if not is_sealed(data):
        return data
    head, rest = data[: len(FILE_MARK) + KEY_BYTES], data[len(FILE_MARK) + KEY_BYTES :]
    key = ring.file_key(key_of_file(data) or 0)
    try:
        return AESGCM(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + place.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError(place) from error


def key_of_file(data: bytes) -> int | None:
    """Number of the key that a file lies under; None where it lies in the clear."""
    if not is_sealed(data):
        return None
    return int.from_bytes(data[len(FILE_MARK) : len(FILE_MARK) + KEY_BYTES], "big")
