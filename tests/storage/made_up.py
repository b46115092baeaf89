"""Made-up measuring: `analyse_series` without its work, and a client whose photos are words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from tests.factories import make_view
from tracker import METHOD_VERSION, __version__
from tracker.analysis import AnalysisSettings
from tracker.measure.geometry import Frame
from tracker.measure.registration import Registration
from tracker.measure.spline_field import SplineField
from tracker.records import ClientRecord, DateSource, PhotoRecord
from tracker.series import SeriesAnalysis, SeriesPhoto, Status, ViewAnalysis
from tracker.storage.filing import Incoming, file_photos
from tracker.storage.store import Store
from tracker.storage.vault import sha256_of


def make_registration(seed: int = 0) -> Registration:
    """An alignment with every kind of number in it."""
    rng = np.random.default_rng(seed)
    frame = Frame((300, 400), (150, 200))
    sd_px = rng.random((19, 25), np.float32)
    sd_px[0, 0] = np.nan
    field = SplineField(np.array([0.0, 1.5]), 17.25, rng.normal(size=(9, 12, 2)))
    return Registration(
        frame, frame, rng.normal(size=(2, 3)), (field, field), sd_px, 0.4, 0.93, {"seeds": 31.0}
    )


def make_measured_view(photos: Sequence[SeriesPhoto], dots: int | None = None) -> ViewAnalysis:
    """A view as if it had been measured from these photos; `dots` baseline dots if given."""
    pattern = make_view(photos[0].view)
    if dots is not None:
        pattern = _with_dots(pattern, dots)
    rows = [
        replace(
            pattern.photos[min(k, len(pattern.photos) - 1)],
            photo=photo.name,
            sha256=photo.sha256,
            view=photo.view,
            captured_on=photo.captured_on,
            status=Status.BASELINE if k == 0 else Status.MEASURED,
            registered_to=photos[0].name if k else "",
            registration=make_registration(k) if k else None,
        )
        for k, photo in enumerate(photos)
    ]
    return replace(pattern, baseline=photos[0].name, photos=tuple(rows))


def _with_dots(view: ViewAnalysis, n: int) -> ViewAnalysis:
    take = np.arange(n) % len(view.dots)
    rows = []
    for photo in view.photos:
        assert photo.dots is not None
        columns = {name: column[take] for name, column in vars(photo.dots).items()}
        rows.append(replace(photo, dots=replace(photo.dots, **columns)))
    return replace(
        view,
        dots=view.dots[take],
        dot_zone=view.dot_zone[take],
        pigment_weight=view.pigment_weight[take],
        photos=tuple(rows),
    )


class CountingAnalysis:
    """Stands in for `analyse_series` and remembers which photos it was given."""

    def __init__(self, dots: int | None = None) -> None:
        self.calls: list[list[str]] = []
        self.options: list[dict[str, Any]] = []
        self._dots = dots

    def __call__(
        self, photos: Sequence[SeriesPhoto], *, settings: AnalysisSettings, **options: Any
    ) -> SeriesAnalysis:
        self.calls.append([photo.name for photo in photos])
        self.options.append(options)
        return SeriesAnalysis(
            client=options["client"],
            views=(make_measured_view(photos, self._dots),),
            refused=(),
            sessions=tuple(options["sessions"]),
            version=__version__,
            method_version=METHOD_VERSION,
            settings=settings.as_mapping(),
            settings_hash=settings.fingerprint(),
        )


def incoming(name: str, day: date | None, view: str = "top", **facts: Any) -> Incoming:
    """A photo whose content is its own name: filing asks for no pixels."""
    data = f"photo {name}".encode()
    record = PhotoRecord(
        name,
        sha256_of(data),
        view=view,
        captured_on=day,
        date_source=DateSource.CAMERA if day else DateSource.NONE,
        **facts,
    )
    return Incoming(record, lambda: data)


def add_client(store: Store, code: str = "C-0001", n_photos: int = 3) -> None:
    """A client with photos of the views top and front, a month apart."""
    store.add_client(ClientRecord(code))
    file_photos(
        store,
        code,
        [
            incoming(f"{code}-{view}-{k}.jpg", date(2026, 1 + k, 10), view)
            for view in ("front", "top")
            for k in range(n_photos)
        ],
    )
