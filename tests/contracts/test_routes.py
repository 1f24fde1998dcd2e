"""Every route × role × method is answered as the reviewed table says (T-09, T-10)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cirt import routing
from cirt.settings import read_settings
from tests import postgresql
from tests.contracts.routes import COLUMNS, PEOPLE, Walk, reviewed

# what XA shared with XB, received from it or keeps for itself: nothing of it is XC's
SHARED = (
    *("/inbox/<", "/recalls/<", "/holds/<", "/peers/<", "/submissions/<", "/releases/<"),
    *("<uuid:batch_id>", "<uuid:circle_id>/detection", "<uuid:circle_id>/misp", "/requests/<"),
)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def walk(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    demonstration_at: Callable[[Path], Path],
) -> Iterator[Walk]:
    """The demonstration on each engine."""
    urls = postgresql.fresh_database(empty=True) if request.param == "postgresql" else iter([""])
    for url in urls:
        folder = tmp_path_factory.mktemp("walk") / "data"
        if not url:
            demonstration_at(folder)
        walk = Walk(read_settings({}, data_dir=folder, database_url=url))
        yield walk
        walk.close()


def test_every_route_answers_everybody_as_reviewed_T10(walk: Walk) -> None:
    """T-10: a difference is a fault, or a change to review with `python -m tests.contracts.routes`.

    On PostgreSQL each third route: the rights are the same SQL there.
    """
    expected = {(row["route"], row["method"]): row for row in reviewed()}
    every = 1 if walk.database.is_sqlite else 3
    found = {(row["route"], row["method"]): row for row in walk.rows(every=every)}
    assert set(found) == set(expected) if every == 1 else set(found) < set(expected)
    differences = [
        f"{method} {route}: {column} got {row[column]}, reviewed {expected[route, method][column]}"
        for (route, method), row in found.items()
        for column in COLUMNS
        if row[column] != expected[route, method][column]
    ]
    assert differences == []


def test_table_opens_nothing_to_nobody_but_the_public_pages() -> None:
    open_to_nobody = {row["route"] for row in reviewed() if row["nobody"] in ("200", "202")}
    help_pages = {"/help", "/help/api/problems/<kind>"}
    assert open_to_nobody == {"/", "/sign-in", "/health/live", "/health/ready"} | help_pages


def test_table_shows_nothing_of_xa_to_xc() -> None:
    """What only XA's people may see is, for another administration's, as absent."""
    for row in reviewed():
        owned = ("<uuid:incident_id>", "<uuid:release_id>", "<uuid:assessment_id>")
        if row["route"].startswith("/api/"):  # for machines alone
            assert row["analyst XC"] in ("401", "405"), row["route"]
            if row["method"] == "GET" and any(part in row["route"] for part in owned):
                assert row["api XB"] in ("404", "405"), row["route"]
            continue
        if row["method"] == "GET" and (
            "<uuid:incident_id>" in row["route"] or "<uuid:release_id>" in row["route"]
        ):
            assert row["analyst XC"] in ("404", "403", "405"), row["route"]
            assert row["analyst XB"] in ("404", "403", "405"), row["route"]
        if row["method"] == "GET" and "<uuid:assessment_id>" in row["route"]:
            assert row["focal point XB"] in ("404", "403", "405"), row["route"]
        if "<collection" in row["route"] and row["route"].startswith("/exchange/"):
            assert row["machine XC"] in ("404", "405"), row["route"]
        if row["method"] in ("GET", "POST") and any(part in row["route"] for part in SHARED):
            assert row["analyst XC"] in ("401", "403", "404", "405"), row["route"]


def test_views_all_say_to_whom_they_are_open_T09(walk: Walk) -> None:
    """T-09: no route without an opening, no opening with an unknown action."""
    routing.check_openings(walk.app)
    assert set(PEOPLE) < set(COLUMNS)
    for endpoint in walk.app.view_functions:
        assert routing.opening_of(walk.app, endpoint) is not None
