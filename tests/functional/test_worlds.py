"""Random worlds of sharing: the product and plain sets agree on who may see what (T-05, T-11, T-16)."""

from collections import Counter

import flask
import pytest

from tests.functional.world_play import Play, play


def _played(app: flask.Flask, first: int, count: int) -> list[Play]:
    return [play(app, first + n, 2 + 12 * n // count) for n in range(count)]


@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    ("database_url", "first", "count"),
    [("sqlite", 0, 60), pytest.param("postgresql", 1_000, 40, marks=pytest.mark.postgresql)],
    indirect=["database_url"],
)
def test_everybody_sees_what_plain_sets_say_T05_T11_T16(
    app: flask.Flask, first: int, count: int
) -> None:
    """T-05, T-11, T-16: releases, leavings, recalls, erasures; machine and person, every way to read.

    The worlds stand side by side in one database and grow from two steps to thirteen.
    """
    played = _played(app, first, count)
    differences = [
        f"world {first + n}: {d}" for n, one in enumerate(played) for d in one.differences
    ]
    assert differences == []
    acts = sum((one.acts for one in played), Counter())
    # the worlds are worth something: of everything that can happen, something happened
    for act in (
        "released",
        "released in confidence",
        "refused",
        "revoke",
        "withdraw",
        "erased",
        "left",
    ):
        assert acts[act] >= 3, (act, acts)
    assert sum(one.questions for one in played) > 20 * count


@pytest.mark.parametrize(
    ("seed", "size"),
    [
        (20261278, 14),  # a withdrawal beside what was erased before
        (20261391, 15),  # what was erased is released again to where it still stands
    ],
)
def test_worlds_that_once_differed(app: flask.Flask, seed: int, size: int) -> None:
    assert play(app, seed, size).differences == []
