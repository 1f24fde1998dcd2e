"""The order of the actions as people keep it: within phases, moved by hand, new ones in between."""

from collections.abc import Iterable, Mapping, Sequence

from cirt.assessments.instruments.model import Phase, Rung
from cirt.assessments.plan.models import ActionState, PlanAction

PHASES = tuple(Phase)


def shown(action: PlanAction) -> bool:
    """Whether an action stands in its phase; others are listed apart."""
    return action.needed and action.state != ActionState.DROPPED


def in_order(actions: Iterable[PlanAction]) -> list[PlanAction]:
    """Return actions phase by phase, each phase as it was ordered."""
    return sorted(actions, key=lambda one: (PHASES.index(Phase(one.phase)), one.position))


def renumber(actions: Iterable[PlanAction]) -> None:
    """Give every action its place: phase by phase, those listed apart after the others."""
    rows = sorted(
        actions,
        key=lambda one: (PHASES.index(Phase(one.phase)), not shown(one), one.position, one.number),
    )
    for position, action in enumerate(rows, 1):
        action.position = position


def order_by_rules(actions: Iterable[PlanAction], recommended: Sequence[Rung]) -> None:
    """Order the actions as recommended; what is not recommended follows within its phase."""
    rows = list(actions)
    places = {rung: n for n, rung in enumerate(recommended)}
    last = len(places)
    rows.sort(key=lambda one: (places.get(one.rung, last) if one.rung else last, one.position))
    for position, action in enumerate(rows, 1):
        action.position = position
    renumber(rows)


def insert(
    actions: Sequence[PlanAction],
    new: Iterable[PlanAction],
    recommended: Sequence[Rung],
    needs: Mapping[Rung, Sequence[Rung]],
) -> None:
    """Put new actions among those that people ordered, whose order stays.

    Each goes before the first that is recommended after it, and after all that it needs.
    """
    places = {rung: n for n, rung in enumerate(recommended)}
    rows = in_order(actions)
    for action in sorted(new, key=lambda one: places[one.rung] if one.rung else 0):
        if action.rung is None:
            continue
        own = places[action.rung]
        at = len(rows)
        for n, other in enumerate(rows):
            later = other.rung is not None and places.get(other.rung, -1) > own
            if other.phase == action.phase and later:
                at = n
                break
        wanted = set(needs.get(action.rung, ()))
        after = [n for n, other in enumerate(rows) if other.rung in wanted]
        rows.insert(max([at, *(n + 1 for n in after)]), action)
    for position, action in enumerate(rows, 1):
        action.position = position
    renumber(rows)


def move(actions: Sequence[PlanAction], action: PlanAction, place: int) -> bool:
    """Move an action to a place in its phase, counted from 1; return whether anything moved.

    A place before the first or after the last is the first or the last.
    """
    peers = [one for one in in_order(actions) if one.phase == action.phase and shown(one)]
    if action not in peers:
        return False
    before = peers.index(action)
    after = min(max(place - 1, 0), len(peers) - 1)
    if before == after:
        return False
    positions = [one.position for one in peers]
    peers.insert(after, peers.pop(before))
    for position, one in zip(positions, peers, strict=True):
        one.position = position
    return True


def place_of(actions: Sequence[PlanAction], action: PlanAction) -> int:
    """Return the place of an action in its phase, from 1; 0 for one that is listed apart."""
    peers = [one for one in in_order(actions) if one.phase == action.phase and shown(one)]
    return peers.index(action) + 1 if action in peers else 0
