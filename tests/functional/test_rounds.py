"""The next round, and rounds side by side."""

import csv
import io
import threading
import uuid

import pytest
import sqlalchemy as sa

from cirt.assessments.conduct import lock
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment
from cirt.assessments.preparation import participants_of, save_participant
from cirt.assessments.rounds.reading import comparable_rounds
from cirt.assessments.rounds.succession import start_next_round
from cirt.errors import ConflictError
from tests.functional.assessment_steps import FIRST, SECOND, answered, led_to, page, started
from tests.functional.round_steps import install_small_sim3, next_round

FORM = {
    "title": "Second round",
    "instrument_version": "1.0.0",
    "language": "en",
    "stage": "yes",
    "copy_scope": "y",
    "copy_participants": "y",
}


def prepared(database, cast):
    """A round with a scope and a participant, ready to be agreed to."""
    assessment_id = started(database, cast, begun=False)
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        lock(session, row)
        row.scope = "Federal level only"
        save_participant(
            session, cast.actors["farid"], row, name="Dalia Rahman", organization="Ministry",
            function="Head", group="government", attended=True,
        )  # fmt: skip
    return assessment_id


def rounds_of(database):
    with database.reading() as session:
        return list(session.scalars(sa.select(Assessment).order_by(Assessment.round)).unique())


def test_next_round_takes_over_what_was_asked_for(browser, cast, database):
    last_id = prepared(database, cast)
    led_to(database, cast, last_id, State.AGREED)
    farid = browser("farid")
    form = page(farid.get(f"/assessments/{last_id}/next"))
    assert "Federal level only" in form and "1 participant is on the list" in form
    answer = farid.post(f"/assessments/{last_id}/next", FORM)
    last, following = rounds_of(database)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"/assessments/{following.id}/carry-over")
    assert (following.previous_id, following.round) == (last.id, 2)
    assert (following.state, following.scope) == ("preparing", "Federal level only")
    assert (following.cirt_exists, following.administration_id) == (True, last.administration_id)
    with database.reading() as session:
        (person,) = participants_of(session, session.get_one(Assessment, following.id))
        assert (person.name, person.attended) == ("Dalia Rahman", None)  # invited, not yet there
    assert page(farid.get(f"/assessments/{last_id}/results")).count("The next round:") == 1


def test_next_round_leaves_behind_what_was_not_asked_for(browser, cast, database):
    last_id = prepared(database, cast)
    led_to(database, cast, last_id, State.CLOSED)
    bare = {key: value for key, value in FORM.items() if not key.startswith("copy")}
    bare["instrument_version"] = "2.0.0"  # a newer version may be chosen
    assert browser("farid").post(f"/assessments/{last_id}/next", bare).status_code == 302
    _last, following = rounds_of(database)
    assert (following.scope, following.instrument_version) == ("", "2.0.0")
    with database.reading() as session:
        assert not participants_of(session, session.get_one(Assessment, following.id))


def test_open_round_has_no_next_one(browser, cast, database):
    last_id = started(database, cast)
    farid = browser("farid")
    text = page(farid.get(f"/assessments/{last_id}/next"))
    assert (
        "Agree to this assessment first" in text
        and "<form" not in text.split("<main")[1].split("</main")[0]
    )
    assert farid.post(f"/assessments/{last_id}/next", FORM).status_code == 403
    assert len(rounds_of(database)) == 1


def test_second_next_round_is_refused(browser, cast, database):
    last_id = started(database, cast)
    next_round(database, cast, last_id)
    farid = browser("farid")
    assert "started from this one already" in page(farid.get(f"/assessments/{last_id}/next"))
    answer = farid.post(f"/assessments/{last_id}/next", FORM)
    assert answer.status_code == 409 and len(rounds_of(database)) == 2


def test_two_people_start_one_next_round(cast, database):
    last_id = started(database, cast)
    led_to(database, cast, last_id, State.AGREED)
    barrier, outcomes = threading.Barrier(2), []

    def start(title):
        barrier.wait(timeout=30)
        with database.writing() as session:
            last = session.get_one(Assessment, last_id)
            try:
                start_next_round(
                    session, cast.actors["farid"], last, title=title, instrument_version="1.0.0",
                    language="en", cirt_exists=None, copy_scope=True, copy_participants=True,
                )  # fmt: skip
            except ConflictError:
                outcomes.append("refused")
                return
        outcomes.append("started")

    threads = [threading.Thread(target=start, args=(title,)) for title in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["refused", "started"]
    assert len(rounds_of(database)) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": " "}, "Give the assessment a title."),
        ({"instrument_version": "9.9.9"}, "not installed"),
        ({"language": "xx"}, "Choose one of the languages listed."),
    ],
)
def test_bad_next_round_is_refused_with_what_was_typed(browser, cast, database, change, words):
    last_id = started(database, cast)
    led_to(database, cast, last_id, State.AGREED)
    answer = browser("farid").post(f"/assessments/{last_id}/next", FORM | change)
    assert answer.status_code == 422 and words in page(answer)
    assert "Second round" in page(answer) or "title" in change
    assert len(rounds_of(database)) == 1


def test_next_round_is_closed_to_others(browser, cast, database):
    last_id = started(database, cast)
    led_to(database, cast, last_id, State.AGREED)
    url = f"/assessments/{last_id}/next"
    assert browser("bela").get(url).status_code == 404
    assert browser("amina").post(url, FORM).status_code == 404  # no access to this one
    assert browser("nadia").post(url, FORM).status_code == 403
    assert browser(None).get(url).status_code == 302
    assert browser("farid").client.post(url, data=FORM).status_code == 400  # no form token
    assert len(rounds_of(database)) == 1


