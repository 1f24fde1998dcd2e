"""The description of the team and the preparation lists: writing, exporting, printing."""

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.accounts.models import Administration
from cirt.assessments import grants
from cirt.assessments.design.models import DesignCheck
from cirt.assessments.design.queries import design_of
from cirt.assessments.lifecycle import GrantRole
from cirt.assessments.models import Assessment
from tests.functional.assessment_steps import answered, page, started


@pytest.fixture
def round_one(database, cast):
    return started(database, cast)


@pytest.fixture
def base(round_one):
    return f"/assessments/{round_one}/design"


def _description(database, assessment_id, language="en"):
    with database.reading() as session:
        row = session.get_one(Assessment, assessment_id)
        return design_of(session, row).descriptions[language]


def test_proposals_come_from_the_directory_and_count_only_when_saved(
    browser, base, database, cast, round_one
):
    with database.writing() as session:
        own = session.get_one(Administration, cast.administrations["XA"])
        own.contact_email = "team@example.org"
    farid, url = browser("farid"), base + "/description/en"
    text = page(farid.get(url + "/change"))
    assert "CIRT XA, Administration XA" in text and "team@example.org" in text
    assert "From the directory of administrations" in text
    assert not _description(database, round_one).saved.revision
    assert "Nothing is written in this language yet." in page(farid.get(url))
    answer = farid.post(
        url + "/change", {"revision": "0", "f2_1": "CIRT XA", "f3_1": "To ‹do what›"}
    )
    assert answer.status_code == 302
    text = page(farid.get(answer.location))
    assert "CIRT XA" in text and "To be completed" in text and "To be written" in text
    numbers = {one.number for one in _description(database, round_one).missing}
    assert "3.1" in numbers and "2.2" in numbers and "2.1" not in numbers
    assert not _description(database, round_one, "ar").saved.revision


def test_proposals_for_the_arabic_text_name_the_country_in_arabic(browser, base):
    assert "الإدارة XA" in page(browser("farid").get(base + "/description/ar/change"))


def test_nothing_written_beside_an_answer_comes_into_the_description(
    browser, base, database, cast, round_one
):
    from cirt.assessments.instruments import load_instrument

    for question in load_instrument("cirt-readiness", "1.0.0").questions:
        if {"O-1", "O-3", "O-8", "P-11"} & set(question.crosswalk.sim3):
            answered(database, cast, round_one, question.id, "4", comment="zzsecretzz")
    text = page(browser("farid").get(base + "/description/en/change"))
    assert "zzsecretzz" not in text
    assert "‹name, number and date of the act›" in text


def test_a_field_too_long_is_refused_and_everything_is_kept(browser, base, database, round_one):
    answer = browser("farid").post(
        base + "/description/en/change", {"revision": "0", "f3_1": "x" * 5_001, "f2_1": "Kept name"}
    )
    assert answer.status_code == 422
    assert "Shorten this to 5000 characters" in page(answer)
    assert "Kept name" in page(answer) and "x" * 5_001 in page(answer)
    assert not _description(database, round_one).saved.revision


def test_of_two_who_write_nobody_loses_a_word(browser, base, database, round_one):
    farid, url = browser("farid"), base + "/description/en/change"
    farid.post(url, {"revision": "0", "f3_1": "First mission"})
    answer = farid.post(url, {"revision": "0", "f3_1": "Second mission"})
    assert answer.status_code == 409
    assert "First mission" in page(answer) and "Second mission" in page(answer)
    assert _description(database, round_one).fields["f3_1"] == "First mission"


def test_the_file_is_given_only_after_it_was_read_through_and_says_its_marking(
    browser, base, database, round_one
):
    farid, url = browser("farid"), base + "/description/en/export"
    farid.post(base + "/description/en/change", {"revision": "0", "f2_1": "CIRT XA"})
    text = page(farid.get(url))
    assert '<option selected value="clear">TLP:CLEAR' in text and "made to be published" in text
    answer = farid.post(url, {"marking": "clear", "kind": "text"})
    assert answer.status_code == 422 and "Read the document through first" in page(answer)
    answer = farid.post(url, {"marking": "clear", "kind": "text", "read_through": "y"})
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    body = answer.get_data().decode()
    assert body.startswith("TLP:CLEAR\n") and "CIRT XA" in body and "[To be completed" in body
    answer = farid.post(url, {"marking": "green", "kind": "pdf", "read_through": "y"})
    assert answer.get_data().startswith(b"%PDF")
    with database.reading() as session:
        row = session.get_one(Assessment, round_one)
        acts = audit.acts_on(session, row, ["assessment.export"])
    assert [one.details["marking"] for one in acts] == ["green", "clear"]
    for wrong in ({"marking": "public"}, {"kind": "doc"}):
        fields = {"marking": "clear", "kind": "pdf", "read_through": "y", **wrong}
        assert farid.post(url, fields).status_code == 422


