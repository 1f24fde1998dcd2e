"""Files taken in: object by object, whose they are, in which order they come, what they say."""

import io
import json
import math
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cirt import jobs
from cirt.db import Database
from cirt.incidents.circle_models import Collection
from cirt.incidents.inbox import correlation, intake, intake_views, items, parts, useful
from cirt.incidents.inbox.received import State
from cirt.incidents.inbox_models import ItemReference, LooseObject, Mention
from cirt.incidents.store_models import FeedEntry
from cirt.stix.marking import TLP
from cirt.web import Installation
from tests import sharing
from tests.conftest import Cast
from tests.functional import inbox_steps as steps
from tests.functional.test_inbox import text_of

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7*7 }}${7*7}",
    "javascript:alert(1)",
    "invoice\u202egpj.exe",
    "\u2066left\u2069 \u202dto\u202c right",
)


def test_a_file_is_taken_in_object_by_object(browser: Any, database: Database, cast: Cast) -> None:
    """T-53: what was sent equals what was kept and what was refused with a reason."""
    good, bad = steps.indicator(1, "one.example.net"), {"type": "indicator", "id": "indicator--1"}
    red = steps.indicator(2, "two.example.net", tlp=TLP.RED)
    held = steps.report(3, [good])
    farid, nadia = browser("farid"), browser("nadia")
    assert farid.get("/inbox/take-in").status_code == 403
    assert browser("omar").get("/inbox/take-in").status_code == 403
    assert nadia.get("/inbox/take-in").status_code == 200
    file = steps.upload("partner.json", [good, bad, red, held, "no object"])
    answer = nadia.post("/inbox/take-in", file, content_type="multipart/form-data")
    page = text_of(answer)
    assert answer.status_code == 200
    assert "3 objects were kept" in page
    assert "2 objects were refused" in page
    assert "indicator--1" in page
    again = nadia.post(
        "/inbox/take-in",
        steps.upload("partner.json", [good, held]),
        content_type="multipart/form-data",
    )
    assert "2 of them were here already" in text_of(again)
    steps.catch_up(database)
    found = {item.type: item for item in steps.inbox(database, cast, "nadia")}
    assert set(found) == {"report", "indicator"}
    assert found["indicator"].tlp is TLP.RED
    # what is TLP:RED is read on the screen and leaves by no file
    assert nadia.get(steps.address(found["indicator"])).status_code == 200
    assert nadia.get(steps.address(found["indicator"], "/bundle.json")).status_code == 403
    taken = nadia.get(steps.address(found["report"], "/bundle.json"))
    assert {one["id"] for one in json.loads(taken.data)["objects"]} == {good["id"], held["id"]}
    assert "Says it is from" in text_of(nadia.get("/inbox/"))
    # nobody else's, neither on a page nor by a machine
    assert steps.inbox(database, cast, "boris") == []
    assert browser("boris").get(steps.address(found["report"])).status_code == 404


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This is no STIX pattern: it ends at line 1, column 20; complete it."),
        ("ar", "فهو ينتهي قبل اكتماله عند السطر 1، العمود 20"),
    ],
)
def test_refusals_are_in_the_readers_language(browser: Any, language: str, sentence: str) -> None:
    """The property by its name, and what is wrong with it in words."""
    broken = steps.indicator(1, "one.example.net") | {"pattern": "[ipv4-addr:value = "}
    answer = browser("nadia").post(
        f"/inbox/take-in?lang={language}",
        steps.upload("partner.json", [broken, steps.indicator(2, "two.example.net")]),
        content_type="multipart/form-data",
    )
    page = text_of(answer)
    assert answer.status_code == 200 and f'lang="{language}"' in page
    cell = page.partition(sentence)[0].rpartition("<td")[2]
    assert ">pattern</bdi>: <bdi>" in cell


