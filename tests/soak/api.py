"""The REST API under schemathesis: every operation of the demonstration, by every check it has.

As a token with all scopes, and as one without any. Requests go over the wire to the real
application; what they write stays in the demonstration's folder.
"""

import json
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count as numbers
from pathlib import Path
from typing import Any

import flask
import requests
import schemathesis
import sqlalchemy as sa
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.generation import GenerationMode
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from werkzeug.serving import WSGIRequestHandler, make_server

from cirt.accounts.models import Administration
from cirt.accounts.tokens import SCOPES, make_token
from cirt.api.operations import registry
from cirt.app import create_app
from cirt.cli.demonstration_folder import prepare
from cirt.settings import read_settings

SEED = 20261123
SMALL_DOSE = 2  # requests an operation; below it, a token without scopes is tried lightly
REFUSALS = (400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429)


@dataclass
class Outcome:
    """What was asked, and what was found. statuses: status -> how many answers."""

    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        answers = ", ".join(f"{n} × {status}" for status, n in sorted(self.statuses.items()))
        return f"{self.statuses.total()} requests ({answers}): {len(self.findings)} findings"


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: Any, **_kwargs: Any) -> None:
        """Say nothing."""


@contextmanager
def served(app: flask.Flask) -> Iterator[str]:
    """Serve an application on a port of this machine for as long as the block runs."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Knowledge:
    """What a client would know: ids that lead somewhere, read from the lists of the API."""

    def __init__(self, url: str, token: str) -> None:
        self.url = f"{url}/api/v1"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.lists = {one.path for one in registry.values() if one.paged and one.method == "GET"}
        self.paths: dict[str, list[dict[str, str]]] = {}
        self.keys = numbers(1)
        for one in registry.values():
            self.values_of(one.path)
        self.ids: dict[str, str] = {}
        for found in self.paths.values():
            for values in found:
                for name, value in values.items():
                    self.ids.setdefault(name, value)

    def values_of(self, path: str) -> list[dict[str, str]]:
        """Return values of a path's parameters that lead to something; no more than a few."""
        if "{" not in path:
            return [{}]
        if path not in self.paths:
            head, _slash, last = path.rpartition("/")
            above = self.values_of(head)
            self.paths[path] = (
                above if not last.startswith("{") else self._below(head, last[1:-1], above)
            )
        return self.paths[path]

    def _below(self, head: str, name: str, above: list[dict[str, str]]) -> list[dict[str, str]]:
        found = []
        for values in above if head in self.lists else ():
            answer = requests.get(
                self.url + head.format(**values), headers=self.headers, timeout=30
            )
            items = answer.json()["items"] if answer.ok else []
            found += [{**values, name: str(item.get(name) or item.get("id"))} for item in items[:3]]
        return found

    def improve(self, _context: Any, case: Any, _kwargs: Any) -> None:
        """Let a request that is meant to be good name things that exist."""
        if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
            return
        known = self.paths.get(case.operation.path)
        if known and case.path_parameters:
            # three of four; the rest asks for what is not there
            n = sum(str(case.path_parameters).encode())
            if n % 4:
                case.path_parameters.update(known[n % len(known)])
        if case.query and "next" in case.query:
            del case.query["next"]  # only the server makes them
        if case.headers:
            if "If-Match" in case.headers:
                case.headers["If-Match"] = "*"
            if "Idempotency-Key" in case.headers:
                case.headers["Idempotency-Key"] = f"request-{next(self.keys)}"
        if isinstance(case.body, dict):
            for name in case.body.keys() & self.ids.keys():
                if isinstance(case.body[name], str):
                    case.body[name] = self.ids[name]


