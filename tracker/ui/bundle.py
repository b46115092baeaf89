"""Streamlit's own page files out of memory, packed once.

A first visit asks for a hundred small files. Streamlit looks each up on the disk in a helper thread,
and each of those steps waits its turn among the pages that are being drawn. Their names carry a
hash of what is in them, so that a file once read never changes.
"""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/static/"
WORTH_PACKING = (".js", ".css", ".svg", ".json", ".map")
LEAST_BYTES = 1000
FOREVER = b"public, immutable, max-age=31536000"
TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
"""Said here: what a machine's own table of types says of these differs."""


ELEMENTS = (
    *("DataFrame", "DateInput", "Multiselect", "NumberInput", "TextArea", "FileUploader"),
    *("Progress", "Checkbox"),
)
"""Elements of the other pages, by the names of Streamlit's files for them."""


@cache
def ahead_of_need(folder: Path) -> tuple[str, ...]:
    """Addresses of the files that draw `ELEMENTS`; those that another Streamlit lacks are left out."""
    found = {name: sorted((folder / "static" / "js").glob(f"{name}.*.js")) for name in ELEMENTS}
    return tuple(f"static/js/{paths[0].name}" for paths in found.values() if len(paths) == 1)


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: bytes
    """Empty where packing gains nothing."""
    media_type: str


class BundleInMemory:
    """ASGI middleware that answers for the files below `folder`; all else goes on to `app`.

    Parameters
    ----------
    app : ASGIApp
    folder : Path
        Streamlit's folder of page files, with `static` in it.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._paths = {
            f"{PREFIX}{path.relative_to(folder / 'static').as_posix()}": path
            for path in (folder / "static").rglob("*")
            if path.is_file()
        }
        self._read: dict[str, _File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if path not in self._paths or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        if path not in self._read:
            # Only what is looked up in the list of files is ever opened: no path is made of a request.
            self._read[path] = _read(self._paths[path])
        file = self._read[path]
        packed = bool(file.packed) and _takes_gzip(dict(scope["headers"]))
        body = file.packed if packed else file.body
        headers = [
            (b"content-type", file.media_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", FOREVER),
            (b"vary", b"accept-encoding"),
        ]
        if packed:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        shown = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": shown})


def _takes_gzip(headers: Mapping[bytes, bytes]) -> bool:
    return b"gzip" in headers.get(b"accept-encoding", b"")


def _read(path: Path) -> _File:
    body = path.read_bytes()
    packed = b""
    if path.suffix in WORTH_PACKING and len(body) >= LEAST_BYTES:
        packed = gzip.compress(body, 6, mtime=0)
    guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return _File(body, packed, guessed or "application/octet-stream")
