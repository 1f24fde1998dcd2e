"""Impacts of a case on the web: recorded, changed, superseded, removed; who may, what goes wrong."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.db import Database
from cirt.incidents import cases, impacts
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident, IncidentChange
from cirt.incidents.impact_models import IncidentImpact
from cirt.incidents.impact_rules import ImpactDetails
from cirt.stix.marking import TLP
from tests.conftest import Browser, Cast

Make = Callable[[str | None], Browser]

DEMAND = {
    "variety": "ransom-demand",
    "min_amount": "",
    "max_amount": "14413.05",
    "currency": "usd",
    "currency_actual": "btc",
    "conversion_rate": "0.0000346907836994945",
    "conversion_time": "2026-03-01T08:00",
    "criticality": "70",
    "description": "A note on every screen.",
    "started_at": "2026-03-01T08:00",
    "ended_at": "2026-03-02T08:00",
    "recoverability": "supplemented",
    "counts-kind": ["organization", "system"],
    "counts-number": ["1", ""],
}


@pytest.fixture
def incident_id(database: Database, cast: Cast) -> uuid.UUID:
    """A case of XA."""
    with database.writing() as session:
        details = CaseDetails(title="A case", tlp=TLP.AMBER)
        return cases.create_incident(session, cast.actors["nadia"], details).id


def _add(database: Database, cast: Cast, incident_id: uuid.UUID, **fields: Any) -> uuid.UUID:
    with database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        details = ImpactDetails(
            **{"category": "external", "details": {"impact_type": "public-health"}, **fields}
        )
        return impacts.add_impact(session, cast.actors["nadia"], incident, details).id


def _rows(database: Database) -> list[IncidentImpact]:
    with database.reading() as session:
        return list(session.scalars(sa.select(IncidentImpact).order_by(IncidentImpact.added_at)))


def _stamp(page: Any) -> dict[str, str]:
    found = re.search(r'name="stamp"[^>]*value="([0-9a-f]{32})"', page.get_data(as_text=True))
    assert found
    return {"stamp": found[1]}


def test_an_impact_is_recorded_and_shown_with_its_picture(
    browser: Make, incident_id: uuid.UUID, database: Database
) -> None:
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/impacts"
    assert "No impact has been recorded" in nadia.get(url).get_data(as_text=True)
    choice = nadia.get(f"{url}/new").get_data(as_text=True)
    assert choice.count("/impacts/new?category=") == 7
    with database.reading() as session:
        before = session.get_one(Incident, incident_id).content_changed_at
    answer = nadia.post(f"{url}/new?category=monetary", DEMAND)
    assert answer.status_code == 302
    (row,) = _rows(database)
    assert row.details == {
        "variety": "ransom-demand",
        "min_amount": 0,
        "max_amount": 14413.05,
        "currency": "USD",
        "currency_actual": "BTC",
        "conversion_rate": 3.46907836994945e-05,
        "conversion_time": "2026-03-01T08:00:00.000Z",
    }
    assert (row.criticality, row.counts) == (70, {"organization": 1})
    with database.reading() as session:
        assert session.get_one(Incident, incident_id).content_changed_at > before
    page = nadia.get(url).get_data(as_text=True)
    for text in ("Ransom demanded", "14413.05", "High (70)", "Organizations: 1", "chart-bar"):
        assert text in page
    history = nadia.get(f"/incidents/{incident_id}/history").get_data(as_text=True)
    assert "Impact added" in history and "14413.05" in history


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"variety": ""}, "Choose one of the entries."),
    ({"variety": "loot"}, "Not a valid choice"),
    ({"max_amount": "NaN"}, "Give a number from 0"),
    ({"max_amount": "much"}, "Not a valid decimal value"),
    ({"min_amount": "1"}, "smallest amount is 0"),
    ({"currency": ""}, "code of the currency"),
    ({"conversion_time": ""}, "the time of the rate"),
    ({"ended_at": "2026-02-01T00:00"}, "cannot have ended before it started"),
    ({"counts-number": ["x", ""]}, "as digits, from 0"),
)


def test_bad_input_is_explained_and_kept(
    browser: Make, incident_id: uuid.UUID, database: Database
) -> None:
    url = f"/incidents/{incident_id}/impacts/new?category=monetary"
    nadia = browser("nadia")
    for change, sentence in BAD:
        answer = nadia.post(url, {**DEMAND, **change})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and sentence in page, sentence
        assert "A note on every screen." in page
    assert _rows(database) == []


def test_conflict_is_shown_side_by_side(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    url = f"/incidents/{incident_id}/impacts/{_add(database, cast, incident_id)}"
    nadia = browser("nadia")
    fields = {"impact_type": "public-safety", **_stamp(nadia.get(url))}
    assert nadia.post(url, {**fields, "description": "Theirs"}).status_code == 302
    answer = nadia.post(url, {**fields, "description": "Mine", "criticality": "40"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Theirs" in page and "Mine" in page and "Moderate (40)" in page
    assert "Public safety" not in page.split('id="differences"')[1].split("</table>")[0]
    assert _rows(database)[0].description == "Theirs"
    again = nadia.post(url, {**fields, **_stamp(answer), "description": "Mine"})
    assert again.status_code == 302
    assert _rows(database)[0].description == "Mine"


def test_a_later_impact_takes_the_place_of_an_earlier_one(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    """Incident Core Extension 2.1, superseded_by_ref: same category, and then end_time."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    first = _add(database, cast, incident_id, criticality=15, started_at=start)
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/impacts/{first}"
    later = {"impact_type": "public-health", "criticality": "95"}
    refused = nadia.post(f"{url}/supersede", later)
    assert refused.status_code == 422
    assert "Say when the earlier impact ended" in refused.get_data(as_text=True)
    assert _rows(database)[0].ended_at is None
    fields = {**later, "started_at": "2026-03-03T00:00"}
    assert nadia.post(f"{url}/supersede", fields).status_code == 302
    earlier, new = _rows(database)
    assert earlier.superseded_by == new.id and earlier.ended_at == new.started_at
    page = nadia.get(f"/incidents/{incident_id}/impacts").get_data(as_text=True)
    assert "Superseded by a later one" in page
    # only what holds now is drawn
    assert "Extreme (95)" in page and page.count('class="chart-bar"') == 1
    twice = nadia.post(f"{url}/supersede", fields)
    assert twice.status_code == 422 and len(_rows(database)) == 2
    # the end may not go while there is a successor
    kept = nadia.post(url, {"impact_type": "public-health", "started_at": "2026-03-01T00:00"})
    assert kept.status_code == 422
    assert nadia.post(f"/incidents/{incident_id}/impacts/{new.id}/remove").status_code == 302
    (left,) = _rows(database)
    assert left.superseded_by is None and left.ended_at is not None


