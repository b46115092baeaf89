"""analyse_series: the whole product in one function, behind every door."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tracker import METHOD_VERSION, __version__
from tracker.blas_threads import one_blas_thread
from tracker.measure.colour_card import find_card
from tracker.measure.detection import Detection, DetectionSettings, detect_dots
from tracker.measure.luminance import SrgbArray
from tracker.measure.quality import judge_quality
from tracker.measure.registration import (
    NotRegistered,
    Registration,
    extract_features,
    register,
)
from tracker.measure.results import Kind
from tracker.measure.scale import find_marker_scale
from tracker.measure.skin import find_skin
from tracker.measure.threads import Begun
from tracker.measure.view import MeasurementSettings
from tracker.photos import PhotoError
from tracker.records import TimelineSettings, days_since_session, stage_of
from tracker.records.corrections import (
    MEASURED_KINDS,
    Correction,
    corrections_of_view,
    standing,
)
from tracker.series import (
    PhotoMeasures,
    PolygonZone,
    Progress,
    SeriesAnalysis,
    SeriesPhoto,
    Session,
    ViewAnalysis,
    time_key,
)
from tracker.view_analysis import PreparedPhoto, analyse_view
from tracker.view_rows import refused_row

DECODED_BYTES_KEPT = 300_000_000
"""Decoded photos kept between steps; beyond that a photo is decoded again when needed."""


@dataclass(frozen=True)
class AnalysisSettings:
    """Every setting of the method; one default set serves every photo."""

    detection: DetectionSettings = DetectionSettings()
    measurement: MeasurementSettings = MeasurementSettings()
    timeline: TimelineSettings = TimelineSettings()
    min_baseline_dots: int = 30
    """A photo with fewer pigment-like spots cannot be a baseline."""

    def as_mapping(self) -> Mapping[str, Any]:
        """All settings as plain values."""
        return asdict(self)

    def fingerprint(self, corrections: Sequence[Correction] = ()) -> str:
        """Hash of method version, settings and standing corrections.

        Results with the same one may be compared. Without corrections it is the hash of method
        version and settings alone.
        """
        content: list[Any] = [METHOD_VERSION, self.as_mapping()]
        numbers = _numbers(corrections)
        if numbers:
            content.append(numbers)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def mapping_with(self, corrections: Sequence[Correction]) -> Mapping[str, Any]:
        """All settings and, where there are any, the standing corrections, as plain values."""
        numbers = _numbers(corrections)
        return {**self.as_mapping(), "corrections": numbers} if numbers else self.as_mapping()


def _numbers(corrections: Sequence[Correction]) -> list[list[Any]]:
    return [c.numbers() for c in standing(corrections) if c.kind in MEASURED_KINDS]


class _Decoded:
    """Reads photos, keeping the last few decoded."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, SrgbArray] = OrderedDict()
        self._lock = threading.Lock()

    def reader(self, photo: SeriesPhoto) -> Callable[[], SrgbArray]:
        def read() -> SrgbArray:
            with self._lock:
                if photo.name in self._kept:
                    self._kept.move_to_end(photo.name)
                    return self._kept[photo.name]
            srgb = photo.read()
            with self._lock:
                self._kept[photo.name] = srgb
                while len(self._kept) > 1 and self._bytes() > DECODED_BYTES_KEPT:
                    self._kept.popitem(last=False)
            return srgb

        return read

    def _bytes(self) -> int:
        return sum(srgb.nbytes for srgb in self._kept.values())


