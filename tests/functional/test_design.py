"""The design annex: pages, saving, proposals, locking, conflicts, who may."""

import pytest

from cirt import audit
from cirt.assessments import conduct, grants
from cirt.assessments.design import annex
from cirt.assessments.design.queries import design_of
from cirt.assessments.design.services import Level, Period, Source
from cirt.assessments.lifecycle import GrantRole, State
from cirt.assessments.models import Assessment
from cirt.assessments.plan.actions import ActionContent, add_action
from tests.functional.assessment_steps import answered, led_to, page, started

PAGES = (
    "",
    "/services",
    "/staffing",
    "/budget",
    "/description/en",
    "/description/ar",
    "/lists/sim3",
    "/lists/first-membership",
)
FORMS = (
    "/services/change",
    "/services/proposals",
    "/staffing/change",
    "/staffing/services",
    "/budget/change",
    "/description/en/change",
    "/lists/sim3/O-1",
)


@pytest.fixture
def round_one(database, cast):
    return started(database, cast)


@pytest.fixture
def base(round_one):
    return f"/assessments/{round_one}/design"


def _design(database, assessment_id):
    with database.reading() as session:
        return design_of(session, session.get_one(Assessment, assessment_id))


def _revision(database, assessment_id, part):
    return str(_design(database, assessment_id).saved_part(part).revision)


def test_every_page_opens_before_anything_is_saved_and_the_tab_leads_there(
    browser, base, round_one
):
    farid = browser("farid")
    assert f'href="{base}"' in page(farid.get(f"/assessments/{round_one}"))
    for path in (*PAGES, *FORMS):
        answer = farid.get(base + path)
        assert answer.status_code == 200, path
    assert "rest on our defaults" in page(farid.get(base))


def test_pages_are_closed_to_others(browser, base, database, cast, round_one):
    for path in (*PAGES, *FORMS):
        assert browser(None).get(base + path).status_code == 302, path
        for person in ("bela", "amina", "chen"):
            assert browser(person).get(base + path).status_code == 404, (person, path)
        for person in ("nadia", "root"):
            assert browser(person).get(base + path).status_code in (403, 404), (person, path)
    with database.writing() as session:
        grants.give_grant(
            session, cast.actors["farid"], session.get_one(Assessment, round_one),
            user_id=cast.users["amina"], until=grants.default_until(), role=GrantRole.REVIEWER,
        )  # fmt: skip
    amina = browser("amina")
    for path in PAGES:
        text = page(amina.get(base + path))
        assert "/change" not in text, path
    for path in FORMS:
        assert amina.get(base + path).status_code == 403, path
        assert amina.post(base + path, {}).status_code == 403, path


def test_unknown_languages_lists_and_items_are_not_found(browser, base):
    farid = browser("farid")
    for path in (
        "/description/de", "/description/de/change", "/description/xx/export", "/lists/x",
        "/lists/sim3/O-99", "/lists/sim3/print/de.pdf", "/lists/x/print/en.pdf",
    ):  # fmt: skip
        assert farid.get(base + path).status_code == 404, path


def test_forms_without_their_token_are_refused(browser, base, database, round_one):
    client = browser("farid").client
    for path in FORMS:
        assert client.post(base + path, data={"revision": "0"}).status_code == 400, path
    assert not _design(database, round_one).is_begun


def test_a_closed_assessment_shows_its_design_and_says_why_it_cannot_change(
    browser, base, database, cast, round_one
):
    farid = browser("farid")
    led_to(database, cast, round_one, State.AGREED)
    assert (
        farid.post(base + "/services/change", {"revision": "0", "s6_1_now": "basic"}).status_code
        == 302
    )
    with database.writing() as session:
        row = session.get_one(Assessment, round_one)
        conduct.close_assessment(session, cast.actors["farid"], row)
    text = page(farid.get(base + "/services"))
    assert "was closed on" in text and "Basic" in text and "/services/change" not in text
    for path in FORMS:
        assert farid.get(base + path).status_code == 403, path
        answer = farid.post(base + path, {"revision": "1"})
        assert answer.status_code == 403, path
        assert "was closed on" in page(answer), path
    assert farid.get(base + "/description/en/export").status_code == 200


