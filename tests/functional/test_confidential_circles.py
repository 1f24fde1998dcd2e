"""Confidential circles: content without a view of each other."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.accounts.models import ApiToken
from cirt.clock import now
from cirt.db import Database
from cirt.errors import InvalidInputError
from cirt.incidents import circle_contents, circles, feed, object_store, policy_cards
from cirt.incidents.circle_models import Collection, MachineWriting, Membership, Onward
from cirt.incidents.circles import Frame
from cirt.incidents.policy_cards import CardDetails
from cirt.incidents.release_models import AudienceIncident
from cirt.incidents.store_models import TaxiiPoll
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.pages import without_keys

REPORT = "report--7e1d9a54-6c6a-4d0f-9d3c-3a6e2f6d8a10"
ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def add_report(database: Database, circle_id: uuid.UUID, owner_id: uuid.UUID) -> None:
    """Put a report of an owner into a circle, as a release does."""
    body = {
        "type": "report",
        "spec_version": "2.1",
        "id": REPORT,
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": "Turbine stopped",
        "published": "2026-01-01T00:00:00.000Z",
        "object_refs": ["identity--5f1cbe1c-4e8a-4f56-a4d6-2b7c6e3a9f10"],
    }
    with database.writing() as session:
        item = object_store.incoming(body, owner_id, TLP.GREEN)
        [kept] = object_store.keep(session, [item], via="taxii")
        feed.append(session, circle_id, [kept])


def confidential(database: Database, cast: Cast, members: str, **more: Any) -> uuid.UUID:
    """Make a confidential circle."""
    return sharing.make_circle(database, cast, members, membership=Membership.CONFIDENTIAL, **more)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect the SQL of what happens inside, without its values."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(database.engine, "before_cursor_execute", note)


def page_of(browser: Any, url: str) -> str:
    """Return a page without what differs from answer to answer."""
    answer = browser.get(url)
    assert answer.status_code == 200, url
    return re.sub(r"[0-9a-f]{12}(?=</)", "", without_keys(answer.get_data(as_text=True)))


def seen(database: Database, browser: Any, url: str) -> tuple[str, list[str]]:
    """Return a page and the statements that made it; the touch of the session was before."""
    page_of(browser, url)
    with statements(database) as found:
        page = page_of(browser, url)
    return page, found


def _swap(database: Database, circle_id: uuid.UUID, cast: Cast, out: str, into: str) -> None:
    with database.writing() as session:
        circle = session.get_one(Collection, circle_id)
        circles.remove_member(session, cast.actors["root"], circle, cast.administrations[out])
    sharing.set_member(database, cast, circle_id, into, reads=True, contributes=True)


def test_pages_are_the_same_whoever_the_others_are(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-11: list, circle and report are equal bytes for two memberships and two producers.

    They come from the same statements, so that no measure of time tells more than the bytes.
    Also for a member that moderates: of the others it learns nothing.
    """
    sharing.add_administrations(database, cast, "XD XE XF")
    circle_id = confidential(database, cast, "XA XB XD XE", moderators="XA XB")
    add_report(database, circle_id, cast.administrations["XD"])
    urls = [
        "/circles/",
        f"/circles/{circle_id}",
        f"/circles/{circle_id}/reports/{REPORT}",
        f"/circles/{circle_id}/leave",
        "/releases/",
        "/",
    ]
    officer = browser("omar")
    # its own name is in the head of every page
    analyst = browser("nadia")
    before = {
        (who, url): seen(database, person, url)
        for who, person in (("omar", officer), ("nadia", analyst))
        for url in urls
        if not (who == "nadia" and url.endswith("/leave"))
    }
    for page, _statements in before.values():
        for code in ("XB", "XD", "XE", "XF"):
            assert f"Administration {code}" not in page
            assert f">{code}<" not in page
            assert str(cast.administrations[code]) not in page
    with database.reading() as session:  # not even read, whatever a page would do with it
        [listed] = circle_contents.received(session, session.get_one(Collection, circle_id))
        assert (listed.producer, listed.via) == (None, "")
    assert "4–9" in before["omar", f"/circles/{circle_id}"][0]
    assert "Turbine stopped" in before["nadia", f"/circles/{circle_id}"][0]
    _swap(database, circle_id, cast, "XB", "XC")
    _swap(database, circle_id, cast, "XE", "XF")
    sharing.set_member(database, cast, circle_id, "XF", reads=True, contributes=False)
    sharing.set_member(database, cast, circle_id, "XE", reads=True, contributes=True)
    with database.writing() as session:  # the producer becomes another one
        sharing.change_owner(session, cast.administrations["XF"], stix_id=REPORT)
        token = session.scalars(
            sa.select(ApiToken).where(ApiToken.administration_id == cast.administrations["XC"])
        ).first()
        session.add(
            TaxiiPoll(
                collection_id=circle_id, token_id=token.id, polled_at=now(), status=200, items=1
            )
        )
    for (who, url), then in before.items():
        assert seen(database, officer if who == "omar" else analyst, url) == then, url


