"""The tally by capability: counted in bands, published as shown, withdrawn, never a number."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cirt.capability_tally import Band, CapabilityTally, band_of, current_tally
from cirt.clock import now
from cirt.db import Database
from cirt.errors import ConflictError, InvalidInputError
from cirt.incidents import cases, tally
from cirt.incidents.case_details import CaseDetails
from cirt.stix.marking import TLP
from tests.conftest import Browser, Cast

Make = Callable[[str | None], Browser]
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARCH = {"since": date(2026, 3, 1), "until": date(2026, 3, 31)}


@pytest.fixture
def recorded(database: Database, cast: Cast) -> Callable[..., None]:
    """Return a function that records incidents of XA."""

    def record(count: int = 1, who: str = "nadia", **fields: Any) -> None:
        with database.writing() as session:
            for _number in range(count):
                details = CaseDetails(**{"title": "A case", "detected_at": DAY, **fields})
                cases.create_incident(session, cast.actors[who], details)

    return record


def drafted(database: Database, cast: Cast, who: str = "omar") -> dict[str, tuple[str, str]]:
    with database.reading() as session:
        draft = tally.draft_tally(session, cast.actors[who], **MARCH)
        return {
            line.capability: (line.failed_band.value, line.held_band.value) for line in draft.lines
        }


@pytest.mark.parametrize(
    ("count", "band"),
    [
        (0, Band.NONE),
        (1, Band.FEW),
        (5, Band.FEW),
        (6, Band.SEVERAL),
        (20, Band.SEVERAL),
        (21, Band.MANY),
    ],
)
def test_bands_begin_and_end_where_they_say(count: int, band: Band) -> None:
    assert band_of(count) is band


def test_draft_counts_own_incidents_of_the_period(
    database: Database, cast: Cast, recorded: Callable[..., None]
) -> None:
    recorded(6, failed=("detection",), held=("awareness",))
    recorded(1, failed=("early-warning",), detected_at=DAY + timedelta(days=60))
    recorded(9, who="boris", failed=("awareness",))
    found = drafted(database, cast)
    assert found["detection"] == ("several", "none")
    assert found["awareness"] == ("none", "several")
    assert found["early-warning"] == ("none", "none")


def test_incident_for_named_persons_takes_no_part(
    database: Database, cast: Cast, recorded: Callable[..., None]
) -> None:
    """Not even for the person who recorded it and may read it."""
    recorded(1, tlp=TLP.RED, failed=("detection",))
    assert drafted(database, cast, "nadia")["detection"] == ("none", "none")


def test_only_what_was_shown_is_published(
    database: Database, cast: Cast, recorded: Callable[..., None]
) -> None:
    recorded(5, failed=("detection",))
    with database.reading() as session:
        shown = tally.draft_tally(session, cast.actors["omar"], **MARCH).sha256
    recorded(1, failed=("detection",))
    with database.writing() as session, pytest.raises(ConflictError):
        tally.publish_tally(session, cast.actors["omar"], **MARCH, sha256=shown)
    with database.reading() as session:
        assert current_tally(session, cast.administrations["XA"]) is None


@pytest.mark.parametrize(
    ("since", "until"),
    [(date(2026, 3, 2), date(2026, 3, 1)), (date(2026, 3, 1), now().date() + timedelta(days=2))],
)
def test_period_that_cannot_be_is_refused(
    database: Database, cast: Cast, since: date, until: date
) -> None:
    with database.reading() as session, pytest.raises(InvalidInputError):
        tally.draft_tally(session, cast.actors["omar"], since=since, until=until)


def test_page_shows_bands_publishes_and_withdraws(
    browser: Make, database: Database, cast: Cast, recorded: Callable[..., None]
) -> None:
    recorded(7, failed=("detection",))
    omar = browser("omar")
    page = omar.get("/incidents/tally?since=2026-03-01&until=2026-03-31").get_data(as_text=True)
    fields = dict(re.findall(r'type="hidden" name="(since|until|sha256)" value="([^"]+)"', page))
    assert "6 to 20" in page
    assert not re.search(r">\s*7\s*<", page)
    answer = omar.post("/incidents/tally", fields)
    assert answer.status_code == 302
    with database.reading() as session:
        row = current_tally(session, cast.administrations["XA"])
        assert row is not None
        assert row.failed == {"detection": "several"}
        assert row.held == {}
        assert row.failed_band("detection") is Band.SEVERAL
        assert row.failed_band("awareness") is Band.NONE
        assert current_tally(session, cast.administrations["XB"]) is None
        key = row.id
    assert "In use" in omar.get("/incidents/tally").get_data(as_text=True)
    assert omar.post(f"/incidents/tally/{key}/withdraw").status_code == 302
    with database.reading() as session:
        assert current_tally(session, cast.administrations["XA"]) is None
        assert session.get_one(CapabilityTally, key).withdrawn_at is not None


def test_changed_bands_are_shown_again_and_nothing_is_published(
    browser: Make, database: Database, cast: Cast, recorded: Callable[..., None]
) -> None:
    omar = browser("omar")
    fields = {"since": "2026-03-01", "until": "2026-03-31", "sha256": "0" * 64}
    answer = omar.post("/incidents/tally", fields)
    assert answer.status_code == 409
    assert "Look at the bands again" in answer.get_data(as_text=True)
    with database.reading() as session:
        assert current_tally(session, cast.administrations["XA"]) is None


@pytest.mark.parametrize(
    "query", ["since=2026-03-02&until=2026-03-01", "since=soon&until=2026-03-01", "since=&until="]
)
def test_wrong_period_is_answered_with_a_sentence_at_its_field(browser: Make, query: str) -> None:
    answer = browser("omar").get(f"/incidents/tally?{query}")
    assert answer.status_code == 422
    assert "field-error" in answer.get_data(as_text=True)


def test_others_cannot_see_publish_or_withdraw(
    browser: Make, database: Database, cast: Cast, recorded: Callable[..., None]
) -> None:
    with database.writing() as session:
        shown = tally.draft_tally(session, cast.actors["omar"], **MARCH).sha256
        row = tally.publish_tally(session, cast.actors["omar"], **MARCH, sha256=shown)
        key = row.id
    assert browser(None).get("/incidents/tally").status_code in (302, 401)
    for name in ("nadia", "farid", "root", "amina"):
        person = browser(name)
        assert person.get("/incidents/tally").status_code == 403
        assert person.post(f"/incidents/tally/{key}/withdraw").status_code == 403
    boris = browser("boris")
    assert str(key) not in boris.get("/incidents/tally").get_data(as_text=True)
    assert boris.post(f"/incidents/tally/{key}/withdraw").status_code == 404
    assert boris.post(f"/incidents/tally/{uuid.uuid4()}/withdraw").status_code == 404
    assert browser("omar").client.post(f"/incidents/tally/{key}/withdraw").status_code == 400