@one_blas_thread()
def analyse_series(
    photos: Sequence[SeriesPhoto],
    *,
    client: str = "",
    sessions: Sequence[Session] = (),
    settings: AnalysisSettings = AnalysisSettings(),
    mm_per_px: float | None = None,
    marker_mm: float | None = None,
    baseline: str | None = None,
    zones: Sequence[PolygonZone] = (),
    corrections: Sequence[Correction] = (),
    workers: int | None = None,
    progress: Progress | None = None,
) -> SeriesAnalysis:
    """Measure one client's photos: align, find the dots, measure what is left of each.

    Parameters
    ----------
    photos : sequence of SeriesPhoto
        Any views, any order; views are analysed separately.
    client : str
        A code or name that the results carry.
    sessions : sequence of Session
        Removal visits; they decide which photos are healed.
    settings : AnalysisSettings
    mm_per_px : float, optional
        Scale of the baseline photos.
    marker_mm : float, optional
        Side of an ArUco marker in a baseline photo; used where `mm_per_px` is not given.
    baseline : str, optional
        Name of the photo that its view is compared with; else the earliest measurable one.
    zones : sequence of PolygonZone
        Zones drawn on the baselines.
    corrections : sequence of Correction
        What a person put right: dots added and removed, photos aligned by point pairs. Days and
        views are the photos' own (`records.corrections.refiled`).
    workers : int, optional
        Photos worked on at the same time, by default one per core up to four. The numbers do
        not depend on it.
    progress : callable, optional
        Told the share done in [0, 1] and a short sentence.

    Returns
    -------
    SeriesAnalysis
        A row per photo. A photo that cannot be measured is a row with its reason.

    Raises
    ------
    ValueError
        If `baseline` names no photo, two photos share a name, or a scale is not positive.
    """
    for name, scale in (("mm_per_px", mm_per_px), ("marker_mm", marker_mm)):
        if scale is not None and not scale > 0:
            raise ValueError(f"{name} must be positive, got {scale}")
    names = [photo.name for photo in photos]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"photo names must differ, {', '.join(twice)} comes twice")
    if baseline is not None and baseline not in names:
        raise ValueError(f"baseline must name one of the photos, got {baseline!r}")
    workers = min(os.cpu_count() or 1, 4) if workers is None else workers
    tell = progress or (lambda _share, _text: None)
    # One order whatever order they came in: same photos, same bytes.
    in_time = sorted(photos, key=lambda p: time_key(p.captured_on, p.name))
    decoded = _Decoded()
    refused: list[PhotoMeasures] = []
    prepared: dict[str, list[PreparedPhoto]] = {}
    ahead: dict[str, _Ahead] = {}
    with Begun(workers) as begun:
        looks: list[Callable[[], PreparedPhoto | PhotoMeasures]] = []
        n_views = len({photo.view for photo in in_time})
        named = {photo.view for photo in in_time if photo.name == baseline}
        for number, photo in enumerate(in_time):
            tell(0.3 * number / len(in_time), f"looking at {photo.name}")
            # A few photos ahead, so that what follows from the first ones has its turn between them.
            looks += [
                begun.begin(_prepare, coming, decoded.reader(coming), sessions, settings)
                for coming in in_time[len(looks) : number + workers + 1]
            ]
            ready = looks[number]()
            if not isinstance(ready, PreparedPhoto):
                refused.append(ready)
                continue
            prepared.setdefault(photo.view, []).append(ready)
            # Photos come in time: the first of a view is its baseline, unless one was named or it shows too few dots.
            if photo.view not in ahead and (photo.view not in named or photo.name == baseline):
                dots = begun.begin(_dots_of, ready, settings, workers if n_views == 1 else 1)
                ahead[photo.view] = _Ahead(ready, dots, {})
            if photo.view in ahead:
                ahead[photo.view].align_too(prepared[photo.view], begun)
        likely = {
            view: begun_of_view.finished(settings.min_baseline_dots, tell)
            for view, begun_of_view in ahead.items()
        }

    notes = [
        f"{row.photo} was chosen as the baseline but could not be used ({row.reason}); "
        "the earliest measurable photo stands in"
        for row in refused
        if row.photo == baseline and prepared.get(row.view)
    ]
    views: list[ViewAnalysis] = []
    for number, (view, members) in enumerate(sorted(prepared.items())):
        start, span = 0.3 + 0.7 * number / len(prepared), 0.7 / len(prepared)

        def tell_view(share: float, text: str, start: float = start, span: float = span) -> None:
            tell(start + span * share, text)

        chosen = _choose_baseline(members, baseline, likely.get(view), settings, workers)
        if isinstance(chosen, str):
            refused += [_refuse(member, chosen) for member in members]
            continue
        index, detection, skipped = chosen
        refused += [_refuse(member, reason) for member, reason in skipped]
        left_out = {id(member) for member, _ in skipped}
        kept = [member for member in members if id(member) not in left_out]
        scale, source = _scale(members[index], mm_per_px, marker_mm)
        if scale is None and marker_mm is not None:
            notes.append(
                f"{members[index].photo.name}: no ArUco marker found in this baseline photo, so "
                "its measures are without a scale; give --mm-per-px or a photo with the marker"
            )
        put_right = corrections_of_view(
            corrections, [member.photo.name for member in members], members[index].photo.name
        )
        notes += put_right.notes
        if put_right.summary:
            notes.append(f"{view or members[index].photo.name}: {put_right.summary}")
        views.append(
            analyse_view(
                view,
                kept,
                kept.index(members[index]),
                detection,
                straight=_straight(kept, members[index], likely.get(view)),
                scale_mm_per_px=scale,
                scale_source=source,
                polygons=[z for z in zones if z.view in ("", view)],
                corrections=put_right,
                workers=workers,
                settings=settings.measurement,
                progress=tell_view,
            )
        )
    tell(1.0, "done")
    return SeriesAnalysis(
        client=client,
        views=tuple(views),
        refused=tuple(refused),
        sessions=tuple(sorted(sessions, key=lambda s: s.date)),
        version=__version__,
        method_version=METHOD_VERSION,
        settings=settings.mapping_with(corrections),
        settings_hash=settings.fingerprint(corrections),
        notes=tuple(notes),
    )


