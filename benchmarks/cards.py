"""Colour with and without a card: errors of L*, ITA and CIEDE2000 by skin type, against truth.

    python -m benchmarks.cards --out FOLDER             runs what is missing in FOLDER
    python -m benchmarks.cards --out FOLDER --document  writes its part of docs/progress_benchmark.md

Each series has three photos of one scalp with a card beside the treated patch: a baseline, one
without any change in another exposure and white balance, and one with redder treated skin in
yet another. The card's tilt, its place in the light and its print are drawn at random.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000

from tracker import view_look
from tracker.analysis import analyse_series
from tracker.measure.card_look import look_with_cards
from tracker.measure.card_reading import ColourCard, NoCard
from tracker.measure.results import Estimate, FloatColumn
from tracker.measure.skin_blocks import SkinBlocks
from tracker.measure.skin_look import SkinLook, ita_deg, lab_of
from tracker.rendering.clients import SKIN_TYPE_NAMES
from tracker.rendering.person import make_person
from tracker.rendering.skin import HAEMOGLOBIN_RGB, MELANIN_RGB
from tracker.rendering.spec import CardSpec, SeriesSpec
from tracker.series import SeriesPhoto
from tracker.synthetic import render_series, scene_specs

FIRST_SEED, SEEDS = 407, 4
"""Thresholds and errors were set on flat scenes of seeds 0, 5 and 9 and on heads of seeds 31, 39, 40
and 401 to 406."""
STOPS, KELVIN = 0.3, 600.0
DAYLIGHT_K = 5500.0
REDNESS = 0.08
WIDTH_PX, HEIGHT_PX, PX_PER_MM = 1420, 1000, 7.5
BEGIN, END = "<!-- card: begin -->", "<!-- card: end -->"
Z_95 = 1.959964


@dataclass(frozen=True)
class Job:
    card: Literal["marker", "chart"]
    skin_type: int
    seed: int


def jobs(seeds: int) -> list[Job]:
    """All series, seed by seed, so that a run stopped early has some of each."""
    return [
        Job(card, skin_type, FIRST_SEED + k)
        for k in range(seeds)
        for card in ("marker", "chart")
        for skin_type in range(1, 7)
    ]


def light_gains(kelvin: float) -> tuple[float, float]:
    """Gains of red and blue against green that light of another temperature makes.

    Planck's law at 600, 550 and 450 nm, against `DAYLIGHT_K` (Wien's form).
    """
    change = 1.4388e7 * (1 / DAYLIGHT_K - 1 / kelvin)
    red, blue = (math.exp(change * (1 / nm - 1 / 550)) for nm in (600, 450))
    return red, blue


def scene(job: Job) -> SeriesSpec:
    """Three photos of one scalp with a card, each in its own light; the same in all skins."""
    rng = np.random.default_rng([job.seed, job.card == "chart"])
    spec = scene_specs("clinic", job.seed, (0.0, 0.0, 0.0))
    gamma = float(np.exp(rng.normal(0, 0.08)))
    photos = []
    for number, photo in enumerate(spec.photos):
        side = 0.0 if number == 0 else float(rng.choice([-1.0, 1.0]))
        red, blue = light_gains(DAYLIGHT_K + KELVIN * side * float(rng.choice([-1.0, 1.0])))
        card = CardSpec(
            job.card,
            place_px=(-367 + rng.uniform(-12, 12), 267 + rng.uniform(-12, 12)),
            turn_deg=rng.uniform(-6, 6),
            tilt_right_deg=rng.normal(0, 8),
            tilt_down_deg=rng.normal(0, 8),
            print_gamma=gamma,
        )
        photos.append(
            replace(
                photo,
                exposure_stops=STOPS * side,
                white_balance=(red, blue),
                shift_px=(208 + rng.uniform(-12, 12), -92 + rng.uniform(-12, 12)),
                redness=REDNESS if number == 2 else 0.0,
                card=card,
            )
        )
    return replace(
        spec,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        px_per_mm=PX_PER_MM,
        patch_radius_mm=25.0,
        dot_diameter_mm=0.42,
        skin_type=job.skin_type,
        photos=tuple(photos),
    )


def true_native_density(spec: SeriesSpec) -> FloatColumn:
    """Median density of the rendered person's skin without light, shine and hair."""
    person, _ = make_person(spec)
    melanin, blood, neutral = (float(np.median(person.skin.maps[k])) for k in range(3))
    density = person.base_density + MELANIN_RGB * melanin + HAEMOGLOBIN_RGB * blood + neutral
    return np.asarray(density, np.float64)


