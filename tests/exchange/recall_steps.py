"""Steps that the tests of recalls share."""

import json
import uuid
from typing import Any

import flask

from cirt.db import Database
from cirt.incidents import recall
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.recall_models import Recall
from cirt.settings import Settings
from tests.conftest import Cast
from tests.sharing import Machine

SECRETS = ("192.0.2.7", "mail.example.org", "Turbine stopped", "What happened.")
"""What the incident of these tests says."""

REASON = "It was meant for another circle."


def withdraw(
    database: Database,
    settings: Settings,
    cast: Cast,
    incident_id: uuid.UUID,
    circle_id: uuid.UUID,
    who: str = "omar",
) -> Recall:
    """Withdraw an incident from one audience."""
    with database.writing() as session:
        return recall.withdraw(
            session,
            cast.actors[who],
            session.get_one(Incident, incident_id),
            session.get_one(Collection, circle_id),
            reason=REASON,
            safe=recall.safe_of(settings),
        )


def revoke(
    database: Database, cast: Cast, incident_id: uuid.UUID, circle_id: uuid.UUID, who: str = "omar"
) -> Recall:
    """Say to one audience that an incident is no longer valid."""
    with database.writing() as session:
        return recall.revoke(
            session,
            cast.actors[who],
            session.get_one(Incident, incident_id),
            session.get_one(Collection, circle_id),
            reason=REASON,
        )


def everything_served(app: flask.Flask, token: str, circle_id: uuid.UUID) -> str:
    """Return all that a machine can get of a collection, by every resource, as one text."""
    machine = Machine(app, token)
    base = f"/exchange/collections/{circle_id}"
    pages = []
    for path in ("objects", "manifest"):
        for query in ("", "?limit=1000", "?match[version]=all", "?match[version]=first,last"):
            answer = machine.get(f"{base}/{path}/{query}")
            assert answer.status_code == 200
            pages.append(answer.get_data(as_text=True))
    return "\n".join(pages)


def objects_served(
    app: flask.Flask, token: str, circle_id: uuid.UUID, query: str = ""
) -> list[dict[str, Any]]:
    """Return the objects that a machine gets of a collection."""
    answer = Machine(app, token).get(f"/exchange/collections/{circle_id}/objects/{query}")
    assert answer.status_code == 200
    objects: list[dict[str, Any]] = json.loads(answer.get_data()).get("objects", [])
    return objects
