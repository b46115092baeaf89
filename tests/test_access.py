from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from tracker.access import (
    AccessError,
    Role,
    check_password,
    is_loopback,
    read_users,
    with_user,
    write_users,
)

PASSWORD = "correct horse battery"


def test_users_are_kept_as_hashes_for_the_owner_of_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "clinic" / "users.json"
    anna = with_user({}, " Anna ", Role.OWNER, PASSWORD)
    bert = with_user({}, "bert@clinic.example", Role.VIEWER, None)
    write_users(file, {"anna": anna, "bert@clinic.example": bert})
    text = file.read_text(encoding="utf-8")
    assert PASSWORD not in text
    assert json.loads(text)["users"]["anna"]["password_hash"].startswith("$argon2id$")
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_users(file) == {"anna": anna, "bert@clinic.example": bert}


def test_name_and_password_must_both_be_right() -> None:
    users = {
        "anna": with_user({}, "anna", Role.OPERATOR, PASSWORD),
        "bert": with_user({}, "bert", Role.OWNER, None),
    }
    found = check_password(users, "Anna", PASSWORD)
    assert found is not None
    assert found.person.role is Role.OPERATOR
    assert check_password(users, "anna", PASSWORD + " ") is None
    assert check_password(users, "carla", PASSWORD) is None
    # Who signs in elsewhere has no password that could be guessed.
    assert check_password(users, "bert", "") is None


def test_a_role_is_changed_without_the_password() -> None:
    anna = with_user({}, "anna", Role.OPERATOR, PASSWORD)
    again = with_user({"anna": anna}, "anna", Role.VIEWER, None)
    assert again.role is Role.VIEWER
    assert again.password_hash == anna.password_hash


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("an na", PASSWORD, "a name has letters"),
        ("", PASSWORD, "a name has letters"),
        ("anna", "short", "needs 10 letters"),
    ],
)
def test_names_and_passwords_that_will_not_do(name: str, password: str, said: str) -> None:
    with pytest.raises(AccessError, match=said):
        with_user({}, name, Role.VIEWER, password)


@pytest.mark.parametrize("text", ["", "[]", '{"users": 3}', '{"users": {"a": {"role": "king"}}}'])
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "users.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AccessError, match=r"users\.json: is no file of users"):
        read_users(file)
    assert read_users(tmp_path / "missing.json") == {}


def test_only_the_viewer_may_not_change() -> None:
    assert [role for role in Role if not role.may_change] == [Role.VIEWER]


@pytest.mark.parametrize(
    ("address", "own"), [("127.0.0.1", True), ("[::1]", True), ("0.0.0.0", False), ("", False)]
)
def test_what_is_reached_from_this_computer_only(address: str, own: bool) -> None:
    assert is_loopback(address) is own
