"""The dashboard under test: app in memory, store in a temporary folder, engine of paper."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests import factories
from tracker.series import Progress, SeriesAnalysis, SeriesPhoto, Session

SETTLE_SECONDS = 20


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


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Stands in for `analyse_series`: known numbers at once. Lists what it was asked."""
    asked: list[dict[str, Any]] = []

    def analyse(
        photos: Sequence[SeriesPhoto],
        *,
        client: str,
        sessions: Sequence[Session],
        progress: Progress,
        **rest: Any,
    ) -> SeriesAnalysis:
        asked.append({"photos": photos, "client": client, "sessions": sessions} | rest)
        for number, photo in enumerate(photos):
            progress(number / len(photos), f"looking at {photo.name}")
        views = tuple(sorted({photo.view for photo in photos}))
        made_up = factories.make_analysis(views)
        return replace(made_up, client=client, sessions=tuple(sessions))

    monkeypatch.setattr("tracker.analysis.analyse_series", analyse)
    return asked


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with one client: the made-up series as files."""
    folder = tmp_path / "store"
    client = folder / "client-a"
    client.mkdir(parents=True)
    for index in range(len(factories.FADES)):
        (client / factories.photo_name(index)).write_bytes(jpeg_of(index))
    (client / "client.toml").write_text(
        'name = "Client <A>"\ngoal = "full removal"\n', encoding="utf-8"
    )
    days = [factories.BASELINE_DAY + timedelta(days=day) for day in factories.SESSION_DAYS]
    lines = ["date,method", *(f"{day.isoformat()},picosecond" for day in days)]
    (client / "sessions.csv").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("SMP_TRACKER_STORE", str(folder))
    return folder


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
