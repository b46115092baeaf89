"""The dashboard under test: app in memory, store in a temporary folder, engine of paper."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests import factories
from tests.storage.made_up import make_measured_view
from tracker import METHOD_VERSION, __version__
from tracker.analysis import AnalysisSettings
from tracker.progress import response
from tracker.series import Progress, SeriesAnalysis, SeriesPhoto
from tracker.storage.import_folder import import_folder
from tracker.storage.opening import open_store
from tracker.storage.store import Store

SETTLE_SECONDS = 60


def jpeg_of(index: int) -> bytes:
    """The made-up photo `index` as a JPEG file."""
    buffer = io.BytesIO()
    srgb = factories.make_srgb(factories.FADES[index], factories.SHIFTS_PX[index])
    Image.fromarray(srgb).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def fresh_server() -> None:
    """No test sees the jobs, thumbnails or pictures of another."""
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A curve to show need not be exact: what it says is tested in tests/progress."""
    monkeypatch.setattr(response, "DRAWS", 400)


class PaperEngine:
    """Stands in for `analyse_series`: known numbers at once. Lists what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(
        self,
        photos: Sequence[SeriesPhoto],
        *,
        settings: AnalysisSettings,
        progress: Progress,
        **rest: Any,
    ) -> SeriesAnalysis:
        self.asked.append({"photos": photos} | rest)
        for number, photo in enumerate(photos):
            progress(number / len(photos), f"looking at {photo.name}")
        measured = [photo for photo in photos if "blurred" not in photo.name]
        refused = tuple(
            replace(
                factories.make_refused(photo.name),
                sha256=photo.sha256,
                captured_on=photo.captured_on,
                view=photo.view,
            )
            for photo in photos
            if photo not in measured
        )
        return SeriesAnalysis(
            client=rest["client"],
            views=(make_measured_view(measured),),
            refused=refused,
            sessions=tuple(rest["sessions"]),
            version=__version__,
            method_version=METHOD_VERSION,
            settings=settings.as_mapping(),
            settings_hash=settings.fingerprint(),
        )


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PaperEngine:
    paper = PaperEngine()
    monkeypatch.setattr("tracker.storage.results.analyse_series", paper)
    return paper


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a store that is not there yet, and nobody who could sign in."""
    folder = tmp_path / "records"
    monkeypatch.setenv("SMP_TRACKER_RECORDS", str(folder))
    monkeypatch.setenv("SMP_TRACKER_USERS", str(tmp_path / "users.json"))
    monkeypatch.delenv("SMP_TRACKER_VAULT", raising=False)
    monkeypatch.delenv("SMP_TRACKER_SIGN_IN", raising=False)
    return folder


@pytest.fixture
def store(empty: Path, tmp_path: Path) -> Iterator[Store]:
    """A store with one client: the made-up series as files, and a photo that is refused."""
    client = tmp_path / "client-a"
    client.mkdir()
    for index in range(len(factories.FADES)):
        (client / factories.photo_name(index)).write_bytes(jpeg_of(index))
    blurred = factories.make_srgb(0.9)
    Image.fromarray(blurred).save(client / "2026-06-10_top_blurred.jpg")
    (client / "client.toml").write_text(
        'name = "Client <A>"\ngoal = "full removal"\n', encoding="utf-8"
    )
    days = [factories.BASELINE_DAY + timedelta(days=day) for day in factories.SESSION_DAYS]
    lines = ["date,method", *(f"{day.isoformat()},picosecond" for day in days)]
    (client / "sessions.csv").write_text("\n".join(lines), encoding="utf-8")
    with open_store(str(empty), create=True) as kept:
        import_folder(kept, client)
        yield kept


@pytest.fixture
def app(root: Path) -> AppTest:
    return AppTest.from_file(str(root / "app.py"), default_timeout=SETTLE_SECONDS)


def shown_text(app: AppTest) -> str:
    """All words of the page, HTML included."""
    parts = [element.value for kind in ("markdown", "subheader") for element in getattr(app, kind)]
    parts += [element.proto.body for element in app.get("html")]
    return "\n".join(str(part) for part in parts)


@pytest.fixture
def wait_for(app: AppTest) -> Callable[[str], str]:
    """Rerun the page, as its polling does, until these words stand on it."""

    def wait(words: str) -> str:
        deadline = time.monotonic() + SETTLE_SECONDS
        while words not in shown_text(app):
            assert time.monotonic() < deadline, f"{words!r} never came: {shown_text(app)[-2000:]}"
            time.sleep(0.05)
            app.run()
            assert not app.exception
        return shown_text(app)

    return wait
