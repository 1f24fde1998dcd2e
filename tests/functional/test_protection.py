"""The page of personal data: findings in their places, decisions for all audiences or for one."""

import json
import re
import uuid
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.audit import AuditEntry
from cirt.db import Database
from cirt.incidents import observables, protection
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.observables import NewObservable
from cirt.incidents.protection import Action, Decision
from cirt.incidents.release_models import ProtectionDecision
from cirt.incidents.wire_content import content_of
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from tests import sharing
from tests.conftest import Cast

TEXT = "Ms Maria Silva (maria.silva@ministry.example) called from +961 1 234 567. السيد أحمد حداد"


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB."""
    return sharing.make_circle(database, cast)


@pytest.fixture
def incident(database: Database, cast: Cast) -> uuid.UUID:
    """An incident of XA that speaks of people."""
    incident_id = sharing.make_incident(database, cast, title="Call of Ms Maria Silva")
    sharing.change_incident(database, cast, incident_id, description=TEXT)
    with database.writing() as session:
        observables.add_observables(
            session,
            cast.actors["nadia"],
            session.get_one(Incident, incident_id),
            [
                NewObservable(
                    observable=observable("email-addr", "bad@evil.example"),
                    is_indicator=True,
                    comment="sent to Maria Silva",
                )
            ],
        )
    return incident_id


def page_of(answer: Any) -> str:
    """Return a page as text."""
    text: str = answer.get_data(as_text=True)
    return text


def key_on(page: str, value: str) -> str:
    """Return the key of the finding with this value."""
    found = re.search(
        rf"<bdi>{re.escape(value)}</bdi>.*?name=\"finding\" value=\"([0-9a-f]{{32}})\"",
        page,
        re.DOTALL,
    )
    assert found, value
    return found[1]


def decisions(database: Database, incident_id: uuid.UUID) -> list[ProtectionDecision]:
    """Return all decisions on an incident."""
    with database.reading() as session:
        query = sa.select(ProtectionDecision).filter_by(incident_id=incident_id)
        return list(session.scalars(query))


def test_every_finding_is_shown_in_its_places_with_what_is_proposed(
    browser: Any, incident: uuid.UUID
) -> None:
    """Kinds, counts, words around it, highlighted; the reason of a proposal to keep."""
    page = page_of(browser("nadia").get(f"/incidents/{incident}/protection"))
    assert "Call of Ms <bdi><mark>Maria Silva</mark></bdi>" in page
    assert "sent to <bdi><mark>Maria Silva</mark></bdi>" in page
    assert "<mark>أحمد حداد</mark>" in page
    assert "It belongs to the attack" in page
    assert "<bdi><mark>+961 1 234 567</mark></bdi>" in page
    assert "5 findings." in page and "1 of all is kept as it is." in page
    assert "Person (2)" in page and "Telephone number (1)" in page
    phones = page_of(browser("nadia").get(f"/incidents/{incident}/protection?kind=phone"))
    assert "<mark>+961 1 234 567</mark>" in phones and "<mark>Maria Silva</mark>" not in phones


def test_many_decisions_are_stored_at_once_with_ids_only_in_the_audit(
    database: Database, cast: Cast, browser: Any, incident: uuid.UUID
) -> None:
    """Only what differs from before becomes a decision; the same again changes nothing."""
    nadia, url = browser("nadia"), f"/incidents/{incident}/protection"
    page = page_of(nadia.get(url))
    person, phone, mail = (
        key_on(page, value)
        for value in ("Maria Silva", "+961 1 234 567", "maria.silva@ministry.example")
    )
    form = {
        "finding": [person, phone, mail],
        f"action-{person}": "pseudonym",
        f"action-{phone}": "generalise",
        f"replacement-{phone}": "a number abroad",
        f"action-{mail}": "mask",
    }
    answer = nadia.post(url, form, follow_redirects=True)
    assert "2 decisions were stored." in page_of(answer)
    stored = {row.finding: row for row in decisions(database, incident)}
    assert {key: row.action for key, row in stored.items()} == {
        person: "pseudonym",
        phone: "generalise",
    }
    assert stored[phone].replacement == "a number abroad"
    before = stored[phone].decided_at
    assert "Nothing was changed." in page_of(nadia.post(url, form, follow_redirects=True))
    again = {row.finding: row for row in decisions(database, incident)}
    assert again[phone].decided_at == before
    with database.reading() as session:
        entries = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "protection.decide")
        ).all()
        said = json.dumps([entry.details for entry in entries])
    assert len(entries) == 2
    assert "Silva" not in said and person not in said and "abroad" not in said


def test_keeping_needs_a_reason_and_nothing_is_stored_without_it(
    database: Database, browser: Any, incident: uuid.UUID
) -> None:
    """All of the page or nothing; what was typed stays."""
    nadia, url = browser("nadia"), f"/incidents/{incident}/protection"
    page = page_of(nadia.get(url))
    person, phone = key_on(page, "Maria Silva"), key_on(page, "+961 1 234 567")
    form = {
        "finding": [person, phone],
        f"action-{person}": "pseudonym",
        f"action-{phone}": "keep",
    }
    answer = nadia.post(url, form)
    assert answer.status_code == 422
    page = page_of(answer)
    assert f'href="#reason-{phone}"' in page and "Say why it is kept" in page
    assert '<option value="keep" selected>' in page
    assert '<option value="pseudonym" selected>' in page
    assert decisions(database, incident) == []
    form[f"reason-{phone}"] = "a public hotline"
    assert nadia.post(url, form).status_code == 302
    assert len(decisions(database, incident)) == 2


def test_all_findings_of_the_page_can_be_decided_at_once(
    database: Database, browser: Any, incident: uuid.UUID
) -> None:
    """One choice and one reason for all of them."""
    nadia, url = browser("nadia"), f"/incidents/{incident}/protection"
    keys = re.findall(r'name="finding" value="([0-9a-f]{32})"', page_of(nadia.get(url)))
    answer = nadia.post(url, {"finding": keys, "all": "keep", "all_reason": "they agreed"})
    assert answer.status_code == 302
    assert {row.reason for row in decisions(database, incident)} == {"they agreed"}
    assert len(decisions(database, incident)) == len(keys) == 5


def test_an_audience_may_get_something_else(
    database: Database, browser: Any, incident: uuid.UUID, circle: uuid.UUID
) -> None:
    """A decision for one audience goes before the one for all."""
    nadia, url = browser("nadia"), f"/incidents/{incident}/protection"
    page = page_of(nadia.get(url))
    person = key_on(page, "Maria Silva")
    nadia.post(url, {"finding": person, f"action-{person}": "pseudonym"})
    answer = nadia.post(
        f"{url}?audience={circle}",
        {"finding": person, f"action-{person}": "keep", f"reason-{person}": "they know her"},
        follow_redirects=True,
    )
    assert "Decided for this audience alone." in page_of(answer)
    with database.reading() as session:
        common = protection.decisions_for(session, incident, None)
        own = protection.decisions_for(session, incident, circle)
        row = session.get_one(Incident, incident)
        found = protection.protect_for(
            session, row, session.get_one(Collection, circle), content_of(session, row)
        )
    assert (common[person].action, own[person].action) == (Action.PSEUDONYM, Action.KEEP)
    assert "Maria Silva" in found.content.title
    assert "maria.silva@" not in found.content.description


def test_words_marked_by_hand_are_masked_everywhere(
    database: Database, browser: Any, incident: uuid.UUID, circle: uuid.UUID
) -> None:
    """They become a finding like any other, and may be decided upon again."""
    nadia, url = browser("nadia"), f"/incidents/{incident}/protection"
    assert nadia.post(f"{url}/words", {"words": "  "}).status_code == 422
    answer = nadia.post(f"{url}/words", {"words": "CALLED  from"}, follow_redirects=True)
    page = page_of(answer)
    assert "Marked by hand" in page and "<mark>called from</mark>" in page
    (row,) = decisions(database, incident)
    assert row.literal == "CALLED from"
    with database.reading() as session:
        incident_row = session.get_one(Incident, incident)
        audience = session.get_one(Collection, circle)
        content = content_of(session, incident_row)
        found = protection.protect_for(session, incident_row, audience, content)
    assert "called from" not in found.content.description
    key = key_on(page, "CALLED from")
    form = {"finding": key, f"action-{key}": "keep", f"reason-{key}": "only words"}
    assert nadia.post(url, form).status_code == 302
    (row,) = decisions(database, incident)
    assert (row.action, row.literal) == ("keep", "CALLED from")


def test_the_same_decision_again_keeps_its_time(
    database: Database, cast: Cast, incident: uuid.UUID
) -> None:
    """What an audience sees has not changed, so nothing may look newer; any other choice does."""
    times = []
    for words in ("Blue House", "BLUE  house", "Blue House"):
        action = Action.MASK if len(times) < 2 else Action.PSEUDONYM
        with database.writing() as session:
            row = session.get_one(Incident, incident)
            decision = protection.mark(session, cast.actors["nadia"], row, None, words, action)
            times.append(decision.decided_at)
    assert times[0] == times[1] < times[2]
    assert len(decisions(database, incident)) == 1


def test_an_incident_without_personal_data_says_what_that_means(
    browser: Any, database: Database, cast: Cast
) -> None:
    """A machine that finds nothing proves nothing."""
    plain = sharing.make_incident(database, cast)
    page = page_of(browser("nadia").get(f"/incidents/{plain}/protection"))
    assert "No personal data were found." in page and "read the text" in page


def test_only_the_own_analysts_decide(
    app: flask.Flask,
    browser: Any,
    database: Database,
    cast: Cast,
    incident: uuid.UUID,
    circle: uuid.UUID,
) -> None:
    """T-01, T-03: others get the same 404 as for nothing; the officer sees and does not change."""
    url = f"/incidents/{incident}/protection"
    omar, boris, nobody = browser("omar"), browser("boris"), browser(None)
    page = page_of(omar.get(url))
    assert "<mark>Maria Silva</mark>" in page
    assert "Save these decisions" not in page and "Mark words by hand" not in page
    key = key_on(page, "Maria Silva")
    form = {"finding": key, f"action-{key}": "keep", f"reason-{key}": "x"}
    assert omar.post(url, form).status_code == 403
    assert omar.post(f"{url}/words", {"words": "Maria"}).status_code == 403
    absent = f"/incidents/{uuid.uuid4()}/protection"
    for address in (url, absent):
        assert boris.get(address).status_code == 404
        assert boris.post(address, form).status_code == 404
        assert boris.post(f"{address}/words", {"words": "x"}).status_code == 404
        assert nobody.get(address).status_code in (302, 401)
    assert app.test_client().post(url, data=form).status_code in (302, 400, 401, 403)
    nadia = browser("nadia")
    assert nadia.get(f"{url}/words").status_code == 405
    foreign = sharing.make_circle(database, cast, "XB XC", title="Others")
    for audience in (foreign, uuid.uuid4(), "nonsense"):
        assert nadia.get(f"{url}?audience={audience}").status_code == 404
        assert nadia.post(f"{url}?audience={audience}", form).status_code == 404
    assert decisions(database, incident) == []


def test_a_red_incident_is_for_its_named_persons_here_as_well(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-04: the page shows the whole text, so it follows the right to read."""
    red = sharing.make_incident(database, cast, title="Ms Maria Silva", tlp=TLP.RED)
    assert browser("nadia").get(f"/incidents/{red}/protection").status_code == 200
    assert browser("omar").get(f"/incidents/{red}/protection").status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {"action": "burn"},
        {"action": "keep", "reason": "x\0y"},
        {"action": "keep", "reason": "x" * 1001},
        {"action": "generalise", "replacement": "x" * 201},
    ],
    ids=["action", "control", "long reason", "long words"],
)
def test_bad_input_is_refused_at_its_field(
    browser: Any, database: Database, incident: uuid.UUID, form: dict[str, str]
) -> None:
    """With a sentence, and nothing stored."""
    nadia, url = browser("nadia"), f"/incidents/{incident}/protection"
    key = key_on(page_of(nadia.get(url)), "Maria Silva")
    answer = nadia.post(url, {"finding": key} | {f"{name}-{key}": v for name, v in form.items()})
    assert answer.status_code == 422
    assert "error-summary" in page_of(answer)
    assert decisions(database, incident) == []


def test_a_decision_on_something_else_is_no_decision(
    browser: Any, database: Database, cast: Cast, incident: uuid.UUID
) -> None:
    """Keys that are no finding of this incident are not stored."""
    nadia, url = browser("nadia"), f"/incidents/{incident}/protection"
    other = "0" * 32
    nadia.post(url, {"finding": other, f"action-{other}": "keep", f"reason-{other}": "x"})
    assert decisions(database, incident) == []
    assert Decision(action=Action.MASK).decided_at is None


def test_the_list_of_what_was_removed_is_told_in_words(
    app: flask.Flask, database: Database, cast: Cast, incident: uuid.UUID, circle: uuid.UUID
) -> None:
    """The partial for the pages of a release: kinds, fields, times, never a value."""
    with database.reading() as session:
        row = session.get_one(Incident, incident)
        found = protection.protect_for(
            session, row, session.get_one(Collection, circle), content_of(session, row)
        )
    with app.test_request_context("/"):
        page = flask.render_template("protection/_summary.html", removed=found.removed)
        nothing = flask.render_template("protection/_summary.html", removed=[])
    assert "Telephone number" in page and "Comment on an observable" in page and "masked" in page
    assert "Silva" not in page
    assert "Nothing was taken out" in nothing
