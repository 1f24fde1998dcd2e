"""Make one MispImport of a MISP event and of what misp-stix found in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cirt import strictjson
from cirt.errors import N_, InvalidInputError
from cirt.stix import misp_context as context
from cirt.stix.misp_account import context_losses
from cirt.stix.misp_content import (
    Carried,
    Loss,
    MispImport,
    MispObservable,
    MispRule,
    Reference,
    shortened,
)
from cirt.stix.misp_event import (
    ForeignAttribute,
    ForeignEvent,
    ForeignObject,
    day,
    every_part,
    text,
    truth,
)
from cirt.stix.misp_observables import Found, observables_of, parts, plain_observable
from cirt.stix.misp_sorting import RULE_TYPES, Slot, Sorted, Way, loss_of
from cirt.stix.observables import Observable
from cirt.stix.patterns import check_pattern

MAX_DESCRIPTION: Final = 20_000
MAX_TITLE: Final = 300
MAX_COMMENT: Final = 2_000
# what leaves as STIX may be no longer
_MAX_RULE: Final = strictjson.DEFAULT.max_string
_RULE_NAME: Final = re.compile(
    r"^[ \t]*(?:(?:private|global)[ \t]+)*rule[ \t]+(\w{1,128})|^title:[ \t]*(\S.{0,199})",
    re.MULTILINE,
)

_EMPTY = N_(
    "The MISP event “%(title)s” holds nothing that can be taken over. First reason: %(reason)s"
)
_NOTHING_IN_IT = N_("It has no attributes, objects, galaxies or reports.")
_NO_FORM = N_("STIX has no form for attributes of type “%(type)s”, or the value does not fit it.")
_NO_PLACE = N_("STIX has no place for “%(relation)s” of a MISP object “%(name)s”.")
_TOO_LONG = N_("The description would be longer than %(limit)s characters.")
_RULE_TOO_LONG = N_("The rule is longer than %(limit)s characters.")


@dataclass(slots=True)
class _Gathered:
    """An observable while equal ones are still being joined into it."""

    is_indicator: bool = False
    comments: dict[str, None] = field(default_factory=dict)
    first: list[datetime] = field(default_factory=list)
    last: list[datetime] = field(default_factory=list)
    attributes: dict[str, None] = field(default_factory=dict)


class _Assembly:
    def __init__(self) -> None:
        self.gathered: dict[Observable, _Gathered] = {}
        self.rules: list[MispRule] = []
        self.references: dict[str, Reference] = {}
        self.description: list[str] = []
        self.carried: list[Carried] = []
        self.losses: list[Loss] = []

    def carry(self, attribute: ForeignAttribute, kind: str) -> None:
        self.carried.append(Carried(attribute.path, attribute.uuid, kind))

    def describe(self, line: str) -> bool:
        """Add a paragraph to the description; say whether it still fits."""
        if sum(len(known) + 2 for known in self.description) + len(line) > MAX_DESCRIPTION:
            return False
        if line not in self.description:
            self.description.append(line)
        return True


def assemble(
    event: ForeignEvent, ways: Sorted, converted: Mapping[str, Sequence[Mapping[str, Any]]]
) -> MispImport:
    """Return the event in our terms, with an account of every attribute.

    converted: for each slot the STIX objects that misp-stix made of it; absent where it failed.
    Raises InvalidInputError when nothing of the event can be taken over.
    """
    done = _Assembly()
    done.losses += ways.refused
    _reports(done, event)
    for way, attribute in ways.direct:
        _take_directly(done, way, attribute)
    for number, slot in ways.slots.items():
        _take_slot(done, slot, observables_of(converted.get(number, ())))
    parents = [event.raw, *every_part(event)]
    attack_patterns, labels = context.galaxies(parents)
    tags = context.tag_names(event.raw)
    inner_tags = [tag for parent in parents[1:] for tag in context.tag_names(parent)]
    tlp, unknown_marks = context.tlp_of_tags(tags, inner_tags)
    done.losses += [*unknown_marks, *context_losses(event)]
    if not (
        done.gathered
        or done.rules
        or done.references
        or done.description
        or attack_patterns
        or labels
    ):
        lost = [loss for loss in done.losses if loss.kind == "attribute"]
        reason = lost[0].reason if lost else _NOTHING_IN_IT
        raise InvalidInputError(_EMPTY, title=shortened(event.title), reason=reason)
    producer = event.raw.get("Orgc")
    producer = producer if isinstance(producer, dict) else {}
    return MispImport(
        uuid=event.uuid,
        title=shortened(event.title, MAX_TITLE),
        description="\n\n".join(done.description),
        date=day(event.raw.get("date")),
        published=truth(event.raw.get("published")),
        severity=context.severity(text(event.raw.get("threat_level_id"))),
        investigation_status=context.investigation_status(text(event.raw.get("analysis"))),
        tlp=tlp,
        tags=tuple(dict.fromkeys([*tags, *inner_tags])),
        rsit=context.rsit(tags),
        distribution=context.distribution(event.raw),
        sharing_group=context.sharing_group(event.raw),
        producer_name=shortened(text(producer.get("name")), 200),
        producer_uuid=_uuid_text(producer.get("uuid")),
        observables=tuple(_joined(item, found) for item, found in done.gathered.items()),
        rules=tuple(done.rules),
        references=tuple(done.references.values()),
        attack_patterns=attack_patterns,
        labels=labels,
        attribute_count=len(event.attributes),
        carried=tuple(done.carried),
        losses=tuple(done.losses),
        stamp=_stamp(event.raw.get("timestamp")),
        extends=UUID(extends) if (extends := _uuid_text(event.raw.get("extends_uuid"))) else None,
    )


def _reports(done: _Assembly, event: ForeignEvent) -> None:
    for index, report in enumerate(context.items(event.raw, "EventReport")):
        if truth(report.get("deleted")):
            continue
        name, content = text(report.get("name")), text(report.get("content")).strip()
        if content and not done.describe(f"{name}\n{content}".strip()):
            done.losses.append(
                Loss(
                    "report",
                    f"EventReport[{index}]",
                    shortened(name),
                    _TOO_LONG,
                    {"limit": MAX_DESCRIPTION},
                )
            )


def _take_directly(done: _Assembly, way: Way, attribute: ForeignAttribute) -> None:
    value, comment = attribute.value.strip(), attribute.comment.strip()
    if way is Way.REFERENCE:
        done.references.setdefault(value, Reference(url=value, comment=comment))
        done.carry(attribute, "reference")
    elif way is Way.DESCRIPTION:
        _describe(done, attribute)
    elif len(value) > _MAX_RULE:
        done.losses.append(loss_of(attribute, _RULE_TOO_LONG, limit=_MAX_RULE))
    else:
        rule = _rule(attribute, value, comment)
        try:
            if rule.pattern_type == "stix":
                check_pattern(value)
        except InvalidInputError as error:
            done.losses.append(loss_of(attribute, error.message, **error.params))
            return
        done.rules.append(rule)
        done.carry(attribute, "rule")


def _describe(done: _Assembly, attribute: ForeignAttribute) -> None:
    value, comment = attribute.value.strip(), attribute.comment.strip()
    plain = attribute.type in {"comment", "text", "other"}
    line = value if plain else f"{attribute.type}: {value}"
    if done.describe(f"{line} ({comment})" if comment else line):
        done.carry(attribute, "description")
    else:
        done.losses.append(loss_of(attribute, _TOO_LONG, limit=MAX_DESCRIPTION))


def _rule(attribute: ForeignAttribute, value: str, comment: str) -> MispRule:
    named = _RULE_NAME.search(value)
    name = (named[1] or named[2]).strip() if named else ""
    return MispRule(
        key=attribute.uuid or attribute.path,
        name=name or shortened(comment) or attribute.type,
        pattern=value,
        pattern_type=RULE_TYPES[attribute.type],
        is_indicator=attribute.to_ids,
        comment=comment,
    )


def _take_slot(done: _Assembly, slot: Slot, results: Sequence[Found]) -> None:
    found = [one for one in results if one.observable]
    known = frozenset[str]().union(*(one.values for one in found))
    for attribute in slot.attributes:
        wanted = parts(attribute)
        # a lone attribute may come back in another notation (an IPv6 address, a punycode name)
        alone = slot.object is None and len(wanted) == 1 and len(found) == 1
        try:
            if alone or known.issuperset(wanted):
                holders = [one for one in found if alone or one.values.intersection(wanted)]
            elif plain := plain_observable(attribute):
                holders = [Found(plain, frozenset())]
            else:
                raise _refusal(attribute, slot.object, wanted, results)
        except InvalidInputError as error:
            # a person can still make something of an address without a scheme, say
            readable = slot.object is None and attribute.value.isprintable()
            if readable and any(one.refusal for one in results):
                _describe(done, attribute)
            else:
                done.losses.append(loss_of(attribute, error.message, **error.params))
            continue
        for one in holders:
            _gather(done, one, attribute, slot.object)
        done.carry(attribute, "indicator" if attribute.to_ids else "observable")


def _gather(
    done: _Assembly, one: Found, attribute: ForeignAttribute, parent: ForeignObject | None
) -> None:
    if one.observable is None:
        return
    gathered = done.gathered.setdefault(one.observable, _Gathered())
    gathered.is_indicator |= attribute.to_ids
    comments = (one.remark, attribute.comment.strip(), parent.comment.strip() if parent else "")
    gathered.comments.update({comment: None for comment in comments if comment})
    for holder in (attribute, parent):
        if holder and holder.first_seen:
            gathered.first.append(holder.first_seen)
        if holder and holder.last_seen:
            gathered.last.append(holder.last_seen)
    gathered.attributes[attribute.uuid or attribute.path] = None


def _joined(item: Observable, found: _Gathered) -> MispObservable:
    return MispObservable(
        observable=item,
        is_indicator=found.is_indicator,
        comment="; ".join(found.comments)[:MAX_COMMENT],
        first_seen=min(found.first, default=None),
        last_seen=max(found.last, default=None),
        attributes=tuple(found.attributes),
    )


def _refusal(
    attribute: ForeignAttribute,
    parent: ForeignObject | None,
    wanted: Sequence[str],
    results: Sequence[Found],
) -> InvalidInputError:
    for one in results:
        if one.refusal and one.values.intersection(wanted):
            return one.refusal
    if parent is None:
        return InvalidInputError(_NO_FORM, type=attribute.type)
    return InvalidInputError(_NO_PLACE, relation=attribute.relation, name=parent.name)


def _stamp(value: Any) -> int | None:
    written = text(value)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 13 else None


def _uuid_text(value: Any) -> str:
    try:
        return str(UUID(text(value)))
    except ValueError:
        return ""
