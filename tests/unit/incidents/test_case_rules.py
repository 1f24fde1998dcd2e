"""Rules on cases: what moves the time of the content, numbering, what leaves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cirt.accounts.models import Administration
from cirt.db import Database
from cirt.errors import ConflictError, InvalidInputError
from cirt.incidents import cases, observables
from cirt.incidents.case_details import CaseDetails, checked
from cirt.incidents.case_models import Incident
from cirt.incidents.case_words import (
    DETERMINATION_NAMES,
    LANGUAGE_NAMES,
    NOTE_SENTENCES,
    OBSERVABLE_NAMES,
    STATUS_NAMES,
)
from cirt.incidents.observables import NewObservable, key_of
from cirt.incidents.wire_content import content_of, rsit_tag, rsit_words
from cirt.stix.extensions import DETERMINATIONS, INVESTIGATION_STATUSES
from cirt.stix.marking import TLP
from cirt.stix.observables import TYPES, observable
from cirt.stix.wire import build
from cirt.taxonomies import incident_types
from tests.conftest import Cast

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_every_word_of_the_standards_has_a_name() -> None:
    assert set(DETERMINATION_NAMES) == set(DETERMINATIONS)
    assert set(STATUS_NAMES) == set(INVESTIGATION_STATUSES)
    assert set(OBSERVABLE_NAMES) == set(TYPES)
    assert len(NOTE_SENTENCES) == 8
    assert set(LANGUAGE_NAMES) == {"ar", "zh", "en", "fr", "ru", "es"}


@pytest.mark.parametrize("tag", incident_types())
def test_rsit_tags_survive_the_way_out_and_back(tag: str) -> None:
    assert rsit_tag(rsit_words(tag)) == tag


def test_details_get_one_spelling() -> None:
    found = checked(
        CaseDetails(
            title="  Two \r\n words ",
            description="a\r\nb\rc\n",
            countries=("xb", " XA", "XB", ""),
            techniques=("t1566.001",),
            sectors=("health", "energy"),
        ),
        now=NOW,
    )
    assert found.title == "Two words"
    assert found.description == "a\nb\nc"
    assert found.countries == ("XA", "XB")
    assert found.techniques == ("T1566.001",)
    assert found.sectors == ("energy", "health")


@pytest.mark.parametrize(
    "change",
    [
        {"language": "tlh"},
        {"rsit": "rsit:fraud"},
        {"severity": 6},
        {"severity": -1},
        {"determination": "maybe"},
        {"investigation_status": "gone"},
        {"sectors": ("moon",)},
        {"failed": ("luck",)},
        {"countries": ("XA1",)},
        {"detected_at": NOW + timedelta(hours=1)},
        {"title": "\u200b\x07"},
    ],
)
def test_unfit_details_name_their_field(change: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked(replace(CaseDetails(title="A case"), **change), now=NOW)
    assert caught.value.field == next(iter(change))


def test_only_what_leaves_moves_the_time_of_the_content(database: Database, cast: Cast) -> None:
    """STIX 2.1, section 3.6: a new `modified` exactly when something that leaves is new."""
    actor = cast.actors["nadia"]
    with database.writing() as session:
        incident = cases.create_incident(session, actor, CaseDetails(title="A case"))
        for change, moves in (
            ({"countries": ("XB",)}, False),
            ({"failed": ("detection",)}, False),
            ({"held": ("detection",), "failed": ()}, False),
            ({"reported_at": NOW}, False),
            ({"readers": frozenset({actor.user_id})}, False),
            ({"title": "Another"}, True),
            ({"tlp": TLP.RED}, True),
            ({"severity": 3}, True),
            ({"pap": "amber"}, True),
            ({"detection_methods": ("human-review",)}, True),
            ({"entity_counts": {"employee": 3}}, True),
            ({}, False),
        ):
            before, body = incident.content_changed_at, build(content_of(session, incident)).body
            details = replace(cases.details_of(incident), **change)
            cases.edit_incident(session, actor, incident, details, revision=incident.form_revision)
            assert (incident.content_changed_at > before) == moves, change
            assert (build(content_of(session, incident)).body != body) == moves, change


def test_many_changes_within_a_moment_never_share_a_time(database: Database, cast: Cast) -> None:
    actor = cast.actors["nadia"]
    with database.writing() as session:
        incident = cases.create_incident(session, actor, CaseDetails(title="A case"))
        times = [incident.content_changed_at]
        for number in range(20):
            item = NewObservable(observable=observable("ipv4-addr", f"9.9.9.{number}"))
            observables.add_observables(session, actor, incident, [item])
            times.append(incident.content_changed_at)
        assert times == sorted(set(times))
        assert all(moment.microsecond % 1000 == 0 for moment in times)


def test_same_incident_gives_the_same_bytes(database: Database, cast: Cast) -> None:
    actor = cast.actors["nadia"]
    with database.writing() as session:
        incident_id = cases.create_incident(session, actor, CaseDetails(title="A case")).id
        incident = session.get_one(Incident, incident_id)
        items = [NewObservable(observable=observable("ipv4-addr", f"9.9.9.{n}")) for n in range(9)]
        observables.add_observables(session, actor, incident, items)
    found = set()
    for _ in range(2):
        with database.reading() as session:
            found.add(build(content_of(session, session.get_one(Incident, incident_id))).sha256)
    assert len(found) == 1


def test_stale_revision_changes_nothing(database: Database, cast: Cast) -> None:
    actor = cast.actors["nadia"]
    with database.writing() as session:
        incident = cases.create_incident(session, actor, CaseDetails(title="A case"))
        with pytest.raises(ConflictError):
            cases.edit_incident(session, actor, incident, CaseDetails(title="B"), revision=7)
        assert incident.title == "A case"


def test_references_count_by_administration_and_year(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        for code, year, expected in (
            ("XA", 2026, "XA-2026-0001"),
            ("XA", 2026, "XA-2026-0002"),
            ("XB", 2026, "XB-2026-0001"),
            ("XA", 2027, "XA-2027-0001"),
        ):
            administration = session.get_one(Administration, cast.administrations[code])
            assert cases.next_reference(session, administration, year) == expected


def test_reference_is_given_back_with_a_rollback(database: Database, cast: Cast) -> None:
    with database.writing_session() as session:
        cases.create_incident(session, cast.actors["nadia"], CaseDetails(title="Lost"))
        session.rollback()
    with database.writing() as session:
        kept = cases.create_incident(session, cast.actors["nadia"], CaseDetails(title="Kept"))
        assert kept.reference.endswith("-0001")


def test_equal_observables_have_one_key() -> None:
    assert key_of(observable("domain-name", "Evil-example.ORG.")) == key_of(
        observable("domain-name", "evil-example[.]org")
    )
    assert key_of(observable("ipv4-addr", "9.9.9.9")) != key_of(observable("ipv4-addr", "9.9.9.8"))


def test_border_is_crossed_by_another_country_only(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        for countries, crosses in (
            ((), False),
            (("XA",), False),
            (("XA", "XB"), True),
            (("XB",), True),
        ):
            details = CaseDetails(title="A case", countries=countries)
            incident = cases.create_incident(session, cast.actors["nadia"], details)
            assert incident.is_cross_border is crosses
