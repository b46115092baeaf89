"""A short run of what `benchmarks/fuzz.py` does for long, the same inputs each time, and what it found."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hardening.fuzz_targets import OWN_ERRORS, TARGETS, check
from tracker.correction_file import read_corrections
from tracker.photos import PhotoError
from tracker.record_files import (
    LARGEST_BYTES,
    MOST_SESSIONS,
    FolderError,
    read_plan,
    read_sessions,
    read_zones,
)

BOUNDED = timedelta(seconds=20)
"""An input of at most some 100 kB takes milliseconds; a hang or a squared time ends here."""
PINNED = {
    "old line ends": ("sessions", b"date,method\r2026-03-01,picosecond\r"),
    "an open quote before 200 kB": ("sessions", b'date\n"' + b"x" * 200_000),
    "zeros": ("sessions", b"date\n\0\0\x30026-03-01;picosecond"),
    "steers the terminal": ("sessions", b"date\n\x1b[2J2026-03-01\n"),
    "a word of 60 kB": ("client", b'goal = "' + b"x" * 60_000 + b'"'),
    "a number of 400 digits": ("client", b"price = 1" + b"0" * 400),
    "a number of 5 000 digits": ("client", b"price = 1" + b"0" * 5_000),
    "lists in lists in TOML": ("client", b"a = " + b"[" * 20_000),
    "no character": ("client", b'name = "A\\u0000"'),
    "digits of a place": (
        "zones",
        b'[{"name": "a", "vertices_px": [[1' + b"0" * 400 + b", 1], [2, 2], [3, 1]]}]",
    ),
    "digits of any number": ("zones", b"[1" + b"0" * 5_000 + b"]"),
    "lists in lists in JSON": ("zones", b"[" * 60_000),
    "half a sign": (
        "zones",
        b'[{"name": "\\ud800", "vertices_px": [[1, 1], [2, 2], [3, 1]]}]',
    ),
    "digits of a marked place": (
        "corrections",
        b'[{"kind": "add", "photo": "a.jpg", "points_px": [[1' + b"0" * 400 + b", 1]]}]",
    ),
    "half a sign in a photo's name": (
        "corrections",
        b'[{"kind": "add", "photo": "\\udc00.jpg", "points_px": [[1, 1]]}]',
    ),
}
"""Each ended in a traceback, an unreadable message or a text that no store keeps."""


@pytest.mark.parametrize(("target", "data"), PINNED.values(), ids=PINNED.keys())
def test_what_was_found_stays_mended(target: str, data: bytes) -> None:
    check(target, data)


def test_sound_files_give_values() -> None:
    for name, target in TARGETS.items():
        values = [check(name, data) for data in target.seeds()]
        assert sum(values) >= 2, name


def test_sessions_with_old_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "sessions.csv"
    file.write_bytes(PINNED["old line ends"][1])
    ((session,), notes) = read_sessions(file)
    assert (session.date.isoformat(), session.method, notes) == ("2026-03-01", "picosecond", [])


def test_a_refusal_says_what_is_wrong(tmp_path: Path) -> None:
    sessions, plan = tmp_path / "sessions.csv", tmp_path / "client.toml"
    zones, corrections = tmp_path / "zones.json", tmp_path / "corrections.json"
    sessions.write_text("date\n2026-03-01\n", encoding="utf-16")
    with pytest.raises(FolderError, match=r"^sessions.csv: is no plain text; save it as text in U"):
        read_sessions(sessions)
    days = (f"{year}-{month:02d}-01\n" for year in range(1900, 2000) for month in range(1, 13))
    sessions.write_text("date\n" + "".join(days))
    with pytest.raises(FolderError, match=f"^sessions.csv: holds more than {MOST_SESSIONS} sess"):
        read_sessions(sessions)
    plan.write_bytes(b"#" * (LARGEST_BYTES + 1))
    with pytest.raises(FolderError, match=r"^client.toml: is larger than 4 MB; "):
        read_plan(plan)
    plan.write_bytes(PINNED["a number of 400 digits"][1])
    with pytest.raises(FolderError, match=r"^client.toml: price is `10+`; give a number above 0$"):
        read_plan(plan)
    plan.write_bytes(PINNED["lists in lists in TOML"][1])
    with pytest.raises(FolderError, match=r"^client.toml: holds a number .* or lists within lis"):
        read_plan(plan)
    zones.write_bytes(PINNED["half a sign"][1])
    with pytest.raises(FolderError, match=r"^zones.json: holds a character that is none"):
        read_zones(zones)
    corrections.write_bytes(PINNED["digits of a marked place"][1])
    with pytest.raises(FolderError, match=r"^corrections.json, correction 1: points_px is no list"):
        read_corrections(corrections)


def test_a_refusal_quotes_no_more_than_a_person_reads_and_steers_no_terminal() -> None:
    error = PhotoError("a\x1b]0;x\x07.jpg", "says `" + "y" * 5_000 + "`", "\u202edo\nthis")
    assert str(error).isprintable()
    assert len(str(error)) < 700
    assert error.name == "a\x1b]0;x\x07.jpg"  # as it is on disk, to be found by
    assert str(error).endswith("; ?do this")


def test_the_property_finds_what_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(message: str) -> None:
        def read(_path: Path) -> object:
            raise OWN_ERRORS[0]("b.jpg", message, "do this")

        monkeypatch.setitem(TARGETS, "photos", TARGETS["photos"].__class__("a.jpg", read, list))
        with pytest.raises(AssertionError):
            check("photos", b"")

    breaks("is another file")
    breaks("")
    monkeypatch.setitem(
        TARGETS, "photos", TARGETS["photos"].__class__("a.jpg", lambda _: ("\ud800",), list)
    )
    with pytest.raises(UnicodeEncodeError):
        check("photos", b"")


# --- the short run --------------------------------------------------------------------------------


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    return tuple(TARGETS[name].seeds())


@st.composite
def changed(draw: st.DrawFn, name: str) -> bytes:
    """A sound file with bytes changed, cut, doubled, put in, or taken from another."""
    data = bytearray(draw(st.sampled_from(seeds(name))))
    words = [word.encode("utf-8", "surrogatepass") for word in TARGETS[name].words]
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        until = at + draw(st.integers(0, 40))
        match draw(st.integers(0, 5)):
            case 0:
                data[at:until] = draw(st.binary(max_size=8))
            case 1:
                del data[at:until]
            case 2:
                data[at:at] = data[at:until] * draw(st.integers(1, 20))
            case 3:
                data[at:at] = draw(st.sampled_from(words))
            case 4:
                other = draw(st.sampled_from(seeds(name)))
                data[at:until] = other[at:until]
            case 5:
                del data[at:]
    return bytes(data[:100_000])


CELLS = st.sampled_from(
    [
        "2026-03-01",
        "1990-01-01",
        "9999-12-31",
        "",
        "1e308",
        "-1",
        "nan",
        "1,5",
        '"',
        "a;b",
        "\x1b",
        "10",
    ]
) | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "zones",
                    "name",
                    "view",
                    "vertices_px",
                    "kind",
                    "photo",
                    "points_px",
                    "baseline",
                    "date",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@st.composite
def built(draw: st.DrawFn, name: str) -> bytes:
    """A file of the right grammar that holds whatever its cells and values are."""
    if name == "sessions":
        columns = draw(st.permutations(["date", "pain", "cost", "zones", "notes", "spot_mm"]))
        comma = draw(st.sampled_from(",;"))
        rows = draw(st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=6))
        lines = [comma.join(row) for row in (columns, *rows)]
        return draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines).encode()
    if name == "client":
        keys = [
            "goal",
            "target",
            "zones",
            "skin_type",
            "smp_date",
            "price",
            "flags",
            "spacing_days",
        ]
        texts = st.text(max_size=8).map(json.dumps)
        numbers = (st.integers() | st.floats(allow_nan=False, allow_infinity=False)).map(str)
        lists = st.lists(texts, max_size=3).map(lambda each: "[" + ", ".join(each) + "]")
        days = st.dates().map(str) | st.datetimes().map(lambda at: at.isoformat())
        table = draw(st.dictionaries(st.sampled_from(keys), texts | numbers | lists | days))
        return "\n".join(f"{key} = {value}" for key, value in table.items()).encode()
    entries = draw(st.lists(VALUES, max_size=4))
    return json.dumps({name: entries} if draw(st.booleans()) else entries).encode()


short = settings(
    derandomize=True, database=None, deadline=BOUNDED, max_examples=100, print_blob=False
)


@pytest.mark.parametrize("name", TARGETS)
def test_a_changed_file_is_a_value_or_one_clear_line(name: str) -> None:
    @short
    @given(data=changed(name))
    def holds(data: bytes) -> None:
        check(name, data)

    holds()


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "photos"])
def test_a_file_of_any_values_is_a_value_or_one_clear_line(name: str) -> None:
    @short
    @given(data=built(name))
    def holds(data: bytes) -> None:
        check(name, data)

    holds()


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_and_any_text_are_a_value_or_one_clear_line(name: str) -> None:
    @short
    @given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
    def holds(data: bytes) -> None:
        check(name, data)

    holds()
