"""The page for people who connect a machine: every operation, from the same registry."""

import shlex
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import flask
from flask_babel import gettext as _

from cirt.accounts.tokens import SCOPES
from cirt.api import openapi, schemas
from cirt.api.operations import Operation, registry
from cirt.api.parameters import Parameter
from cirt.api.plain import pretty
from cirt.api.problems import KINDS
from cirt.routing import PUBLIC, SIGNED_IN, opens
from cirt.web import installation

blueprint = flask.Blueprint("api_pages", __name__, url_prefix="/help/api")


@blueprint.get("")
@opens(SIGNED_IN)
def index() -> Any:
    """What a machine may ask, with which scope, and an example of each."""
    settings = installation().settings
    tags = [
        (tag, words, [_shown(one, settings.url) for one in registry.values() if tag in one.tags])
        for tag, words in openapi.TAGS.items()
    ]
    return flask.render_template(
        "api/index.html",
        tags=[each for each in tags if each[2]],
        scopes={name: _(sentence) for name, sentence in SCOPES.items()},
        kinds=KINDS,
        address=f"{settings.url}/api/v1/",
        requests_per_minute=settings.api_requests_per_minute,
    )


@blueprint.get("/problems/<kind>")
@opens(PUBLIC)
def problem(kind: str) -> Any:
    """What a kind of problem means; who writes a client need not be a user here."""
    found = KINDS.get(kind)
    if found is None:
        flask.abort(404)
    return flask.render_template("api/problem.html", name=kind, kind=found, kinds=KINDS)


@blueprint.get("/openapi.json")
@opens(SIGNED_IN)
def description() -> Any:
    """The same as an OpenAPI document, to make a client from."""
    response = flask.Response(
        pretty(openapi.document(installation().settings.url)), mimetype="application/json"
    )
    response.headers.set("Content-Disposition", "attachment", filename="cirt-openapi.json")
    return response


def _shown(one: Operation, url: str) -> dict[str, Any]:
    asked = (*one.path_parameters, *one.query, *openapi.request_headers(one))
    return {
        "operation": one,
        "scopes": sorted(one.scopes),
        "parameters": [(each, _form(each), _limits(each)) for each in asked],
        "statuses": sorted({KINDS[kind].status for kind in one.problems}),
        "curl": curl(one, url),
    }


def _form(one: Parameter) -> str:
    schema = one.schema.get("items", one.schema)
    words = " | ".join(schema.get("enum", ()))
    if words:
        return words
    form: str = schema.get("format") or schema.get("type", "")
    if "minimum" in schema and "maximum" in schema:
        form += f" {schema['minimum']}–{schema['maximum']}"
    return form


def _limits(one: Parameter) -> list[str]:
    """Return what holds for a parameter besides its form, as sentences."""
    found = []
    if one.required and one.place != "path":
        found.append(_("Must be given."))
    if one.is_list:
        found.append(_("May stand more than once."))
    longest = one.schema.get("items", one.schema).get("maxLength")
    if longest is not None:
        found.append(_("At most %(most)s characters.", most=longest))
    if "default" in one.schema:
        found.append(_("Without it: %(default)s.", default=one.schema["default"]))
    return found


def curl(one: Operation, url: str) -> str:
    """Return a command that asks this operation, with the token in $CIRT_TOKEN."""
    address = url + one.address
    for each in one.path_parameters:
        address = address.replace("{" + each.name + "}", _example(each) or each.name.upper())
    query = [(each.name, str(each.example)) for each in one.query if each.example is not None]
    if query:
        address += "?" + urlencode(query)
    words = ["curl"]
    if one.method != "GET":
        words += ["-X", one.method]
    words += [*_header("Authorization", "Bearer $CIRT_TOKEN")]
    for each in openapi.request_headers(one):
        words += _header(each.name, str(each.example))
    if one.request is not None:
        words += _header("Content-Type", "application/json")
        words += ["-d", shlex.quote(pretty(schemas.example_of(one.request) or {}, indent=None))]
    return " ".join([*words, shlex.quote(address)])


def _example(one: Parameter) -> str:
    words: Iterable[str] = one.schema.get("enum", ())
    return str(one.example) if one.example is not None else next(iter(words), "")


def _header(name: str, value: str) -> list[str]:
    # double quotes where the shell is to fill the token in
    quoted = f'"{name}: {value}"' if "$" in value else shlex.quote(f"{name}: {value}")
    return ["-H", quoted]
