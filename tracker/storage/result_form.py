"""A measured series as bytes and back, equal value for value.

Numbers and words are JSON; arrays stand behind it as they lie in memory, and all of it is
compressed. Nothing in it is ever executed: classes are looked up in a list, arrays have plain
types. A field that a later version added takes its default, one that it dropped is passed over.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.measure.geometry import Frame
from tracker.measure.quality import PhotoQuality
from tracker.measure.registration import Registration
from tracker.measure.results import Dots, Estimate, Fate, Kind
from tracker.measure.skin_look import SkinLook
from tracker.measure.spline_field import SplineField
from tracker.series import (
    DotSeries,
    PhotoLook,
    PhotoMeasures,
    SeriesAnalysis,
    Session,
    Stage,
    Status,
    ViewAnalysis,
    ZoneMeasures,
)

MARK = b"SMPR1\n"
"""First bytes: this form, version 1."""
LEVEL = 1
"""Of zlib: a third of the size in a tenth of the time of the highest."""

_RECORDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        SeriesAnalysis,
        ViewAnalysis,
        PhotoMeasures,
        PhotoLook,
        SkinLook,
        ZoneMeasures,
        DotSeries,
        Session,
        Dots,
        Estimate,
        PhotoQuality,
        Registration,
        Frame,
        SplineField,
    )
}
_WORDS: dict[str, type[Enum]] = {kind.__name__: kind for kind in (Stage, Status, Fate, Kind)}
_PLAIN_ARRAYS = "biufU"
"""Kinds of array that are kept: bool, integers, floats, text."""


class ResultFormError(Exception):
    """Bytes that are no result of a form this version reads."""


def to_bytes(analysis: SeriesAnalysis) -> bytes:
    """Bytes of a result; raises `TypeError` for a value that has no place in one."""
    arrays = bytearray()
    content = json.dumps(_encode(analysis, arrays), allow_nan=False, separators=(",", ":")).encode()
    body = b"".join([struct.pack("<Q", len(content)), content, arrays])
    return MARK + zlib.compress(body, LEVEL)


def from_bytes(data: bytes) -> SeriesAnalysis:
    """Result of its bytes; raises `ResultFormError`."""
    if not data.startswith(MARK):
        raise ResultFormError("these bytes are no result of a form that this version reads")
    try:
        body = zlib.decompress(data[len(MARK) :])
        (length,) = struct.unpack_from("<Q", body)
        start = struct.calcsize("<Q")
        content = json.loads(body[start : start + length])
        decoded = _decode(content, memoryview(body)[start + length :])
    except (zlib.error, struct.error, ValueError, KeyError, TypeError) as error:
        raise ResultFormError(f"this result cannot be read by this version: {error}") from error
    if not isinstance(decoded, SeriesAnalysis):
        raise ResultFormError("these bytes hold no series")
    return decoded


def _encode(value: Any, arrays: bytearray) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Enum):
        return {"word": [type(value).__name__, value.value]}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, np.ndarray):
        return _encode_array(value, arrays)
    if isinstance(value, tuple):
        return {"tuple": [_encode(item, arrays) for item in value]}
    if isinstance(value, list):
        return [_encode(item, arrays) for item in value]
    if isinstance(value, Mapping):
        return {"map": [[_encode(k, arrays), _encode(v, arrays)] for k, v in value.items()]}
    kind = type(value)
    if is_dataclass(kind) and _RECORDS.get(kind.__name__) is kind:
        content = {
            field.name: _encode(getattr(value, field.name), arrays) for field in fields(kind)
        }
        return {"record": [kind.__name__, content]}
    raise TypeError(f"a {kind.__name__} has no place in a result that is kept")


def _encode_array(array: NDArray[Any], arrays: bytearray) -> Any:
    if array.dtype.kind not in _PLAIN_ARRAYS:
        raise TypeError(f"an array of {array.dtype} has no place in a result that is kept")
    offset = len(arrays)
    arrays += np.ascontiguousarray(array).tobytes()
    return {"array": [array.dtype.str, list(array.shape), offset]}


def _decode(value: Any, arrays: memoryview) -> Any:
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    ((what, content),) = value.items()
    if what == "record":
        return _decode_record(content[0], content[1], arrays)
    if what == "array":
        return _decode_array(content[0], content[1], content[2], arrays)
    if what == "tuple":
        return tuple(_decode(item, arrays) for item in content)
    if what == "map":
        return {_decode(k, arrays): _decode(v, arrays) for k, v in content}
    if what == "word":
        return _WORDS[content[0]](content[1])
    if what == "float":
        return float(content)
    if what == "day":
        return date.fromisoformat(content)
    raise ValueError(f"`{what}` is not known")


def _decode_record(name: str, content: Mapping[str, Any], arrays: memoryview) -> Any:
    kind = _RECORDS[name]
    known = {field.name: field for field in fields(kind)}
    missing = [
        name
        for name, field in known.items()
        if name not in content and field.default is MISSING and field.default_factory is MISSING
    ]
    if missing:
        raise ValueError(f"{name} has no {', '.join(missing)}")
    return kind(**{key: _decode(v, arrays) for key, v in content.items() if key in known})


def _decode_array(dtype: str, shape: list[int], offset: int, arrays: memoryview) -> NDArray[Any]:
    kind = np.dtype(dtype)
    if kind.kind not in _PLAIN_ARRAYS:
        raise ValueError(f"an array of {dtype} is not read")
    count = math.prod(shape)
    if kind.itemsize == 0:  # texts of no length at all
        return np.zeros(shape, kind)
    # A copy: results may be kept long after the bytes they came in.
    return np.frombuffer(arrays, kind, count, offset).reshape(shape).copy()
