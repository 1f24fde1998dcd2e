"""An example client of the REST API: Python's standard library and nothing else.

    export SITE=https://cirt.example.org TOKEN=cirt_…
    python read_api.py                      who am I, and what is there
    python read_api.py record "A title"     record an incident, once, whatever happens on the way

It shows what every client needs: pages, retries that wait as long as the server says, and a key
with which a write may be repeated.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

ATTEMPTS = 6
LONGEST_WAIT = 120  # seconds
TIMEOUT = 30  # seconds


class ApiError(Exception):
    """The API refused; `problem` is what it said (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        places = "; ".join(
            f"{one.get('pointer') or one.get('parameter')}: {one['detail']}"
            for one in problem.get("errors", [])
        )
        super().__init__(f"{problem['status']} {problem['detail']} {places}".strip())
        self.problem = problem


class Api:
    """The API of one installation, as one token sees it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/") + "/api/v1"
        self.token = token

    def get(self, path: str, **query: Any) -> Any:
        """Read one thing, or one page."""
        return self._ask("GET", path, query=query)

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Yield every item of a list, page by page."""
        following = None
        while True:
            page = self.get(path, **query, **({"next": following} if following else {}))
            yield from page["items"]
            following = page["next"]
            if following is None:
                return

    def post(self, path: str, body: Any, key: str | None = None) -> Any:
        """Write once. The same key names the same request, also after a lost connection."""
        return self._ask("POST", path, body=body, key=key or str(uuid.uuid4()))

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        key: str | None = None,
    ) -> Any:
        address = self.url + path
        if query:
            address += "?" + urllib.parse.urlencode(query, doseq=True)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(  # noqa: S310 - the address is the operator's own
            address, data=data, headers=headers, method=method
        )
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                with error:
                    wait = error.headers.get("Retry-After")
                    problem = json.loads(error.read())
                # 409 with Retry-After: the same request is at work at this moment
                if wait is None or error.code not in (409, 429, 503) or attempt == ATTEMPTS:
                    raise ApiError(problem) from None
                time.sleep(min(int(wait), LONGEST_WAIT))
            except OSError:  # no answer: whether it took effect is not known, the key settles it
                if attempt == ATTEMPTS or (method != "GET" and key is None):
                    raise
                time.sleep(2**attempt)
        raise AssertionError("the last attempt answers or raises")


def show(api: Api) -> None:
    """Print who the token acts for, and what its scopes let it read."""
    me = api.get("/")
    print(f"{me['administration']['code']} until {me['expires_at']}: {', '.join(me['scopes'])}")
    if "directory.read" in me["scopes"]:
        for one in api.pages("/administrations", limit=100):
            print(f"administration {one['code']}: {one['names'].get('en', '')}")
    if "assessments.read" in me["scopes"]:
        for one in api.pages("/assessments"):
            results = api.get(f"/assessments/{one['id']}/results", language="en")
            print(f"assessment, round {one['round']}: {results['overall']['value']} of 4")
    if "incidents.read" in me["scopes"]:
        for one in api.pages("/incidents", limit=100):
            print(f"incident {one['reference']}: {one['title']}")


def main(arguments: list[str]) -> int:
    """Do what the command line says; 1 when the API refused, 2 without address and token."""
    site, token = os.environ.get("SITE", ""), os.environ.get("TOKEN", "")
    if not site.startswith(("https://", "http://")) or not token:
        print(
            "Say where and who: export SITE=https://cirt.example.org TOKEN=cirt_…", file=sys.stderr
        )
        return 2
    api = Api(site, token)
    try:
        if arguments[:1] == ["record"]:
            made = api.post("/incidents", {"title": " ".join(arguments[1:])})
            print(f"recorded as {made['reference']}")
        else:
            show(api)
    except ApiError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{site} does not answer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
