"""Answers carried over: proposed with their source, accepted by a person, nothing lost."""

import re
import threading

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.assessments.answering import AnswerConflictError, answer_content, save_answer
from cirt.assessments.instruments import Applies, load_instrument
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment
from cirt.assessments.rounds.acceptance import accept_proposals, proposed
from tests.functional.assessment_steps import (
    FIRST,
    SECOND,
    answered,
    led_to,
    page,
    present,
    started,
    versions,
)
from tests.functional.round_steps import install_small_sim3, next_round


def two_rounds(database, cast):
    first = started(database, cast)
    answered(database, cast, first, FIRST, "3", comment="Shown in <b>the</b> gazette")
    answered(database, cast, first, SECOND, "2")
    answered(database, cast, first, "D2-Q1", "not-known")
    return first, next_round(database, cast, first)


def url_of(assessment_id):
    return f"/assessments/{assessment_id}/carry-over"


def accept(browser, assessment_id, *pairs, person="farid", **more):
    return browser(person).post(url_of(assessment_id), {"accept": list(pairs), **more})


def test_last_round_is_proposed_with_its_source_and_comment(browser, cast, database):
    first, second = two_rounds(database, cast)
    text = page(browser("farid").get(url_of(second)))
    assert f'value="{FIRST}=3"' in text and f'value="{SECOND}=2"' in text
    assert "D2-Q1=" not in text  # what was not known is no level
    assert "The same question in the round before" in text and "level 3 of 4" in text
    assert f"/assessments/{first}/questions/{FIRST}" in text
    assert "Shown in &lt;b&gt;the&lt;/b&gt; gazette" in text
    for question_id in (FIRST, SECOND):
        assert present(database, second, question_id) is None  # looking accepts nothing


def test_accepted_answer_says_where_it_comes_from(browser, cast, database):
    first, second = two_rounds(database, cast)
    answer = accept(browser, second, f"{FIRST}=3")
    assert answer.status_code == 302
    saved = present(database, second, FIRST)
    assert (saved.level, saved.confidence, saved.revision) == (3, "low", 1)
    assert saved.carried_from == f"{first}/{FIRST}"
    assert f"round 1: {FIRST}, level 3 of 4" in saved.comment
    assert present(database, second, SECOND) is None
    with database.reading() as session:
        actions = session.scalars(sa.select(audit.AuditEntry.action)).all()
    assert "assessment.carry-over" in actions
    text = page(browser("farid").get(url_of(second)))
    assert f"{FIRST}=3" not in text and f"{SECOND}=2" in text
    text = page(browser("farid").get(f"/assessments/{second}/questions/{FIRST}"))
    assert "Carried over from" in text and f"/assessments/{first}/questions/{FIRST}" in text


def test_all_of_one_dimension_are_accepted_at_once(browser, cast, database):
    _first, second = two_rounds(database, cast)
    shown = re.findall(r'name="shown" value="([^"]+)"', page(browser("farid").get(url_of(second))))
    accept(browser, second, shown=shown, dimension="D2")
    assert present(database, second, FIRST) is None
    accept(browser, second, shown=shown, dimension="D1")
    assert present(database, second, FIRST).level == 3
    assert present(database, second, SECOND).level == 2


def test_accepting_twice_changes_nothing(browser, cast, database):
    _first, second = two_rounds(database, cast)
    accept(browser, second, f"{FIRST}=3")
    answered(database, cast, second, FIRST, "4", comment="Seen the law itself")
    farid = browser("farid")
    answer = farid.post(url_of(second), {"accept": [f"{FIRST}=3"]}, follow_redirects=True)
    assert "left as they are" in page(answer) and FIRST in page(answer)
    saved = present(database, second, FIRST)
    assert (saved.level, saved.comment) == (4, "Seen the law itself")
    assert len(versions(database, second, FIRST)) == 2


def test_words_typed_before_the_answer_stay(browser, cast, database):
    _first, second = two_rounds(database, cast)
    answered(database, cast, second, FIRST, "not-answered", comment="Ask the ministry")
    accept(browser, second, f"{FIRST}=3")
    saved = present(database, second, FIRST)
    assert saved.comment.startswith("Ask the ministry\n\nCarried over from:")
    assert saved.revision == 2


def test_proposal_that_changed_since_it_was_shown_is_not_accepted(browser, cast, database):
    _first, second = two_rounds(database, cast)
    farid = browser("farid")
    answer = farid.post(
        url_of(second), {"accept": [f"{FIRST}=4", "D2-Q1=2"]}, follow_redirects=True
    )
    assert "The proposal has changed" in page(answer)
    assert present(database, second, FIRST) is None
    assert present(database, second, "D2-Q1") is None


def test_nothing_or_nonsense_chosen_accepts_nothing(browser, cast, database):
    _first, second = two_rounds(database, cast)
    for values in ([], ["x"], ["=3"], [f"{FIRST}=9"], [f"{FIRST}="], ["D99-Q9=1"], ["\x00=1"]):
        answer = browser("farid").post(url_of(second), {"accept": values}, follow_redirects=True)
        assert answer.status_code == 200 and "Choose at least one proposal." in page(answer)
    assert present(database, second, FIRST) is None


def test_related_answers_of_another_instrument_are_proposed_conservatively(
    browser, cast, database, settings
):
    ours = started(database, cast, title="Ours")
    small = started(database, cast, title="Small", instrument=install_small_sim3(settings.data_dir))
    answered(database, cast, small, "O-1", "2")
    answered(database, cast, small, "O-10", "1")
    text = page(browser("farid").get(url_of(ours)))
    # D1-Q1 stands for O-1 and O-10: 2 of 2 is at most 2 of 4, 1 of 2 is 1; the lowest counts
    assert f'value="{FIRST}=1"' in text and "A small SIM3" in text
    accept(browser, ours, f"{FIRST}=1")
    assert present(database, ours, FIRST).carried_from == f"{small}/O-1 {small}/O-10"
    # and the other way round: O-3 from the question that names it, on the shorter scale
    answered(database, cast, ours, SECOND, "3")
    text = page(browser("farid").get(url_of(small)))
    assert 'value="O-3=1"' in text  # 3 of 4 is 1 of 2


