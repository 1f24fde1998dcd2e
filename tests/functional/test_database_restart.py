"""PostgreSQL stops and starts again under a running application, which needs no restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest

from cirt import migrations
from cirt.app import create_app
from cirt.settings import read_settings
from tests import postgresql, sharing
from tests.conftest import PASSWORD, Browser, Cast, store_cast

pytestmark = pytest.mark.postgresql


@pytest.fixture
def own(tmp_path: Path, _cheap_passwords: None) -> Iterator[tuple[flask.Flask, Cast, str]]:
    """The application on a fresh database of the server that is stopped here."""
    for url in postgresql.fresh_database(empty=True):
        settings = read_settings({}, data_dir=tmp_path / "data", database_url=url, partitions=2)
        app = create_app(settings)
        database = app.extensions["cirt"].database
        migrations.upgrade(database)
        cast = store_cast(database, settings)
        circle = sharing.make_circle(database, cast)
        yield app, cast, f"/exchange/collections/{circle}/objects/"
        database.dispose()


def test_answers_503_meanwhile_and_200_after(own: tuple[flask.Flask, Cast, str]) -> None:
    """Pages, TAXII and posts: 503 with Retry-After while it is away; then as before."""
    app, cast, url = own
    machine: dict[str, Any] = {"headers": {"Authorization": f"Bearer {cast.tokens['XB']}"}}
    browser = Browser(app.test_client(), "nadia")
    assert browser.post("/sign-in", {"username": "nadia", "password": PASSWORD}).status_code == 302
    token = browser.form_token()

    def statuses() -> list[tuple[int, bool]]:
        answers = [
            app.test_client().get(url, **machine),
            app.test_client().get(f"{url}?match[type]=indicator", **machine),
            browser.get("/"),
            browser.client.post("/incidents/new", data={"csrf_token": token, "title": "x"}),
            app.test_client().get("/health/ready"),
        ]
        return [(answer.status_code, "Retry-After" in answer.headers) for answer in answers]

    before = statuses()
    assert before[0] == before[1] == before[2] == before[4] == (200, False)
    shared = postgresql.shared()
    for mode in ("fast", "immediate"):
        shared.stop(mode)
        try:
            away = statuses()
        finally:
            shared.start()
        assert [status for status, _retry in away] == [503] * 5
        assert all(retry for _status, retry in away[:4])
        assert statuses() == before
    assert app.test_client().get("/health/live").status_code == 200
