"""A store with clients whose photos are small pictures and whose measures are made up."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from PIL import Image

from tests.factories import (
    BASELINE_DAY,
    FADES,
    PHOTO_DAYS,
    SESSION_DAYS,
    make_refused,
    make_srgb,
    make_view,
)
from tracker import METHOD_VERSION, __version__
from tracker.analysis import AnalysisSettings
from tracker.measure.geometry import Frame
from tracker.measure.registration import Registration
from tracker.measure.spline_field import SplineField
from tracker.records import (
    ClientRecord,
    ConsentLevel,
    ConsentRecord,
    DateSource,
    Goal,
    NoteRecord,
    PhotoRecord,
    SessionKind,
    SessionRecord,
    TreatmentPlan,
)
from tracker.series import SeriesAnalysis, SeriesPhoto, Status, ViewAnalysis
from tracker.storage.filing import Incoming, file_photos
from tracker.storage.store import Store
from tracker.storage.vault import sha256_of

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
CODE = "C-0001"
REFUSED = "blurred.jpg"


def identity() -> Registration:
    """An alignment that moves nothing."""
    frame = Frame((300, 400), (150, 200))
    field = SplineField(np.array([0.0, 0.0]), 17.25, np.zeros((13, 16, 2)))
    return Registration(
        frame,
        frame,
        np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
        (field,),
        np.full((19, 25), 0.3, np.float32),
        0.4,
        0.93,
        {"seeds": 31.0},
    )


def made_view(photos: Sequence[SeriesPhoto]) -> ViewAnalysis:
    pattern = make_view(photos[0].view)
    rows = [
        replace(
            pattern.photos[min(k, len(pattern.photos) - 1)],
            photo=photo.name,
            sha256=photo.sha256,
            view=photo.view,
            captured_on=photo.captured_on,
            status=Status.BASELINE if k == 0 else Status.MEASURED,
            registered_to=photos[0].name if k else "",
            registration=identity() if k else None,
        )
        for k, photo in enumerate(photos)
    ]
    return replace(pattern, baseline=photos[0].name, photos=tuple(rows))


def made_up_analysis(
    photos: Sequence[SeriesPhoto], *, settings: AnalysisSettings, **options: Any
) -> SeriesAnalysis:
    """Stands in for `analyse_series`: photos called blurred are refused."""
    good = [p for p in photos if not p.name.startswith("blurred")]
    refused = [
        replace(
            make_refused(p.name, "too blurred: hold still and tap the scalp to focus"),
            sha256=p.sha256,
            view=p.view,
            captured_on=p.captured_on,
        )
        for p in photos
        if p.name.startswith("blurred")
    ]
    return SeriesAnalysis(
        client=options["client"],
        views=(made_view(good),) if good else (),
        refused=tuple(refused),
        sessions=tuple(options["sessions"]),
        version=__version__,
        method_version=METHOD_VERSION,
        settings=settings.as_mapping(),
        settings_hash=settings.fingerprint(),
    )


def jpeg(picture: np.ndarray[Any, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


def incoming(name: str, day: date | None, view: str, data: bytes) -> Incoming:
    record = PhotoRecord(
        name,
        sha256_of(data),
        view=view,
        captured_on=day,
        date_source=DateSource.CAMERA if day else DateSource.NONE,
        device="Phone 9",
        width_px=400,
        height_px=300,
        mm_per_px=0.1,
    )
    return Incoming(record, lambda: data)


def add_client(
    store: Store,
    code: str = CODE,
    *,
    views: Sequence[str] = ("front", "top"),
    n_photos: int = 4,
    name: str = "Zoë Example",
    sessions: bool = True,
    refused: bool = True,
    exif: bytes = b"",
) -> None:
    """A client with a plan, three sessions, a patch test, and photos before and after."""
    store.add_client(
        ClientRecord(code, name=name, birth_year=1980, skin_type="III", smp_date=date(2024, 5, 1))
    )
    plan = TreatmentPlan(goal=Goal.SOFT_FADE, target=0.5, method="picosecond", spacing_days=42)
    store.save_plan(code, plan, None)
    photos = []
    for number, view in enumerate(views):
        for k in range(n_photos):
            # The same picture may not be filed twice: each view and client has a mark of its own.
            picture = make_srgb(FADES[min(k, 3)])
            picture[0, :8] = [number, k, sum(code.encode()) % 256]
            picture[0, 8:16] = 255 * (number + 1) // 4, 9 * k, 30
            data = jpeg(picture, exif=exif) if exif else jpeg(picture)
            day = BASELINE_DAY + timedelta(days=PHOTO_DAYS[min(k, 3)] + max(0, k - 3))
            photos.append(incoming(f"{day}_{view}_{k}_{code}.jpg", day, view, data))
    if refused:
        picture = make_srgb(0.3)
        picture[:9] = sum(code.encode()) % 256
        day = BASELINE_DAY + timedelta(days=50)
        photos.append(incoming(REFUSED, day, views[0], jpeg(picture)))
    file_photos(store, code, photos)
    if sessions:
        for k, days in enumerate(SESSION_DAYS):
            store.add_session(
                code,
                SessionRecord(
                    BASELINE_DAY + timedelta(days=days),
                    method="picosecond",
                    device="Laser 5",
                    wavelength_nm=1064.0,
                    fluence_j_cm2=3.5,
                    spot_mm=6.0,
                    pain=k,
                    operator="M.",
                    notes="=HYPERLINK(1)",
                ),
            )
        patch = SessionRecord(BASELINE_DAY + timedelta(days=3), SessionKind.PATCH_TEST)
        store.add_session(code, patch)
    store.add_note(code, NoteRecord(date(2026, 3, 1), "called"))


def consent(store: Store, level: ConsentLevel, code: str = CODE, **changes: Any) -> None:
    store.add_consent(code, replace(ConsentRecord(level, date(2026, 1, 5)), **changes))
