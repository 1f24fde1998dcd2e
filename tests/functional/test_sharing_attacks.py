"""What a reader can learn of a producer that is not named, by every page and every trick."""

import re
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents import feed, object_store
from cirt.incidents.circle_models import CircleMember, Collection, MachineWriting, Membership
from cirt.incidents.recall import progress
from cirt.incidents.recall_models import Recall, RecallReceipt
from cirt.incidents.release_models import Release
from cirt.incidents.release_terms import ReleaseTerms
from cirt.settings import Settings
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.exchange.recall_steps import withdraw
from tests.functional import inbox_steps as steps
from tests.functional.test_inbox import text_of
from tests.functional.test_inbox_feedback import SEEN, approved, first_choice
from tests.pages import without_keys

NAMELESS = ReleaseTerms(unattributed=True)
ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def four(database: Database, cast: Cast) -> uuid.UUID:
    """A visible circle in which many contribute."""
    sharing.add_administrations(database, cast, "XD")
    return sharing.make_circle(database, cast, "XA XB XC XD", title="Four")


@pytest.fixture
def hidden(database: Database, cast: Cast) -> uuid.UUID:
    """A confidential circle."""
    sharing.add_administrations(database, cast, "XD")
    return sharing.make_circle(
        database, cast, "XA XB XC XD", title="Quiet", membership=Membership.CONFIDENTIAL,
        writing=MachineWriting.DIRECT, moderators="XC",
    )  # fmt: skip


def put(
    database: Database, circle_id: uuid.UUID, owner_id: uuid.UUID, objects: Sequence[dict[str, Any]]
) -> list[uuid.UUID]:
    """Put objects of an owner's machine into a circle; return the rows of their versions."""
    with database.writing() as session:
        items = [object_store.incoming(one, owner_id, TLP.GREEN) for one in objects]
        kept = object_store.keep(session, items, via="taxii")
        feed.append(session, circle_id, kept)
        ids = [one.id for one in kept]
    steps.catch_up(database)
    return ids


def main_of(answer: Any) -> str:
    """Return what a page says, without its frame."""
    return without_keys(text_of(answer).split("<main")[1].split("</main")[0])


