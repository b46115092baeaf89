"""The commands `user ...`: who may sign in to a clinic's dashboard."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from tracker.access import AccessError, Role, read_users, with_user, write_users
from tracker.cli.options import Json
from tracker.cli.terminal import DONE, Terminal, UnusableError

user_app = typer.Typer(help="Who may sign in to the dashboard.", rich_markup_mode=None)

UsersFile = Annotated[
    Path | None,
    typer.Option(
        "--users",
        envvar="SMP_TRACKER_USERS",
        show_envvar=False,
        help="File of users; a private one by default.",
    ),
]
Name = Annotated[str, typer.Argument(help="Name to sign in with, or an e-mail address.")]


@user_app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="owner, operator or viewer.")] = Role.OPERATOR,
    no_password: Annotated[
        bool,
        typer.Option("--no-password", help="Signs in at the clinic's identity provider only."),
    ] = False,
    users: UsersFile = None,
    as_json: Json = False,
) -> int:
    """Add a user, or change role and password; the password is asked for, or read from a pipe."""
    file = _file(users)
    try:
        known = dict(read_users(file))
        user = with_user(known, name, role, None if no_password else _password())
        write_users(file, known | {user.name: user})
    except AccessError as error:
        raise UnusableError(str(error)) from error
    Terminal(as_json).result(
        f"{user.name} may sign in as {user.role.value}", {"name": user.name, "role": user.role}
    )
    return DONE


@user_app.command(name="list")
def list_(users: UsersFile = None, as_json: Json = False) -> int:
    """List who may sign in."""
    from tracker.cli.listing import listed

    try:
        known = read_users(_file(users))
    except AccessError as error:
        raise UnusableError(str(error)) from error
    rows = [
        (user.name, user.role.value, "password" if user.password_hash else "identity provider")
        for user in known.values()
    ]
    content = [{"name": name, "role": role, "signs_in_by": by} for name, role, by in rows]
    Terminal(as_json).result(
        listed(("user", "role", "signs in by"), rows, empty="nobody yet"), {"users": content}
    )
    return DONE


@user_app.command()
def remove(name: Name, users: UsersFile = None, as_json: Json = False) -> int:
    """Take a user's access away, at once."""
    file = _file(users)
    try:
        known = dict(read_users(file))
        if known.pop(name.strip().lower(), None) is None:
            raise UnusableError(f"user {name}: is not there; see `smp-tracker user list`")
        write_users(file, known)
    except AccessError as error:
        raise UnusableError(str(error)) from error
    Terminal(as_json).result(f"{name} may no longer sign in", {"name": name})
    return DONE


def _file(users: Path | None) -> Path:
    from tracker.cli.serving import default_users

    return users or default_users()


def _password() -> str:
    """Asked for twice at a terminal, never on the command line, where others could read it."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise UnusableError("the two passwords differ; nothing was changed")
    return first
