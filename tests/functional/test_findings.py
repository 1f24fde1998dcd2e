"""Findings: noted, tied to questions, evidence and actions, changed, removed."""

import uuid

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.assessments import evidence
from cirt.assessments.findings.findings import FindingContent, edit_finding
from cirt.assessments.findings.models import Finding
from cirt.assessments.findings.queries import findings_of
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment, Evidence
from tests.functional.assessment_steps import FIRST, led_to, page, question_url, started
from tests.functional.plan_steps import action, noted_finding, own_action, proposed, url


def _fields(**more):
    return {
        "kind": "risk",
        "title": "One person knows the passwords",
        "description": "Shown in\r\nthe interview",
        "root_cause": "No deputy",
        "questions": "d1-q1، D4-Q2",
        "actions": "",
        **more,
    }


def _evidence(database, cast, assessment_id, reference="The decree 2021-114"):
    with database.writing() as session:
        return evidence.add_entry(
            session, cast.actors["farid"], session.get_one(Assessment, assessment_id), FIRST,
            kind=evidence.Kind.DOCUMENT, reference=reference,
        ).id  # fmt: skip


def _found(database, assessment_id):
    with database.reading() as session:
        return findings_of(session, session.get_one(Assessment, assessment_id))


def test_finding_is_noted_with_all_its_ties(browser, cast, database):
    assessment_id = started(database, cast)
    piece = _evidence(database, cast, assessment_id)
    own_action(database, cast, assessment_id)
    farid = browser("farid")
    text = page(farid.get(url(assessment_id, "findings")))
    assert "No finding was noted yet." in text
    text = page(farid.get(url(assessment_id, f"findings/new?question={FIRST}")))
    assert f'value="{FIRST}"' in text and "The decree 2021-114" in text
    answer = farid.post(
        url(assessment_id, "findings/new"), _fields(actions="A1", evidence=str(piece))
    )
    assert answer.status_code == 302
    (one,) = _found(database, assessment_id)
    assert (one.code, one.kind, one.title) == ("F1", "risk", "One person knows the passwords")
    assert one.description == "Shown in\nthe interview" and one.root_cause == "No deputy"
    assert one.questions == ("D1-Q1", "D4-Q2")
    assert [each.reference for each in one.evidence] == ["The decree 2021-114"]
    assert [each.code for each in one.actions] == ["A1"]
    text = page(farid.get(url(assessment_id, f"findings/{one.id}")))
    for words in ("No deputy", "The decree 2021-114", "Buy a bell", "D4-Q2"):
        assert words in text
    listed = page(farid.get(url(assessment_id, "findings")))
    assert "One person knows the passwords" in listed
    assert "One person" not in page(farid.get(url(assessment_id, "findings?kind=gap")))
    assert "One person" in page(farid.get(url(assessment_id, "plan")))
    action_page = url(assessment_id, f"plan/actions/{action(database, assessment_id, 'A1').id}")
    assert "One person" in page(farid.get(action_page))


def test_question_page_shows_its_findings_and_the_way_to_a_new_one(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    text = page(farid.get(question_url(assessment_id)))
    assert f"findings/new?question={FIRST}" in text
    noted_finding(database, cast, assessment_id, questions=frozenset({FIRST}))
    assert "\u2066F1\u2069 No deputy" in page(farid.get(question_url(assessment_id)))
    assert "No deputy" not in page(farid.get(question_url(assessment_id, "D1-Q2")))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "Say in a few words what was found."),
        ("title", "a" * 201, "Shorten this to 200 characters"),
        ("kind", "wonder", "Choose what kind of finding it is."),
        ("kind", "", "Choose what kind of finding it is."),
        ("description", "a" * 10_001, "Shorten this to 10000 characters"),
        ("root_cause", "a" * 5_001, "Shorten this to 5000 characters"),
        ("questions", "D1-Q1 D77-Q1", "“D77-Q1” is not known here."),
        ("actions", "A1", "“A1” is not known here."),
        ("evidence", str(uuid.UUID(int=7)), "Choose among those listed."),
    ],
)
def test_bad_finding_is_refused_and_kept(browser, cast, database, field, value, sentence):
    assessment_id = started(database, cast)
    fields = {**_fields(), field: value}
    kept = "No deputy" if field != "root_cause" else "One person knows the passwords"
    farid = browser("farid")
    answer = farid.post(url(assessment_id, "findings/new"), fields)
    assert answer.status_code == 422
    assert sentence in page(answer) and kept in page(answer)
    assert _found(database, assessment_id) == ()
    finding_id = noted_finding(database, cast, assessment_id)
    address = url(assessment_id, f"findings/{finding_id}/edit")
    answer = farid.post(address, {**fields, "revision": "1"})
    assert answer.status_code == 422 and sentence in page(answer)
    assert _found(database, assessment_id)[0].title == "No deputy"
    assert _found(database, assessment_id)[0].questions == ()


