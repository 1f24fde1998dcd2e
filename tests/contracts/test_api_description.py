"""The description of the REST API equals its routes; every scope opens what the table says (T-13)."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import flask
import pytest
import schemathesis
from flask.testing import FlaskClient

from cirt import access, routing
from cirt.access import Role
from cirt.accounts.models import Administration
from cirt.accounts.tokens import SCOPE_GROUPS, SCOPES, make_token
from cirt.api import openapi, schemas
from cirt.api.operations import Operation, registry
from cirt.api.pages import curl
from cirt.api.problems import KINDS
from cirt.app import create_app
from cirt.settings import Settings, read_settings
from tests.api_answers import CheckedClient, Machine
from tests.conftest import store_cast

URL = "http://127.0.0.1:8000"
# opened by a machine's token elsewhere than in the API
ELSEWHERE = {"taxii.read", "taxii.write", "operations.read"}


@pytest.fixture(scope="module")
def app(
    sqlite_template: Any, _cheap_passwords: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[flask.Flask]:
    """The application on one engine: nothing here depends on it."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "cirt.sqlite3").write_bytes(sqlite_template.read_bytes())
    application = create_app(read_settings({}, data_dir=folder, api_requests_per_minute=0))
    application.test_client_class = CheckedClient
    yield application
    application.extensions["cirt"].database.dispose()


@pytest.fixture(scope="module")
def machines(app: flask.Flask) -> dict[str, Machine]:
    """A machine of XA for each scope, which holds this one alone."""
    installation = app.extensions["cirt"]
    settings: Settings = installation.settings
    cast = store_cast(installation.database, settings)
    found = {}
    with installation.database.writing() as session:
        for scope in SCOPES:
            _row, text = make_token(
                session,
                None,
                administration=session.get_one(Administration, cast.administrations["XA"]),
                label=scope,
                scopes=[scope],
                days=1,
                settings=settings,
            )
            found[scope] = Machine(app.test_client(), text)
    return found


def test_every_route_is_described_and_every_description_routed(app: flask.Flask) -> None:
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)))
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    document = openapi.document(URL)
    described = {
        (method.upper(), "/api/v1" + path)
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert described == routes
    assert len(described) == len(registry)
    for rule in app.url_map.iter_rules():
        if str(rule).startswith("/api/"):
            opening = routing.opening_of(app, rule.endpoint)
            assert opening is not None
            assert opening.audience == routing.MACHINE, rule


def test_document_is_valid_openapi(app: flask.Flask) -> None:
    """By the schema of OpenAPI 3.1 that schemathesis carries; every reference leads somewhere."""
    document = openapi.document(URL)
    schemathesis.openapi.from_dict(json.loads(json.dumps(document))).validate()
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))
    for target in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        place = document
        for part in target.split("/"):
            place = place[part]


def test_arguments_are_the_described_parameters(app: flask.Flask) -> None:
    for one in registry.values():
        code = one.view.__code__
        takes = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        given = {each.argument for each in (*one.path_parameters, *one.query)}
        given -= {"limit", "next"} if one.paged else set()
        given |= {"page"} if one.paged else set()
        given |= {"body"} if one.request is not None else set()
        given |= {"revision"} if one.conditional else set()
        assert takes == given, one.id
        assert one.description, f"{one.id} has no docstring"
        assert set(one.tags) <= set(openapi.TAGS), one.id
        assert set(one.problems) <= set(KINDS), one.id
        assert one.method != "PATCH" or one.conditional, one.id


def test_every_example_fits_its_schema(app: flask.Flask) -> None:
    checked = 0
    for schema in _schemas(openapi.document(URL)):
        if "examples" in schema and isinstance(schema["examples"], list):
            validator = schemas.compiled(schema)
            for example in schema["examples"]:
                assert schemas.faults(validator, example) == [], (schema, example)
                checked += 1
    for one in registry.values():
        for each in (*one.path_parameters, *one.query, *openapi.request_headers(one)):
            if each.example is not None:
                assert schemas.faults(schemas.compiled(each.schema), each.example) == [], each
                checked += 1
        if one.request is not None:
            assert schemas.example_of(one.request) is not None, f"{one.id} shows no body"
        assert curl(one, URL).startswith("curl ")
    for kind in KINDS:
        assert schemas.faults(schemas.compiled(openapi.PROBLEM), openapi.example(kind)) == []
    assert checked > 10


def _schemas(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for below in value.values():
            yield from _schemas(below)
    elif isinstance(value, list):
        for below in value:
            yield from _schemas(below)


def test_every_scope_is_offered_and_opens_something(app: flask.Flask) -> None:
    offered = [name for _heading, names in SCOPE_GROUPS for name in names]
    assert sorted(offered) == sorted(SCOPES)
    asked = {row.scope for row in access.rights() if row.scope is not None}
    assert asked <= set(SCOPES)
    opened = {scope for one in registry.values() for scope in one.scopes}
    assert opened | ELSEWHERE >= set(SCOPES)
    for row in access.rights():
        assert (row.scope is not None) == (Role.MACHINE in row.roles), row


@pytest.mark.parametrize("scope", SCOPES)
def test_scope_opens_its_operations_and_no_others_T13(
    machines: dict[str, Machine], scope: str
) -> None:
    """T-13: a token does what its scopes say, whatever its administration may."""
    for one in registry.values():
        answer = _ask(machines[scope], one)
        if one.scopes and scope not in one.scopes:
            assert answer.status_code == 403, (one.id, scope)
            assert all(each in answer.json["detail"] for each in one.scopes)
        else:
            assert answer.status_code not in (401, 403), (one.id, scope, answer.text)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_nobody_is_let_in(app: flask.Flask, method: str) -> None:
    nobody = Machine(app.test_client(), "cirt_none")
    for one in registry.values():
        if one.method == method:
            assert _ask(nobody, one).status_code == 401, one.id


def _ask(machine: Machine, one: Operation) -> Any:
    path = one.path
    for each in one.path_parameters:
        words = each.schema.get("enum")
        path = path.replace("{" + each.name + "}", words[0] if words else str(uuid.UUID(int=1)))
    headers = {"If-Match": "*"} if one.conditional else {}
    body = {} if one.request is not None else None
    return machine.ask(one.method, path, body, headers=headers)


def test_client_is_the_checking_one(app: flask.Flask) -> None:
    """Every answer above was compared with its description."""
    assert app.test_client_class is not FlaskClient