def producers_on(page: str) -> list[str]:
    """Return what stands in the column of producers."""
    cells = re.findall(r'<td data-label="(?:Producer|From)">(.*?)</td>', page, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", cell).strip() for cell in cells]


@ONE_ENGINE
def test_an_unattributed_release_names_nobody_on_any_page(
    browser: Any, database: Database, settings: Settings, cast: Cast, four: uuid.UUID
) -> None:
    """The list of the circle, the inbox, each object's page, and both after it was taken back."""
    incident = sharing.make_incident(database, cast)
    row = sharing.released(database, cast, incident, four, terms=NAMELESS)
    steps.catch_up(database)
    boris = browser("boris")
    cells = producers_on(text_of(boris.get(f"/circles/{four}")))
    assert len(cells) == 1
    assert "XA" not in cells[0]
    assert "XA" not in main_of(boris.get("/inbox/"))
    for one in object_store.objects_in(row.bundle or b""):
        answer = boris.get(f"/inbox/{four}/{one['id']}")
        assert answer.status_code == 200, one["id"]
        assert "Administration XA" not in main_of(answer), one["type"]
    item = steps.only_item(database, cast, "boris")
    boris.post(steps.address(item, "/accept"), {"version": item.version})
    withdraw(database, settings, cast, incident, four)
    steps.catch_up(database)
    for url in ("/inbox/", "/inbox/?state=withdrawn", steps.address(item), "/recalls/"):
        assert "Administration XA" not in main_of(boris.get(url)), url
    with database.reading() as session:
        [recall] = session.scalars(sa.select(Recall)).unique()
    assert "Administration XA" not in main_of(boris.get(f"/recalls/{recall.id}"))


@ONE_ENGINE
def test_versions_of_others_do_not_tell_who_stands_behind_an_id_in_a_confidential_circle(
    browser: Any, database: Database, cast: Cast, hidden: uuid.UUID
) -> None:
    """T-70: an id that follows from content stands in two circles; who is who stays open."""
    sharing.add_administrations(database, cast, "XE")
    open_one = sharing.make_circle(database, cast, "XA XB XC XE", title="Open")
    same = {
        "type": "domain-name",
        "spec_version": "2.1",
        "id": "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7",
        "value": "example.com",
        "object_marking_refs": [TLP.GREEN.marking_id],
    }
    put(database, open_one, cast.administrations["XA"], [same])
    urls = [f"/inbox/{place}/{same['id']}" for place in (open_one, hidden)]
    boris, said = browser("boris"), []
    for producer in ("XA", "XC"):
        put(database, hidden, cast.administrations[producer], [same])
        pages = [main_of(boris.get(url)) for url in urls]
        said.append(["Others brought versions" in page for page in pages])
        with database.writing() as session:
            session.execute(sa.text("DELETE FROM loose_object"))
            session.execute(sa.text("DELETE FROM mention"))
            session.execute(sa.delete(feed.FeedEntry).where(feed.FeedEntry.collection_id == hidden))
    assert said[0] == said[1]


@ONE_ENGINE
def test_who_joins_after_a_recall_does_not_show_in_how_far_it_is(
    database: Database, settings: Settings, cast: Cast, hidden: uuid.UUID
) -> None:
    """The newcomer never had it: complete stays complete."""
    incident = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident, hidden)
    recall_id = withdraw(database, settings, cast, incident, hidden).id
    with database.reading() as session:
        assert progress.is_complete(session, session.get_one(Recall, recall_id))
    sharing.add_administrations(database, cast, "XE")
    sharing.set_member(database, cast, hidden, "XE", reads=True, contributes=True)
    with database.reading() as session:
        assert progress.is_complete(session, session.get_one(Recall, recall_id))
        assert session.query(RecallReceipt).count() == 3
        assert session.query(CircleMember).filter_by(collection_id=hidden).count() == 5


@ONE_ENGINE
def test_an_answer_into_a_confidential_circle_bears_no_clock_of_its_author(
    browser: Any, database: Database, cast: Cast, hidden: uuid.UUID
) -> None:
    """Its times are whole hours, as those of every other object there."""
    theirs = sharing.make_incident(database, cast, "boris", title="Theirs", tlp=TLP.GREEN)
    release_id = sharing.prepare(database, cast, theirs, hidden, who="boris")
    sharing.approve(database, cast, release_id, who="boris", reason="alone", delay=timedelta(0))
    steps.catch_up(database)
    item, nadia = steps.only_item(database, cast, "nadia"), browser("nadia")
    form = steps.address(item, "/sighting")
    choice = first_choice(text_of(nadia.get(form)))
    row = approved(browser, database, cast, nadia.post(form, {"of": choice, **SEEN}))
    objects = object_store.objects_in(row.bundle or b"")
    sighting = next(one for one in objects if one["type"] == "sighting")
    assert sighting["created"].endswith(":00:00.000Z")
    assert sighting["modified"].endswith(":00:00.000Z")