def test_evidence_and_actions_of_another_assessment_are_refused(browser, cast, database):
    assessment_id = started(database, cast)
    other = started(database, cast, by="bela", country="XB", title="Theirs")
    with database.writing() as session:
        foreign = evidence.add_entry(
            session, cast.actors["bela"], session.get_one(Assessment, other), FIRST,
            kind=evidence.Kind.DOCUMENT, reference="Secret of XB",
        ).id  # fmt: skip
    answer = browser("farid").post(
        url(assessment_id, "findings/new"), _fields(evidence=str(foreign))
    )
    assert answer.status_code == 422 and "Secret of XB" not in page(answer)


def test_finding_is_changed_and_a_stale_change_loses_nobodys_words(browser, cast, database):
    assessment_id = started(database, cast)
    finding_id = noted_finding(database, cast, assessment_id, questions=frozenset({FIRST}))
    farid = browser("farid")
    address = url(assessment_id, f"findings/{finding_id}/edit")
    assert f'value="{FIRST}"' in page(farid.get(address))
    assert farid.post(address, _fields(revision="1")).status_code == 302
    (one,) = _found(database, assessment_id)
    assert (one.title, one.questions, one.revision) == (
        "One person knows the passwords", ("D1-Q1", "D4-Q2"), 2,
    )  # fmt: skip
    with database.writing() as session:
        edit_finding(
            session, cast.actors["farid"], session.get_one(Assessment, assessment_id),
            session.get_one(Finding, finding_id), FindingContent("Theirs <b>"), revision=2,
        )  # fmt: skip
    answer = farid.post(address, _fields(title="Mine, typed for long", revision="2"))
    text = page(answer)
    assert answer.status_code == 409
    assert "Mine, typed for long" in text and "Theirs &lt;b&gt;" in text
    assert 'name="revision" type="hidden" value="3"' in text
    assert _found(database, assessment_id)[0].title == "Theirs <b>"
    assert farid.post(address, _fields(title="Mine", revision="3")).status_code == 302
    assert _found(database, assessment_id)[0].title == "Mine"


def test_removed_finding_leaves_no_words_and_its_number_is_not_given_again(browser, cast, database):
    assessment_id = started(database, cast)
    own_action(database, cast, assessment_id)
    first = noted_finding(
        database, cast, assessment_id, "Erase me", description="Erase me", root_cause="Erase me",
        actions=frozenset({action(database, assessment_id, "A1").id}),
    )  # fmt: skip
    farid = browser("farid")
    address = url(assessment_id, f"findings/{first}/remove")
    assert "Remove this finding for good?" in page(farid.get(address))
    assert farid.post(address, {"revision": "9"}).status_code == 409
    assert farid.post(address, {"revision": "1"}).status_code == 302
    assert _found(database, assessment_id) == ()
    for gone in ("", "/edit", "/remove"):
        assert farid.get(url(assessment_id, f"findings/{first}{gone}")).status_code == 404
    with database.reading() as session:
        row = session.get_one(Finding, first)
        assert "Erase me" not in str(vars(row))
        entries = list(session.scalars(sa.select(audit.AuditEntry)))
    assert "Erase me" not in str([one.details for one in entries])
    assert [one.details["act"] for one in entries if one.action == "assessment.find"] == [
        "add", "remove",
    ]  # fmt: skip
    assert "Erase me" not in page(farid.get(url(assessment_id, "plan")))
    noted_finding(database, cast, assessment_id)
    assert [one.code for one in _found(database, assessment_id)] == ["F2"]


