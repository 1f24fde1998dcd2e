"""Direct collections: what is addressed to one administration, and to it alone."""

from typing import Any

import pytest

from cirt.access import allowed
from cirt.db import Database
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.direct_collections import direct_collection_of
from tests import sharing
from tests.conftest import Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_everybody_may_address_the_others_and_reads_the_own_alone(
    database: Database, cast: Cast
) -> None:
    """T-05: contribute, see, read for each of the cast and each collection, against plain sets."""
    teams = {"nadia": "XA", "omar": "XA", "boris": "XB", "chen": "XC"}
    with database.reading() as session:
        for code in ("XA", "XB", "XC"):
            collection = direct_collection_of(session, cast.administrations[code])
            for who, own in teams.items():
                actor = cast.actors[who]
                for action, expected in (
                    ("circle.contribute", own != code),
                    ("circle.see", own == code),
                    ("circle.read", own == code),
                ):
                    found = bool(allowed(session, actor, action, collection))
                    assert found == expected, (who, action, code)
            root = cast.actors["root"]
            for action in ("circle.see", "circle.manage", "circle.members"):
                assert not allowed(session, root, action, collection)
            omar = cast.actors["omar"]
            for action in ("circle.leave", "circle.moderate", "circle.members", "join.ask"):
                assert not allowed(session, omar, action, collection)
        kinds = session.query(Collection.kind).all()
        assert len(kinds) == 3  # the assessing body has none


def test_the_own_one_is_a_page_and_others_are_absent(
    app: Any, browser: Any, database: Database, cast: Cast
) -> None:
    """First in the list; 404 for everybody else, for administrators and machines as well."""
    with database.reading() as session:
        own = direct_collection_of(session, cast.administrations["XA"]).id
        other = direct_collection_of(session, cast.administrations["XB"]).id
    nadia = browser("nadia")
    page = nadia.get("/circles/").get_data(as_text=True)
    assert page.index("Addressed to us") > 0
    assert str(own) in page
    assert str(other) not in page
    page = nadia.get(f"/circles/{own}").get_data(as_text=True)
    assert "Nobody else can open it." in page
    assert "Leave the circle" not in page
    for who in ("boris", "chen", "root"):
        assert browser(who).get(f"/circles/{own}").status_code == 404
    omar = browser("omar")
    for path in ("leave", "standing-approval"):
        assert omar.get(f"/circles/{own}/{path}").status_code == 403
        assert omar.get(f"/circles/{other}/{path}").status_code == 404
    root = browser("root")
    for path in ("edit", "members"):
        assert root.get(f"/circles/{own}/{path}").status_code == 404
    assert "Direct:" not in root.get("/circles/").get_data(as_text=True)
    for code, status in (("XA", 200), ("XB", 404)):
        machine = sharing.Machine(app, cast.tokens[code])
        assert machine.get(f"/exchange/collections/{own}/objects/").status_code == status
        assert machine.post(f"/exchange/collections/{own}/objects/", {}).status_code in (403, 404)


def test_an_intake_collection_is_not_among_the_circles(
    browser: Any, database: Database, cast: Cast
) -> None:
    """It belongs to the inbox of the administration that took it in."""
    with database.writing() as session:
        row = Collection(
            title="Taken in from a file",
            kind=CollectionKind.INTAKE.value,
            administration_id=cast.administrations["XA"],
        )
        session.add(row)
    for who in ("nadia", "root", "boris"):
        assert "Taken in" not in browser(who).get("/circles/").get_data(as_text=True)
