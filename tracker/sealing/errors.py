"""What can go wrong with a seal."""

from __future__ import annotations


class WrongPassphraseError(Exception):
    """The passphrase is not the one that the keys were kept under."""


class SealBrokenError(Exception):
    """Something sealed has been altered, cut, or moved to another place."""


class UnknownKeyError(Exception):
    """Something was sealed with a key that is not at hand."""
