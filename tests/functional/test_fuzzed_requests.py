"""A small dose of fuzzed requests of every kind, at every route: no fault is found by them."""

import random
from typing import Any

import flask
from werkzeug.test import Client

from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from tests import sharing
from tests.conftest import Cast
from tests.functional.fuzzed_requests import Fuzzer, Request, run

SEED = 20261122
COUNT = 600


def test_no_request_is_answered_by_a_fault(
    app: flask.Flask, database: Database, cast: Cast, browser: Any
) -> None:
    """The same requests each time; `make soak` sends many others."""
    circle_id = sharing.make_circle(database, cast, "XA XB", writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, circle_id)
    incident_id = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident_id, circle_id)
    cookies = []
    for name in ("root", "nadia", "omar", "boris", "amina", "farid"):
        person = browser(name)
        person.get("/")
        cookie = person.client.get_cookie("cirt")
        cookies.append(f"cirt={cookie.value}")
    fuzzer = Fuzzer(
        random.Random(SEED),
        app.url_map,
        list(cast.tokens.values()),
        cookies,
        arguments={
            "collection_id": [str(circle_id)],
            "circle_id": [str(circle_id)],
            "name": [str(circle_id)],
            "incident_id": [str(incident_id)],
        },
    )
    client = Client(app, use_cookies=False)

    def send(request: Request) -> tuple[int, str]:
        answer = client.open(
            request.path, method=request.method, headers=request.headers, data=request.body
        )
        found = answer.status_code, answer.get_data(as_text=False).decode("utf-8", "replace")
        answer.close()
        return found

    for cookie in cookies:  # links and form tokens to begin with
        for path in ("/", "/incidents/", "/circles/", "/inbox/", "/releases/", "/directory/"):
            fuzzer.learn(cookie, send(Request("GET", path, {"Cookie": cookie}, b""))[1])
    faults = run(fuzzer, send, COUNT)
    assert faults == [], f"seed {SEED}: {faults[:3]}"
