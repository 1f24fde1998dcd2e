"""What the tests of TAXII's sections share: the form of a refusal, and walks through pages."""

from collections.abc import Iterator
from typing import Any

import pytest

from cirt.stix.taxii_protocol import MEDIA_TYPE
from tests.sharing import Machine

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is decided before any database is asked."""


def is_error(answer: Any, status: int) -> dict[str, Any]:
    """Check that an answer is an error resource in TAXII's media type, and return it."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert "Location" not in answer.headers
    body: dict[str, Any] = answer.get_json(force=True)
    assert body["title"]
    assert body["http_status"] == str(status)
    assert body["error_id"]
    return body


def pages(machine: Machine, url: str, query: str = "") -> Iterator[Any]:
    """Yield the answers of a walk by `next`, whose pages are all full but the last."""
    following = ""
    while True:
        answer = machine.get(f"{url}?{query}{following}")
        assert answer.status_code == 200
        yield answer
        page = answer.get_json()
        assert page.get("more") in (None, True)
        assert ("next" in page) is ("more" in page)
        if not page.get("more"):
            return
        following = f"&next={page['next']}"


def ids(answer: Any) -> list[str]:
    """Return the ids of a page."""
    return [one["id"] for one in answer.get_json().get("objects", [])]
