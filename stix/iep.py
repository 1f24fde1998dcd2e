"""The policy of use that goes with an object: IEP 2.0 as a marking of STIX 2.1.

Source: FIRST Information Exchange Policy 2.0; its STIX extension (OASIS cti-stix-common-objects,
iep-marking-definition-762). Its words for TLP are those of TLP 1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from cirt.errors import N_, InvalidInputError
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP
from cirt.stix.timestamps import is_written_as_timestamp, moment, timestamp

IEP_EXTENSION: Final = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a"

PERMITTED_ACTIONS: Final = (
    "none",
    "contact-for-instruction",
    "internally-visible-actions",
    "externally-visible-indirect-actions",
    "externally-visible-direct-actions",
)
"""What a recipient may do, from reading only to anything."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "permitted_actions": PERMITTED_ACTIONS,
    "encrypt_in_transit": ("must", "may"),
    "affected_party_notifications": ("may", "must-not"),
    "provider_attribution": ("may", "must", "must-not"),
    "unmodified_resale": ("may", "must-not"),
    "tlp": ("white", "green", "amber", "red"),
}
"""The closed lists of the fields that have one."""

# The policy may begin in the future, an object may not; and this date must never change.
_CREATED: Final = "2020-01-01T00:00:00.000Z"
_TEXTS: Final = ("name", "description")
_LONGEST: Final = 5_000
_TLP: Final = {"white": TLP.CLEAR, "green": TLP.GREEN, "amber": TLP.AMBER, "red": TLP.RED}


@dataclass(frozen=True, slots=True, kw_only=True)
class IepContent:
    """One policy, with the narrow answer wherever there is a choice.

    tlp: how far it may go, in the words of TLP 1; the marking of the object itself may be
    narrower, and the narrower one holds. start_date, end_date: from when until when it holds.
    """

    name: str
    description: str
    start_date: datetime
    end_date: datetime | None = None
    permitted_actions: str = "contact-for-instruction"
    encrypt_in_transit: str = "must"
    affected_party_notifications: str = "must-not"
    provider_attribution: str = "must-not"
    unmodified_resale: str = "must-not"
    tlp: str = "amber"


def iep_from(mapping: Mapping[str, Any]) -> IepContent:
    """Return the policy of a mapping as `as_mapping` writes it, or a marking's extension bears it.

    Unknown keys are left aside. Raises InvalidInputError, naming the field.
    """
    fields: dict[str, Any] = {}
    for name in _TEXTS:
        value = mapping.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
            raise _unfit(name)
        fields[name] = value
    for name, words in CHOICES.items():
        value = mapping.get(name)
        if value not in words:
            raise _unfit(name)
        fields[name] = value
    fields["start_date"] = _time(mapping.get("start_date"), "start_date")
    if mapping.get("end_date"):
        fields["end_date"] = _time(mapping["end_date"], "end_date")
        if fields["end_date"] < fields["start_date"]:
            raise _unfit("end_date")
    return IepContent(**fields)


def as_mapping(content: IepContent) -> dict[str, Any]:
    """Return the policy as plain values that JSON can hold."""
    mapping: dict[str, Any] = {name: getattr(content, name) for name in (*_TEXTS, *CHOICES)}
    mapping["start_date"] = timestamp(content.start_date)
    if content.end_date:
        mapping["end_date"] = timestamp(content.end_date)
    return mapping


def iep_marking(content: IepContent, owner_uuid: UUID) -> dict[str, Any]:
    """Return the marking-definition of a policy of this owner (a producer or a circle).

    A marking has no versions, so its id follows from the owner and from everything in it: the same
    policy is the same object in every release, a changed one is another. Raises InvalidInputError.
    """
    fields = as_mapping(iep_from(as_mapping(content)))
    name = canonical_json(fields).decode("utf-8")
    policy = {key: value for key, value in fields.items() if key != "name"}
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid5(owner_uuid, 'iep-marking' + name)}",
        "created_by_ref": f"identity--{owner_uuid}",
        "created": _CREATED,
        "name": fields["name"],
        "object_marking_refs": [TLP.CLEAR.marking_id],
        "extensions": {
            IEP_EXTENSION: {
                "extension_type": "property-extension",
                "iep_id": str(uuid5(owner_uuid, "iep-policy" + name)),
                "iep_version": 2,
                **policy,
            }
        },
    }


def iep_in(marking: Mapping[str, Any]) -> IepContent | None:
    """Return the policy that a marking-definition from outside bears; None if it bears no valid one."""
    extensions = marking.get("extensions")
    policy = extensions.get(IEP_EXTENSION) if isinstance(extensions, Mapping) else None
    if marking.get("type") != "marking-definition" or not isinstance(policy, Mapping):
        return None
    if len(extensions or ()) != 1 or policy.get("iep_version") != 2:
        return None  # a second extension may restrict in a way that nobody here can read
    try:
        return iep_from({**policy, "name": marking.get("name")})
    except InvalidInputError:
        return None


def iep_labels(objects: Iterable[Mapping[str, Any]]) -> dict[str, TLP]:
    """Return marking id -> TLP of the policies among some objects; for `marking.tlp_of`."""
    labels: dict[str, TLP] = {}
    for thing in objects:
        policy = iep_in(thing)
        if policy is not None and isinstance(thing.get("id"), str):
            labels[thing["id"]] = _TLP[policy.tlp]
    return labels


def _time(value: Any, field: str) -> datetime:
    found = moment(value) if isinstance(value, str) and is_written_as_timestamp(value) else None
    if found is None or found[1].startswith("~"):
        raise _unfit(field)
    return found[0].replace(microsecond=int((found[1] + "000000")[:6])).astimezone(UTC)


def _unfit(field: str) -> InvalidInputError:
    return InvalidInputError(
        N_("The field “%(name)s” of the policy of use is missing or not as IEP 2.0 has it."),
        field=field,
        name=field,
    )
