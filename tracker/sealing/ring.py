"""The keys of a store: random ones seal the content, one of the passphrase keeps those.

So a new passphrase changes no content, and a new content key needs no new passphrase. Each sealed
thing names its key by number: while content moves from one key to the next, both open.
"""

from __future__ import annotations

import base64
import json
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TypedDict

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tracker.sealing.errors import SealBrokenError, UnknownKeyError, WrongPassphraseError

FORMAT = "smp-tracker/keys/1"
LEAST_LETTERS = 12
"""Of a passphrase; argon2id makes guessing slow, length makes it hopeless."""
NONCE_BYTES = 12
SALT_BYTES = 16
TEXT_KEY_BYTES, FILE_KEY_BYTES = 64, 32
"""AES-256-SIV takes two keys in one."""


@dataclass(frozen=True)
class Stretching:
    """How a passphrase becomes a key: argon2id, by default RFC 9106's second recommended choice."""

    memory_kib: int = 65536
    passes: int = 3
    lanes: int = 4


STRETCHING = Stretching()


@dataclass(frozen=True)
class Passphrase:
    """The key that a passphrase gives, with what is needed to get to it again."""

    salt: bytes
    how: Stretching
    key: bytes = field(repr=False)

    @classmethod
    def new(cls, words: str) -> Passphrase:
        """A key with a fresh salt."""
        salt = os.urandom(SALT_BYTES)
        return cls(salt, STRETCHING, stretched(words, salt, STRETCHING))

    @classmethod
    def again(cls, words: str, facts: Mapping[str, object]) -> Passphrase:
        """The key of a passphrase as `facts` says it was made; raises `SealBrokenError`."""
        try:
            salt = base64.b64decode(str(facts["salt"]), validate=True)
            how = Stretching(*(int(str(facts[name])) for name in ("memory_kib", "passes", "lanes")))
            # A forged header must not ask for all memory and a year of time.
            if how.memory_kib > 4 * 1024**2 or how.passes > 100 or not 1 <= how.lanes <= 64:
                raise ValueError("out of bounds")
            return cls(salt, how, stretched(words, salt, how))
        except (KeyError, ValueError, TypeError) as error:
            raise SealBrokenError("the facts of the passphrase") from error

    @property
    def facts(self) -> dict[str, object]:
        return {"kdf": "argon2id", "salt": _text(self.salt), **asdict(self.how)}

    def wrap(self, secret: bytes, label: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        return _text(nonce + AESGCM(self.key).encrypt(nonce, secret, label.encode()))

    def unwrap(self, wrapped: str, label: str) -> bytes:
        """Raises `WrongPassphraseError`; what was altered cannot be told from that."""
        try:
            data = base64.b64decode(wrapped, validate=True)
            nonce, rest = data[:NONCE_BYTES], data[NONCE_BYTES:]
            return AESGCM(self.key).decrypt(nonce, rest, label.encode())
        except (InvalidTag, ValueError) as error:
            raise WrongPassphraseError from error


@lru_cache(maxsize=8)
def stretched(words: str, salt: bytes, how: Stretching) -> bytes:
    """Key of a passphrase (argon2id). Equal words typed on other keyboards give the same key."""
    return hash_secret_raw(
        unicodedata.normalize("NFC", words).encode(),
        salt,
        time_cost=how.passes,
        memory_cost=how.memory_kib,
        parallelism=how.lanes,
        hash_len=FILE_KEY_BYTES,
        type=Type.ID,
    )


@dataclass(frozen=True)
class KeyRing:
    """All keys that open a store's content.

    Attributes
    ----------
    active : int or None
        The key that seals what is written now; None where new content is kept in the clear,
        because encryption is being turned off.
    moving : bool
        Whether some files may still lie under an earlier key or in the clear.
    header : str
        What the store keeps: everything but the passphrase. Says nothing without it.
    """

    active: int | None
    moving: bool
    header: str
    passphrase: Passphrase = field(repr=False)
    keys: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def new(cls, words: str) -> KeyRing:
        """A ring with one fresh key."""
        keys = {1: _fresh()}
        return _ring(1, True, Passphrase.new(words), keys)

    @classmethod
    def opened(cls, header: str, words: str) -> KeyRing:
        """The ring of a header.

        Raises
        ------
        WrongPassphraseError
            If the passphrase is another one.
        SealBrokenError
            If the header cannot be read.
        """
        facts = read_header(header)
        passphrase = Passphrase.again(words, facts["passphrase"])
        keys = {int(n): passphrase.unwrap(k, f"key {n}") for n, k in facts["keys"].items()}
        return cls(facts["active"], facts["moving"], header, passphrase, keys)

    def text_key(self, number: int) -> bytes:
        return self._key(number)[:TEXT_KEY_BYTES]

    def file_key(self, number: int) -> bytes:
        return self._key(number)[TEXT_KEY_BYTES:]

    def _key(self, number: int) -> bytes:
        try:
            return self.keys[number]
        except KeyError as error:
            raise UnknownKeyError(f"key {number}") from error

    def with_fresh_key(self) -> KeyRing:
        """The ring in which a new key seals, and the earlier ones open."""
        number = max(self.keys) + 1
        return _ring(number, True, self.passphrase, {**self.keys, number: _fresh()})

    def with_passphrase(self, words: str) -> KeyRing:
        """The same keys under another passphrase."""
        return _ring(self.active, self.moving, Passphrase.new(words), self.keys)

    def turned_off(self) -> KeyRing:
        """The ring in which keys open and nothing is sealed."""
        return _ring(None, True, self.passphrase, self.keys)

    def settled(self) -> KeyRing:
        """The ring after all content has come under the active key: that one alone."""
        if self.active is None:
            raise ValueError("a ring that is turned off ends, it does not settle")
        return _ring(self.active, False, self.passphrase, {self.active: self.keys[self.active]})


class Header(TypedDict):
    """What a store keeps of its keys."""

    format: str
    active: int | None
    moving: bool
    passphrase: dict[str, object]
    keys: dict[str, str]


def read_header(header: str) -> Header:
    """What a header says without the passphrase; raises `SealBrokenError`."""
    try:
        facts: Header = json.loads(header)
        whole = (
            facts["format"] == FORMAT
            and isinstance(facts["moving"], bool)
            and isinstance(facts["passphrase"], dict)
            and (facts["active"] is None or str(facts["active"]) in facts["keys"])
            and all(number.isdecimal() for number in facts["keys"])
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SealBrokenError("the header of the keys") from error
    if not whole:
        raise SealBrokenError("the header of the keys")
    return facts


def _ring(
    active: int | None, moving: bool, passphrase: Passphrase, keys: Mapping[int, bytes]
) -> KeyRing:
    header: Header = {
        "format": FORMAT,
        "active": active,
        "moving": moving,
        "passphrase": passphrase.facts,
        "keys": {str(n): passphrase.wrap(key, f"key {n}") for n, key in keys.items()},
    }
    return KeyRing(active, moving, json.dumps(header, sort_keys=True), passphrase, dict(keys))


def _fresh() -> bytes:
    return os.urandom(TEXT_KEY_BYTES + FILE_KEY_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
