"""The machines of the exchange tests; each module makes the `circle` that its tests write into."""

import uuid

import flask
import pytest

from tests.conftest import Cast
from tests.sharing import Machine


@pytest.fixture
def writer(app: flask.Flask, cast: Cast) -> Machine:
    """XA's machine."""
    return Machine(app, cast.tokens["XA"])


@pytest.fixture
def reader(app: flask.Flask, cast: Cast) -> Machine:
    """XB's machine."""
    return Machine(app, cast.tokens["XB"])


@pytest.fixture
def url(circle: uuid.UUID) -> str:
    """Where envelopes go."""
    return f"/exchange/collections/{circle}/objects/"
