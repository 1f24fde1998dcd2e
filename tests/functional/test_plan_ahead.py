"""What if, timeline, overdue actions, and the plan of a profile."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.profiles import profiles_for
from cirt.assessments.models import Assessment
from cirt.assessments.plan.models import PlanAction
from cirt.clock import now
from tests.functional.assessment_steps import answered, page, started
from tests.functional.plan_steps import action, code_of, plan, proposed, url, with_answers

NEWER = ("cirt-readiness", "2.0.0")


def _text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(response)))


def _with_profile(database, cast, profile_id, exists):
    """An assessment with the newer questionnaire and a profile, every question at level 0."""
    assessment_id = started(database, cast, instrument=NEWER, cirt_exists=exists)
    for question in load_instrument(*NEWER).questions:
        if question.applies.asked(exists):
            answered(database, cast, assessment_id, question.id, "0")
    with database.writing() as session:
        session.get_one(Assessment, assessment_id).profile = profile_id
    return assessment_id


def test_without_a_profile_the_figures_show_what_changes(browser, cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    code = code_of(database, assessment_id, "D1-Q1", 2)
    farid = browser("farid")
    text = _text(farid.get(url(assessment_id, "plan/what-if")))
    assert "No profile is chosen, so there is no verdict" in text
    response = farid.get(url(assessment_id, f"plan/what-if?done={code}"))
    assert f'value="{code}" id="done-{code}" checked' in page(response)
    assert "from level 1 to 2" in _text(response)
    # what comes before it and is not ticked is said
    further = code_of(database, assessment_id, "D1-Q1", 3)
    text = _text(farid.get(url(assessment_id, f"plan/what-if?done={further}")))
    assert re.search(rf"These come first and are not ticked: {code}\b", text)
    for nonsense in ("done=A999", "done=%00", "until=later", "done=" + "A1&done=" * 300):
        assert farid.get(url(assessment_id, f"plan/what-if?{nonsense}")).status_code == 200


@pytest.fixture
def small_profile(settings):
    """A profile of five minimums in the data folder, one of a question asked of teams only."""
    folder = settings.data_dir / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    minimums = {"D1-Q1": 3, "D1-Q2": 3, "D2-Q1": 3, "D4-Q1": 2, "D6-Q2": 2}
    rows = "".join(
        f'  - {{question: {key}, level: {level}, reason: {{en: "So it is."}}}}\n'
        for key, level in minimums.items()
    )
    (folder / "small.yml").write_text(
        'id: small\nversion: 1.0.0\nname: {en: "A small profile"}\nowner: "Nobody"\n'
        'citation: "none"\nverified: false\ndescription: {en: "For tests."}\n'
        f"instrument: {NEWER[0]}\ninstrument_version: {NEWER[1]}\nminimums:\n{rows}",
        encoding="utf-8",
    )
    return minimums


@pytest.mark.parametrize(
    ("exists", "then"), [(False, "Open: answers are missing"), (True, "Every minimum is met")]
)
def test_profile_leads_the_plan_and_the_whole_plan_reaches_it(
    browser, cast, database, small_profile, exists, then
):
    assessment_id = _with_profile(database, cast, "small", exists)
    farid = browser("farid")
    fields = {"starts_on": "2026-03-02", "at_once": "3"}
    assert farid.post(url(assessment_id, "plan/propose"), fields).status_code == 302
    text = _text(farid.get(url(assessment_id)))
    assert "It leads to the minimums of the profile: A small profile" in text
    assert "Reaches the minimum of the profile, level 3." in text
    # steps of other questions are there because these need them, and say so
    assert "Here only because others need it:" in text
    today = farid.get(url(assessment_id, "plan/what-if"))
    count = len(small_profile)
    assert f"Today Not every minimum is met 0 of {count}" in _text(today)
    text = _text(farid.get(url(assessment_id, "plan/what-if?until=enhance")))
    assert f"If these are done {then} {count if exists else count - 1} of {count}" in text
    assert "These come first and are not ticked" not in text


def test_profile_without_minimums_gives_a_plan_and_no_verdict(browser, cast, database):
    empty = [one for one in profiles_for(load_instrument("sim3", "1.0.0")) if not one.targets]
    if not empty:
        pytest.skip("no profile without minimums is installed")
    assessment_id = started(database, cast, instrument=("sim3", "1.0.0"))
    question = load_instrument("sim3", "1.0.0").questions[0]
    answered(database, cast, assessment_id, question.id, "1")
    with database.writing() as session:
        session.get_one(Assessment, assessment_id).profile = empty[0].id
    proposed(database, cast, assessment_id)
    assert code_of(database, assessment_id, question.id, 2)
    farid = browser("farid")
    assert "Of the chosen profile no minimum is known" in _text(farid.get(url(assessment_id)))
    text = _text(farid.get(url(assessment_id, "plan/what-if")))
    assert "The profile is incomplete: no conclusion" in text


def test_profile_that_is_not_installed_is_said_and_the_plan_goes_on(browser, cast, database):
    assessment_id = with_answers(database, cast)
    with database.writing() as session:
        session.get_one(Assessment, assessment_id).profile = "gone"
    proposed(database, cast, assessment_id)
    text = _text(browser("farid").get(url(assessment_id)))
    assert "Until then the plan does without a profile." in text
    assert plan(database, assessment_id).actions


def test_timeline_has_a_bar_and_a_row_for_each_dated_action(browser, cast, database):
    assessment_id = with_answers(database, cast)
    farid = browser("farid")
    assert "No action has dates yet." in page(farid.get(url(assessment_id, "plan/timeline")))
    proposed(database, cast, assessment_id)
    with database.writing() as session:
        row = session.get_one(PlanAction, action(database, assessment_id, "A1").id)
        row.target_date = None
    for language, anchor in (("en", "ltr"), ("ar", "rtl")):
        text = page(farid.get(url(assessment_id, f"plan/timeline?lang={language}")))
        drawing = text[text.index("<svg xmlns") : text.index("</svg>", text.index("<svg xmlns"))]
        assert drawing.count("<rect") >= 31 and f'direction="{anchor}"' in drawing
        assert text.count('<th scope="row">') == 31
    assert "#A1" in text, "the one without a date is named"


def _dated(database, assessment_id, code, days):
    with database.writing() as session:
        row = session.get_one(PlanAction, action(database, assessment_id, code).id)
        row.target_date = now().date() + timedelta(days=days)


def test_overdue_and_due_soon_stand_on_the_start_page_of_the_country(browser, cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    with database.writing() as session:
        far = now().date() + timedelta(days=400)
        session.execute(sa.update(PlanAction).values(target_date=far))
    _dated(database, assessment_id, "A1", -1)
    _dated(database, assessment_id, "A2", 20)
    farid = browser("farid")
    text = page(farid.get("/"))
    first, second = (action(database, assessment_id, code).id for code in ("A1", "A2"))
    assert text.index(f"plan/actions/{first}") < text.index(f"plan/actions/{second}")
    assert "Overdue" in text and "Due soon" in text
    assert text.count("/plan/actions/") == 2
    text = page(farid.get(url(assessment_id, "plan/progress?show=overdue")))
    assert "Overdue actions: 1." in text and text.count('data-label="Action"') == 1
    for person in ("bela", "nadia", "amina", "root"):
        assert "/plan/actions/" not in page(browser(person).get("/"))
    # done is no longer overdue
    farid.post(url(assessment_id, f"plan/actions/{first}"), {"state": "done", "seen": "0"})
    assert "Overdue" not in page(farid.get("/"))


def test_many_overdue_actions_are_gathered_in_one_line(browser, cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    with database.writing() as session:
        session.execute(sa.update(PlanAction).values(target_date=now().date() - timedelta(days=3)))
    text = page(browser("farid").get("/"))
    assert text.count("/plan/actions/") == 5
    assert "overdue: 27, due soon: 0" in text and "/plan/progress" in text


@pytest.mark.parametrize(
    "rest", ["plan", "plan/timeline", "plan/what-if", "plan/progress", "findings"]
)
def test_arabic_pages_run_right_to_left(browser, cast, database, rest):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    text = page(browser("farid").get(url(assessment_id, f"{rest}?lang=ar")))
    assert '<html lang="ar" dir="rtl"' in text