def test_removing_asks_first_and_history_keeps_it(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    impact_id = _add(database, cast, incident_id, description="Ambulances were sent elsewhere.")
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/impacts/{impact_id}/remove"
    assert "Remove this impact" in nadia.get(url).get_data(as_text=True)
    assert len(_rows(database)) == 1
    assert nadia.post(url).status_code == 302
    assert _rows(database) == [] and nadia.post(url).status_code == 404
    history = nadia.get(f"/incidents/{incident_id}/history").get_data(as_text=True)
    assert "Impact removed" in history and "Ambulances were sent elsewhere." in history
    with database.reading() as session:
        entries = session.scalars(
            sa.select(audit.AuditEntry).where(audit.AuditEntry.action.startswith("incident.impact"))
        ).all()
        assert [entry.action for entry in entries] == [
            "incident.impact-added",
            "incident.impact-removed",
        ]
        assert all(entry.details["impact"] == str(impact_id) for entry in entries)
        assert "Ambulances" not in str([entry.details for entry in entries])


PATHS = ("impacts/new", "impacts/new?category=external", "impacts/{id}", "impacts/{id}/supersede")


def test_who_may_not(browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast) -> None:
    """T-08: what belongs to a case is reached through the right to the case alone."""
    impact_id = _add(database, cast, incident_id)
    with database.writing() as session:
        other = cases.create_incident(session, cast.actors["nadia"], CaseDetails(title="Other")).id
        foreign = cases.create_incident(session, cast.actors["boris"], CaseDetails(title="XB")).id
        red = cases.create_incident(
            session, cast.actors["nadia"], CaseDetails(title="Red", tlp=TLP.RED)
        ).id
    red_impact = _add(database, cast, red)
    nadia, boris, omar = browser("nadia"), browser("boris"), browser("omar")
    paths = [path.format(id=impact_id) for path in (*PATHS, "impacts/{id}/remove")]
    for path in paths:
        assert boris.get(f"/incidents/{incident_id}/{path}").status_code == 404, path
        assert boris.post(f"/incidents/{incident_id}/{path}", DEMAND).status_code == 404, path
        assert omar.get(f"/incidents/{incident_id}/{path}").status_code == 403, path
        assert omar.post(f"/incidents/{incident_id}/{path}", DEMAND).status_code == 403, path
        assert browser(None).get(f"/incidents/{incident_id}/{path}").status_code == 302, path
        if str(impact_id) in path:
            # an id that exists, under a case that is one's own
            assert nadia.post(f"/incidents/{other}/{path}").status_code == 404, path
            assert boris.post(f"/incidents/{foreign}/{path}").status_code == 404, path
    page = omar.get(f"/incidents/{incident_id}/impacts").get_data(as_text=True)
    assert "Public health" in page and "/remove" not in page and "Record an impact" not in page
    assert boris.get(f"/incidents/{incident_id}/impacts").status_code == 404
    assert omar.get(f"/incidents/{red}/impacts").status_code == 404
    assert nadia.post(f"/incidents/{incident_id}/impacts/{red_impact}/remove").status_code == 404
    assert nadia.client.post(f"/incidents/{incident_id}/{paths[-1]}").status_code == 400
    assert nadia.post(f"/incidents/{incident_id}/impacts").status_code == 405
    assert len(_rows(database)) == 2


def test_nothing_changed_is_no_change(
    incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    impact_id = _add(database, cast, incident_id)
    with database.writing() as session:
        impact = session.get_one(IncidentImpact, impact_id)
        same = impacts.details_of(impact)
        assert not impacts.change_impact(session, cast.actors["nadia"], impact, same)
        kinds = session.scalars(sa.select(IncidentChange.kind)).all()
        assert sorted(kinds) == ["created", "impact-added"]