def test_newest_round_with_answers_counts_among_others(cast, database, settings):
    instrument = install_small_sim3(settings.data_dir)
    ours = started(database, cast, title="Ours")
    older = started(database, cast, title="Older", instrument=instrument)
    answered(database, cast, older, "O-1", "1")
    newer = started(database, cast, title="Newer", instrument=instrument)
    actor = cast.actors["farid"]

    def sources():
        with database.reading() as session:
            found = proposed(session, actor, session.get_one(Assessment, ours))
            return {key: one.carried_from for key, one in found.proposals.items()}

    assert sources()[FIRST] == f"{older}/O-1"  # the newer one has no answer yet
    answered(database, cast, newer, "O-1", "2")
    assert sources()[FIRST] == f"{newer}/O-1"


def test_answer_to_a_question_no_longer_asked_supports_nothing(cast, database):
    first = started(database, cast, instrument=("cirt-readiness", "2.0.0"))
    instrument = load_instrument("cirt-readiness", "2.0.0")
    before = next(q.id for q in instrument.questions if q.applies is Applies.BEFORE)
    answered(database, cast, first, before, "3")
    second = next_round(database, cast, first, version="2.0.0")

    def found():
        with database.reading() as session:
            row = session.get_one(Assessment, second)
            return proposed(session, cast.actors["farid"], row).proposals

    assert before in found()
    with database.writing() as session:
        session.get_one(Assessment, first).cirt_exists = True
    assert before not in found()


def test_other_countries_and_closed_doors_propose_nothing(browser, cast, database, settings):
    instrument = install_small_sim3(settings.data_dir)
    foreign = started(
        database, cast, by="bela", country="XB", title="Foreign", instrument=instrument
    )
    answered(database, cast, foreign, "O-1", "2", by="bela")
    ours = started(database, cast, by="amina", title="Ours")  # of XA, by an assessor
    own = started(database, cast, title="Own", instrument=instrument)  # amina has no access
    answered(database, cast, own, "O-1", "2")
    text = page(browser("amina").get(url_of(ours)))
    assert "Nothing is proposed" in text
    assert f"{FIRST}=" in page(browser("farid").get(url_of(ours)))


def test_locked_and_unbegun_assessments_accept_nothing(browser, cast, database):
    _first, second = two_rounds(database, cast)
    led_to(database, cast, second, State.AGREED)
    text = page(browser("farid").get(url_of(second)))
    assert 'name="accept"' not in text and "locked" in text
    assert accept(browser, second, f"{FIRST}=3").status_code == 403
    assert present(database, second, FIRST) is None


def test_somebody_answers_while_proposals_are_accepted(cast, database):
    """Both end up in the history: the answer given by hand stays, and is reported."""
    _first, second = two_rounds(database, cast)
    answered(database, cast, second, SECOND, "1", comment="by hand")
    with database.writing() as session:
        outcome = accept_proposals(
            session,
            cast.actors["farid"],
            session.get_one(Assessment, second),
            {FIRST: 3, SECOND: 2},
            note=lambda _found, proposal: f"from {proposal.carried_from}",
            language="en",
        )
    assert (outcome.saved, outcome.answered, outcome.changed) == ([FIRST], [SECOND], [])
    assert present(database, second, SECOND).comment == "by hand"
    assert present(database, second, FIRST).comment.startswith("from ")


def test_two_people_at_once_lose_nothing(cast, database):
    """One accepts the proposal while another answers: one is first, and the other is told."""
    _first, second = two_rounds(database, cast)
    barrier, told = threading.Barrier(2), {}

    def accept_it():
        barrier.wait(timeout=30)
        with database.writing() as session:
            row = session.get_one(Assessment, second)
            told["accepting"] = accept_proposals(
                session, cast.actors["farid"], row, {FIRST: 3},
                note=lambda _found, _proposal: "carried", language="en",
            ).saved  # fmt: skip

    def answer_it():
        barrier.wait(timeout=30)
        with database.writing() as session:
            row = session.get_one(Assessment, second)
            content = answer_content("1", reason="", comment="by hand")
            try:
                save_answer(
                    session, cast.actors["farid"], row, FIRST, content, revision=0, language="en"
                )
                told["answering"] = True
            except AnswerConflictError:
                told["answering"] = False

    threads = [threading.Thread(target=each) for each in (accept_it, answer_it)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert (told["accepting"] == [FIRST]) is not told["answering"]  # exactly one was first
    (version,) = versions(database, second, FIRST)
    assert version.comment == ("by hand" if told["answering"] else "carried")


@pytest.mark.parametrize(
    ("person", "status"),
    [("bela", 404), ("chen", 404), ("amina", 404), ("nadia", 403), (None, 302)],
)
def test_carry_over_is_closed_to_others(browser, cast, database, person, status):
    assessment_id = started(database, cast)
    url = url_of(assessment_id)
    assert browser(person).get(url).status_code == status
    sent = browser(person).post(url, {"accept": [f"{FIRST}=3"]})
    assert sent.status_code == (status if person else 401)
    assert present(database, assessment_id, FIRST) is None
    assert browser("farid").client.post(url, data={}).status_code == 400  # no form token
    assert browser("farid").client.put(url).status_code == 405
