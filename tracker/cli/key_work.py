"""The work of the commands `key ...`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tracker.cli.record_work import opened
from tracker.cli.terminal import DONE, Terminal, UnusableError
from tracker.series import Progress
from tracker.storage import encrypting
from tracker.storage.encrypting import Sealed, sealed_state
from tracker.storage.store import Store
from tracker.storage.unlocking import passphrase_in

LOST = "Keep the passphrase in two places: without it nobody can read the records again."


def status(store: str | None, vault: str | None, terminal: Terminal) -> int:
    """Say how the store stands."""
    with opened(store, vault) as kept:
        return _say(sealed_state(kept), terminal)


def encrypt(store: str | None, vault: str | None, file: Path | None, terminal: Terminal) -> int:
    """Turn encryption on."""
    with opened(store, vault) as kept:
        words = _new_words(file)
        status = _with_progress(
            kept, partial(encrypting.encrypt, kept, words), "encrypting", terminal
        )
        terminal.remark(LOST)
        return status


def change(store: str | None, vault: str | None, file: Path | None, terminal: Terminal) -> int:
    """Take another passphrase."""
    with opened(store, vault) as kept:
        encrypting.change_passphrase(kept, _new_words(file))
        terminal.remark(LOST + " Backups made before still open with the earlier one.")
        terminal.result("the passphrase was changed", asdict(sealed_state(kept)))
        return DONE


def rotate(store: str | None, vault: str | None, terminal: Terminal) -> int:
    """Bring everything under a fresh key."""
    return _moved(store, vault, encrypting.rotate, "encrypting anew", terminal)


def finish(store: str | None, vault: str | None, terminal: Terminal) -> int:
    """Go on with what was interrupted."""
    return _moved(store, vault, encrypting.finish, "moving files", terminal)


def decrypt(store: str | None, vault: str | None, terminal: Terminal) -> int:
    """Turn encryption off."""
    return _moved(store, vault, encrypting.decrypt, "decrypting", terminal)


def _moved(
    store: str | None,
    vault: str | None,
    work: Callable[[Store, Progress], Sealed],
    title: str,
    terminal: Terminal,
) -> int:
    with opened(store, vault) as kept:
        return _with_progress(kept, partial(work, kept), title, terminal)


def _with_progress(
    store: Store, work: Callable[[Progress], Sealed], title: str, terminal: Terminal
) -> int:
    try:
        with terminal.progress(title) as tell:
            done = work(tell)
    except KeyboardInterrupt:
        if sealed_state(store).moving:
            terminal.failure("stopped; nothing is lost, `smp-tracker key finish` goes on with it")
        raise
    return _say(done, terminal)


def _say(state: Sealed, terminal: Terminal) -> int:
    if state.moving:
        words = "a change was interrupted; `smp-tracker key finish` goes on with it"
    elif state.key is None:
        words = "not encrypted: records and photos lie in the clear"
    else:
        words = f"encrypted with key {state.key}"
    if state.traces:
        terminal.failure(
            "another program has the records open: what stood there before may stay in freed pages "
            "of the database until it closes; then run `smp-tracker key finish`"
        )
    moved = f"; {state.n_files} files were written anew" if state.n_files else ""
    terminal.result(words + moved, asdict(state))
    return DONE


def _new_words(file: Path | None) -> str:
    """A new passphrase: from a file, or typed twice; raises `UnusableError`."""
    if file is not None:
        return passphrase_in(file)
    if not sys.stdin.isatty():
        raise UnusableError("the new passphrase is not known; name its file with --new-file")
    words = getpass.getpass("new passphrase: ")
    if getpass.getpass("once more: ") != words:
        raise UnusableError("the two passphrases differ; nothing was changed")
    return words