def measure(job: Job) -> dict[str, Any]:
    """Render and measure one series; readings with, without and by the card alone."""
    cv2.setNumThreads(1)
    spec = scene(job)
    series = render_series(spec)
    truth = lab_of(true_native_density(spec)[None])
    seen: list[dict[str, Any]] = []

    def recorded(
        blocks: SkinBlocks,
        first: SkinBlocks,
        treated: np.ndarray,
        native: np.ndarray,
        *,
        ink_density: float,
        card: ColourCard | NoCard,
        first_card: ColourCard | NoCard,
    ) -> SkinLook:
        def look(members: np.ndarray, now: ColourCard | NoCard) -> SkinLook:
            return look_with_cards(
                blocks,
                first,
                treated,
                members,
                ink_density=ink_density,
                card=now,
                first_card=first_card,
            )

        found = look(native, card)
        density = np.nanmedian(blocks.density[native], axis=0)
        record: dict[str, Any] = {
            "n": int(treated.sum()),
            "card": found.card,
            "without": _against(truth, density),
            "native_l": _reading(found.native_l),
            "ita_native": _reading(found.ita_native),
        }
        if isinstance(card, ColourCard):
            record["with"] = _against(truth, density + card.correction.to_add(density)[0])
            alone = look(np.zeros_like(native), card)
            record["alone"] = {
                name: _reading(getattr(alone, name))
                for name in ("erythema_change", "melanin_change", "lightness_change")
            } | {"reason": alone.reason, "treated_change_l": _reading(alone.treated_change_l)}
        seen.append(record)
        return found

    def reader(number: int) -> SeriesPhoto:
        return SeriesPhoto(f"{number}.jpg", str(number), lambda: series.photos[number].srgb)

    with patch.object(view_look, "look_with_cards", recorded):
        analysis = analyse_series([reader(k) for k in range(3)], workers=1)
    rows = [row for view in analysis.views for row in view.photos]
    record = asdict(job) | {
        "truth_l": float(truth[0, 0]),
        "truth_ita": float(ita_deg(truth)[0]),
        "refused": [row.reason for row in (*rows, *analysis.refused) if row.reason],
    }
    # One call per photo and zone, the whole first.
    zones = max(len(seen) // max(len([r for r in rows if not r.reason]), 1), 1)
    return record | {"photos": seen[::zones]}


def _against(truth: FloatColumn, density: FloatColumn) -> dict[str, Any]:
    lab = lab_of(density[None])
    return {
        "lab": lab[0].tolist(),
        "l": float(lab[0, 0] - truth[0, 0]),
        "ita": float(ita_deg(lab)[0] - ita_deg(truth)[0]),
        "delta_e": float(deltaE_ciede2000(truth, lab)[0]),  # type: ignore[no-untyped-call]
    }


def _reading(value: Estimate) -> list[float] | None:
    if not value.measured:
        return None
    return [value.value, (value.high - value.low) / (2 * Z_95)]


def root_mean_square(values: Sequence[float]) -> float:
    """NaN of nothing."""
    return math.sqrt(sum(v * v for v in values) / len(values)) if values else math.nan


def _rms(values: Sequence[float]) -> str:
    return f"{root_mean_square(values):.1f}" if values else "-"


def table(records: Sequence[dict[str, Any]]) -> str:
    """Errors by card and skin type."""
    lines = [
        (
            "| card | skin type | photos | used | luminance, density, rms: without | with "
            "| L*: without | with | ITA, degrees: without | with "
            "| CIEDE2000 to the truth: without | with | between photos: without | with |"
        ),
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    worst: dict[str, dict[str, list[float]]] = {}
    for card in ("marker", "chart"):
        for skin_type in (*range(1, 7), 0):
            own = [
                r
                for r in records
                if r["card"] == card and (r["skin_type"] == skin_type or not skin_type)
            ]
            photos = [p for r in own for p in r["photos"]]
            told = [p for p in photos if "with" in p]
            pairs = {"without": _between(own, "without"), "with": _between(own, "with")}
            density = {
                key: [
                    _luminance_density(r["truth_l"] + p[key]["l"])
                    - _luminance_density(r["truth_l"])
                    for r in own
                    for p in r["photos"]
                    if "with" in p
                ]
                for key in ("without", "with")
            }
            cells = [f"{root_mean_square(errors):.3f}" for errors in density.values()]
            cells += [
                cell
                for name in ("l", "ita", "delta_e")
                for cell in (
                    _rms([p["without"][name] for p in told]),
                    _rms([p["with"][name] for p in told]),
                )
            ]
            if skin_type:
                by_measure = worst.setdefault(card, {})
                by_measure.setdefault("luminance, density", []).append(
                    root_mean_square(density["with"])
                )
                for name, title in (("l", "L*"), ("ita", "ITA"), ("delta_e", "CIEDE2000")):
                    errors = [p["with"][name] for p in told]
                    by_measure.setdefault(title, []).append(root_mean_square(errors))
            name = SKIN_TYPE_NAMES[skin_type - 1] if skin_type else "all"
            lines.append(
                f"| {card} | {name} | {len(photos)} | {len(told)} | "
                + " | ".join([*cells, _rms(pairs["without"]), _rms(pairs["with"])])
                + " |"
            )
    lines += ["", "| with a card, worst over best skin type | marker | chart |", "|---|--:|--:|"]
    for title in next(iter(worst.values()), {}):
        ratios = [worst_over_best(own[title]) for own in worst.values()]
        lines.append(f"| {title} | {' | '.join(ratios)} |")
    return "\n".join(lines)


def worst_over_best(values: Sequence[float]) -> str:
    """Ratio of the largest to the smallest that is known and above 0."""
    known = [value for value in values if math.isfinite(value) and value > 0]
    return f"{max(known) / min(known):.2f}" if known else "-"


def _luminance_density(lightness: float) -> float:
    """Density of the luminance that L* stands for, where it is the cube root of it (L* above 8)."""
    return -3 * math.log10((lightness + 16) / 116)


def _between(records: Sequence[dict[str, Any]], key: str) -> list[float]:
    """CIEDE2000 of native skin, which did not change, between a series' photos and its first."""
    far = []
    for record in records:
        labs = [np.array([p[key]["lab"]]) for p in record["photos"] if "with" in p]
        far += [float(deltaE_ciede2000(labs[0], lab)[0]) for lab in labs[1:]]  # type: ignore[no-untyped-call]
    return far


def claims(records: Sequence[dict[str, Any]]) -> str:
    """Whether stated errors hold, and what the card alone says of treated skin."""
    lines = [
        (
            "| card | L*: error over stated error, rms | ITA: the same | by the card alone, no change: "
            "erythema over its error, rms | melanin | lightness | series with a false sign (z > 2.5) "
            "| redness read, median | its z, median |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for card in ("marker", "chart"):
        own = [r for r in records if r["card"] == card]
        z_l = [
            (p["native_l"][0] - r["truth_l"]) / p["native_l"][1]
            for r in own
            for p in r["photos"]
            if p["native_l"]
        ]
        z_ita = [
            (p["ita_native"][0] - r["truth_ita"]) / p["ita_native"][1]
            for r in own
            for p in r["photos"]
            if p["ita_native"]
        ]
        calm = [r["photos"][1]["alone"] for r in own if "alone" in r["photos"][1]]
        names = ("erythema_change", "melanin_change", "lightness_change")
        z = {n: [c[n][0] / c[n][1] for c in calm if c[n]] for n in names}
        false = sum(any(c[n] and abs(c[n][0] / c[n][1]) > 2.5 for n in names) for c in calm)
        red = [
            r["photos"][2]["alone"]["erythema_change"]
            for r in own
            if len(r["photos"]) > 2 and r["photos"][2].get("alone", {}).get("erythema_change")
        ]
        middle = np.median([v for v, _ in red]) if red else math.nan
        sure = np.median([v / sd for v, sd in red]) if red else math.nan
        lines.append(
            f"| {card} | {_rms(z_l)} | {_rms(z_ita)} | "
            + " | ".join(_rms(z[n]) for n in names)
            + f" | {false} of {len(calm)} | {middle:+.3f} | {sure:.1f} |"
        )
    return "\n".join(lines)


def document(out: Path, target: Path) -> None:
    """Write the benchmark's part of the document, between its markers."""
    records = records_of(out / "cards.jsonl")
    used = sum("with" in p for r in records for p in r["photos"])
    total = sum(len(r["photos"]) for r in records)
    unused: dict[str, int] = {}
    for record in records:
        for photo in record["photos"]:
            if "with" not in photo:
                words = photo["card"] or "no card seen"
                unused[words] = unused.get(words, 0) + 1
    why = "; ".join(f"{words} ({count})" for words, count in unused.items()) or "none"
    refused = sum(bool(r["refused"]) for r in records)
    parts = [
        BEGIN,
        "## Colour with and without a card",
        (
            "Made by `python -m benchmarks.cards --out FOLDER`, then `--document`. "
            f"{len(records)} rendered series of three photos, seeds {FIRST_SEED} to "
            f"{max((r['seed'] for r in records), default=FIRST_SEED)}; exposure ±{STOPS} EV, white balance "
            f"±{KELVIN:.0f} K, the clinic preset's tone curve and saturation, the card tilted by 8 degrees "
            "(sd) and printed with a gamma off by 8 % (sd), alike in all six skins. Truth is the rendered native "
            "skin without light. *Without* is the photo as it is, on the photos whose card was used. "
            "*Between photos* is native skin, which did not change, against the series' first photo."
        ),
        table(records),
        f"Cards used: {used} of {total}. Not used: {why}. Series with a refused photo: {refused}.",
        (
            "Stated errors, and what a card in both photos says of treated skin where native skin is "
            "hidden from the method. The redness is the rendered haemoglobin density "
            f"+{REDNESS} in the middle of the treated area."
        ),
        claims(records),
        END,
    ]
    text = target.read_text("utf-8") if target.exists() else ""
    part = "\n\n".join(parts)
    if BEGIN in text and END in text:
        text = text[: text.index(BEGIN)] + part + text[text.index(END) + len(END) :]
    else:
        text = text.rstrip("\n") + "\n\n" + part + "\n"
    target.write_text(text, encoding="utf-8")


def records_of(path: Path) -> list[dict[str, Any]]:
    """What a run left so far, a line of JSON each."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="scalps per card and skin type")
    parser.add_argument("--document", action="store_true", help="write the document and stop")
    parser.add_argument("--target", type=Path, default=Path("docs/progress_benchmark.md"))
    given = parser.parse_args(arguments)
    if given.document:
        document(given.out, given.target)
        return 0
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / "cards.jsonl"
    known = {(r["card"], r["skin_type"], r["seed"]) for r in records_of(path)}
    with path.open("a", encoding="utf-8") as file:
        for job in jobs(given.seeds):
            if (job.card, job.skin_type, job.seed) not in known:
                file.write(json.dumps(measure(job)) + "\n")
                file.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
