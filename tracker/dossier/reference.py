"""The last pages of a report: photos with their hashes, method, glossary, limits."""

from __future__ import annotations

from tracker.dossier.figures import ReportFigures, fingerprint
from tracker.dossier.letter import Block, facts, heading, table, text
from tracker.dossier.words import NO_VALUE, Words


def closing_blocks(figures: ReportFigures, words: Words) -> list[Block]:
    """What lets a sceptic check the report."""
    return [
        heading(words("Photos, and how to check them")),
        text(
            words(
                "A photo's SHA-256 changes with every single bit of its file. "
                "`smp-tracker verify REPORT` compares this list with the photos in the store."
            ),
            small=True,
        ),
        table(
            (
                words("Photo"),
                words("Date"),
                words("stage"),
                words("days"),
                words("status"),
                "SHA-256",
            ),
            [
                (
                    photo.name,
                    words.day(photo.captured_on),
                    words.engine(photo.stage),
                    NO_VALUE if photo.days_since_session is None else str(photo.days_since_session),
                    words.engine(photo.status),
                    _grouped(photo.sha256),
                )
                for photo in figures.photos
            ],
            "lllrll",
            (20, 13, 10, 6, 12, 39),
            small=True,
        ),
        heading(words("Method")),
        facts(
            (
                words("Program and method"),
                f"smp-tracker {figures.program_version}, {figures.method_version}",
            ),
            (words("Settings (hash)"), figures.settings_hash),
            (words("These figures (SHA-256)"), _grouped(fingerprint(figures))),
            (
                words("Healed means"),
                words("at least {days} days after the last session", days=figures.healed_days),
            ),
        ),
        text(
            words(
                "The photos are aligned with the first one. At the place of every dot of the first "
                "photo the pigment is read in every later photo, found there or not: the density "
                "above the skin around it, summed over the dot. Fade is the share of that pigment "
                "that is gone. Exposure and shading cancel."
            ),
            small=True,
        ),
        heading(words("Glossary")),
        table(
            (words("word"), words("what it means")), _glossary(words), "ll", (22, 78), small=True
        ),
        heading(words("Limits")),
        text(
            words(
                "This is a measurement of photos, not a diagnosis and not a promise. Intervals hold "
                "for photos as the method asks for: like light, like shave, in focus. Stubble of "
                "another length, tan, shine or make-up can pass for a change. Dots under 3 pixels "
                "read too low. Colour in the printed pictures is for looking, not for measuring."
            ),
            small=True,
        ),
    ]


def _glossary(words: Words) -> list[tuple[str, ...]]:
    return [
        (words("fade"), words("share of the pigment of the first photo that is gone")),
        (
            words("95 % interval"),
            words("the range that holds the true value in 95 of 100 such measurements"),
        ),
        (words("provable from"), words("smallest change that these photos can tell from none")),
        (
            words("healed"),
            words("photographed when the skin has calmed down after the last session"),
        ),
        (words("evenness"), words("how much the parts of the area differ; 0 is perfectly even")),
        (
            words("tone, ΔE00"),
            words("colour difference to the untreated skin; from about 2 on people see it"),
        ),
        (words("baseline"), words("the first photo, with which all others are compared")),
    ]


def _grouped(digest: str) -> str:
    """A hash that may break between its groups of eight."""
    return " ".join(digest[k : k + 8] for k in range(0, len(digest), 8))
