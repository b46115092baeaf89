"""Who may use a clinic's dashboard: a file of users with roles, passwords as argon2 hashes.

The file is JSON, readable by its owner alone. A user without a password signs in through the
clinic's own identity provider (OpenID Connect) and is found by e-mail address.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

LEAST_PASSWORD = 10
"""Letters of a password: length is what makes one hard to guess."""
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Role(StrEnum):
    """What a person may do, from most to least."""

    OWNER = "owner"
    """Everything, erasing clients included."""
    OPERATOR = "operator"
    """All that belongs to the treatment: clients, sessions, photos, measuring."""
    VIEWER = "viewer"
    """Looks and takes reports away; changes nothing."""

    @property
    def may_change(self) -> bool:
        return self is not Role.VIEWER


@dataclass(frozen=True)
class Person:
    """Who works in a browser session; the audit carries the name."""

    name: str
    role: Role


@dataclass(frozen=True)
class User:
    """An entry of the file of users."""

    name: str
    role: Role
    password_hash: str = ""
    """argon2id; empty for a user who signs in elsewhere."""

    @property
    def person(self) -> Person:
        return Person(self.name, self.role)


class AccessError(Exception):
    """A file of users, or an entry of it, that cannot be used; the text is one line."""


def is_loopback(address: str) -> bool:
    """Whether a server at this address is reached from its own computer only."""
    return address.strip().strip("[]").lower() in LOOPBACK


def read_users(path: Path) -> Mapping[str, User]:
    """Users by name; none where there is no file; raises `AccessError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = {
            name: User(name, Role(entry["role"]), str(entry.get("password_hash", "")))
            for name, entry in content["users"].items()
        }
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise AccessError(f"{path}: cannot be read; check its permissions") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AccessError(
            f"{path}: is no file of users; make it with `smp-tracker user add`"
        ) from error
    return found


def with_user(users: Mapping[str, User], name: str, role: Role, password: str | None) -> User:
    """A new entry, or a changed one; raises `AccessError` for a name or password that will not do."""
    plain = name.strip().lower()
    if not NAME_PATTERN.fullmatch(plain):
        raise AccessError(
            f"user `{name}`: a name has letters, digits and . _ @ + -; an e-mail address will do"
        )
    before = users.get(plain, User(plain, role))
    if password is None:
        return replace(before, role=role)
    if len(password) < LEAST_PASSWORD:
        raise AccessError(f"user {plain}: the password needs {LEAST_PASSWORD} letters or more")
    return User(plain, role, hash_password(password))


def write_users(path: Path, users: Mapping[str, User]) -> None:
    """Replace the file in one step; only its owner may read it."""
    content = {
        "users": {
            user.name: {"role": user.role.value, "password_hash": user.password_hash}
            for user in sorted(users.values(), key=lambda user: user.name)
        }
    }
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        Path(part).replace(path)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise AccessError(f"{path}: cannot be written ({reason}); name another file") from error


def hash_password(password: str) -> str:
    """argon2id with the library's own parameters."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def check_password(users: Mapping[str, User], name: str, password: str) -> User | None:
    """The user whose name and password these are.

    An unknown name takes as long as a wrong password: nobody learns who has an account.
    """
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    user = users.get(name.strip().lower())
    known = user is not None and bool(user.password_hash)
    stored = user.password_hash if user is not None and known else _nobodys_hash()
    try:
        PasswordHasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return None
    return user if known else None


_NOBODY: list[str] = []


def _nobodys_hash() -> str:
    if not _NOBODY:
        _NOBODY.append(hash_password(os.urandom(16).hex()))
    return _NOBODY[0]