@ONE_ENGINE
def test_a_moderator_of_a_confidential_circle_changes_no_members(
    browser: Any, database: Database, cast: Cast
) -> None:
    """The pages of members are for the administrator alone; the policy of all is shown in steps."""
    sharing.add_administrations(database, cast, "XD XE")
    circle_id = confidential(database, cast, "XA XB XC XD XE", moderators="XA")
    omar, root = browser("omar"), browser("root")
    other = cast.administrations["XD"]
    for path in (f"/circles/{circle_id}/members", f"/circles/{circle_id}/members/{other}/remove"):
        assert omar.get(path).status_code == 403
        assert omar.post(path, {"administration": str(other)}).status_code == 403
        assert root.get(path).status_code == 200
    assert "Administration XD" in page_of(root, f"/circles/{circle_id}")
    with database.writing() as session:
        from cirt.accounts.models import Administration

        card = CardDetails(47, Onward.NOBODY, TLP.GREEN, "desk@xd.example", "Our own words.")
        row = session.get_one(Administration, other)
        policy_cards.change_card(session, cast.actors["root"], row, card)
    page = page_of(omar, f"/circles/{circle_id}")
    assert "30 days" in page
    assert "TLP:GREEN" in page
    for words in ("47 days", ">47<", "desk@xd.example", "Our own words"):
        assert words not in page


@ONE_ENGINE
def test_below_four_the_pages_do_not_tell_how_many(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Also not whether anybody else is there at all."""
    circle_id = confidential(database, cast, "XA", moderators="XA")
    omar = browser("omar")
    urls = ["/circles/", f"/circles/{circle_id}", f"/circles/{circle_id}/leave"]
    alone = [page_of(omar, url) for url in urls]
    for code in ("XB", "XC"):
        sharing.set_member(
            database, cast, circle_id, code, reads=True, contributes=True, moderates=True
        )
        assert [page_of(omar, url) for url in urls] == alone


@ONE_ENGINE
def test_of_fewer_than_four_nothing_can_be_released(database: Database, cast: Cast) -> None:
    """The answer is the same for every producer, and the band is empty below four."""
    sharing.add_administrations(database, cast, "XD")
    circle_id = confidential(database, cast, "XA XB XC")
    with database.reading() as session:
        circle = session.get_one(Collection, circle_id)
        found = {circles.obstacle(circle, one.administration_id) for one in circle.members}
        assert found == {circles.TOO_FEW}
        assert circles.audience_of(session, circle, cast.administrations["XA"]).band == ""
    sharing.set_member(database, cast, circle_id, "XD", reads=False, contributes=True)
    with database.reading() as session:
        circle = session.get_one(Collection, circle_id)
        assert circles.obstacle(circle, cast.administrations["XD"]) == circles.TOO_FEW
    sharing.set_member(database, cast, circle_id, "XD", reads=True, contributes=True)
    with database.reading() as session:
        circle = session.get_one(Collection, circle_id)
        audience = circles.audience_of(session, circle, cast.administrations["XA"])
        assert circles.obstacle(circle, cast.administrations["XA"]) is None
        assert (audience.recipients, audience.cards) == (None, [])
        assert (audience.band, audience.counted) == ("4–9", 9)


@ONE_ENGINE
def test_what_members_know_of_each_other_changes_only_while_it_is_empty(
    database: Database, cast: Cast
) -> None:
    """Both ways; and a confidential circle is never listed."""
    root = cast.actors["root"]

    def change(circle_id: uuid.UUID, membership: Membership, *, listed: bool = False) -> None:
        with database.writing() as session:
            circle = session.get_one(Collection, circle_id)
            frame = Frame(
                "Title", "", "", TLP.AMBER_STRICT, MachineWriting.OFF, membership, listed=listed
            )
            circles.change_circle(session, root, circle, frame)

    circle_id = sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast)
    with database.writing() as session:  # of a preparation that was withdrawn
        row = AudienceIncident(incident_id=incident, collection_id=circle_id, object_uuid=incident)
        session.add(row)
    change(circle_id, Membership.CONFIDENTIAL)
    with database.reading() as session:  # the incident's own id would name the producer
        assert session.query(AudienceIncident).count() == 0
    change(circle_id, Membership.VISIBLE)
    with pytest.raises(InvalidInputError, match="cannot be listed"):
        change(circle_id, Membership.CONFIDENTIAL, listed=True)
    prepared = sharing.prepare(database, cast, sharing.make_incident(database, cast), circle_id)
    with pytest.raises(InvalidInputError, match="has content"):
        change(circle_id, Membership.CONFIDENTIAL)
    sharing.approve(database, cast, prepared)
    with pytest.raises(InvalidInputError, match="has content"):
        change(circle_id, Membership.CONFIDENTIAL)
    change(circle_id, Membership.VISIBLE)
    other = confidential(database, cast, "XA XB XC")
    add_report(database, other, cast.administrations["XB"])
    with pytest.raises(InvalidInputError, match="has content"):
        change(other, Membership.VISIBLE)
