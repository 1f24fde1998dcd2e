"""Detection lists of a circle: what is valid, marked, fresh, and only for its readers."""

import csv
import io
import json
import uuid
from datetime import datetime
from typing import Any

import flask
import pytest
from ruamel.yaml import YAML

from cirt.clock import now
from cirt.db import Database
from cirt.incidents import deliveries
from cirt.incidents.inbox import decisions
from cirt.stix.detection_lists import ListForm
from cirt.stix.marking import TLP
from tests.conftest import Cast
from tests.functional import inbox_steps
from tests.sharing import Machine, make_circle, make_incident, released, set_member

FORMS = [form.value for form in ListForm]


@pytest.fixture
def circle_id(database: Database, cast: Cast) -> uuid.UUID:
    """A circle with one released incident that names one indicator."""
    found = make_circle(database, cast, "XA XB", alias="neighbours")
    released(database, cast, make_incident(database, cast, tlp=TLP.AMBER), found)
    return found


def test_each_list_bears_marking_and_time_T42(
    app: flask.Flask, cast: Cast, circle_id: uuid.UUID, browser: Any
) -> None:
    boris, sensor = browser("boris"), Machine(app, cast.tokens["XB"])
    for form in FORMS:
        answers = (
            boris.get(f"/circles/{circle_id}/detection/{form}"),
            sensor.get(
                f"/exchange/collections/{circle_id}/detection/{form}", headers={"Accept": "*/*"}
            ),
        )
        for answer in answers:
            assert answer.status_code == 200, answer.get_data(as_text=True)
            assert answer.headers["X-Marking"] == "TLP:AMBER"
            text = answer.get_data(as_text=True)
            assert "TLP:AMBER" in text
            made = text.split("Made: ", 1)[1][:24]
            assert abs((datetime.fromisoformat(made) - now()).total_seconds()) < 300
            # a hosts file has no place for an address
            assert ("192.0.2.7" in text or "7.2.0.192" in text) == (form != "hosts")
            assert "mail.example.org" not in text  # nobody is asked to look for it


def test_whoever_took_a_list_counts_as_served(
    database: Database, cast: Cast, circle_id: uuid.UUID, browser: Any
) -> None:
    with database.reading() as session:
        assert deliveries.served(session, circle_id) == {}
    browser("boris").get(f"/circles/{circle_id}/detection/csv")
    with database.reading() as session:
        [row] = deliveries.served(session, circle_id).values()
    assert row.administration_id == cast.administrations["XB"] and row.served_to > 0


def test_lists_are_for_readers_alone(
    app: flask.Flask, database: Database, cast: Cast, circle_id: uuid.UUID, browser: Any
) -> None:
    addresses = [f"/circles/{circle_id}/detection", f"/circles/{circle_id}/detection/csv"]
    machine_address = f"/exchange/collections/{circle_id}/detection/csv"
    assert [browser("boris").get(each).status_code for each in addresses] == [200, 200]
    for name, status in (("chen", 404), ("root", 403), ("farid", 403), (None, 302)):
        for each in addresses:
            assert browser(name).get(each).status_code == status, (name, each)
    stranger, nobody = Machine(app, cast.tokens["XC"]), Machine(app, None)
    absent = stranger.get(machine_address.replace(str(circle_id), str(uuid.uuid4())))
    foreign = stranger.get(machine_address)
    assert (absent.status_code, foreign.status_code) == (404, 404)
    assert nobody.get(machine_address).status_code == 401
    assert Machine(app, cast.tokens["XB"]).get(machine_address[:-3] + "exe").status_code == 404
    set_member(database, cast, circle_id, "XB", reads=False, contributes=True)
    assert Machine(app, cast.tokens["XB"]).get(machine_address).status_code == 404


def test_what_was_declined_or_not_accepted_is_left_out(
    app: flask.Flask, database: Database, cast: Cast, circle_id: uuid.UUID, browser: Any
) -> None:
    """By the decisions of the inbox about the report that holds the indicator."""
    machine, boris = Machine(app, cast.tokens["XB"]), cast.actors["boris"]
    address = f"/exchange/collections/{circle_id}/detection/stix"
    inbox_steps.catch_up(database)
    item = inbox_steps.only_item(database, cast, "boris")

    def counts() -> tuple[int, int]:
        everything, accepted = (
            len(json.loads(machine.get(address + more).data)["patterns"])
            for more in ("", "?only=accepted")
        )
        return everything, accepted

    assert counts() == (1, 0)
    with database.writing() as session:
        decisions.accept(session, boris, item, version=item.version)
    assert counts() == (1, 1)
    taken = browser("boris").get(f"/circles/{circle_id}/detection/csv?only=accepted")
    assert "192.0.2.7" in taken.get_data(as_text=True)
    with database.writing() as session:
        decisions.decline(session, boris, item, version=item.version, reason="not ours")
    assert counts() == (0, 0)
    with database.writing() as session:
        decisions.take_back(session, boris, item)
    assert counts() == (1, 0)


def test_page_says_what_is_left_out(circle_id: uuid.UUID, browser: Any) -> None:
    text = browser("boris").get(f"/circles/{circle_id}/detection").get_data(as_text=True)
    assert "This form has no place for what it looks for." in text  # an address in a hosts file
    assert "TLP:AMBER" in text
    assert f"/exchange/collections/{circle_id}/detection/rpz" in text
    assert 'dir="rtl"' in browser("boris").get(f"/circles/{circle_id}/detection?lang=ar").get_data(
        as_text=True
    )


def test_forms_are_read_by_their_own_readers(circle_id: uuid.UUID, browser: Any) -> None:
    person = browser("boris")
    table = person.get(f"/circles/{circle_id}/detection/csv").get_data(as_text=True)
    [row] = csv.DictReader(io.StringIO(table.split("\r\n", 4)[4]))
    assert (row["kind"], row["value"], row["marking"]) == ("ipv4", "192.0.2.7", "TLP:AMBER")
    sigma = person.get(f"/circles/{circle_id}/detection/sigma").get_data(as_text=True)
    [rule] = YAML(typ="safe").load_all(sigma)
    assert rule["detection"]["selection"] == {"DestinationIp": ["192.0.2.7"]}