def is_fault(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Return whether what a check says is one; two kinds of what it says are not.

    A rule of the field goes beyond a schema (an end before its beginning), and the strict reader
    refuses what readers of JSON disagree about: then the refusal names the place. A header is
    text: what was meant as a number or as null is a name like any other.
    """
    if failure.title == "Schema-valid request rejected":
        if response.status_code == 422:
            errors = json.loads(response.content).get("errors", [])
            return not any(error.get("pointer") for error in errors)
        if response.status_code == 400:
            return ": line " not in json.loads(response.content)["detail"]
    if failure.title == "Schema-violating request accepted":
        place = "parameter `Idempotency-Key` in header"
        return not (place in failure.message and "Incorrect type" in failure.message)
    return True


def api_fuzz(count: int, *, seed: int = SEED) -> Outcome:
    """Ask every operation up to `count` times in each phase, and return what was found."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings({}, data_dir=Path(folder), api_requests_per_minute=0)
        prepare(settings)
        app = create_app(settings)
        database = app.extensions["cirt"].database
        try:
            with database.writing() as session:
                texts = []
                for scopes in (list(SCOPES), ["taxii.read"]):
                    owner = session.scalars(
                        sa.select(Administration).where(Administration.code == "XA")
                    ).one()
                    _row, text = make_token(
                        session,
                        None,
                        administration=owner,
                        label="schemathesis",
                        scopes=scopes,
                        days=1,
                        settings=settings,
                    )
                    texts.append(text)
            with served(app) as url:
                _run(url, texts[0], count, seed, outcome)
                _run_without(url, texts[1], max(1, count // 10), seed, outcome)
        finally:
            database.dispose()
    return outcome


def _run(url: str, token: str, count: int, seed: int, outcome: Outcome) -> None:
    knowledge = Knowledge(url, token)
    GLOBAL_HOOK_DISPATCHER.register_hook_with_name(knowledge.improve, "before_call")
    GLOBAL_HOOK_DISPATCHER.register_hook_with_name(is_fault, "filter_failure")
    try:
        for event in engine.from_schema(_schema(url, token, count, seed)).execute():
            _note(event, outcome)
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(knowledge.improve)
        GLOBAL_HOOK_DISPATCHER.unregister(is_fault)


def _run_without(url: str, token: str, count: int, seed: int, outcome: Outcome) -> None:
    """Ask as a token without a scope of the API: whatever needs one is refused."""
    phases = {"stateful": {"enabled": False}, "coverage": {"enabled": count >= SMALL_DOSE}}
    schema = _schema(url, token, count, seed, phases=phases)
    for event in engine.from_schema(schema).execute():
        _note(event, outcome)
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case_id, interaction in event.recorder.interactions.items():
            case = event.recorder.cases[case_id].value
            operation = next(
                (
                    one
                    for one in registry.values()
                    if (one.method, one.path) == (case.method, case.operation.path)
                ),
                None,
            )
            answer = interaction.response
            if operation is None or answer is None or not operation.scopes:
                continue
            if answer.status_code < 400 and answer.request.method != "OPTIONS":
                outcome.findings.append(f"{operation.id} answered a token without its scope")


def _schema(url: str, token: str, count: int, seed: int, **said: Any) -> Any:
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": {"Authorization": f"Bearer {token}"},
            "request-timeout": 30,
            # a version that nobody has is refused in words of its own
            "checks": {
                "negative_data_rejection": {"expected-statuses": [*REFUSALS, 412]},
                "missing_required_header": {"expected-statuses": [*REFUSALS]},
            },
            "generation": {"max-examples": count, "deterministic": True, "database": "none"},
            **said,
        }
    )
    schema = schemathesis.openapi.from_url(
        f"{url}/api/v1/openapi.json", config=config, headers={"Authorization": f"Bearer {token}"}
    )
    schema.config.update(base_url=f"{url}/api/v1")
    schema.validate()
    return schema


def _note(event: Any, outcome: Outcome) -> None:
    if isinstance(event, events.NonFatalError | events.FatalError):
        outcome.findings.append(f"{type(event).__name__}: {event}")
    if not isinstance(event, events.ScenarioFinished):
        return
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            outcome.statuses[interaction.response.status_code] += 1
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                outcome.findings.append(
                    f"{event.recorder.label}: {check.name}: {check.failure_info.failure}"
                    f"\n{check.failure_info.code_sample}"
                )


if __name__ == "__main__":
    import sys

    found = api_fuzz(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    print("\n\n".join(found.findings[:40]))
    print(found)
    print(json.dumps(found.statuses))
