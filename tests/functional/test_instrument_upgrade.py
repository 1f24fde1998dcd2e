"""An assessment moves to another version of its instrument: shown first, then done, nothing lost."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.assessments.answering import answers_of, every_answer_of
from cirt.assessments.instruments import places
from cirt.assessments.instruments.upgrade import AnswerFate
from cirt.assessments.instruments.upgrading import change_version, gone_answers, planned
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment
from cirt.audit import AuditEntry, broken_links
from cirt.db import Database
from cirt.errors import ForbiddenError, InvalidInputError, NotFoundError
from cirt.settings import Settings
from tests.conftest import Browser, Cast
from tests.functional.assessment_steps import (
    answered,
    led_to,
    page,
    present,
    question_url,
    started,
    versions,
)
from tests.functional.instrument_steps import ID, changed_version, installed


@pytest.fixture
def begun(database: Database, cast: Cast, settings: Settings, tmp_path: Path) -> uuid.UUID:
    """An assessment at 1.0.0 with answers; 1.1.0 is installed."""
    places.use_data_folder(settings.data_dir)
    installed(settings.data_dir, changed_version(), tmp_path / "new")
    assessment_id = started(database, cast)
    for question, choice in (("D1-Q1", "3"), ("D1-Q2", "2"), ("D2-Q1", "1")):
        answered(database, cast, assessment_id, question, choice, comment=f"said of {question}")
    return assessment_id


def move(database: Database, cast: Cast, assessment_id: uuid.UUID, version: str) -> None:
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        change_version(session, cast.actors["farid"], row, version)


def test_preview_shows_the_fate_of_each_answer_and_changes_nothing(
    browser: Callable[[str | None], Browser], database: Database, begun: uuid.UUID
) -> None:
    shown = page(browser("farid").get(f"/assessments/{begun}/version/1.1.0"))
    for text in ("D1-Q1", "D1-Q2", "D2-Q9", "On what does the mandate rest today?", "For review"):
        assert text in shown
    with database.reading() as session:
        row = session.get_one(Assessment, begun)
        plan = planned(session, row, "1.1.0")
        assert row.instrument_version == "1.0.0"
    fates = {each.question_id: each.fate for each in plan.answers}
    assert fates == {
        "D1-Q1": AnswerFate.REVIEW,
        "D1-Q2": AnswerFate.GONE,
        "D2-Q1": AnswerFate.KEPT,
    }
    assert [each.id for each in plan.new] == ["D2-Q9"]


def test_upgrade_marks_keeps_and_leaves_out(
    browser: Callable[[str | None], Browser], database: Database, begun: uuid.UUID
) -> None:
    answer = browser("farid").post(f"/assessments/{begun}/version/1.1.0")
    assert answer.status_code == 302
    changed, kept, gone = (present(database, begun, q) for q in ("D1-Q1", "D2-Q1", "D1-Q2"))
    assert changed is not None and kept is not None and gone is not None
    assert (changed.level, changed.for_review, changed.instrument_version) == (3, True, "1.1.0")
    assert changed.comment == "said of D1-Q1"
    assert (kept.revision, kept.for_review, kept.instrument_version) == (1, False, "1.0.0")
    assert (gone.revision, gone.level, gone.instrument_version) == (1, 2, "1.0.0")
    history = versions(database, begun, "D1-Q1")
    assert [row.instrument_version for row in history] == ["1.0.0", "1.1.0"]
    assert [row.for_review for row in history] == [False, True]
    with database.reading() as session:
        row = session.get_one(Assessment, begun)
        assert set(answers_of(session, row)) == {"D1-Q1", "D2-Q1"}
        assert set(every_answer_of(session, row)) == {"D1-Q1", "D1-Q2", "D2-Q1"}
        assert [each.question_id for each in gone_answers(session, row)] == ["D1-Q2"]
        entry = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "assessment.upgrade")
        ).one()
        assert list(broken_links(session)) == []
    assert entry.details["answers"] == {"kept": 1, "review": 1, "opened": 0, "gone": 1}
    assert (entry.details["before"], entry.details["after"]) == ("1.0.0", "1.1.0")


def test_pages_and_files_go_on_with_answers_to_gone_questions(
    browser: Callable[[str | None], Browser],
    database: Database,
    cast: Cast,
    begun: uuid.UUID,
) -> None:
    move(database, cast, begun, "1.1.0")
    farid = browser("farid")
    for name in ("", "/results", "/details", "/version", "/table"):
        assert farid.get(f"/assessments/{begun}{name}").status_code == 200, name
    assert farid.get("/assessments/").status_code == 200
    assert farid.get(question_url(begun, "D1-Q2")).status_code == 404
    shown = page(farid.get(f"/assessments/{begun}/version"))
    assert "no longer count" in shown and "said of D1-Q2" in shown


def test_way_back_brings_the_answer_back(database: Database, cast: Cast, begun: uuid.UUID) -> None:
    move(database, cast, begun, "1.1.0")
    move(database, cast, begun, "1.0.0")
    with database.reading() as session:
        found = answers_of(session, session.get_one(Assessment, begun))
        assert found["D1-Q2"].level == 2 and not found["D1-Q2"].for_review
        assert found["D1-Q1"].for_review  # its words changed twice: somebody looks at it


def test_locked_assessment_is_not_moved(
    browser: Callable[[str | None], Browser],
    database: Database,
    cast: Cast,
    begun: uuid.UUID,
) -> None:
    led_to(database, cast, begun, State.AGREED)
    farid = browser("farid")
    shown = page(farid.get(f"/assessments/{begun}/version"))
    assert "locked" in shown and "See what version" not in shown
    assert farid.get(f"/assessments/{begun}/version/1.1.0").status_code == 403
    assert farid.post(f"/assessments/{begun}/version/1.1.0").status_code == 403
    with database.writing() as session, pytest.raises(ForbiddenError):
        change_version(session, cast.actors["farid"], session.get_one(Assessment, begun), "1.1.0")


def test_who_may_not_prepare_may_not_move(
    browser: Callable[[str | None], Browser], database: Database, begun: uuid.UUID
) -> None:
    url = f"/assessments/{begun}/version/1.1.0"
    for name, status in (("bela", 404), ("amina", 404), ("nadia", 403), ("root", 403)):
        assert browser(name).get(url).status_code == status
        assert browser(name).post(url).status_code == status
    assert browser("bela").get(f"/assessments/{begun}/version").status_code == 404
    assert browser("farid").client.post(url).status_code == 400  # no form token
    row = present(database, begun, "D1-Q1")
    assert row is not None and not row.for_review


def test_unknown_and_present_versions_are_refused(
    browser: Callable[[str | None], Browser],
    database: Database,
    begun: uuid.UUID,
) -> None:
    farid = browser("farid")
    assert farid.get(f"/assessments/{begun}/version/7.7.7").status_code == 404
    assert farid.get(f"/assessments/{begun}/version/1.0.0").status_code == 302
    with database.reading() as session:
        row = session.get_one(Assessment, begun)
        with pytest.raises(InvalidInputError):
            planned(session, row, "1.0.0")
        with pytest.raises(NotFoundError):
            planned(session, row, "7.7.7")


def test_answer_given_under_a_removed_version_is_marked(
    database: Database, cast: Cast, begun: uuid.UUID, settings: Settings
) -> None:
    """An instrument that is removed while answers exist: they are carried, for review."""
    move(database, cast, begun, "1.1.0")
    with database.writing() as session:
        row = session.get_one(Assessment, begun)
        every_answer_of(session, row)["D2-Q1"].instrument_version = "0.9.0"
        session.flush()
        plan = planned(session, row, "2.0.0")
    fates = {each.question_id: each for each in plan.answers}
    assert fates["D2-Q1"].fate is AnswerFate.REVIEW and fates["D2-Q1"].change is None
    assert plan.comparison.after.id == ID
