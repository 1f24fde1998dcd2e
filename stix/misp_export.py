"""Make the MISP event of an incident out of what misp-stix made of its STIX bundle.

misp-stix chooses attribute types and object templates. Only attributes that hold a value
of the incident stay; whatever says who, what, when and how it may be passed on is written from the
incident itself (misp_writing).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cirt.errors import N_
from cirt.stix import misp_context as context
from cirt.stix.content import IncidentContent, IndicatorContent, ObservableContent
from cirt.stix.misp_content import Loss, MispExport, shortened
from cirt.stix.misp_forms import CATEGORIES, RULES, attributes_of, is_weak, values_of
from cirt.stix.misp_suite import suite_losses
from cirt.stix.misp_writing import Attribute, Claim, Cover, Group, event

_LEFT_OUT: Final = frozenset(
    {
        *("incident", "event", "indicator", "note", "observed-data", "relationship", "sighting"),
        *("vulnerability", "extension-definition", "impact", "task", "attack-pattern"),
    }
)
_NO_ATTRIBUTE = N_("MISP has no attribute for “%(property)s” of “%(type)s”.")
_NO_RULE_TYPE = N_("MISP has no attribute for rules of the type “%(type)s”.")
_WITHDRAWN = N_(
    "A MISP event cannot say that it is withdrawn; its attributes no longer raise alarms."
)
_WITHDRAWN_REMARK: Final = "No longer valid."


def lean_bundle(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bundle without what the event takes from the incident itself.

    Reading back the patterns of indicators is nearly all that misp-stix spends its time on.
    """
    objects = [entry for entry in bundle["objects"] if entry["type"] not in _LEFT_OUT]
    kept = {entry["id"] for entry in objects}
    lean = [
        entry | {"object_refs": [ref for ref in entry["object_refs"] if ref in kept]}
        if entry["type"] in ("report", "grouping")
        else entry
        for entry in objects
    ]
    return {**bundle, "objects": lean}


def event_of(
    content: IncidentContent,
    converted: Mapping[str, Any] | None,
    cover: Cover | None = None,
    *,
    with_all: bool = False,
) -> MispExport:
    """Return the MISP event of an incident with an account of what it does not hold.

    converted: misp-stix's event of the same bundle; None if it failed, then plain attributes do.
    with_all: keep also what misp-stix found and the content does not name.
    """
    groups = _groups(converted or {})
    units = _units_by_value(groups)
    losses: list[Loss] = []
    for index, item in enumerate(content.observables):
        path = f"observables[{index}]"
        losses += _claim_observable(groups, units, item, path, revoked=content.revoked)
    for index, rule in enumerate(content.indicators):
        losses += _add_rule(groups, rule, f"indicators[{index}]", revoked=content.revoked)
    if with_all:
        for known in (one for group in groups for one in group.attributes):
            known.claim = known.claim or Claim()
    losses += suite_losses(content)
    if content.revoked:
        losses.append(Loss("incident", "", shortened(content.title), _WITHDRAWN))
    body = json.dumps(
        {"Event": event(content, groups, cover or Cover())}, ensure_ascii=False, indent=1
    )
    return MispExport(body.encode(), tuple(losses))


def _groups(event: Mapping[str, Any]) -> list[Group]:
    """Return the attributes of misp-stix's event; the first group is that outside of objects."""
    groups = [Group(None, list(_attributes(event)))]
    seen: set[tuple[tuple[str, str], ...]] = set()
    for entry in context.items(event, "Object"):
        attributes = list(_attributes(entry))
        key = tuple(sorted((known.type, known.value) for known in attributes))
        if attributes and key not in seen:
            seen.add(key)
            groups.append(Group(entry, attributes))
    return groups


def _attributes(parent: Mapping[str, Any]) -> Iterator[Attribute]:
    for raw in context.items(parent, "Attribute"):
        kind, value = str(raw.get("type")), str(raw.get("value"))
        relation = str(raw.get("object_relation") or "")
        yield Attribute(
            kind, value, str(raw.get("category") or CATEGORIES.get(kind, "Other")), relation
        )


def _units_by_value(groups: Sequence[Group]) -> dict[str, list[list[Attribute]]]:
    """Return what is claimed as one, an object or a single attribute, by a value of it."""
    units: dict[str, list[list[Attribute]]] = {}
    whole = [group.attributes for group in groups[1:]]
    for unit in whole + [[known] for known in groups[0].attributes]:
        units.setdefault(min(unit[0].parts), []).append(unit)
    return units


def _claim_observable(
    groups: list[Group],
    units: Mapping[str, Sequence[list[Attribute]]],
    content: ObservableContent,
    path: str,
    *,
    revoked: bool,
) -> Iterator[Loss]:
    item = content.observable
    look_for = content.is_indicator and not content.withdrawn and not revoked
    values = values_of(item)
    wanted = {value.casefold() for _, value in values}
    held: set[str] = set()
    candidates = [unit for value in sorted(wanted) for unit in units.get(value, ())]
    for unit in sorted(candidates, key=len, reverse=True):
        # an object that holds anything else belongs to another observable
        parts = set[str]().union(*(known.parts for known in unit))
        if parts <= wanted and not parts <= held:
            held |= parts
            for known in unit:
                _claim(known, content, to_ids=look_for and not is_weak(known.type, item))
    for kind, value in attributes_of(item):
        if value.casefold() not in held:
            held.add(value.casefold())
            added = Attribute(kind, value, CATEGORIES[kind])
            groups[0].attributes.append(added)
            _claim(added, content, to_ids=look_for and not is_weak(kind, item))
    for name, value in values:
        if value.casefold() not in held:
            params = {"property": name, "type": item.type}
            yield Loss("observable", path, shortened(value), _NO_ATTRIBUTE, params)
    if content.pattern:
        rule = IndicatorContent(
            key="",
            name=item.value,
            pattern=content.pattern,
            pattern_type=content.pattern_type,
            comment=content.comment,
            withdrawn=content.withdrawn,
        )
        yield from _add_rule(groups, rule, path, revoked=revoked)


def _add_rule(
    groups: list[Group], rule: IndicatorContent, path: str, *, revoked: bool
) -> Iterator[Loss]:
    """Add the rule as it is: misp-stix would take a STIX pattern apart and lose its logic."""
    kind = RULES.get(rule.pattern_type)
    if kind is None:
        params = {"type": rule.pattern_type}
        yield Loss("indicator", path, shortened(rule.name), _NO_RULE_TYPE, params)
        return
    known = next(
        (one for one in groups[0].attributes if (one.type, one.value) == (kind, rule.pattern)), None
    )
    if known is None:
        known = Attribute(kind, rule.pattern, CATEGORIES[kind])
        groups[0].attributes.append(known)
    claim = known.claim = known.claim or Claim()
    claim.to_ids |= not rule.withdrawn and not revoked
    remarks = (rule.name, rule.comment, _WITHDRAWN_REMARK if rule.withdrawn else "")
    claim.comments.update(dict.fromkeys(remark for remark in remarks if remark))


def _claim(known: Attribute, content: ObservableContent, *, to_ids: bool) -> None:
    claim = known.claim = known.claim or Claim()
    claim.to_ids |= to_ids
    remarks = (content.comment, _WITHDRAWN_REMARK if content.withdrawn else "")
    claim.comments.update(dict.fromkeys(remark for remark in remarks if remark))
    if content.first_observed:
        claim.first.append(content.first_observed)
    if content.last_observed:
        claim.last.append(content.last_observed)
