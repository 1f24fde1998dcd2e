"""Every answer of the API, in every test, is one that its description allows."""

import json
from typing import Any

import flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from cirt.api import problems, schemas
from cirt.api.operations import Operation

PROBLEM = schemas.compiled(problems.PROBLEM)


def check(answer: Any, method: str, operation: Operation | None) -> None:
    """Fail unless the description allows this answer. operation: None where the address has none."""
    status = answer.status_code
    where = f"{method} {operation.path if operation else '?'}: {status}"
    assert answer.headers.get("Set-Cookie") is None, where
    assert answer.headers["X-Request-Id"], where
    if method == "OPTIONS" and status == 200:
        return
    if status >= 400:
        assert answer.content_type == problems.MEDIA_TYPE, where
        if method == "HEAD":
            return
        found = json.loads(answer.get_data())
        assert schemas.faults(PROBLEM, found) == [], (where, found)
        assert found["status"] == status, where
        assert found["instance"] == answer.headers["X-Request-Id"], where
        kind = found["type"].rpartition("/")[2]
        allowed = operation.problems if operation else ("not-found", "wrong-method")
        assert kind in allowed, (where, kind)
        return
    assert operation is not None, where
    if status == 303:  # a browser, led to a page
        assert operation.page is not None, where
        return
    assert status == (operation.status if operation.response else 204), where
    assert ("ETag" in answer.headers) == operation.has_revision, where
    if operation.response is None or method == "HEAD":
        assert answer.get_data() == b"", where
        return
    assert answer.content_type == operation.media_type, where
    if operation.media_type.partition(";")[0].endswith("json"):
        value = json.loads(answer.get_data())
        assert schemas.faults(operation.response_validator, value) == [], (where, value)


def operation_at(app: flask.Flask, path: str, method: str) -> Operation | None:
    """Return the operation that answers; None where there is none."""
    adapter = app.url_map.bind("localhost")
    try:
        endpoint, _values = adapter.match(path, method=method)
    except HTTPException:
        return None
    return getattr(app.view_functions[endpoint], "operation", None)


class CheckedClient(FlaskClient):
    """A test client that looks at every answer of the API."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Ask, check, return."""
        answer = super().open(*args, **kwargs)
        request = answer.request
        if request.path.startswith("/api/"):
            found = operation_at(self.application, request.path, request.method)
            check(answer, request.method, found)
        return answer


class Machine:
    """A machine that speaks JSON and holds a token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.token = token

    def ask(self, method: str, path: str, body: Any = None, **said: Any) -> Any:
        """Send a request below /api/v1. said: headers, query_string, as the test client takes them."""
        headers = {"Authorization": f"Bearer {self.token}", **said.pop("headers", {})}
        if body is not None:
            said["json"] = body
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **said)

    def get(self, path: str, **said: Any) -> Any:
        """Read."""
        return self.ask("GET", path, **said)

    def post(self, path: str, body: Any = None, **said: Any) -> Any:
        """Make, or do."""
        return self.ask("POST", path, body, **said)

    def patch(self, path: str, body: Any, etag: str | None = None, **said: Any) -> Any:
        """Change what was read with this ETag."""
        headers = {"If-Match": etag} if etag is not None else {}
        return self.ask("PATCH", path, body, headers={**headers, **said.pop("headers", {})}, **said)

    def delete(self, path: str) -> Any:
        """Remove."""
        return self.ask("DELETE", path)

    def everything(self, path: str, **query: Any) -> list[Any]:
        """Return all items of a list, page by page."""
        items: list[Any] = []
        answer = self.get(path, query_string=query).json
        while True:
            items += answer["items"]
            if answer["next"] is None:
                return items
            answer = self.get(path, query_string={**query, "next": answer["next"]}).json
