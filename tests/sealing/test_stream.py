"""A large file sealed in pieces: read at any place, and noticed when a piece is not what it was."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from tests.sealing.quickly import WORDS
from tracker.sealing import SealBrokenError, WrongPassphraseError, stream
from tracker.sealing.ring import Passphrase
from tracker.sealing.stream import TAG_BYTES, SealedReader, SealedWriter, is_sealed_stream

PIECE = 64


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE_BYTES", PIECE)


def sealed(data: bytes, step: int = 37) -> bytes:
    target = io.BytesIO()
    with SealedWriter(target, Passphrase.new(WORDS)) as writer:
        for start in range(0, len(data), step):
            writer.write(data[start : start + step])
    return target.getvalue()


def opened(whole: bytes) -> bytes:
    return io.BufferedReader(SealedReader(io.BytesIO(whole), WORDS)).read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 5 * PIECE + 17])
def test_any_size_comes_back(size: int) -> None:
    data = random.Random(size).randbytes(size)
    whole = sealed(data)
    assert is_sealed_stream(io.BytesIO(whole))
    assert opened(whole) == data
    for at in range(0, size, 13):
        reader = io.BufferedReader(SealedReader(io.BytesIO(whole), WORDS))
        reader.seek(at)
        assert reader.read(PIECE) == data[at : at + PIECE]


def test_cut_altered_and_reordered_pieces_are_noticed() -> None:
    data = random.Random(1).randbytes(4 * PIECE + 10)
    whole = sealed(data)
    head = len(whole) - (len(data) + 5 * TAG_BYTES)
    piece = PIECE + TAG_BYTES
    for cut in range(len(whole) - 1, 0, -7):
        with pytest.raises(SealBrokenError):
            opened(whole[:cut])
    first, second = whole[head : head + piece], whole[head + piece : head + 2 * piece]
    for broken in (
        whole[:head] + second + first + whole[head + 2 * piece :],
        whole[:head] + whole[head + piece :],
        whole + whole[-piece:],
        whole[: head + 5] + bytes([whole[head + 5] ^ 1]) + whole[head + 6 :],
    ):
        with pytest.raises(SealBrokenError):
            opened(broken)


def test_another_passphrase_is_told_at_once() -> None:
    with pytest.raises(WrongPassphraseError):
        SealedReader(io.BytesIO(sealed(b"data")), "some other words")


def test_a_zip_within() -> None:
    target = io.BytesIO()
    members = {f"{k}.bin": random.Random(k).randbytes(100 * k) for k in range(5)}
    with SealedWriter(target, Passphrase.new(WORDS)) as whole, zipfile.ZipFile(whole, "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    reader = io.BufferedReader(SealedReader(io.BytesIO(target.getvalue()), WORDS))
    with zipfile.ZipFile(reader) as again:
        assert again.testzip() is None
        assert {name: again.read(name) for name in again.namelist()} == members
