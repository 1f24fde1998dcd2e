"""The provision registry: read by many, corrected by administrators, with history and undo."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.assessments.instruments.provision_models import ProvisionCorrection
from cirt.assessments.instruments.provisions import (
    correct_provision,
    merged_provisions,
    provision_now,
    values_of,
)
from cirt.assessments.instruments.references import provisions
from cirt.audit import INSTALLATION, AuditEntry, broken_links
from cirt.db import Database
from tests.conftest import Browser, Cast
from tests.functional.assessment_steps import page

THEME = next(row.id for row in provisions().values() if row.kind == "theme")
VERIFIED = next(row.id for row in provisions().values() if row.verified)
URL = f"/instruments/provisions/{THEME}"
FOUND: dict[str, Any] = {
    "kind": "paragraph",
    "clause": "resolves",
    "paragraph": "2",
    "verified": True,
    "verified_by": "A. Person",
    "verified_on": "2026-11-20",
}


def typed(database: Database, provision_id: str = THEME, **changes: Any) -> dict[str, Any]:
    """What the form would send for a row with some fields changed."""
    with database.reading() as session:
        values = values_of(provision_now(session, provision_id))
        count = session.scalar(
            sa.select(sa.func.count()).where(ProvisionCorrection.provision_id == provision_id)
        )
    values |= {"reason": "Compared with the adopted text.", "revision": count, **changes}
    if not values["verified"]:
        del values["verified"]
    return {key: "" if value is None else value for key, value in values.items()}


def test_list_marks_themes_and_shows_no_paragraph_for_them(
    browser: Callable[[str | None], Browser],
) -> None:
    shown = page(browser("farid").get("/instruments/provisions?show=theme"))
    count = sum(row.kind == "theme" for row in provisions().values())
    assert shown.count("Theme, not verified") == count
    assert shown.count("none given") == count
    verified = page(browser("farid").get("/instruments/provisions?show=verified"))
    assert "Theme, not verified" not in verified


def test_administrator_corrects_a_theme_and_everybody_reads_it(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    answer = browser("root").post(f"{URL}/correct", typed(database, **FOUND))
    assert answer.status_code == 302
    with database.reading() as session:
        row = merged_provisions(session)[THEME]
        (kept,) = session.scalars(sa.select(ProvisionCorrection))
        entry = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "provision.correct")
        ).one()
        assert list(broken_links(session)) == []
    assert (row.kind, row.clause, row.paragraph) == ("paragraph", "resolves", "2")
    assert (row.verified, row.verified_by, row.source_read) == (True, "A. Person", "primary")
    assert kept.before["kind"] == "theme" and kept.user_id == cast.users["root"]
    assert entry.chain_id == INSTALLATION and "A. Person" not in str(entry.details)
    shown = page(browser("farid").get(URL))
    assert "resolves 2" in shown and "Compared with the adopted text." in shown
    assert "/undo/" not in shown
    assert provisions()[THEME].kind == "theme"


def test_correction_is_taken_back_and_the_history_grows(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    root = browser("root")
    root.post(f"{URL}/correct", typed(database, **FOUND))
    assert root.get(f"{URL}/undo/1").status_code == 200
    answer = root.post(f"{URL}/undo/1", {"reason": "Wrong paragraph.", "revision": "1"})
    assert answer.status_code == 302
    with database.reading() as session:
        assert values_of(provision_now(session, THEME)) == values_of(provisions()[THEME])
        rows = session.scalars(sa.select(ProvisionCorrection).order_by(ProvisionCorrection.n))
        assert [row.undoes for row in rows] == [None, 1]
    assert "was taken back" in page(root.get(URL))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "theme"}, "A theme cannot be verified"),
        ({"kind": "theme", "verified": False, "verified_by": "", "verified_on": ""}, "no clause"),
        ({"kind": "rumour"}, "Choose one of the kinds"),
        ({"clause": ""}, "under which clause"),
        ({"citation": " "}, "which text this is"),
        ({"paraphrase_en": ""}, "in your own words"),
        ({"verified_by": ""}, "who compared"),
        ({"verified_on": "20 November"}, "year-month-day"),
        ({"verified_on": "2999-01-01"}, "not come yet"),
        ({"verified": False}, "verified row only"),
        ({"reason": ""}, "Say why"),
        ({"citation": "x" * 400}, "Shorten this"),
    ],
)
def test_wrong_correction_is_refused_at_its_field_and_kept_in_the_form(
    browser: Callable[[str | None], Browser],
    database: Database,
    changes: dict[str, Any],
    said: str,
) -> None:
    sent = typed(database, **{**FOUND, "paragraph": "77-x", **changes})
    answer = browser("root").post(f"{URL}/correct", sent)
    shown = page(answer)
    assert answer.status_code == 422
    assert said in shown and 'value="77-x"' in shown
    with database.reading() as session:
        assert session.scalars(sa.select(ProvisionCorrection)).all() == []


def test_unchanged_row_is_no_correction(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    answer = browser("root").post(f"{URL}/correct", typed(database))
    assert answer.status_code == 422 and "Nothing was changed" in page(answer)


def test_second_correction_at_the_same_time_overwrites_nothing(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    mine = typed(database, **FOUND)
    with database.writing() as session:
        theirs = values_of(provision_now(session, THEME)) | {**FOUND, "paragraph": "9"}
        correct_provision(
            session, cast.actors["root"], THEME, theirs, reason="Read it too.", revision=0
        )
    answer = browser("root").post(f"{URL}/correct", mine)
    shown = page(answer)
    assert answer.status_code == 409
    assert (
        'value="2"' in shown
        and ">9<" in shown
        and 'name="revision" type="hidden" value="1"' in shown
    )
    with database.reading() as session:
        assert provision_now(session, THEME).paragraph == "9"
    again = browser("root").post(f"{URL}/correct", mine | {"revision": "1"})
    assert again.status_code == 302


def test_only_administrators_correct(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    for name in ("farid", "amina", "nadia"):
        assert browser(name).get(f"{URL}/correct").status_code == 403
        assert browser(name).post(f"{URL}/correct", typed(database, **FOUND)).status_code == 403
        assert (
            browser(name).post(f"{URL}/undo/1", {"reason": "x", "revision": "0"}).status_code == 403
        )
    root = browser("root")
    assert root.get("/instruments/provisions/none/correct").status_code == 404
    assert root.get(f"{URL}/undo/1").status_code == 404
    answer = root.client.post(f"{URL}/correct", data=typed(database, **FOUND))
    assert answer.status_code == 400


def test_arabic_paraphrase_belongs_to_its_english(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        values = values_of(provision_now(session, VERIFIED)) | {
            "paraphrase_en": "States decide.",
            "paraphrase_ar": "تقرر الدول.",
        }
        correct_provision(
            session, cast.actors["root"], VERIFIED, values, reason="Clearer.", revision=0
        )
    with database.reading() as session:
        shown = merged_provisions(session)[VERIFIED].paraphrase.in_language("ar")
    assert shown.text == "تقرر الدول." and not shown.stale
