"""Encryption at rest: keys of a passphrase, sealed texts, sealed files, a sealed stream.

Nothing here knows a database or a vault. The primitives are those of `cryptography` (AES-GCM,
AES-SIV) and argon2id (RFC 9106); this room only says which key seals what, and how a later key
takes the place of an earlier one.
"""

from tracker.sealing.content import is_sealed, open_bytes, open_text, seal_bytes, seal_text
from tracker.sealing.errors import SealBrokenError, UnknownKeyError, WrongPassphraseError
from tracker.sealing.ring import LEAST_LETTERS, KeyRing

__all__ = [
    "LEAST_LETTERS",
    "KeyRing",
    "SealBrokenError",
    "UnknownKeyError",
    "WrongPassphraseError",
    "is_sealed",
    "open_bytes",
    "open_text",
    "seal_bytes",
    "seal_text",
]