def test_the_arabic_file_has_arabic_headings_and_the_text_as_written(browser, base):
    farid = browser("farid")
    farid.post(base + "/description/ar/change", {"revision": "0", "f2_1": "الفريق الوطني"})
    answer = farid.post(
        base + "/description/ar/export", {"marking": "clear", "kind": "text", "read_through": "y"}
    )
    assert "الفريق الوطني" in answer.get_data().decode()
    answer = farid.post(
        base + "/description/ar/export", {"marking": "clear", "kind": "pdf", "read_through": "y"}
    )
    assert answer.get_data().startswith(b"%PDF")


def test_exports_are_closed_to_readers_strangers_and_forged_forms(
    browser, base, database, cast, round_one
):
    pdf = base + "/lists/sim3/print/en.pdf"
    url = base + "/description/en/export"
    for address in (pdf, url):
        assert browser(None).get(address).status_code == 302
        for person in ("bela", "amina"):
            assert browser(person).get(address).status_code == 404
    with database.writing() as session:
        grants.give_grant(
            session, cast.actors["farid"], session.get_one(Assessment, round_one),
            user_id=cast.users["amina"], until=grants.default_until(), role=GrantRole.REVIEWER,
        )  # fmt: skip
    assert browser("amina").get(pdf).status_code == 403
    assert browser("amina").post(url, {"read_through": "y"}).status_code == 403
    assert browser("farid").client.post(url, data={"read_through": "y"}).status_code == 400


def test_an_item_is_noted_with_its_owner_and_the_list_shows_it(browser, base, database, round_one):
    farid, url = browser("farid"), base + "/lists/sim3/O-1"
    answer = farid.post(
        url, {"revision": "0", "state": "in-hand", "owner": "Legal  adviser", "note": "Decree"}
    )
    assert answer.status_code == 302
    text = page(farid.get(answer.location))
    assert (
        "Legal adviser" in text and "Decree" in text and "In hand" in text and "In hand: 1." in text
    )
    answer = farid.post(
        url,
        {"revision": "1", "state": "done", "owner": "Legal adviser", "note": "", "then": "next"},
    )
    assert answer.location.endswith("/lists/sim3/O-2")
    with database.reading() as session:
        (row,) = session.scalars(sa.select(DesignCheck))
    assert (row.state, row.note, row.revision) == ("done", "", 2)


def test_an_item_refuses_what_is_no_state_and_what_is_too_long(browser, base, database):
    farid, url = browser("farid"), base + "/lists/first-membership/sponsors"
    answer = farid.post(url, {"revision": "0", "state": "finished", "owner": "Kept owner"})
    assert answer.status_code == 422 and "Kept owner" in page(answer)
    answer = farid.post(url, {"revision": "0", "state": "done", "note": "n" * 2_001})
    assert answer.status_code == 422 and "n" * 2_001 in page(answer)
    with database.reading() as session:
        assert session.scalars(sa.select(DesignCheck)).all() == []


def test_of_two_who_note_an_item_nobody_loses_a_word(browser, base):
    farid, url = browser("farid"), base + "/lists/sim3/T-4"
    farid.post(url, {"revision": "0", "state": "in-hand", "owner": "First owner"})
    answer = farid.post(url, {"revision": "0", "state": "done", "owner": "Second owner"})
    assert answer.status_code == 409
    assert "First owner" in page(answer) and "Second owner" in page(answer)


def test_the_list_says_what_the_answers_say_and_what_is_missing(
    browser, base, database, cast, round_one
):
    text = page(browser("farid").get(base + "/lists/sim3"))
    assert "an answer is missing" in text and "no evidence noted" in text
    assert "no audit and no certificate" in text
    answered(database, cast, round_one, "D1-Q1", "3")
    text = page(browser("farid").get(base + "/lists/sim3"))
    assert "level 3 of 4" in text
    text = page(browser("farid").get(base + "/lists/first-membership"))
    assert "to be confirmed with FIRST" in text and "confirm each item" in text


def test_lists_are_printed_in_both_languages(browser, base, database, round_one):
    farid = browser("farid")
    for list_id in ("sim3", "first-membership"):
        for language in ("en", "ar"):
            answer = farid.get(f"{base}/lists/{list_id}/print/{language}.pdf")
            assert answer.status_code == 200 and answer.get_data().startswith(b"%PDF")
    with database.reading() as session:
        row = session.get_one(Assessment, round_one)
        assert len(audit.acts_on(session, row, ["assessment.export"])) == 4


def test_the_sim3_list_shows_what_the_countrys_sim3_assessment_says(browser, base, database, cast):
    other = started(database, cast, title="SIM3 round", instrument=("sim3", "1.0.0"))
    answered(database, cast, other, "T-4", "2")
    text = page(browser("farid").get(base + "/lists/sim3"))
    assert "SIM3 round" in text and f"/assessments/{other}/questions/T-4" in text
