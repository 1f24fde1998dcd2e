"""Observables of a case on the web: pasting a text, adding one, changing, removing."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.clock import now
from cirt.db import Database
from cirt.incidents import cases, observables
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident, IncidentObservable
from cirt.incidents.observables import NewObservable
from cirt.incidents.wire_content import content_of
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from cirt.stix.wire import build
from tests.conftest import Browser, Cast

Make = Callable[[str | None], Browser]

TEXT = """From: hxxps://login.evil-example[.]net/a?b=1
seen at 203.0.114[.]9 and 10.0.0.5, see CVE-2026-12345
sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 مرفق"""


@pytest.fixture
def incident_id(database: Database, cast: Cast) -> uuid.UUID:
    """A case of XA."""
    with database.writing() as session:
        details = CaseDetails(title="A case", tlp=TLP.GREEN)
        return cases.create_incident(session, cast.actors["nadia"], details).id


def _rows(database: Database) -> dict[str, IncidentObservable]:
    with database.reading() as session:
        return {row.value: row for row in session.scalars(sa.select(IncidentObservable))}


def _boxes(page: str, name: str, *, checked: bool = False) -> list[str]:
    found = re.findall(
        rf'<input class="choice-input" type="checkbox" name="{name}" value="([^"]*)"[^>]*?( checked)?>',
        page,
    )
    return [html.unescape(value) for value, mark in found if mark or not checked]


def test_pasted_text_is_confirmed_before_anything_is_stored(
    browser: Make, incident_id: uuid.UUID, database: Database
) -> None:
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/observables"
    page = nadia.post(f"{url}/paste", {"text": TEXT}).get_data(as_text=True)
    assert _rows(database) == {}
    assert "hxxps://login[.]evil-example[.]net/a?b=1" in page
    assert "A private address" in page
    taken = _boxes(page, "take", checked=True)
    assert len(_boxes(page, "take")) == 5 and len(taken) == 4
    assert not any("10.0.0.5" in value for value in taken)
    indicators = _boxes(page, "indicator", checked=True)
    answer = nadia.post(f"{url}/take", {"take": taken, "indicator": indicators[:1]})
    assert answer.status_code == 302
    rows = _rows(database)
    assert set(rows) == {
        "https://login.evil-example.net/a?b=1",
        "203.0.114.9",
        "CVE-2026-12345",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
    assert [value for value, row in rows.items() if row.is_indicator] == [
        "https://login.evil-example.net/a?b=1"
    ]
    table = nadia.get(url).get_data(as_text=True)
    assert "203[.]0[.]114[.]9" in table and "4 observables" in table
    again = nadia.post(f"{url}/paste", {"text": TEXT}).get_data(as_text=True)
    assert again.count("The incident holds it already.") == 4
    nadia.post(f"{url}/take", {"take": taken})
    assert len(_rows(database)) == 4


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Paste a text first."),
        ("nothing to see here", "No observable was recognised"),
        ("x" * 500_001, "paste at most 500000"),
    ],
)
def test_unfit_texts_are_explained_and_kept(
    browser: Make, incident_id: uuid.UUID, text: str, sentence: str
) -> None:
    answer = browser("nadia").post(f"/incidents/{incident_id}/observables/paste", {"text": text})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page and text in page


def test_ten_thousand_observables_are_taken_at_once(
    browser: Make, incident_id: uuid.UUID, database: Database
) -> None:
    text = "\n".join(f"9.{n // 250}.{n % 250}.7" for n in range(10_000))
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/observables"
    page = nadia.post(f"{url}/paste", {"text": text}).get_data(as_text=True)
    taken, indicators = _boxes(page, "take", checked=True), _boxes(page, "indicator", checked=True)
    assert len(taken) == len(indicators) == 10_000
    assert nadia.post(f"{url}/take", {"take": taken, "indicator": indicators}).status_code == 302
    assert len(_rows(database)) == 10_000
    assert "Page 50 of 50" in nadia.get(f"{url}?page=999").get_data(as_text=True)
    assert nadia.get(f"/incidents/{incident_id}/bundle").status_code == 200


def test_more_than_fit_are_refused_as_a_whole(
    database: Database,
    cast: Cast,
    incident_id: uuid.UUID,
    monkeypatch: pytest.MonkeyPatch,
    browser: Make,
) -> None:
    monkeypatch.setattr(observables, "MAX_OBSERVABLES", 2)
    taken = [f"{n} ipv4-addr 9.9.9.{n}" for n in range(3)]
    answer = browser("nadia").post(f"/incidents/{incident_id}/observables/take", {"take": taken})
    assert answer.status_code == 413
    assert "at most 2 fit" in answer.get_data(as_text=True)
    assert _rows(database) == {}


@pytest.mark.parametrize(
    "entry", ["", "1", "1 ipv4-addr", "1 ipv4-addr 999.1.1.1", "1 nonsense x", "1 file a\0b"]
)
def test_damaged_choices_are_refused(
    browser: Make, incident_id: uuid.UUID, database: Database, entry: str
) -> None:
    url = f"/incidents/{incident_id}/observables/take"
    assert browser("nadia").post(url, {"take": ["0 ipv4-addr 9.9.9.9", entry]}).status_code == 422
    assert _rows(database) == {}


def test_one_is_added_by_kind_and_value(
    browser: Make, incident_id: uuid.UUID, database: Database
) -> None:
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/observables/new"
    fields = {
        "type": "domain-name",
        "value": "EVIL-example[.]org",
        "comment": "from the mail",
        "role": "detection",
        "first_observed": "2026-03-01T08:00",
        "last_observed": "2026-03-02T08:00",
        "count": "41",
    }
    assert nadia.post(url, fields).status_code == 302
    row = _rows(database)["evil-example.org"]
    assert row.is_indicator and not row.is_victim and row.comment == "from the mail"
    assert row.count == 41 and row.last_observed == datetime(2026, 3, 2, 8, tzinfo=UTC)
    table = nadia.get(f"/incidents/{incident_id}/observables").get_data(as_text=True)
    assert "41 times" in table and "2026-03-02 08:00" in table
    again = nadia.post(url, fields)
    assert again.status_code == 422
    assert "holds this observable already" in again.get_data(as_text=True)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"value": "not an address"}, "does not fit the kind IPv4"),
        ({"value": ""}, "Type a value."),
        ({"value": "1.1.1.1\0"}, "control character"),
        ({"value": "9" * 4001}, "longer than 4000 characters"),
        ({"type": "rocket"}, "Not a valid choice"),
        ({"comment": "x" * 2001}, "Shorten this to 2000 characters"),
        ({"role": "hero"}, "Not a valid choice"),
        ({"count": "0"}, "from 1 to 999999999"),
        ({"count": "7", "last_observed": ""}, "needs the time of the first and of the last"),
        ({"last_observed": "2026-02-01T00:00"}, "seen last before it was seen first"),
    ],
)
def test_bad_values_are_explained_and_kept(
    browser: Make, incident_id: uuid.UUID, database: Database, change: dict[str, str], sentence: str
) -> None:
    fields = {
        "type": "ipv4-addr",
        "value": "9.9.9.9",
        "comment": "kept comment",
        "first_observed": "2026-03-01T08:00",
        "last_observed": "2026-03-01T09:00",
    }
    answer = browser("nadia").post(
        f"/incidents/{incident_id}/observables/new", {**fields, **change}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and sentence in page
    assert "kept comment" in page or "comment" in change
    assert _rows(database) == {}


def _add(database: Database, cast: Cast, incident_id: uuid.UUID, *values: str) -> list[uuid.UUID]:
    with database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        items = [
            NewObservable(observable=observable("ipv4-addr", value), is_indicator=True)
            for value in values
        ]
        observables.add_observables(session, cast.actors["nadia"], incident, items)
        return [
            row.id for row in session.scalars(sa.select(IncidentObservable)) if row.value in values
        ]


def test_what_is_said_is_changed_and_a_conflict_is_shown(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    (row_id,) = _add(database, cast, incident_id, "9.9.9.9")
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/observables/{row_id}"
    page = nadia.get(url).get_data(as_text=True)
    assert "9.9.9.9" in page
    stamp = re.search(r'name="stamp"[^>]*value="([0-9a-f]{32})"', page)
    assert stamp
    fields = {"comment": "sinkholed", "role": "context", "stamp": stamp[1]}
    assert nadia.post(url, fields).status_code == 302
    row = _rows(database)["9.9.9.9"]
    assert (row.comment, row.is_indicator, row.is_victim) == ("sinkholed", False, False)
    answer = nadia.post(url, {**fields, "comment": "mine, saved second", "role": "victim"})
    again = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "sinkholed" in again and "mine, saved second" in again
    assert _rows(database)["9.9.9.9"].comment == "sinkholed"
    stamp = re.search(r'name="stamp"[^>]*value="([0-9a-f]{32})"', again)
    assert stamp
    assert nadia.post(url, {"role": "victim", "stamp": stamp[1]}).status_code == 302
    assert _rows(database)["9.9.9.9"].is_victim
    assert nadia.post(url, {"comment": "a\0b"}).status_code == 422
    history = nadia.get(f"/incidents/{incident_id}/history").get_data(as_text=True)
    assert "The victim&#39;s" in history and "sinkholed" in history


def test_what_is_the_victims_is_kept_apart(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    """A victim's own address is no indicator: partners would block the victim."""
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/observables"
    _add(database, cast, incident_id, "9.9.9.9")
    page = nadia.post(f"{url}/paste", {"text": "198.51.100.3 8.8.4.4", "role": "victim"})
    text = page.get_data(as_text=True)
    assert _boxes(text, "indicator", checked=True) == []
    taken, victim = _boxes(text, "take"), _boxes(text, "victim", checked=True)
    assert len(taken) == len(victim) == 2
    # also who ticks both: the victim's is never for detection
    answer = nadia.post(f"{url}/take", {"take": taken, "victim": victim, "indicator": victim})
    assert answer.status_code == 302
    rows = _rows(database)
    assert {value for value, row in rows.items() if row.is_victim} == {"198.51.100.3", "8.8.4.4"}
    assert {value for value, row in rows.items() if row.is_indicator} == {"9.9.9.9"}
    for query, shown in (
        ("role=victim", {"8[.]8[.]4[.]4", "198[.]51[.]100[.]3"}),
        ("role=detection", {"9[.]9[.]9[.]9"}),
        ("role=context", set()),
        ("text=8[.]8[.]4", {"8[.]8[.]4[.]4"}),
        ("type=ipv4-addr&text=100%25", set()),
        ("type=url", set()),
    ):
        found = nadia.get(f"{url}?{query}").get_data(as_text=True)
        assert set(re.findall(r"[0-9]+(?:\[\.\][0-9]+){3}", found)) == shown, query
    with database.reading() as session:
        assert b"8.8.4.4" not in b"".join(
            each.body
            for each in build(content_of(session, session.get_one(Incident, incident_id))).objects
            if each.type == "indicator"
        )