@ONE_ENGINE
def test_the_title_of_an_answer_is_what_this_administration_received(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-11: another audience's later version of the same object lends it no word."""
    ours = sharing.make_circle(database, cast, "XA XB", title="Ours")
    other = sharing.make_circle(database, cast, "XB XC", title="Other")
    owner = cast.administrations["XB"]
    author = f"identity--{owner}"
    first = steps.report(1, [steps.indicator(1, "a.example")], name="For all", author=author)
    newer = {**first, "name": "For the other circle alone", "modified": "2026-02-02T00:00:00.000Z"}
    sign = steps.indicator(1, "a.example", author=author)
    put(database, ours, owner, [sign, first])
    put(database, other, owner, [newer])
    item, nadia = steps.only_item(database, cast, "nadia"), browser("nadia")
    form = steps.address(item, "/sighting")
    answer = nadia.post(form, {"of": sign["id"], **SEEN})
    assert answer.status_code == 302
    with database.reading() as session:
        assert [row.title for row in session.query(Release)] == ["For all"]


@ONE_ENGINE
def test_a_withdrawn_version_is_not_shown_though_another_audience_keeps_it(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-56: by the address of the version, and as the earlier state of a later one."""
    ours = sharing.make_circle(database, cast, "XA XB", title="Ours")
    other = sharing.make_circle(database, cast, "XB XC", title="Other")
    owner = cast.administrations["XB"]
    author = f"identity--{owner}"
    sign = steps.indicator(1, "secret.example", author=author)
    first = steps.report(1, [sign], name="Never to be sent", author=author)
    later = steps.report(
        1, [], name="Harmless", author=author, modified="2026-02-02T00:00:00.000Z",
        object_refs=[sign["id"]],
    )  # fmt: skip
    rows = put(database, ours, owner, [sign, first])
    put(database, other, owner, [sign, first])
    with database.writing() as session:
        feed.withdraw(session, ours, rows)
    put(database, ours, owner, [later])
    item, nadia = steps.only_item(database, cast, "nadia"), browser("nadia")
    old = object_store.version_key(first["modified"])
    for query in ("", f"?version={old}"):
        page = text_of(nadia.get(steps.address(item) + query))
        assert "Never to be sent" not in page
        assert "secret.example" not in page
    assert nadia.get(steps.address(item) + f"?version={old}").status_code == 404


@ONE_ENGINE
def test_a_title_taken_over_stays_here_after_its_source_was_taken_back(
    browser: Any, database: Database, settings: Settings, cast: Cast
) -> None:
    """T-53: what may not be passed on may not once its bytes are gone either, until reworded."""
    ours = sharing.make_circle(database, cast, "XA XB", title="Ours")
    other = sharing.make_circle(database, cast, "XB XC", title="Other")
    theirs = sharing.make_incident(database, cast, title="Minister's laptop was opened")
    sharing.released(database, cast, theirs, ours)
    steps.catch_up(database)
    item, boris = steps.only_item(database, cast, "boris"), browser("boris")
    page = text_of(boris.get(steps.address(item, "/new-incident")))
    keys = [line.split('"')[0] for line in page.split('name="take" value="')[1:]]
    answer = boris.post(
        steps.address(item, "/new-incident"),
        {
            "version": item.version, "title": "Minister's laptop was opened",
            "tlp": "amber+strict", "rsit": 'rsit:other="undetermined"', "severity": "3",
            "take": keys,
        },
    )  # fmt: skip
    assert answer.status_code == 302, main_of(answer)
    own = uuid.UUID(re.search(r"/incidents/([0-9a-f-]{36})", answer.headers["Location"])[1])

    def titles() -> list[str]:
        from cirt.incidents.audience_view import audience_content
        from cirt.incidents.case_models import Incident

        with database.reading() as session:
            incident = session.get_one(Incident, own)
            collection = session.get_one(Collection, other)
            return [audience_content(session, incident, collection, ReleaseTerms()).content.title]

    assert "laptop" not in titles()[0]
    withdraw(database, settings, cast, theirs, ours)
    assert "laptop" not in titles()[0]


@ONE_ENGINE
def test_pages_of_what_was_received_have_a_size_that_no_sender_chooses(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-42: of long texts the beginning, of many objects the first; the file holds all."""
    ours = sharing.make_circle(database, cast, "XA XB", title="Ours")
    owner = cast.administrations["XB"]
    author = f"identity--{owner}"
    held = [
        steps.indicator(number, "a.example", author=author, description="long " * 4_000)
        for number in range(520)
    ]
    whole = steps.report(1, held, author=author)
    put(database, ours, owner, [*held, whole])
    nadia = browser("nadia")
    for url in (f"/inbox/{ours}/{whole['id']}", f"/circles/{ours}/reports/{whole['id']}"):
        page = text_of(nadia.get(url))
        assert "and 20 more" in page or "520" in page
        assert len(page) < 2_500_000, url
