"""The order that people keep: moves, and where new actions find their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.instruments.model import Phase, Rung
from cirt.assessments.plan.codes import codes_in
from cirt.assessments.plan.models import ActionState, PlanAction
from cirt.assessments.plan.order import in_order, insert, move, order_by_rules, place_of, renumber
from cirt.errors import InvalidInputError

PHASES = list(Phase)


def _action(n, phase=Phase.DESIGN, **more):
    said = {"state": ActionState.PLANNED, "needed": True, **more}
    return PlanAction(number=n, position=n, question_id="Q", to_level=n, phase=phase.value, **said)


@st.composite
def plans(draw, least=0):
    count = draw(st.integers(least, 12))
    rows = [
        _action(
            n,
            draw(st.sampled_from(PHASES)),
            state=draw(st.sampled_from([ActionState.PLANNED, ActionState.DROPPED])),
            needed=draw(st.booleans()),
        )
        for n in range(1, count + 1)
    ]
    renumber(rows)
    return rows


def _check(rows):
    assert sorted(row.position for row in rows) == list(range(1, len(rows) + 1))
    phases = [PHASES.index(Phase(row.phase)) for row in sorted(rows, key=lambda r: r.position)]
    assert phases == sorted(phases)


@given(plans(least=1), st.data())
def test_move_leads_to_the_place_and_changes_nothing_else(rows, data):
    one = data.draw(st.sampled_from(rows))
    place = data.draw(st.integers(-3, 20))
    others = [row.number for row in in_order(rows) if row is not one]
    before = place_of(rows, one)
    peers = sum(1 for row in rows if row.phase == one.phase and place_of(rows, row))
    moved = move(rows, one, place)
    _check(rows)
    assert [row.number for row in in_order(rows) if row is not one] == others
    if before:
        assert place_of(rows, one) == min(max(place, 1), peers)
        assert moved is (place_of(rows, one) != before)
    else:
        assert not moved and place_of(rows, one) == 0


@given(plans(), st.data())
def test_new_actions_leave_the_order_of_the_others_alone(rows, data):
    count = data.draw(st.integers(0, 5))
    new = [_action(100 + n, data.draw(st.sampled_from(PHASES))) for n in range(count)]
    recommended = data.draw(st.permutations([row.rung for row in [*rows, *new]]))
    recommended.sort(
        key=lambda rung: next(
            PHASES.index(Phase(row.phase)) for row in [*rows, *new] if row.rung == rung
        )
    )
    before = [row.number for row in in_order(rows)]
    insert(rows, new, recommended, {})
    _check([*rows, *new])
    assert [row.number for row in in_order([*rows, *new]) if row not in new] == before


def test_new_action_stands_before_what_follows_and_after_what_it_needs():
    rows = [_action(n) for n in (1, 2, 3)]
    new = _action(9)
    recommended = [Rung("Q", n) for n in (1, 9, 2, 3)]
    insert(rows, [new], recommended, {})
    assert [row.number for row in in_order([*rows, new])] == [1, 9, 2, 3]
    rows, new = [_action(n) for n in (1, 2, 3)], _action(9)
    insert(rows, [new], recommended, {Rung("Q", 9): [Rung("Q", 3)]})
    assert [row.number for row in in_order([*rows, new])] == [1, 2, 3, 9]


@given(plans(), st.randoms())
def test_order_by_the_rules_is_the_recommended_one(rows, random):
    recommended = [row.rung for row in rows if row.number % 3]
    random.shuffle(recommended)
    order_by_rules(rows, recommended)
    _check(rows)
    for phase in PHASES:
        found = [row for row in in_order(rows) if row.phase == phase and place_of(rows, row)]
        ranks = [
            recommended.index(row.rung) if row.rung in recommended else len(recommended)
            for row in found
        ]
        assert ranks == sorted(ranks)


def test_typed_codes_are_read_in_small_letters_and_other_scripts():
    known = ["A1", "A12", "D1-Q1"]
    assert codes_in(" a12, A1;A1\n", known, field="f") == ("A12", "A1")
    assert codes_in("A١٢، d1-q1", known, field="f") == ("A12", "D1-Q1")
    assert codes_in(None, known, field="f") == ()
    for wrong in ("A2", "A", "1", "A1A12", "²"):
        with pytest.raises(InvalidInputError) as caught:
            codes_in(wrong, known, field="f")
        assert caught.value.field == "f"