def test_removing_asks_first(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    (row_id,) = _add(database, cast, incident_id, "9.9.9.9")
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/observables/{row_id}/remove"
    assert "Remove this from the incident?" in nadia.get(url).get_data(as_text=True)
    assert len(_rows(database)) == 1
    assert nadia.post(url).status_code == 302
    assert _rows(database) == {}
    assert nadia.post(url).status_code == 404
    history = nadia.get(f"/incidents/{incident_id}/history").get_data(as_text=True)
    assert "Observable removed" in history


def test_what_was_released_is_withdrawn_and_comes_back(
    database: Database, cast: Cast, incident_id: uuid.UUID
) -> None:
    """STIX 2.1, section 3.2: the indicator is sent revoked, so that partners learn of it."""
    (row_id,) = _add(database, cast, incident_id, "9.9.9.9")
    with database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        incident.released_at = now()
        session.flush()
        observables.remove_observable(
            session, cast.actors["nadia"], session.get_one(IncidentObservable, row_id)
        )
        session.flush()
        assert b'"revoked":true' in build(content_of(session, incident)).body
    _add(database, cast, incident_id, "9.9.9.9")
    with database.reading() as session:
        row = session.scalars(sa.select(IncidentObservable)).one()
        assert row.id == row_id and row.withdrawn_at is None


def test_observables_of_another_case_are_not_found(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    (row_id,) = _add(database, cast, incident_id, "9.9.9.9")
    with database.writing() as session:
        other = cases.create_incident(session, cast.actors["nadia"], CaseDetails(title="Other")).id
        foreign = cases.create_incident(
            session, cast.actors["boris"], CaseDetails(title="Foreign")
        ).id
    nadia, boris = browser("nadia"), browser("boris")
    for path in (f"{row_id}", f"{row_id}/remove", f"{uuid.uuid4()}"):
        assert nadia.get(f"/incidents/{other}/observables/{path}").status_code == 404
        assert boris.get(f"/incidents/{foreign}/observables/{path}").status_code == 404
        assert nadia.post(f"/incidents/{other}/observables/{path}").status_code == 404
    assert nadia.get(f"/incidents/{incident_id}/rules/{row_id}/remove").status_code == 404
    assert len(_rows(database)) == 1


def test_officers_see_no_buttons_and_change_nothing(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    (row_id,) = _add(database, cast, incident_id, "9.9.9.9")
    omar = browser("omar")
    page: Any = omar.get(f"/incidents/{incident_id}/observables").get_data(as_text=True)
    assert "9[.]9[.]9[.]9" in page and "Paste a text" not in page and "/remove" not in page
    for path in ("take", "new", "paste", f"{row_id}", f"{row_id}/remove"):
        assert omar.post(f"/incidents/{incident_id}/observables/{path}").status_code == 403
    assert len(_rows(database)) == 1