def test_assessor_without_access_to_the_last_round_sees_no_change(browser, cast, database):
    first = started(database, cast)
    second = next_round(database, cast, first)
    with database.writing() as session:
        from cirt.assessments import grants

        grants.give_grant(
            session, cast.actors["farid"], session.get_one(Assessment, second),
            user_id=cast.users["amina"], until=grants.default_until(),
        )  # fmt: skip
    text = page(browser("amina").get(f"/assessments/{second}/results"))
    assert "The round before is not open to you here" in text
    text = page(browser("amina").get(f"/assessments/{second}/compare?with={first}&with={second}"))
    assert str(first) not in text.split("<main")[1].split("</main")[0] and "only one round" in text


def compared(database, cast):
    first = started(database, cast, title="First round")
    answered(database, cast, first, FIRST, "1")
    answered(database, cast, first, SECOND, "3")
    second = next_round(database, cast, first, title="Second round")
    answered(database, cast, second, FIRST, "3")
    answered(database, cast, second, SECOND, "2")
    answered(database, cast, second, "D2-Q1", "4")
    return first, second


def test_rounds_are_compared_question_by_question(browser, cast, database):
    first, second = compared(database, cast)
    text = page(browser("farid").get(f"/assessments/{second}/compare"))
    main = text.split("<main")[1].split("</main")[0]
    for words in ("Higher", "Lower", "New", "Rounds to compare", "The verdict, then and now"):
        assert words in main
    assert "<svg" in main and "Round 1" in main and "Round 2" in main
    assert "higher" in main and "+0.8" in main  # (3*3+2*2)/5 = 2.6 after (3*1+2*3)/5 = 1.8
    results = page(browser("farid").get(f"/assessments/{second}/results"))
    assert "Since the last round" in results
    assert "with a higher level: 1; with a lower one: 1; new: 1." in results
    assert first != second


def test_rounds_of_several_versions_say_what_is_not_compared(browser, cast, database):
    first = started(database, cast)
    answered(database, cast, first, FIRST, "1")
    second = next_round(database, cast, first, version="2.0.0")
    answered(database, cast, second, FIRST, "2")
    answered(database, cast, second, "D1-Q3", "2")
    text = page(browser("farid").get(f"/assessments/{second}/compare"))
    assert "different versions of the instrument" in text
    assert "not in this version" in text  # D1-Q3 is new in 2.0.0
    text = page(browser("farid").get(f"/assessments/{first}/compare?with={first}&with={second}"))
    assert "different versions of the instrument" in text


def test_comparison_is_a_csv_too(browser, cast, database):
    first, second = compared(database, cast)
    url = f"/assessments/{second}/compare.csv?with={first}&with={second}&lang=en"
    answer = browser("farid").get(url)
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))
    assert rows[0] == ["Part", "Code", "Title", "Round 1", "Round 2", "Change", "Marking"]
    assert ["1", "3", "Higher", "TLP:AMBER+STRICT"] in [row[3:] for row in rows]
    assert len({len(row) for row in rows}) == 1
    assert browser("farid").get(url).get_data() == answer.get_data()
    assert browser("bela").get(url).status_code == 404
    assert browser("nadia").get(url).status_code == 403
    assert browser("farid").get(f"/assessments/{second}/compare.csv?with=x").status_code == 404


def test_rounds_of_other_countries_and_instruments_are_never_beside_it(
    browser, cast, database, settings
):
    first, second = compared(database, cast)
    foreign = started(database, cast, by="bela", country="XB", title="Foreign round")
    other = started(database, cast, title="Another instrument",
                    instrument=install_small_sim3(settings.data_dir))  # fmt: skip
    # an assessor who may read both countries still gets them one at a time
    with database.writing() as session:
        from cirt.assessments import grants

        for by, each in (("farid", second), ("farid", first), ("bela", foreign), ("farid", other)):
            grants.give_grant(
                session, cast.actors[by], session.get_one(Assessment, each),
                user_id=cast.users["amina"], until=grants.default_until(),
            )  # fmt: skip
    query = "&".join(f"with={each}" for each in (first, second, foreign, other))
    text = page(browser("amina").get(f"/assessments/{second}/compare?{query}"))
    main = text.split("<main")[1].split("</main")[0]
    assert "First round" in main and "Foreign round" not in main
    assert "Another instrument" not in main
    with database.reading() as session:
        row = session.get_one(Assessment, second)
        found = [each.id for each in comparable_rounds(session, cast.actors["amina"], row)]
    assert found == [first, second]


def test_single_round_says_what_to_do(browser, cast, database):
    only = started(database, cast)
    text = page(browser("farid").get(f"/assessments/{only}/compare"))
    assert "There is only one round" in text
    for odd in ("with=x", f"with={uuid.uuid4()}", f"with={only}", "with="):
        assert browser("farid").get(f"/assessments/{only}/compare?{odd}").status_code == 200


def test_comparison_is_closed_to_others(browser, cast, database):
    only = started(database, cast)
    url = f"/assessments/{only}/compare"
    assert browser("bela").get(url).status_code == 404
    assert browser("nadia").get(url).status_code == 403
    assert browser(None).get(url).status_code == 302
    assert browser("farid").post(url).status_code == 405
