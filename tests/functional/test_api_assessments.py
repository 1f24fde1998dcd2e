"""Assessments, the directory and the token itself by the REST API."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from cirt import audit
from cirt.accounts import directory
from cirt.api.operations import registry
from cirt.assessments import grants
from cirt.assessments.lifecycle import GrantRole, State
from cirt.assessments.models import Assessment
from cirt.db import Database
from tests.api_answers import Machine
from tests.conftest import Cast
from tests.functional.assessment_steps import FIRST, SECOND, answered, led_to, started
from tests.functional.plan_steps import proposed, with_answers

Machines = Callable[[str], Machine]


def test_token_says_for_whom_it_acts(
    machine_with: Callable[..., Machine], machine: Machines
) -> None:
    found = machine_with("XB", "taxii.read").get("/").json
    assert found["administration"]["code"] == "XB"
    assert found["scopes"] == ["taxii.read"]
    assert found["expires_at"].endswith("Z")
    for name in ("conflict", "invalid-body"):
        assert machine("XA").get(f"/problems/{name}").json["type"].endswith(name)
    assert machine("XA").get("/problems/none").status_code == 404


def test_directory_names_administrations_without_contact_data(
    machine: Machines, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        directory.add_administration(
            session, None, code="XD", names={"en": "D"}, contact_email="team@cirt.example"
        )
    xa = machine("XA")
    listed = xa.everything("/administrations", limit=2)
    assert [one["code"] for one in listed] == ["XA", "XB", "XC", "XD", "XZ"]
    assert "team@cirt.example" not in json.dumps(listed)
    one = xa.get(f"/administrations/{cast.administrations['XB']}").json
    assert one == next(each for each in listed if each["code"] == "XB")
    assert one["names"]["ar"] == "الإدارة XB"
    for absent in (uuid.uuid4(), "XB"):
        assert xa.get(f"/administrations/{absent}").status_code == 404


def test_machine_reads_the_same_numbers_as_the_page(
    machine: Machines, browser: Callable[[str], Any], database: Database, cast: Cast
) -> None:
    assessment_id = started(database, cast, cirt_exists=True)
    answered(database, cast, assessment_id, FIRST, "3")
    answered(database, cast, assessment_id, SECOND, "not-known")
    xa = machine("XA")
    for language in ("en", "ar"):
        answer = xa.get(
            f"/assessments/{assessment_id}/results", query_string={"language": language}
        )
        page = browser("farid").get(f"/assessments/{assessment_id}/results.json?lang={language}")
        assert answer.get_data() == page.get_data()
    assert answer.json["overall"]["value"] == 3.0
    wrong = xa.get(f"/assessments/{assessment_id}/results", query_string={"language": "xx"})
    assert wrong.status_code == 400
    with database.reading() as session:
        row = session.get_one(Assessment, assessment_id)
        acts = [
            act for act in audit.acts_on(session, row, ["assessment.export"]) if "api" in act.actor
        ]
    assert [act.details["file"] for act in acts] == ["results.json", "results.json"]


def test_plan_is_told_without_who_does_it(
    machine: Machines, database: Database, cast: Cast
) -> None:
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    found = machine("XA").get(f"/assessments/{assessment_id}/plan").json
    assert found["actions"]
    assert "owner" not in found["actions"][0]
    codes = {one["code"] for one in found["actions"]}
    assert all(set(one["needs"]) <= codes for one in found["actions"])
    empty = started(database, cast, title="Without a plan")
    assert machine("XA").get(f"/assessments/{empty}/plan").json["actions"] == []


def test_rounds_are_listed_by_page_and_by_state(
    machine: Machines, database: Database, cast: Cast
) -> None:
    ids = [started(database, cast, title=f"Round {n}") for n in range(5)]
    answered(database, cast, ids[3], FIRST, "3")
    led_to(database, cast, ids[3], State.AGREED)
    xa = machine("XA")
    listed = xa.everything("/assessments", limit=2)
    assert [one["id"] for one in listed] == [str(one) for one in ids]
    agreed = xa.everything("/assessments", state="agreed")
    assert [one["id"] for one in agreed] == [str(ids[3])]
    assert agreed[0]["agreed_at"] is not None
    assert xa.get(f"/assessments/{ids[3]}").json == agreed[0]


def test_other_administrations_assessments_are_absent(
    machine: Machines,
    machine_with: Callable[..., Machine],
    database: Database,
    cast: Cast,
) -> None:
    """Also for the machine of a body whose assessor was let in: a grant is a person's."""
    assessment_id = with_answers(database, cast)
    with database.writing() as session:
        grants.give_grant(
            session,
            cast.actors["farid"],
            session.get_one(Assessment, assessment_id),
            user_id=cast.users["amina"],
            role=GrantRole.LEAD,
            until=grants.default_until(),
        )
    paths = [
        one.path.format(assessment_id=assessment_id)
        for one in registry.values()
        if one.path.startswith("/assessments/{assessment_id}")
    ]
    assert len(paths) >= 3
    for other in (machine("XB"), machine_with("XZ", "assessments.read")):
        assert other.everything("/assessments") == []
        for path in paths:
            absent = path.replace(str(assessment_id), str(uuid.uuid4()))
            hidden, missing = other.get(path), other.get(absent)
            assert hidden.status_code == missing.status_code == 404
            assert {**hidden.json, "instance": ""} == {**missing.json, "instance": ""}


def test_missing_instrument_is_a_conflict_and_the_round_stays_listed(
    machine: Machines, database: Database, cast: Cast
) -> None:
    assessment_id = started(database, cast)
    with database.writing() as session:
        session.execute(sa.update(Assessment).values(instrument_version="9.9.9"))
    xa = machine("XA")
    assert len(xa.everything("/assessments")) == 1
    assert xa.get(f"/assessments/{assessment_id}").status_code == 200
    for part in ("results", "plan"):
        assert xa.get(f"/assessments/{assessment_id}/{part}").status_code == 409


def test_page_for_people_shows_every_operation(browser: Callable[[Any], Any]) -> None:
    nadia = browser("nadia")
    assert "/help/api" in nadia.get("/help").text
    for language, title in (("en", "REST API"), ("ar", "REST")):
        text = nadia.get(f"/help/api?lang={language}").text
        assert title in text
        for one in registry.values():
            assert f'id="{one.id}"' in text
            assert all(scope in text for scope in one.scopes)
    download = nadia.get("/help/api/openapi.json")
    assert set(download.json["paths"]) == {one.path for one in registry.values()}
    assert browser(None).get("/help/api").status_code == 302


def test_token_form_offers_every_scope_with_a_sentence(browser: Callable[[str], Any]) -> None:
    root = browser("root")
    text = root.get("/directory/tokens/new?lang=en").text
    assert "Record and change the own incidents" in text
    assert "REST API: incidents and sharing" in text
    made = root.post(
        "/directory/tokens/new",
        {
            "administration": text.split('<option value="', 1)[1].split('"', 1)[0],
            "label": "SIEM",
            "scopes": ["incidents.read", "directory.read"],
            "days": "30",
        },
    )
    assert "incidents.read" in made.text
    assert "/help/api" in made.text
