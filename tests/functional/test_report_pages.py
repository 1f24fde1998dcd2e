"""The report: its chapters, the words people write, one page to read, PDF and JSON that say the same."""

import io
import json
import re
import unicodedata
from pathlib import Path

import jsonschema_rs
import pypdf
import pytest
import sqlalchemy as sa
from lxml import html

from cirt import audit
from cirt.accounts.models import Administration
from cirt.assessments import conduct, grants
from cirt.assessments.lifecycle import GrantRole, State
from cirt.assessments.models import Assessment
from cirt.assessments.report.models import CountryFact, ReportText
from cirt.assessments.report.texts import save_text
from cirt.assessments.rounds.succession import start_next_round
from tests.functional.assessment_steps import FIRST, answered, led_to, page, started
from tests.functional.report_steps import NEWER, PROFILE, filled, profile_file

SCHEMA = Path(__file__).parents[2] / "docs" / "json" / "report.schema.json"
# paper is made of what was read: another engine changes nothing on it; one test reads it from both
ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEVER = ("complies", "compliant", "compliance", "certified", "ranking")


def _url(assessment_id, *parts):
    return "/".join([f"/assessments/{assessment_id}/report", *parts])


def _pdf(body):
    return pypdf.PdfReader(io.BytesIO(body))


def _words(text):
    """Only letters, digits and signs, without what steers directions and without spaces."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(
        each for each in text if not each.isspace() and unicodedata.category(each) != "Cf"
    )


def _read(browser, assessment_id, query=""):
    answer = browser("farid").get(_url(assessment_id, "read") + query)
    assert answer.status_code == 200
    return html.fromstring(page(answer)).xpath("//article")[0]


@pytest.fixture
def full(database, cast, settings):
    profile_file(settings.data_dir)
    return filled(database, cast, profile=PROFILE)


@pytest.fixture
def let_in(database, cast):
    """Let somebody into an assessment."""

    def give(assessment_id, person, role):
        with database.writing() as session:
            grants.give_grant(
                session, cast.actors["farid"], session.get_one(Assessment, assessment_id),
                user_id=cast.users[person], until=grants.default_until(), role=role,
            )  # fmt: skip

    return give


def test_screen_pdf_and_json_say_the_same(browser, full):
    """Figures, levels, verdict, findings and recommendations of a whole assessment."""
    farid = browser("farid")
    data = json.loads(farid.get(_url(full, "en.json")).get_data())
    screen = _words(_read(browser, full, "?lang=en").text_content())
    answer = farid.get(_url(full, "en.pdf"))
    paper = _words("".join(each.extract_text() for each in _pdf(answer.get_data()).pages))

    verdict = data["verdict"]
    assert verdict["outcome"] == "not-met"
    counts = {
        name: sum(1 for line in verdict["lines"] if line["standing"] == name)
        for name in ("met", "below")
    }
    held = sum(1 for line in verdict["lines"] if line["holds_open"])
    coverage = verdict["coverage"]
    asked = coverage["answered"] + coverage["not_answered"] + coverage["not_known"]
    sentences = [
        "Not every minimum of the profile “Made-up profile” is met.",
        f"Of {len(verdict['lines'])} minimums {counts['met']} are met, {counts['below']} are not, {held} are open.",
        f"Questions with a level: {coverage['answered']} of {asked}.",
        f"The overall figure is {data['overall']['value']:.1f} of 4",
    ]
    for each in data["dimensions"]:
        figure = each["figure"]
        done = figure["answered"], figure["answered"] + figure["not_answered"] + figure["not_known"]
        value = "no figure" if figure["value"] is None else f"{figure['value']:.1f} of 4"
        names = {"none": "No figure yet", "low": "Low confidence", "medium": "Medium confidence",
                 "high": "High confidence"}  # fmt: skip
        sentences.append(
            f"Figure: {value}. Questions with a level: {done[0]} of {done[1]}. {names[figure['confidence']]}."
        )
    levels = [one for one in data["questions"] if one["level"] is not None]
    assert len(levels) > 50
    sentences += [
        f"Level {one['level']}, {one['level_name']}: {one['level_text']}" for one in levels
    ]
    sentences += [
        f"Not applicable, because: {one['reason']}" for one in data["questions"] if one["reason"]
    ]
    in_plan = [one for one in data["recommendations"] if one["place"]]
    assert len(in_plan) > 5
    for one in in_plan:
        words = one["text"] if one["is_advice"] else f"Find out: {one['text']}"
        sentences.append(f"{one['place']}. {one['code']} {words}")
    sentences += [one["title"] for one in data["findings"]]
    assert data["summary"]["findings"] and data["summary"]["recommendations"]
    for sentence in sentences:
        if re.search("[\u0600-\u06ff]", sentence):
            # pypdf gives Arabic words back one by one; the screen has them whole
            assert all(_words(word) in paper for word in sentence.split()), sentence
        else:
            assert _words(sentence) in paper, sentence
        assert _words(sentence) in screen, sentence
    assert "2021-114" in screen and "2021-114" in paper
    for text in (screen.lower(), paper.lower(), json.dumps(data).lower()):
        assert not [word for word in NEVER if word in text]


def test_json_has_the_shape_that_is_written_down(browser, full):
    schema = json.loads(SCHEMA.read_text("utf-8"))
    for language in ("en", "ar"):
        answer = browser("farid").get(_url(full, f"{language}.json"))
        assert answer.mimetype == "application/json"
        assert answer.headers["Content-Disposition"].startswith(
            "attachment; filename=XA-readiness-"
        )
        data = json.loads(answer.get_data())
        assert [one.message for one in jsonschema_rs.validator_for(schema).iter_errors(data)] == []
        assert data["language"] == language
        assert (data["marking"], data["status"]) == ("TLP:AMBER+STRICT", "draft")


@ONE_ENGINE
def test_every_page_of_the_pdf_has_marking_and_status(browser, full, database, cast):
    farid = browser("farid")
    for state, words in (
        (None, "Draft: the country has not agreed to it"),
        (State.AGREED, "Agreed on 20"),
    ):
        if state:
            led_to(database, cast, full, state)
        pages = [
            each.extract_text() for each in _pdf(farid.get(_url(full, "en.pdf")).get_data()).pages
        ]
        assert len(pages) > 40
        for number, text in enumerate(pages, start=1):
            assert text.count("TLP:AMBER+STRICT") >= 2, number
            assert words in text, number
    assert json.loads(farid.get(_url(full, "en.json")).get_data())["status"] == "agreed"


@ONE_ENGINE
def test_report_is_made_in_its_own_language_with_words_of_that_language(browser, full):
    farid = browser("farid")
    for language, own, other in (("en", "First point", "النقطة"), ("ar", "النقطة", "First point")):
        reader = _pdf(farid.get(_url(full, f"{language}.pdf") + "?lang=en").get_data())
        assert reader.trailer["/Root"]["/Lang"] == language
        text = _words("".join(each.extract_text() for each in reader.pages))
        assert _words(own) in text and _words(other) not in text
    screen = _read(browser, full, "?lang=ar").text_content()
    assert "النقطة الأولى" in screen and "الولاية والسلطة" in screen


@ONE_ENGINE
def test_people_are_named_only_in_the_copy_asked_for_with_names(browser, full, database):
    farid = browser("farid")
    named = re.compile("Personname|اسمشخص")
    for address in ("read", "en.json"):
        without = farid.get(_url(full, address) + "?lang=en").get_data(as_text=True)
        assert not named.search(without) and "Head of department" in without
        copy = farid.get(_url(full, address) + "?lang=en&people=names").get_data(as_text=True)
        assert len(set(named.findall(copy))) == 2
    pdf = "".join(
        one.extract_text() for one in _pdf(farid.get(_url(full, "en.pdf")).get_data()).pages
    )
    assert "Personname" not in pdf and "farid" not in pdf.lower()
    farid.get(_url(full, "ar.pdf") + "?people=names")
    with database.reading() as session:
        rows = session.scalars(
            sa.select(audit.AuditEntry)
            .where(audit.AuditEntry.action == "assessment.export")
            .order_by(audit.AuditEntry.n)
        )
        taken = [
            (one.details["file"], one.details["language"], one.details["names"]) for one in rows
        ]
    assert taken == [
        ("report.json", "en", False),
        ("report.json", "en", True),
        ("report.pdf", "en", False),
        ("report.pdf", "ar", True),
    ]


def test_list_of_chapters_says_what_is_written_and_leads_to_the_pages(browser, full):
    text = page(browser("farid").get(_url(full) + "?lang=en"))
    tree = html.fromstring(text)
    states = {
        row.get("id"): row.xpath(".//*[contains(@class, 'status')]")[0].text_content().strip()
        for row in tree.xpath("//tbody/tr")
    }
    assert len(states) == 23
    assert (states["summary"], states["law"], states["results"]) == (
        "Written",
        "Written",
        "Computed",
    )
    assert "Facts about the country: 5" in text and "Read the report" in text
    assert tree.xpath("//nav//a[@aria-current='page' and contains(., 'Report')]")
    for address in ("en.pdf", "ar.json", "en.pdf?people=names", "text/summary/ar", "facts", "read"):
        assert f'href="{_url(full, address)}"' in text, address


@ONE_ENGINE
def test_untouched_assessment_has_an_honest_report(browser, cast, database):
    assessment_id = started(database, cast, instrument=NEWER)
    farid = browser("farid")
    text = _read(browser, assessment_id, "?lang=en").text_content()
    assert "No question has a level yet" in text and "No target profile was chosen" in text
    assert "Nothing has been written for this chapter" in text and "0.0 of 4" not in text
    assert "Empty" in page(farid.get(_url(assessment_id) + "?lang=en"))
    assert farid.get(_url(assessment_id, "ar.pdf")).get_data().startswith(b"%PDF-")


def test_first_instrument_has_a_report_too(browser, cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "3")
    assert "3.0 of 4" in _read(browser, assessment_id, "?lang=en").text_content()


@ONE_ENGINE
@pytest.mark.parametrize("instrument", ["sim3", "unga-64-211", "spam-readiness", "first-services"])
def test_every_instrument_has_a_report_with_its_notice(browser, cast, database, instrument):
    from cirt.assessments.instruments import latest_instrument

    loaded = latest_instrument(instrument)
    assessment_id = started(
        database, cast, cirt_exists=True, instrument=(loaded.id, loaded.version)
    )
    answered(database, cast, assessment_id, loaded.questions[0].id, str(loaded.top))
    text = _read(browser, assessment_id, "?lang=en").text_content()
    assert f"{loaded.top}.0 of {loaded.top}" in text
    if loaded.notice:
        assert loaded.notice.english in text
    if instrument == "sim3":
        assert "it is not an audit" in text and "O-1" in text
    assert browser("farid").get(_url(assessment_id, "ar.pdf")).status_code == 200


# what people write


def test_words_are_saved_and_read_again(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = _url(assessment_id, "text", "law", "ar")
    answer = farid.post(url, {"text": "القانون رقم 12\r\n\r\n- بند", "revision": "0"})
    assert answer.status_code == 302 and answer.headers["Location"].endswith("/report#law")
    assert "القانون رقم 12\n\n- بند" in page(farid.get(url))
    article = _read(browser, assessment_id, "?lang=ar")
    assert "القانون رقم 12" in article.text_content()
    assert [one.text_content() for one in article.xpath("//li[contains(., 'بند')]")]
    with database.reading() as session:
        entry = session.scalars(
            sa.select(audit.AuditEntry).where(audit.AuditEntry.action == "assessment.report-text")
        ).one()
        assert entry.details["chapter"] == "law" and "القانون" not in json.dumps(entry.details)


def test_autosave_of_words_speaks_json(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = _url(assessment_id, "text", "summary", "en")
    accept = {"Accept": "application/json"}
    saved = farid.post(url, {"text": "One.", "revision": "0"}, headers=accept)
    assert saved.get_json()["saved"] is True and saved.get_json()["revision"] == 1
    assert saved.get_json()["saved_at"].endswith("+00:00")
    same = farid.post(url, {"text": "One.", "revision": "0"}, headers=accept)
    assert same.get_json()["revision"] == 1  # what is there already conflicts with nothing
    clash = farid.post(url, {"text": "Two.", "revision": "0"}, headers=accept)
    assert clash.status_code == 409
    assert clash.get_json()["conflict"]["fields"][0]["text"] == "One."
    long = farid.post(url, {"text": "x" * 40_001, "revision": "1"}, headers=accept)
    assert long.status_code == 422 and "40000" in long.get_json()["message"]
    assert 'data-autosave-key="report:' in page(farid.get(url))


def test_two_writers_lose_no_words(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    url = _url(assessment_id, "text", "country", "en")
    assert browser("amina").post(url, {"text": "Theirs.", "revision": "0"}).status_code == 302
    answer = browser("farid").post(url, {"text": "Mine.", "revision": "0"})
    assert answer.status_code == 409
    text = page(answer)
    assert "Theirs." in text and "Mine." in text and 'value="1"' in text
    with database.reading() as session:
        assert session.scalars(sa.select(ReportText.text)).all() == ["Theirs."]
    again = browser("farid").post(url, {"text": "Theirs. Mine.", "revision": "1"})
    assert again.status_code == 302


def test_words_can_be_taken_away_again(browser, cast, database):
    assessment_id = started(database, cast)
    url = _url(assessment_id, "text", "law", "en")
    farid = browser("farid")
    farid.post(url, {"text": "Act 1.", "revision": "0"})
    assert farid.post(url, {"text": "", "revision": "1"}).status_code == 302
    assert "Act 1." not in _read(browser, assessment_id, "?lang=en").text_content()


@ONE_ENGINE
def test_typed_markup_stays_words_on_every_form(browser, cast, database):
    assessment_id = started(database, cast)
    hostile = '<script>alert("x")</script> **bold** {{7*7}} %(date)s <img src=x onerror=alert(1)>'
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        save_text(session, cast.actors["farid"], row, "law", "en", hostile, revision=0)
    article = _read(browser, assessment_id, "?lang=en")
    assert hostile in article.text_content().replace("\u2066", "").replace("\u2069", "")
    assert not article.xpath("//article//script | //article//img")
    text = "".join(
        one.extract_text()
        for one in _pdf(browser("farid").get(_url(assessment_id, "en.pdf")).get_data()).pages
    )
    assert _words('<script>alert("x")</script>**bold**{{7*7}}') in _words(text)


@pytest.mark.parametrize(
    ("chapter", "language"),
    [("participants", "en"), ("nothing", "en"), ("law", "de"), ("law", "zz"), ("glossary", "ar")],
)
def test_chapters_that_nobody_writes_have_no_page(browser, cast, database, chapter, language):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = _url(assessment_id, "text", chapter, language)
    assert farid.get(url).status_code == 404
    assert farid.post(url, {"text": "x", "revision": "0"}).status_code == 404


def test_facts_are_saved_with_their_sources_and_refused_where_they_are_none(
    browser, cast, database
):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = _url(assessment_id, "facts")
    typed = {
        "revision": "0",
        "population-value": "4,712,345",
        "population-year": "2024",
        "population-source": "Statistics office",
        "gci-tier-value": "T3",
        "gci-tier-source": "",
        "internet-users-value": "161",
        "internet-users-source": "ITU",
    }
    refused = farid.post(url, typed)
    assert refused.status_code == 422
    text = page(refused)
    assert "A share lies between 0 and 100" in text and "Say where this is from" in text
    assert 'value="4,712,345"' in text and 'value="161"' in text  # everything typed is kept
    with database.reading() as session:
        assert session.scalars(sa.select(CountryFact)).all() == []
    typed |= {"gci-tier-source": "ITU, GCI", "internet-users-value": "61.5"}
    assert farid.post(url, typed).status_code == 302
    text = page(farid.get(url))
    assert 'value="4712345"' in text and re.search(r"<option selected[^>]*>T3", text)
    article = _read(browser, assessment_id, "?lang=en").text_content()
    assert "4\u202f712\u202f345" in article and "Statistics office" in article


def test_two_who_know_facts_lose_nothing(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    url = _url(assessment_id, "facts")

    def typed(population, revision):
        return {
            "revision": revision, "population-value": population, "population-source": "Office",
        }  # fmt: skip

    assert browser("amina").post(url, typed("5", "0")).status_code == 302
    clash = browser("farid").post(url, typed("7", "0"))
    assert clash.status_code == 409
    text = page(clash)
    assert (
        ">5<" in text and 'value="7"' in text and 'name="revision" type="hidden" value="1"' in text
    )
    assert browser("farid").post(url, typed("7", "1")).status_code == 302
    assert browser("farid").post(url, typed("7", "0")).status_code == 302  # nothing new, no clash


# who may do what


def test_report_is_read_with_access_and_taken_away_by_those_who_export(
    browser, cast, database, let_in
):
    assessment_id = started(database, cast)
    for person, role in (
        ("amina", GrantRole.ASSESSOR),
        ("carla", GrantRole.CONTRIBUTOR),
        ("rene", GrantRole.REVIEWER),
    ):
        let_in(assessment_id, person, role)
    reading = ("", "/read", "/facts", "/text/law/en")
    files = ("/en.pdf", "/ar.json")
    writing = (("/facts", {"revision": "0"}), ("/text/law/en", {"text": "", "revision": "0"}))
    for person, may_export in (("farid", True), ("amina", True), ("carla", False), ("rene", False)):
        one = browser(person)
        for address in reading:
            assert one.get(_url(assessment_id) + address).status_code == 200, (person, address)
        for address in files:
            expected = 200 if may_export else 403
            assert one.get(_url(assessment_id) + address).status_code == expected, (person, address)
        for address, data in writing:
            expected = 302 if may_export else 403
            assert one.post(_url(assessment_id) + address, data).status_code == expected, (
                person,
                address,
            )
        shown = page(one.get(_url(assessment_id)))
        assert ("en.pdf" in shown) is may_export
        assert ("<textarea" in page(one.get(_url(assessment_id) + "/text/law/en"))) is may_export


def test_report_is_closed_to_others(browser, cast, database):
    assessment_id = started(database, cast)
    addresses = ("", "/read", "/facts", "/text/law/en", "/en.pdf", "/en.json")
    for address in addresses:
        url = _url(assessment_id) + address
        for person in ("bela", "chen", "amina"):
            assert browser(person).get(url).status_code == 404
        for person in ("nadia", "omar", "root"):
            assert browser(person).get(url).status_code == 403
        assert browser(None).get(url).status_code == 302
    farid = browser("farid")
    for address in ("/de.pdf", "/EN.json", "/zz.json", "/x"):
        assert farid.get(_url(assessment_id) + address).status_code == 404
    assert farid.post(_url(assessment_id, "en.json")).status_code == 405
    for address, data in (("/facts", {}), ("/text/law/en", {"text": "x"})):
        url = _url(assessment_id) + address
        assert browser("bela").post(url, data).status_code == 404
        assert farid.client.post(url, data=data).status_code == 400  # no token


def test_closed_assessment_shows_its_words_and_takes_no_others(browser, cast, database, full):
    farid = browser("farid")
    led_to(database, cast, full, State.AGREED)
    url = _url(full, "text", "law", "en")
    assert farid.post(url, {"text": "Written after agreeing.", "revision": "1"}).status_code == 302
    with database.writing() as session:
        conduct.close_assessment(session, cast.actors["farid"], session.get_one(Assessment, full))
    text = page(farid.get(url))
    assert "Written after agreeing." in text and "was closed on" in text and "<textarea" not in text
    assert farid.post(url, {"text": "Late.", "revision": "2"}).status_code == 403
    facts = farid.get(_url(full, "facts"))
    assert "4712345" in page(facts) and 'name="population-value"' not in page(facts)
    assert farid.post(_url(full, "facts"), {"revision": "5"}).status_code == 403
    assert "closed on" in _read(browser, full, "?lang=en").text_content()


def test_round_before_is_compared_where_the_reader_may_see_it(
    browser, cast, database, full, let_in
):
    led_to(database, cast, full, State.AGREED)
    with database.writing() as session:
        following = start_next_round(
            session, cast.actors["farid"], session.get_one(Assessment, full), title="Round two",
            instrument_version=NEWER[1], language="en", cirt_exists=True, copy_scope=True,
            copy_participants=True,
        )  # fmt: skip
        conduct.advance(session, cast.actors["farid"], following, conduct.ADVANCES[0])
        second = following.id
    answered(database, cast, second, FIRST, "4")
    text = _read(browser, second, "?lang=en").text_content()
    assert "Since round 1 the level of 1 questions went up" in text
    assert "Questions whose level went up" in text
    data = json.loads(browser("farid").get(_url(second, "en.json")).get_data())
    assert (data["comparison"]["before"], data["comparison"]["after"]) == (1, 2)
    assert [one["question"] for one in data["comparison"]["higher"]] == [FIRST]
    let_in(second, "amina", GrantRole.ASSESSOR)
    other = json.loads(browser("amina").get(_url(second, "en.json")).get_data())
    assert other["comparison"] is None  # amina never had access to the first round


def test_prepared_by_names_bodies_and_no_people(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    data = json.loads(browser("farid").get(_url(assessment_id, "en.json")).get_data())
    with database.reading() as session:
        names = [
            session.get_one(Administration, cast.administrations[code]).name_in("en")
            for code in ("XA", "XZ")
        ]
    assert data["assessment"]["prepared_by"] == names


@ONE_ENGINE
def test_long_report_with_many_pieces_of_evidence_is_made_within_the_limits(
    browser, cast, database
):
    assessment_id = filled(
        database, cast, evidence_rows=500, comment="و" * 3_000 + " " + "long words " * 300
    )
    answer = browser("farid").get(_url(assessment_id, "ar.pdf"))
    assert answer.status_code == 200
    assert len(_pdf(answer.get_data()).pages) > 80