def test_services_are_chosen_shown_with_words_and_recorded(browser, base, database, round_one):
    farid = browser("farid")
    answer = farid.post(
        base + "/services/change",
        {
            "revision": "0",
            "s6_1_now": "absent",
            "s6_1_year_1": "basic",
            "s6_1_year_3": "established",
        },
    )
    assert answer.status_code == 302
    text = page(farid.get(answer.location))
    assert "0 · Absent" in text and "2 · Basic" in text and "3 · Established" in text
    found = _design(database, round_one)
    assert found.choices.level("FIRST-6.1", Period.YEAR_3) is Level.ESTABLISHED
    assert found.choices.level("FIRST-5.1", Period.NOW) is Level.NOT_SAID
    assert found.needs[Period.YEAR_3].total > found.needs[Period.NOW].total == 0
    with database.reading() as session:
        row = session.get_one(Assessment, round_one)
        (act,) = audit.acts_on(session, row, ["assessment.design"])
    assert act.details == {"part": "services", "revision": 1}


def test_a_level_that_is_none_is_refused_and_the_others_are_kept(
    browser, base, database, round_one
):
    answer = browser("farid").post(
        base + "/services/change", {"revision": "0", "s6_1_now": "super", "s9_1_now": "planned"}
    )
    assert answer.status_code == 422
    assert "Choose one of the levels listed." in page(answer)
    assert '<option selected value="planned">' in page(answer)
    assert not _design(database, round_one).is_begun


def test_of_two_who_choose_services_nobody_loses_a_word(browser, base, database, round_one):
    farid, url = browser("farid"), base + "/services/change"
    assert farid.post(url, {"revision": "0", "s6_1_now": "basic"}).status_code == 302
    # the same words again conflict with nothing
    assert farid.post(url, {"revision": "0", "s6_1_now": "basic"}).status_code == 302
    answer = farid.post(url, {"revision": "0", "s6_1_now": "established", "s6_2_now": "planned"})
    assert answer.status_code == 409
    text = page(answer)
    assert "What is saved now" in text and "Basic" in text
    assert '<option selected value="established">' in text
    assert _design(database, round_one).choices.level("FIRST-6.1", Period.NOW) is Level.BASIC
    assert 'name="revision" type="hidden" value="1"' in text
    answer = farid.post(url, {"revision": "1", "s6_1_now": "established", "s6_2_now": "planned"})
    assert answer.status_code == 302
    assert _revision(database, round_one, "services") == "2"


def test_proposals_come_with_their_source_and_only_what_is_taken_is_chosen(
    browser, base, database, cast, round_one
):
    farid, url = browser("farid"), base + "/services/proposals"
    text = page(farid.get(url))
    assert "From the starting set for a new team" in text and "this comes first" in text
    assert "checked" not in text
    assert not _design(database, round_one).is_begun
    key = "FIRST-6.1|year_1|starting-set"
    assert farid.post(url, {"revision": "0", "key": key}).status_code == 302
    found = _design(database, round_one).choices
    assert found.level("FIRST-6.1", Period.YEAR_1) is Level.BASIC
    assert found.source("FIRST-6.1", Period.YEAR_1) is Source.STARTING_SET
    assert found.level("FIRST-6.1", Period.YEAR_3) is Level.NOT_SAID
    assert key not in page(farid.get(url))
    assert farid.post(url, {"revision": "1", "all": "starting-set"}).status_code == 302
    assert len(_design(database, round_one).choices.offered(Period.YEAR_1)) == 5


def test_proposals_that_are_none_or_old_are_refused(browser, base, database, round_one):
    farid, url = browser("farid"), base + "/services/proposals"
    answer = farid.post(url, {"revision": "0"})
    assert answer.status_code == 422 and "Choose at least one" in page(answer)
    answer = farid.post(url, {"revision": "0", "key": "FIRST-6.1|now|made-up"})
    assert answer.status_code == 422 and "proposed no more" in page(answer)
    farid.post(base + "/services/change", {"revision": "0", "s5_1_now": "absent"})
    key = "FIRST-6.1|year_1|starting-set"
    answer = farid.post(url, {"revision": "0", "key": key})
    assert answer.status_code == 409
    assert f'value="{key}" checked' in page(answer)
    assert _revision(database, round_one, "services") == "1"


