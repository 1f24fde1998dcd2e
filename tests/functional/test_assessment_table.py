"""Fast entry in a table: only what changed is saved, and no row holds up another one."""

import re

from tests.functional.assessment_steps import (
    FIRST,
    SECOND,
    THIRD,
    answered,
    page,
    present,
    question_url,
    started,
    versions,
)


def _row(question_id, choice, revision=0, comment="", reason=""):
    return {
        f"revision:{question_id}": str(revision),
        f"choice:{question_id}": choice,
        f"comment:{question_id}": comment,
        f"reason:{question_id}": reason,
    }


def _url(assessment_id, query=""):
    return f"/assessments/{assessment_id}/table{query}"


def test_page_saves_the_rows_that_changed_and_no_other(browser, cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, SECOND, "2", comment="Line one\nline two")
    farid = browser("farid")
    text = page(farid.get(_url(assessment_id, "?dimension=D1")))
    assert f'name="choice:{FIRST}"' in text and f'name="choice:{THIRD}"' not in text
    assert "Line one\nline two" in text
    answer = farid.post(
        _url(assessment_id, "?dimension=D1"),
        _row(FIRST, "3", comment="New") | _row(SECOND, "2", 1, "Line one\r\nline two"),
    )
    assert answer.status_code == 302 and answer.location.endswith("dimension=D1")
    assert present(database, assessment_id, FIRST).level == 3
    assert len(versions(database, assessment_id, SECOND)) == 1
    assert "1 answer was saved." in page(farid.get(_url(assessment_id)))


def test_all_dimensions_are_on_one_page_when_asked_for(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    text = page(farid.get(_url(assessment_id, "?dimension=all")))
    assert len(re.findall(r'name="choice:', text)) == 32
    first = page(farid.get(_url(assessment_id, "?dimension=nonsense")))
    assert len(re.findall(r'name="choice:', first)) == 2


def test_wrong_row_keeps_its_words_and_the_good_ones_are_saved(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    answer = farid.post(
        _url(assessment_id, "?dimension=all"),
        _row(FIRST, "not-applicable", comment="Kept words")
        | _row(SECOND, "7", comment="Kept as well")
        | _row(THIRD, "1", comment="Good"),
    )
    text = page(answer)
    assert answer.status_code == 422
    assert f"{FIRST}: Say why the question does not apply here." in text
    assert f"{SECOND}: Choose one of the answers listed." in text
    assert "Kept words" in text and "Kept as well" in text and "<title>Error:" in text
    assert "1 answer was saved." in text
    assert present(database, assessment_id, FIRST) is None
    assert present(database, assessment_id, THIRD).comment == "Good"


def test_row_that_somebody_else_changed_shows_both_and_holds_up_no_other(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    answered(database, cast, assessment_id, FIRST, "1", by="amina", comment="Amina <b>says</b>")
    farid = browser("farid")
    sent = _row(FIRST, "3", 0, "Farid says") | _row(SECOND, "2", 0, "Good")
    answer = farid.post(_url(assessment_id, "?dimension=D1"), sent)
    text = page(answer)
    assert answer.status_code == 409
    assert "Amina &lt;b&gt;says&lt;/b&gt;" in text and "Farid says" in text
    assert present(database, assessment_id, FIRST).comment == "Amina <b>says</b>"
    assert present(database, assessment_id, SECOND).comment == "Good"
    # sending the page again is to overwrite knowingly: its row carries the new revision
    revision = re.search(rf'name="revision:{FIRST}" value="(\d+)"', text)[1]
    again = farid.post(_url(assessment_id), _row(FIRST, "3", revision, "Farid says"))
    assert again.status_code == 302
    assert present(database, assessment_id, FIRST).comment == "Farid says"


def test_row_left_alone_is_no_conflict_whatever_others_did(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    answered(database, cast, assessment_id, FIRST, "1", by="amina", comment="Old")
    answered(database, cast, assessment_id, FIRST, "4", by="amina", comment="Newer")
    answer = browser("farid").post(
        _url(assessment_id), _row(FIRST, "1", 1, "Old") | _row(SECOND, "not-answered")
    )
    assert answer.status_code == 302
    assert present(database, assessment_id, FIRST).comment == "Newer"
    assert present(database, assessment_id, SECOND) is None


def test_table_keeps_what_it_does_not_show(browser, cast, database):
    assessment_id = started(database, cast)
    answered(
        database, cast, assessment_id, FIRST, "1", confidence="low", disputed=True, for_review=True
    )
    browser("farid").post(_url(assessment_id), _row(FIRST, "2", 1))
    row = present(database, assessment_id, FIRST)
    assert (row.level, row.confidence, row.disputed, row.for_review) == (2, "low", True, True)


def test_nonsense_never_overwrites(browser, cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "1", comment="Kept")
    farid = browser("farid")
    for revision in ("x", "", "-1", "77"):
        sent = {**_row(FIRST, "4"), f"revision:{FIRST}": revision}
        assert farid.post(_url(assessment_id), sent).status_code == 409, revision
    assert farid.post(_url(assessment_id), {"revision:D99-Q1": "0"}).status_code == 302
    assert present(database, assessment_id, FIRST).comment == "Kept"


def test_table_is_closed_to_others(browser, cast, database):
    assessment_id = started(database, cast)
    sent = _row(FIRST, "4")
    assert browser("bela").get(_url(assessment_id)).status_code == 404
    assert browser("bela").post(_url(assessment_id), sent).status_code == 404
    assert browser("nadia").post(_url(assessment_id), sent).status_code == 403
    assert browser(None).get(_url(assessment_id)).status_code == 302
    assert browser("farid").client.post(_url(assessment_id), data=sent).status_code == 400
    assert present(database, assessment_id, FIRST) is None


def test_filter_narrows_the_table(browser, cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, SECOND, "2")
    farid = browser("farid")
    text = page(farid.get(_url(assessment_id, "?dimension=all&show=no-evidence")))
    assert f'name="choice:{SECOND}"' in text and f'name="choice:{FIRST}"' not in text
    nothing = page(farid.get(_url(assessment_id, "?dimension=all&show=disputed")))
    assert "No question fits this choice." in nothing
    assert question_url(assessment_id, SECOND) in text