def test_evidence_that_is_removed_takes_its_tie_along(browser, cast, database, installation):
    assessment_id = started(database, cast)
    piece = _evidence(database, cast, assessment_id)
    noted_finding(database, cast, assessment_id, evidence=frozenset({piece}))
    with database.writing() as session:
        evidence.remove_evidence(
            session, installation.files, cast.actors["farid"],
            session.get_one(Assessment, assessment_id), session.get_one(Evidence, piece),
        )  # fmt: skip
    (one,) = _found(database, assessment_id)
    assert one.evidence == ()


def test_who_may_note_change_and_remove(browser, cast, database):
    assessment_id = started(database, cast)
    finding_id = noted_finding(database, cast, assessment_id)
    for rest in ("findings/new", f"findings/{finding_id}/edit", f"findings/{finding_id}/remove"):
        address, fields = url(assessment_id, rest), _fields(revision="1")
        assert browser(None).post(address, fields).status_code == 401
        assert browser(None).get(address).status_code == 302
        for person in ("bela", "chen", "amina"):
            assert browser(person).post(address, fields).status_code == 404
        for person in ("nadia", "omar", "root"):
            assert browser(person).post(address, fields).status_code == 403
        client = browser("farid").client
        assert client.post(address, data=fields).status_code == 400
        assert client.delete(address).status_code in (400, 405)
    for rest in ("findings", f"findings/{finding_id}"):
        assert browser("bela").get(url(assessment_id, rest)).status_code == 404
        assert browser("nadia").get(url(assessment_id, rest)).status_code == 403
        assert browser(None).get(url(assessment_id, rest)).status_code == 302
    assert [one.title for one in _found(database, assessment_id)] == ["No deputy"]


def test_finding_of_another_assessment_is_not_found(browser, cast, database):
    assessment_id = started(database, cast)
    foreign = noted_finding(database, cast, started(database, cast, title="Round two"))
    for rest in ("", "/edit", "/remove"):
        address = url(assessment_id, f"findings/{foreign}{rest}")
        assert browser("farid").get(address).status_code == 404


@pytest.mark.parametrize("state", [State.AGREED, State.CLOSED])
def test_locked_assessment_keeps_its_findings_as_they_are(browser, cast, database, state):
    assessment_id = started(database, cast)
    finding_id = noted_finding(database, cast, assessment_id)
    led_to(database, cast, assessment_id, state)
    farid = browser("farid")
    for rest in ("findings/new", f"findings/{finding_id}/edit", f"findings/{finding_id}/remove"):
        assert farid.post(url(assessment_id, rest), _fields(revision="1")).status_code == 403
        assert farid.get(url(assessment_id, rest)).status_code == 403
    text = page(farid.get(url(assessment_id, "findings")))
    assert "No deputy" in text and "findings/new" not in text
    assert "findings/new" not in page(farid.get(question_url(assessment_id)))


def test_findings_are_not_noted_while_nothing_is_answered_yet(browser, cast, database):
    assessment_id = started(database, cast, begun=False)
    assert browser("farid").post(url(assessment_id, "findings/new"), _fields()).status_code == 403


def test_plan_proposed_after_a_finding_keeps_the_tie(browser, cast, database):
    assessment_id = started(database, cast)
    proposed(database, cast, assessment_id)
    tied = action(database, assessment_id, "A1").id
    noted_finding(database, cast, assessment_id, actions=frozenset({tied}))
    proposed(database, cast, assessment_id)
    assert [one.id for one in _found(database, assessment_id)[0].actions] == [tied]