def test_an_object_that_is_no_strict_json_takes_no_other_along(browser: Any, cast: Cast) -> None:
    """T-60, T-61: it is named with its place in the file; a report hides what its marking was."""
    good, bad = steps.indicator(1, "one.example.net"), steps.indicator(2, "two.example.net")
    text = json.dumps([good, bad | {"x_score": math.nan}], indent=1)
    for listed, status in ((text, 200), (text.replace('"indicator"', '"report"'), 422)):
        file = {"file": (io.BytesIO(f'{{"objects": {listed}}}'.encode()), "partner.json")}
        answer = browser("nadia").post("/inbox/take-in", file, content_type="multipart/form-data")
        assert answer.status_code == status
        page = text_of(answer)
        assert "NaN is no JSON value" in page
        assert ("1 object was kept" in page, bad["id"] in page) == (status == 200, status == 200)


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("a.json", b"{", "not JSON"),
        ("a.json", b"[]", "no list of objects"),
        ("a.json", b'{"type":"bundle","objects":[]}', "holds no objects"),
        ("a.json", b'{"type":"bundle","spec_version":"2.0","objects":[{}]}', "STIX 2.0"),
        ("a.json", b'{"type":"bundle","objects":[{"type":"x"}]}', "must have an id"),
        ("a.json", b'{"objects":[{"type":"x"}]}', "No object of the file"),
        ("a.json", b'[{"type":"x"}]', "No object of the file"),
        ("a.exe", b"{}", "ends in .json"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(
    browser: Any, cast: Cast, name: str, body: bytes, words: str
) -> None:
    answer = browser("nadia").post(
        "/inbox/take-in", {"file": (io.BytesIO(body), name)}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert words in text_of(answer)


def test_a_large_file_is_taken_in_by_a_job(
    browser: Any,
    database: Database,
    cast: Cast,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake_views, "MAX_CONTENT_LENGTH", 1_000)
    nadia = browser("nadia")
    many = [steps.indicator(number, f"host{number}.example.net") for number in range(11)]
    file = steps.upload("large.json", [*many, {"type": "nothing"}])
    answer = nadia.post("/inbox/take-in", file, content_type="multipart/form-data")
    assert answer.status_code == 302
    assert browser("chen").get(answer.headers["Location"]).status_code == 404
    assert "Waiting to be read" in text_of(nadia.get(answer.headers["Location"]))
    assert jobs.run_pending(database, installation) > 1
    page = text_of(nadia.get(answer.headers["Location"]))
    assert "11 objects were kept" in page
    assert "1 object was refused" in page
    # the index followed by itself
    assert "host7.example.net" in text_of(
        nadia.post("/inbox/search", {"text": "host7.example.net"})
    )


def test_a_strangers_newer_version_changes_nothing(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-67, T-69: only the author makes versions; in a circle only who brought the id."""
    first = steps.report(1, [], name="True report", object_refs=[steps.AUTHOR])
    forged = {
        **first,
        "created_by_ref": steps.STRANGER,
        "modified": "2026-03-01T00:00:00.000Z",
        "name": "Forged report",
    }
    steps.take_in(database, cast, [first])
    taken = steps.take_in(database, cast, [forged])
    assert [one.stix_id for one in taken.refused] == [first["id"]]
    assert steps.only_item(database, cast, "nadia").title == "True report"
    # the same id by a circle: two items, each for what it is
    circle_id = sharing.make_circle(database, cast, "XA XC")
    incident_id = sharing.make_incident(database, cast, "chen", title="A circle's report")
    with database.writing() as session:
        row = sharing.release.prepare_release(
            session,
            cast.actors["chen"],
            session.get_one(sharing.Incident, incident_id),
            session.get_one(Collection, circle_id),
        )
        release_id, bundle = row.id, row.bundle
    sharing.approve(database, cast, release_id, who="chen", reason="alone", delay=timedelta(0))
    steps.catch_up(database)
    assert bundle is not None
    report = next(one for one in json.loads(bundle)["objects"] if one["type"] == "report")
    pretended = {**report, "modified": "2026-05-01T00:00:00.000Z", "name": "Pretended"}
    pretended["modified"] = max(pretended["modified"], report["modified"])
    steps.take_in(database, cast, [pretended])
    page = text_of(browser("nadia").get(f"/inbox/{circle_id}/{report['id']}"))
    assert "Others brought versions under the same id" in page
    assert "circle&#39;s report" in page
    assert "Pretended" not in page


def test_own_objects_that_come_back_are_no_news(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Echo: the very bytes are our own; other content under our id is shown for what it is."""
    circle_id = sharing.make_circle(database, cast)
    incident_id = sharing.make_incident(database, cast, tlp=TLP.GREEN)
    row = sharing.released(database, cast, incident_id, circle_id)
    assert row.bundle is not None
    objects = json.loads(row.bundle)["objects"]
    steps.take_in(database, cast, objects)
    assert steps.inbox(database, cast, "nadia") == []
    assert {item.state for item in steps.inbox(database, cast, "nadia", "own")} == {State.OWN}
    report = next(one for one in objects if one["type"] == "report")
    # a version of our report that we never made
    forged = {**report, "name": "Not ours", "modified": "2026-01-01T00:00:00.000Z"}
    forged["created"] = forged["modified"]
    steps.take_in(database, cast, [forged], "XB")
    with database.reading() as session:
        collection = intake.intake_collection(session, cast.administrations["XB"], intake.FILES)
        item = items.item_of(session, cast.actors["boris"], collection.id, report["id"])
        assert item.state is State.NEW
    changed = {**report, "name": "Changed on the way"}
    refused = steps.take_in(database, cast, [changed]).refused
    assert len(refused) == 1  # the same id and version are always the same bytes


VERSIONS = [
    steps.indicator(1, "one.example.net", modified=f"2026-01-0{day}T00:00:00.000Z", name=f"v{day}")
    for day in (2, 3, 4)
]
REPORTS = [
    steps.report(9, held, modified=f"2026-01-0{day}T00:00:00.000Z", name=f"report {day}")
    for day, held in (
        (2, [VERSIONS[0]]),
        (3, [VERSIONS[0], steps.indicator(2, "two.example.net")]),
        (4, [steps.indicator(2, "two.example.net")]),
    )
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(
    max_examples=15,
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    order=st.permutations([*VERSIONS, *REPORTS, steps.indicator(2, "two.example.net")]),
    cuts=st.sets(st.integers(1, 6), max_size=3),
)
def test_any_order_of_arrival_gives_the_same_state(
    database: Database, cast: Cast, order: list[dict[str, Any]], cuts: set[int]
) -> None:
    """T-55: by what was sent, never by when it came."""
    with database.writing() as session:
        collection = intake.intake_collection(
            session, cast.administrations["XA"], f"round {uuid.uuid4()}"
        )
        collection_id = collection.id
    # ids of their own for each round, since the store knows an owner's object once
    start = 0
    for end in [*sorted(cuts), len(order)]:
        with database.writing() as session:
            intake.take_in(
                session,
                cast.administrations["XA"],
                session.get_one(Collection, collection_id),
                order[start:end],
                owner_id=collection_id,
                via="file",
            )
        steps.catch_up(database)
        start = end
    with database.reading() as session:
        actor = cast.actors["nadia"]
        narrowed = items.Narrowed(collection=str(collection_id))
        rows = items.listing(session, actor, narrowed, 1).rows
        assert [(row.title, row.type) for row in rows if row.type == "report"] == [
            ("report 4", "report")
        ]
        # the first indicator is held by no report any more; its newest version stands by itself
        assert [row.title for row in rows if row.type == "indicator"] == ["v4"]
        report = next(row for row in rows if row.type == "report")
        older = parts.parts_of(session, report, parts.versions_of(session, report)[1].version)
        assert [part.one["name"] for part in older] == ["report 3", "v3", "two.example.net"]
        newest = parts.parts_of(session, report)
        found = parts.difference(older, newest)
        assert [one["name"] for one in found.gone] == ["v3"]
        assert (found.new, found.changed, list(found.root_changed)) == ([], [], ["name"])
        assert session.scalars(
            sa.select(LooseObject.stix_id).where(LooseObject.collection_id == collection_id)
        ).all() == [VERSIONS[0]["id"]]
        assert session.scalars(
            sa.select(ItemReference.stix_id).where(ItemReference.collection_id == collection_id)
        ).all() == [steps.indicator(2, "x")["id"]]
        counted = sa.select(sa.func.count()).select_from(Mention)
        assert session.scalar(counted.where(Mention.collection_id == collection_id)) == 2


def test_a_strangers_report_hides_nothing_of_others(database: Database, cast: Cast) -> None:
    """T-06: who merely names another's object makes it no part of a report of his own."""
    held = steps.indicator(1, "one.example.net")
    steps.take_in(database, cast, [held])
    with database.writing() as session:
        collection = intake.intake_collection(session, cast.administrations["XA"], intake.FILES)
        stranger = uuid.uuid4()
        intake.take_in(
            session,
            cast.administrations["XA"],
            collection,
            [steps.report(2, [held], author=steps.STRANGER)],
            owner_id=stranger,
            via="peer",
        )
    steps.catch_up(database)
    assert {item.type for item in steps.inbox(database, cast, "nadia")} == {"report", "indicator"}


def test_hostile_words_are_shown_as_words(browser: Any, database: Database, cast: Cast) -> None:
    """T-30, T-72: on every page that shows what was received."""
    objects: list[dict[str, Any]] = []
    for number, words in enumerate(HOSTILE):
        one = steps.indicator(number, f"h{number}.example.net", name=words, description=words)
        one["labels"] = [words]
        objects += [
            one,
            steps.report(100 + number, [one], name=words, description=words, labels=[words]),
        ]
    objects.append(
        {
            "type": "identity",
            "spec_version": "2.1",
            "id": steps.AUTHOR,
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "name": "".join(HOSTILE),
        }
    )
    taken = steps.take_in(database, cast, objects)
    assert not taken.refused
    nadia = browser("nadia")
    addresses = ["/inbox/", "/"]
    for item in steps.inbox(database, cast, "nadia"):
        addresses += [
            steps.address(item, act) for act in ("", "/decline", "/merge", "/new-incident")
        ]
    assert len(addresses) == 2 + 4 * len(HOSTILE)
    for address in addresses:
        page = text_of(nadia.get(address))
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert ">49<" not in page
        assert 'href="javascript:' not in page
        # our own isolates frame labels of markings and reference numbers; no overriding mark is ours
        assert not set(page) & set("\u202a\u202b\u202d\u202e"), address
    assert "⟨U+202E⟩" in text_of(nadia.get("/inbox/"))


def test_the_index_names_useful_observables_only(database: Database, cast: Cast) -> None:
    """MISP#3142: private addresses and what every network knows are not compared."""
    values = {
        "ipv4-addr": ["10.0.0.1", "8.8.8.8", "192.0.2.7"],
        "domain-name": ["www.google.com", "c2.example.net"],
        "mac-addr": ["00:00:5e:00:53:01"],
        "file": ["d41d8cd98f00b204e9800998ecf8427e", "0" * 31 + "1"],
    }
    objects = []
    for number, (kind, value) in enumerate(
        (kind, value) for kind, each in values.items() for value in each
    ):
        path = "hashes.MD5" if kind == "file" else "value"
        one = steps.indicator(number, "x.example.net")
        objects.append({**one, "pattern": f"[{kind}:{path} = '{value}']"})
    assert not steps.take_in(database, cast, objects).refused
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Mention)) == 3
        assert session.scalar(sa.select(sa.func.count()).select_from(FeedEntry)) == len(objects)


def test_what_is_too_common_is_counted_in_the_readers_scope(
    browser: Any, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-11: that others received an observable often is told to nobody by its absence."""
    few = replace(useful.rules(), most_items=1)
    monkeypatch.setattr(correlation, "rules", lambda: few)
    incidents = {who: sharing.make_incident(database, cast, who) for who in ("nadia", "boris")}
    named = [steps.indicator(number, "mail.example.org") for number in (1, 2)]
    steps.take_in(database, cast, named)
    steps.take_in(database, cast, [steps.indicator(3, "mail.example.org", name="Seen once")], "XB")
    nadia = text_of(browser("nadia").get(f"/incidents/{incidents['nadia']}/received"))
    assert "Too common to be compared" in nadia
    boris = text_of(browser("boris").get(f"/incidents/{incidents['boris']}/received"))
    assert "Too common" not in boris
    assert "Seen once" in boris
