"""The rights table: every row reaches both of its questions."""

import pytest

from cirt import access
from cirt.access import Actor, Role
from cirt.app import create_app
from cirt.settings import Settings


@pytest.fixture(autouse=True)
def _registered(settings: Settings) -> None:
    create_app(settings).extensions["cirt"].database.dispose()


def test_rows_name_known_roles_and_whole_sentences() -> None:
    assert access.rights()
    for row in access.rights():
        assert row.roles, row
        assert row.action.count(".") == 1, row
        if row.fact is not None:
            assert row.fact.sentence.endswith("."), row


def test_machine_needs_the_scope_as_well() -> None:
    machines = [row for row in access.rights() if Role.MACHINE in row.roles]
    assert machines
    for row in machines:
        assert row.scope, f"{row.action} would be open to every token"


def test_unknown_action_is_a_fault_not_a_refusal(cast: object) -> None:
    actor = Actor(
        administration_id=next(iter(vars(cast)["administrations"].values())), roles=frozenset(Role)
    )
    with pytest.raises(KeyError):
        access.role_allows(actor, "no.such.action")