def test_answers_propose_what_there_is_now(browser, base, database, cast, round_one):
    from cirt.assessments.instruments import load_instrument

    instrument = load_instrument("cirt-readiness", "1.0.0")
    question = next(one for one in instrument.questions if one.crosswalk.first_services)
    answered(database, cast, round_one, question.id, "4", comment="a secret comment")
    text = page(browser("farid").get(base + "/services/proposals"))
    assert "From the answers of this assessment" in text
    assert question.id in text and "a secret comment" not in text


def test_a_country_with_a_team_is_offered_no_starting_set(browser, database, cast):
    other = started(database, cast, cirt_exists=True)
    text = page(browser("farid").get(f"/assessments/{other}/design/services/proposals"))
    assert "starting set" not in text and "There is no proposal" in text


def test_posts_follow_the_assumptions_and_show_every_step(browser, base, database, round_one):
    farid = browser("farid")
    farid.post(base + "/services/change", {"revision": "0", "s6_1_year_1": "basic"})
    answer = farid.post(
        base + "/staffing/change",
        {
            "revision": "0", "coverage_now": "0", "coverage_year_1": "168", "coverage_year_3": "168",
            "leave_days": "٣٠", "posts_year_1": "3", "contract_hours": "",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    text = page(farid.get(answer.location))
    assert "(52 × 5 − 30 − 12 − 8 − 10) × 40" in text
    assert "Round the clock needs" in text
    values = _design(database, round_one).assumptions.values
    assert (values["leave_days"], values["contract_hours"]) == ("30", "40")
    before = _design(database, round_one).needs[Period.YEAR_1].work
    answer = farid.post(
        base + "/staffing/services",
        {"revision": "0", "hours_6_1_basic": "400", "hours_6_1_established": "500"},
    )
    assert answer.status_code == 302
    assert _design(database, round_one).needs[Period.YEAR_1].work > before


def test_wrong_numbers_are_refused_together_and_all_that_was_typed_stays(
    browser, base, database, round_one
):
    farid = browser("farid")
    answer = farid.post(
        base + "/staffing/change",
        {
            "revision": "0", "coverage_now": "0", "coverage_year_1": "41", "coverage_year_3": "40",
            "leave_days": "many", "sick_days": "999", "training_days": "11",
        },
    )  # fmt: skip
    assert answer.status_code == 422
    text = page(answer)
    assert 'value="many"' in text and 'value="999"' in text and 'value="11"' in text
    assert text.count("Write a number") >= 2
    answer = farid.post(
        base + "/staffing/change",
        {"revision": "0", "coverage_now": "41", "coverage_year_1": "0", "coverage_year_3": "0"},
    )
    assert answer.status_code == 422 and "Choose one of the hours listed." in page(answer)
    answer = farid.post(
        base + "/staffing/services",
        {"revision": "0", "hours_5_1_basic": "9", "hours_5_1_established": "8"},
    )
    assert answer.status_code == 422 and "at least the hours of a basic one" in page(answer)
    assert not _design(database, round_one).is_begun


def test_of_two_who_change_assumptions_nobody_loses_a_word(browser, base):
    farid, url = browser("farid"), base + "/staffing/change"
    hours = {"coverage_now": "0", "coverage_year_1": "40", "coverage_year_3": "40"}
    assert farid.post(url, {**hours, "revision": "0", "leave_days": "31"}).status_code == 302
    answer = farid.post(url, {**hours, "revision": "0", "leave_days": "17", "on_call_now": "y"})
    assert answer.status_code == 409
    text = page(answer)
    assert 'value="17"' in text and "31" in text and "Save mine over it" in text


def test_budget_counts_what_is_given_and_names_what_is_not(
    browser, base, database, cast, round_one
):
    farid = browser("farid")
    farid.post(base + "/services/change", {"revision": "0", "s6_1_year_1": "basic"})
    with database.writing() as session:
        row = session.get_one(Assessment, round_one)
        add_action(session, cast.actors["farid"], row, ActionContent(text="Buy", cost="low"))
    answer = farid.post(
        base + "/budget/change",
        {
            "revision": "0", "currency": "XAF", "salary_lead_low": "1,000,000",
            "salary_lead_high": "2 000 000", "tools_1_low": "5", "tools_1_high": "7",
            "with_plan": "y",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    text = page(farid.get(answer.location))
    assert "XAF" in text and "1,500,000 – 3,000,000" in text
    assert "leaves out, because nothing was given" in text
    assert "nobody has given the rate" in text
    assert "want of a target date: 1" in text
    (first, *_later) = _design(database, round_one).budget.years
    assert (first.total.low, first.total.high) == (1_500_000, 3_010_000)


def test_half_a_range_is_refused_at_its_field_and_kept(browser, base, database, round_one):
    farid = browser("farid")
    typed = {"revision": "0", "tools_1_low": "77", "travel_2_low": "9", "travel_2_high": "10"}
    answer = farid.post(base + "/budget/change", typed)
    assert answer.status_code == 422
    assert "Give both ends of the range" in page(answer)
    assert 'value="77"' in page(answer) and 'value="10"' in page(answer)
    answer = farid.post(
        base + "/budget/change", {"revision": "0", "rate": "x", "currency": "y" * 30}
    )
    assert answer.status_code == 422 and "Shorten this to 20 characters" in page(answer)
    assert not _design(database, round_one).is_begun


def test_of_two_who_type_a_budget_nobody_loses_a_word(browser, base):
    farid, url = browser("farid"), base + "/budget/change"
    assert farid.post(url, {"revision": "0", "currency": "AAA"}).status_code == 302
    answer = farid.post(url, {"revision": "0", "currency": "BBB"})
    assert answer.status_code == 409
    assert 'value="BBB"' in page(answer) and "AAA" in page(answer)


def test_design_of_gives_plain_values_for_a_report(database, cast, round_one):
    found = _design(database, round_one)
    assert len(found.rows) == 21 and found.rows[0].name.text == "Monitoring and detection"
    assert set(found.descriptions) == set(annex.DESCRIPTION_LANGUAGES)
    assert set(found.preparations) == {"sim3", "first-membership"}
    assert not found.is_begun


def _services_round(database, cast, by, country, choice):
    other = started(
        database, cast, by=by, country=country, title="Services round",
        instrument=("first-services", "1.0.0"),
    )  # fmt: skip
    answered(database, cast, other, "FIRST-6.2", choice, by=by)
    return other


def test_the_countrys_assessment_of_the_services_proposes_what_there_is_now(
    browser, base, database, cast, round_one
):
    other = _services_round(database, cast, "farid", "XA", "3")
    farid = browser("farid")
    text = page(farid.get(base + "/services/proposals"))
    assert "From the assessment of the FIRST services" in text and str(other) in text
    assert (
        farid.post(
            base + "/services/proposals", {"revision": "0", "all": "first-services"}
        ).status_code
        == 302
    )
    found = _design(database, round_one).choices
    assert found.level("FIRST-6.2", Period.NOW) is Level.ESTABLISHED
    assert found.source("FIRST-6.2", Period.NOW) is Source.FIRST_SERVICES
    # the round itself proposes from its own answers
    text = page(farid.get(f"/assessments/{other}/design/services/proposals"))
    assert "From the assessment of the FIRST services" in text


def test_an_assessment_that_the_person_may_not_read_proposes_nothing(
    browser, base, database, cast, round_one
):
    _services_round(database, cast, "bela", "XB", "3")
    _services_round(database, cast, "farid", "XA", "2")
    with database.writing() as session:
        grants.give_grant(
            session, cast.actors["farid"], session.get_one(Assessment, round_one),
            user_id=cast.users["amina"], until=grants.default_until(), role=GrantRole.ASSESSOR,
        )  # fmt: skip
    text = page(browser("amina").get(base + "/services/proposals"))
    assert "From the assessment of the FIRST services" not in text and "Services round" not in text
    text = page(browser("farid").get(base + "/services/proposals"))
    assert "FIRST-6.2|now|first-services" in text


def test_names_of_services_are_shown_in_the_readers_language(browser, base):
    text = page(browser("farid").get(base + "/services?lang=ar"))
    assert "تحليل حوادث أمن المعلومات" in text and "FIRST-6.2" not in text
