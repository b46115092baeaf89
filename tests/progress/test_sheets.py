"""Comparable cases and the consultation sheet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests import factories
from tests.progress.looks import look, reading, view_with
from tests.progress.series import series
from tracker.measure.skin_look import SkinLook
from tracker.progress.comparable import (
    Case,
    DensityClass,
    comparable_cases,
    density_class,
    main_method,
)
from tracker.progress.consultation import consultation
from tracker.progress.facts import CaseFacts
from tracker.progress.published import Method
from tracker.progress.report import case_of
from tracker.records import ConsentLevel, ConsentRecord, Goal, MedicalFlag, PigmentKind
from tracker.report.sheets import consultation_page, consultation_text, forecast_page, forecast_text

TODAY = date(2026, 6, 1)
COURSE = ((0, 0, 0.0), (50, 1, 0.3))


def case(code: str, *consents: ConsentRecord, **changes: object) -> Case:
    made = Case(code, "III", Method.Q_SWITCHED, DensityClass.MEDIUM, COURSE, consents)
    return replace(made, **changes)  # type: ignore[arg-type]


RESEARCH = ConsentRecord(ConsentLevel.RESEARCH, date(2026, 1, 1))


def test_only_alike_and_only_with_consent_in_force() -> None:
    others = [
        case("A", RESEARCH),
        case("B"),
        case("C", ConsentRecord(ConsentLevel.CARE, date(2026, 1, 1))),
        case("D", replace(RESEARCH, withdrawn_on=date(2026, 5, 1))),
        case("E", replace(RESEARCH, given_on=date(2026, 7, 1))),
        case("F", RESEARCH, skin_type="V"),
        case("G", RESEARCH, method=Method.PICOSECOND),
        case("H", RESEARCH, density=DensityClass.DENSE),
        case("I", ConsentRecord(ConsentLevel.PUBLICATION, date(2026, 1, 1))),
        case("own", RESEARCH),
    ]
    found, words = comparable_cases(case("own"), others, today=TODAY)
    assert [c.code for c in found] == ["A", "I"]
    assert "2 comparable cases" in words
    assert "4 more have not consented" in words


def test_unknown_facts_compare_with_nobody() -> None:
    found, words = comparable_cases(
        case("own", density=DensityClass.UNKNOWN), [case("A", RESEARCH)], today=TODAY
    )
    assert found == ()
    assert "needs a scale" in words


def test_density_classes_and_main_method() -> None:
    assert [density_class(x) for x in (float("nan"), 40, 90, 300)] == [
        DensityClass.UNKNOWN,
        DensityClass.LIGHT,
        DensityClass.MEDIUM,
        DensityClass.DENSE,
    ]
    assert main_method(factories.make_sessions()) is Method.Q_SWITCHED
    assert main_method(()) is Method.UNKNOWN


def test_a_case_is_a_course_in_days() -> None:
    analysis = series([(50, 0.3), (100, 0.5)], [10, 60])
    made = case_of("X", analysis.views[0], analysis.sessions, CaseFacts(), DensityClass.LIGHT, ())
    assert made.points == ((0, 0, 0.0), (50, 1, 0.3), (100, 2, 0.5))


def test_the_sheet_names_flags_goals_and_sources() -> None:
    analysis = replace(factories.make_analysis(), views=(view_with(),))
    facts = CaseFacts(
        skin_type="V",
        flags=(MedicalFlag.ISOTRETINOIN, MedicalFlag.RECENT_SUN),
        pigment=PigmentKind.IRON_OXIDE,
        method="Q-switched",
    )
    sheet = consultation(analysis, facts)
    words = consultation_text(sheet)
    for part in ("isotretinoin", "recent sun", "skin type V", "iron oxide", "5 to 12 %"):
        assert part in words
    soft, full, correction = sheet.goals
    assert (soft.goal, soft.sessions_low, soft.sessions_high) == ("soft fade", 2, 4)
    assert (full.goal, full.target, correction.goal) == ("full removal", 0.95, "correction")
    # 24 dots per cm2 is light work: mild 2-4 [C], light 3-5 [P].
    assert sheet.views[0].density is DensityClass.LIGHT
    assert (full.sessions_low, full.sessions_high) == (2, 5)
    assert (full.cost_low, full.cost_high, full.currency) == (400, 3000, "USD")
    assert all("(" in source for source in full.sources)
    page = consultation_page(sheet)
    assert "practitioner" in page
    assert "Correction: as for full removal." in page
    assert page.count("full removal of mild work") == 1
    assert "<script" not in page


def test_the_sheet_gives_ita_by_a_card_with_its_error() -> None:
    angle = reading(33.0, 5.0, "deg")
    beside = replace(look(), card="24-patch card", ita_native=angle)
    alone = replace(
        SkinLook.missing(""), card="marker card", ita_treated=angle, ita_treated_deg=33.0
    )
    for skin, words in (
        (beside, "ITA of native skin by the 24-patch card: 33° (23 to 43)"),
        (alone, "ITA of treated skin by the marker card: 33° (23 to 43)"),
    ):
        analysis = replace(factories.make_analysis(), views=(view_with(skin, first=skin),))
        sheet = consultation(analysis, CaseFacts())
        assert words in sheet.views[0].remarks
        assert words in consultation_text(sheet)
    assert sheet.views[0].ita_deg == 33.0


def test_the_sheet_without_anything_known() -> None:
    empty = replace(factories.make_analysis(), views=())
    sheet = consultation(empty, CaseFacts())
    assert any("no baseline photo" in words for words in sheet.problems)
    assert sheet.goals[1].sessions_high == 12
    assert "The skin type is not noted; a photo gives an estimate (ITA) only." in consultation_page(
        sheet
    )


def test_an_agreed_price_replaces_the_published_one() -> None:
    facts = CaseFacts(goal=Goal.SOFT_FADE, target=0.5, price=900.0, currency="eur")
    soft = consultation(factories.make_analysis(), facts).goals[0]
    assert (soft.cost_low, soft.cost_high, soft.currency) == (900.0, 900.0, "EUR")


def test_forecast_page_draws_cases_faintly_and_names_nobody() -> None:
    from tracker.progress.report import progress_of

    analysis = series([(50, 0.3), (100, 0.5)], [10, 60])
    made = progress_of(analysis, CaseFacts(), today=date(2026, 5, 1))
    row = replace(made.views[0], comparable=(case("C-7777", RESEARCH),), comparable_words="1 case")
    made = replace(made, views=(row,))
    page = forecast_page(analysis, made)
    assert 'class="case"' in page
    assert "C-7777" not in page + forecast_text(made)
    assert 'class="band95"' in page
    assert "<script" not in page