def _prepare(
    photo: SeriesPhoto,
    read: Callable[[], SrgbArray],
    sessions: Sequence[Session],
    settings: AnalysisSettings,
) -> PreparedPhoto | PhotoMeasures:
    """Decode a photo once, judge it and take its features; or say why not."""
    stage = stage_of(photo.captured_on, sessions, settings.timeline)
    days = days_since_session(photo.captured_on, sessions)
    try:
        srgb = read()
    except PhotoError as problem:
        reason = f"{problem.what}; {problem.remedy}"
        return refused_row(photo, reason, stage=stage, days_since_session=days)
    skin = find_skin(srgb)
    quality = judge_quality(srgb, skin, float("nan"))
    if quality.blocking:
        return refused_row(
            photo, quality.blocking, stage=stage, days_since_session=days, quality=quality
        )
    features = extract_features(srgb, skin.region)
    card = find_card(srgb)
    return PreparedPhoto(photo, read, srgb.shape[:2], skin, quality, features, stage, days, card)


def _dots_of(member: PreparedPhoto, settings: AnalysisSettings, workers: int) -> Detection:
    return detect_dots(member.read(), member.skin.region, settings.detection, workers=workers)


def _n_pigment_like(detection: Detection) -> int:
    return int((detection.dots.kind != Kind.HAIR).sum())


@dataclass(frozen=True)
class _Likely:
    """A view's likely baseline, its spots, and the straight alignments of the others with it, by name."""

    baseline: PreparedPhoto
    detection: Detection
    straight: Mapping[str, Registration | NotRegistered]


@dataclass(frozen=True)
class _Ahead:
    """The same while it is being worked on: begun as soon as the photos were looked at."""

    baseline: PreparedPhoto
    detection: Callable[[], Detection]
    straight: dict[str, Callable[[], Registration | NotRegistered]]

    def align_too(self, members: Sequence[PreparedPhoto], begun: Begun) -> None:
        """Begin to align those that have not begun."""
        for member in members:
            name = member.photo.name
            if member is not self.baseline and name not in self.straight:
                self.straight[name] = begun.begin(register, self.baseline.features, member.features)

    def finished(self, least_dots: int, tell: Progress) -> _Likely:
        """What came of it; without alignments where this photo shows too few dots to be a baseline."""
        tell(0.3, f"looking for dots in {self.baseline.photo.name}")
        detection = self.detection()
        straight = {}
        if _n_pigment_like(detection) >= least_dots:
            for name, result in self.straight.items():
                tell(0.3, f"aligning {name}")
                straight[name] = result()
        return _Likely(self.baseline, detection, straight)


def _straight(
    members: Sequence[PreparedPhoto], baseline: PreparedPhoto, likely: _Likely | None
) -> Mapping[int, Registration | NotRegistered]:
    """What is known of the members' straight alignments with the baseline, by index."""
    if likely is None or likely.baseline is not baseline:
        return {}
    names = enumerate(member.photo.name for member in members)
    return {k: likely.straight[name] for k, name in names if name in likely.straight}


def _refuse(member: PreparedPhoto, reason: str) -> PhotoMeasures:
    return refused_row(
        member.photo,
        reason,
        stage=member.stage,
        days_since_session=member.days_since_session,
        quality=member.quality,
    )


def _choose_baseline(
    members: Sequence[PreparedPhoto],
    wanted: str | None,
    likely: _Likely | None,
    settings: AnalysisSettings,
    workers: int,
) -> tuple[int, Detection, list[tuple[PreparedPhoto, str]]] | str:
    """Index and spots of the baseline and the photos passed over; or why there is none."""
    # An undated photo may be from any time: it is compared with, only where no dated one can be.
    order = sorted(range(len(members)), key=lambda k: (members[k].photo.captured_on is None, k))
    named = [k for k in order if members[k].photo.name == wanted]
    if named:
        order = named
    skipped: list[tuple[PreparedPhoto, str]] = []
    for k in order:
        if likely is not None and likely.baseline is members[k]:
            detection = likely.detection
        else:
            detection = _dots_of(members[k], settings, workers)
        n = _n_pigment_like(detection)
        if n >= settings.min_baseline_dots:
            return k, detection, skipped
        skipped.append(
            (members[k], f"only {n} pigment dots found: no baseline without visible dots")
        )
    if named:
        return f"no pigment dots found in {wanted}, the chosen baseline: choose another"
    return "no pigment dots found in this view: there is nothing to follow"


def _scale(
    member: PreparedPhoto, mm_per_px: float | None, marker_mm: float | None
) -> tuple[float | None, str]:
    """Scale of the baseline photo in mm per px, and where it comes from."""
    if mm_per_px is not None:
        return mm_per_px, "given"
    if marker_mm is not None:
        found = find_marker_scale(member.read(), marker_mm)
        if found is not None:
            return found.mm_per_px, f"marker {found.dictionary}"
    return None, ""
