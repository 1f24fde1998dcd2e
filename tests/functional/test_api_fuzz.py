"""Schemathesis finds nothing on the REST API: the small dose of `make soak`."""

import pytest

from tests.soak.api import api_fuzz


@pytest.mark.filterwarnings("default")  # of the tool's own libraries
def test_schemathesis_finds_nothing_on_the_rest_api() -> None:
    """Every operation, as a token with all scopes and as one without any; seeded."""
    found = api_fuzz(1)
    assert found.findings == []
    assert found.statuses[200] > 50
    assert found.statuses[500] == found.statuses[503] == 0
