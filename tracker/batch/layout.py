"""Whose photo is it: a folder per client, or names that follow a pattern. Only names are looked at.

Nothing below the root is ever written to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tracker.batch.found import (
    MOST_PHOTOS_PER_VIEW,
    OTHER_PICTURES,
    Failure,
    Found,
    FoundClient,
    FoundPhoto,
    Kind,
    client_failure,
    told_apart,
)
from tracker.batch.places import Entry, Place, shown
from tracker.folder import RECORD_FILES, view_in_name
from tracker.photos import PHOTO_SUFFIXES
from tracker.record_files import VIEW_WORDS, FolderError
from tracker.series import natural_key

FIELDS = {
    "client": r"[^/]+?",
    "date": r"\d{4}[-_.]?\d{2}[-_.]?\d{2}",
    "view": r"[^/]+?",
    "any": r"[^/]*?",
}
"""What may stand in a pattern, and which text it takes."""
N_WITNESSES = 5
EXPORT = "export it as JPEG or PNG"


def suffix_of(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def is_photo(name: str) -> bool:
    """Whether a file counts as a photo by its name."""
    return not name.startswith(".") and suffix_of(name) in PHOTO_SUFFIXES


def find_in_folders(root: Place, leave_out: str = "") -> Found:
    """A folder per client directly below `root`; `leave_out` is where results go.

    Raises
    ------
    FolderError
        If there is no such folder, or no client folder in it holds a photo.
    """
    top = _top(root)
    clients, failures = [], []
    seen: dict[str, str] = {}
    any_photo = False
    for entry in sorted(top, key=lambda e: (natural_key(shown(e.name)), e.name)):
        if entry.name.startswith(".") or entry.path == leave_out:
            continue
        if entry.problem:
            if is_photo(entry.name) or not suffix_of(entry.name):
                failures.append(_unopened(shown(entry.name), "", entry.problem))
            continue
        if not entry.is_folder:
            continue
        twin = seen.get(entry.stamp) if entry.stamp else None
        if twin is not None:
            failures.append(
                client_failure(
                    entry.name, f"is the same folder as {twin} (a link)", "remove the link"
                )
            )
            continue
        seen[entry.stamp] = shown(entry.name)
        try:
            inside = root.entries(entry.path)
        except OSError as error:
            reason = f"cannot be opened ({(error.strerror or 'unknown error').lower()})"
            failures.append(client_failure(entry.name, reason, "check its permissions"))
            continue
        client, troubles = _client_of(shown(entry.name), inside)
        failures += troubles
        if client.photos:
            any_photo = True
            clients.append(client)
        elif not troubles:
            failures.append(
                client_failure(
                    entry.name,
                    "holds no photos (" + " ".join(PHOTO_SUFFIXES) + ")",
                    "put the client's photos into it, or remove the folder",
                )
            )
    if not any_photo and not any(f.photo for f in failures):
        raise _no_clients(root, top)
    return assemble(clients, failures, _witnesses(top, leave_out))


def _no_clients(root: Place, top: Iterable[Entry]) -> FolderError:
    direct = any(is_photo(entry.name) for entry in top)
    return FolderError(
        root.url,
        "holds no client folders",
        "it holds photos itself: use `smp-tracker analyse`, or --pattern for many clients' photos"
        if direct
        else "put each client's photos into a folder of its own below it",
    )


def _client_of(name: str, inside: Iterable[Entry]) -> tuple[FoundClient, list[Failure]]:
    photos, records, failures = [], [], []
    for entry in inside:
        called = shown(entry.name)
        if entry.is_folder or entry.name.startswith("."):
            continue
        if entry.name in RECORD_FILES and not entry.problem:
            records.append((entry.path, entry.size, entry.stamp))
        elif entry.problem and is_photo(entry.name):
            failures.append(_unopened(name, called, entry.problem))
        elif is_photo(entry.name):
            photos.append(
                FoundPhoto(entry.path, called, view_in_name(called), entry.size, entry.stamp)
            )
        elif suffix_of(entry.name) in OTHER_PICTURES:
            failures.append(_other_picture(name, called))
    return FoundClient(name, tuple(photos), tuple(sorted(records))), failures


def _unopened(client: str, photo: str, problem: str) -> Failure:
    return Failure(
        client,
        photo,
        "",
        Kind.UNREADABLE if photo else Kind.CLIENT,
        f"cannot be opened ({problem})",
        "check where the link leads, its permissions and the disk",
    )


def _other_picture(client: str, photo: str) -> Failure:
    reason = "is a picture, but its ending is none of " + " ".join(PHOTO_SUFFIXES)
    return Failure(client, photo, "", Kind.UNREADABLE, reason, EXPORT)


@dataclass(frozen=True)
class Pattern:
    """How names tell client, date and view: ``{client}_{date}_{view}``, folders with ``/``."""

    text: str

    def __post_init__(self) -> None:
        """Check the fields."""
        fields = re.findall(r"\{([^{}]*)\}", self.text)
        rest = re.sub(r"\{[^{}]*\}", "", self.text)
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        example = f"--pattern is `{self.text}`"
        if "{" in rest or "}" in rest or any(name not in FIELDS for name in fields):
            raise FolderError(example, "holds an unknown field", f"use {known}")
        if fields.count("client") != 1 or any(fields.count(n) > 1 for n in ("date", "view")):
            raise FolderError(
                example, "must hold {client} once, {date} and {view} at most once", f"use {known}"
            )

    @property
    def depth(self) -> int:
        """Folders above the file name."""
        return self.text.count("/")

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.text)
        text = ""
        for number, part in enumerate(parts):
            if number % 2 == 0:
                text += re.escape(part)
            elif part == "any":
                text += FIELDS[part]
            else:
                text += f"(?P<{part}>{FIELDS[part]})"
        return re.compile(text)

    def read(self, path: str) -> tuple[str, date | None, str] | None:
        """Client, day and view in a path (without its ending); None where it does not fit."""
        found = self._compiled.fullmatch(path[: path.rfind(".")])
        if found is None:
            return None
        fields = found.groupdict()
        day = None
        if fields.get("date") is not None:
            try:
                day = date.fromisoformat(re.sub(r"[-_.]", "", fields["date"]))
            except ValueError:
                return None
        word = (fields.get("view") or "").strip().lower()
        return fields["client"].strip(), day, VIEW_WORDS.get(word, word)


def find_by_pattern(root: Place, pattern: Pattern, leave_out: str = "") -> Found:
    """Photos whose names tell whose they are; record files lie in ``ROOT/CLIENT/``.

    Raises
    ------
    FolderError
        If there is no such folder, or no name in it follows the pattern.
    """
    top = _top(root)
    photos: dict[str, list[FoundPhoto]] = {}
    records: dict[str, list[tuple[str, int, str]]] = {}
    failures = []
    for entry in _walk(root, top, pattern.depth, leave_out, {""}):
        called = shown(entry.path)
        if entry.name in RECORD_FILES and entry.path.count("/") == 1:
            client = called.split("/")[0]
            records.setdefault(client, []).append((entry.path, entry.size, entry.stamp))
            continue
        if entry.problem and (is_photo(entry.name) or not suffix_of(entry.name)):
            failures.append(_unopened("", called, entry.problem))
        elif suffix_of(entry.name) in OTHER_PICTURES:
            failures.append(_other_picture("", called))
        elif is_photo(entry.name):
            read = pattern.read(called)
            if read is None:
                failures.append(
                    Failure(
                        "",
                        called,
                        "",
                        Kind.LAYOUT,
                        f"its name does not follow {pattern.text}",
                        "rename it, or give another --pattern",
                    )
                )
                continue
            client, day, view = read
            view = view if "{view}" in pattern.text else view_in_name(called)
            photos.setdefault(client, []).append(
                FoundPhoto(entry.path, called.replace("/", "_"), view, entry.size, entry.stamp, day)
            )
    if not photos:
        example = next((f.photo for f in failures if f.kind is Kind.LAYOUT), "")
        raise FolderError(
            root.url,
            f"no photo's name follows {pattern.text}" + (f", such as {example}" if example else ""),
            "give another --pattern",
        )
    clients = [
        FoundClient(name, tuple(some), tuple(sorted(records.get(name, ()))))
        for name, some in photos.items()
    ]
    return assemble(clients, failures, _witnesses(top, leave_out))


def _walk(
    root: Place, entries: Iterable[Entry], depth: int, leave_out: str, above: set[str]
) -> Iterator[Entry]:
    """Files down to `depth` folders, and record files one folder down.

    A link into a folder above itself is not followed.
    """
    for entry in entries:
        if entry.name.startswith(".") or entry.path == leave_out:
            continue
        if not entry.is_folder:
            level = entry.path.count("/")
            if level == depth or (entry.name in RECORD_FILES and level == 1):
                yield entry
            continue
        if entry.path.count("/") >= max(depth, 1) or (entry.stamp and entry.stamp in above):
            continue
        try:
            inside = root.entries(entry.path)
        except OSError as error:
            yield Entry(entry.path, problem=(error.strerror or "unknown error").lower())
            continue
        yield from _walk(root, inside, depth, leave_out, above | {entry.stamp})


def _top(root: Place) -> list[Entry]:
    try:
        return root.entries("")
    except FileNotFoundError:
        raise FolderError(root.url, "there is no such folder", "check the name") from None
    except NotADirectoryError:
        raise FolderError(
            root.url, "is a file, not a folder", "name the folder that holds it"
        ) from None
    except OSError as error:
        raise FolderError(root.url, "cannot be opened", "check its permissions") from error


def _witnesses(top: Iterable[Entry], leave_out: str) -> tuple[str, ...]:
    names = [e.path for e in top if e.path != leave_out and not e.name.startswith(".")]
    step = max(1, len(names) // N_WITNESSES)
    return tuple(names[::step][:N_WITNESSES])


def assemble(
    clients: Iterable[FoundClient], failures: list[Failure], witnesses: tuple[str, ...]
) -> Found:
    """Clients in natural order, each checked; whatever layout they come from."""
    ordered = []
    for client in sorted(clients, key=lambda c: (natural_key(c.name), c.name)):
        kept, troubles = _checked_photos(client)
        failures += troubles
        if kept.photos:
            ordered.append(kept)
    apart, troubles = told_apart(ordered)
    failures += troubles
    failures.sort(key=lambda f: (natural_key(f.client), f.client, natural_key(f.photo), f.photo))
    return Found(tuple(apart), tuple(failures), witnesses)


def _checked_photos(client: FoundClient) -> tuple[FoundClient, list[Failure]]:
    """Photos in natural order, each name once, no view with more than can be measured."""
    photos = sorted(client.photos, key=lambda p: (natural_key(p.name), p.name, p.path))
    failures = []
    kept: dict[str, FoundPhoto] = {}
    for photo in photos:
        if photo.name in kept:
            failures.append(
                Failure(
                    client.name,
                    photo.name,
                    photo.view,
                    Kind.LAYOUT,
                    f"two photos of the client get this name ({shown(photo.path)})",
                    "rename one of them",
                )
            )
        else:
            kept[photo.name] = photo
    whole = FoundClient(
        client.name, tuple(kept.values()), client.records, client.mm_per_px, client.marker_mm
    )
    for view, some in whole.views().items():
        if len(some) > MOST_PHOTOS_PER_VIEW:
            failures.append(
                Failure(
                    client.name,
                    "",
                    view,
                    Kind.CLIENT,
                    f"holds {len(some)} photos of one view; at most {MOST_PHOTOS_PER_VIEW} are "
                    "measured together",
                    "give --pattern or --manifest where many clients share a folder",
                )
            )
            whole = FoundClient(
                whole.name,
                tuple(p for p in whole.photos if p.view != view),
                whole.records,
                whole.mm_per_px,
                whole.marker_mm,
            )
    return whole, failures
