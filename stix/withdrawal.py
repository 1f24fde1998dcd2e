"""The two published objects of recall: a withdrawal, and the receipt of whoever honours it.

Described for integrators in docs/extensions/withdrawal.md; the definitions are in
config/extensions/withdrawal.json.
"""

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID, uuid4

from cirt import strictjson
from cirt.datafiles import data_path
from cirt.errors import N_, InvalidInputError
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP
from cirt.stix.signatures import signed
from cirt.stix.timestamps import timestamp
from cirt.stix.validation import check_object

WITHDRAWAL: Final = "extension-definition--96145d4c-b031-411f-b8a7-205f68c6bc36"
RECEIPT: Final = "extension-definition--daf22c98-1fb4-436b-a10b-3b0e9c6ecaca"
WITHDRAWAL_TYPE: Final = "withdrawal"
RECEIPT_TYPE: Final = "withdrawal-receipt"

OUTCOMES: Final = ("erased", "hidden", "cannot")

NAME: Final = "Withdrawn by its producer"
_NOTHING: Final = "[x-withdrawn:value = 'nothing']"
"""A pattern that is one and matches nothing that anybody observes."""


@dataclass(frozen=True, slots=True)
class Named:
    """One version of one object, named without its content. modified: "" where it has none."""

    object_id: str
    modified: str
    sha256: str

    def as_mapping(self) -> dict[str, str]:
        """Return how a withdrawal lists it."""
        found = {"object_id": self.object_id, "sha256": self.sha256}
        return found | ({"modified": self.modified} if self.modified else {})


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal says, whoever says it: the signature is looked at elsewhere."""

    stix_id: str
    author: str
    created: str
    reason: str
    withdrawn: tuple[Named, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says. author: the identity of whoever answers."""

    stix_id: str
    author: str
    created: str
    withdrawal_id: str
    withdrawal_sha256: str
    outcome: str
    reason: str


def published() -> list[dict[str, Any]]:
    """Return the two extension definitions and the identity that created them."""
    return copy.deepcopy(_published())


@cache
def _published() -> list[dict[str, Any]]:
    content = data_path("extensions", "withdrawal.json").read_bytes()
    objects: list[dict[str, Any]] = strictjson.loads(content)["objects"]
    return objects


def withdrawal(
    author: str, named: Sequence[Named], *, reason: str, tlp: TLP, at: datetime, private: bytes
) -> dict[str, Any]:
    """Return a signed withdrawal. author: the identity's id that the withdrawn objects bear."""
    found = _common(WITHDRAWAL_TYPE, WITHDRAWAL, author, tlp, at)
    found["reason"] = reason
    found["withdrawn"] = [
        one.as_mapping() for one in sorted(named, key=lambda one: (one.object_id, one.modified))
    ]
    return signed(found, private)


def receipt(
    author: str,
    answered: Withdrawal,
    *,
    outcome: str,
    reason: str,
    tlp: TLP,
    at: datetime,
    private: bytes,
) -> dict[str, Any]:
    """Return a signed receipt. outcome: one of OUTCOMES; reason: "" for none."""
    found = _common(RECEIPT_TYPE, RECEIPT, author, tlp, at)
    found["withdrawal_id"] = answered.stix_id
    found["withdrawal_sha256"] = answered.sha256
    found["outcome"] = outcome
    if reason:
        found["reason"] = reason
    return signed(found, private)


def is_withdrawal(stix_object: Mapping[str, Any]) -> bool:
    """Return whether an object claims to be a withdrawal as we publish it."""
    return _bears(stix_object, WITHDRAWAL_TYPE, WITHDRAWAL)


def is_receipt(stix_object: Mapping[str, Any]) -> bool:
    """Return whether an object claims to be a receipt as we publish it."""
    return _bears(stix_object, RECEIPT_TYPE, RECEIPT)


def read_withdrawal(stix_object: Mapping[str, Any], *, now: datetime) -> Withdrawal:
    """Return what a withdrawal says. Raises InvalidInputError for one that is not well formed."""
    _require_valid(stix_object, now)
    return Withdrawal(
        stix_id=stix_object["id"],
        author=stix_object["created_by_ref"],
        created=stix_object["created"],
        reason=stix_object["reason"],
        withdrawn=tuple(
            Named(one["object_id"], one.get("modified", ""), one["sha256"])
            for one in stix_object["withdrawn"]
        ),
        sha256=digest(stix_object),
    )


def read_receipt(stix_object: Mapping[str, Any], *, now: datetime) -> Receipt:
    """Return what a receipt says. Raises InvalidInputError for one that is not well formed."""
    _require_valid(stix_object, now)
    return Receipt(
        stix_id=stix_object["id"],
        author=stix_object["created_by_ref"],
        created=stix_object["created"],
        withdrawal_id=stix_object["withdrawal_id"],
        withdrawal_sha256=stix_object["withdrawal_sha256"],
        outcome=stix_object["outcome"],
        reason=stix_object.get("reason", ""),
    )


def digest(stix_object: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an object's canonical JSON, its signature included."""
    return digest_of(canonical_json(stix_object))


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of canonical bytes."""
    return hashlib.sha256(body).hexdigest()


def revoked(stix_object: Mapping[str, Any], *, modified: str) -> dict[str, Any]:
    """Return the version that says: no longer valid (STIX 2.1, section 3.2, revoked)."""
    return {**stix_object, "modified": modified, "revoked": True}


def scrubbed(
    stix_object: Mapping[str, Any], *, modified: str, withdrawal_id: str
) -> dict[str, Any] | None:
    """Return a revoked version without content, for tools that do not know withdrawals.

    None for types of which they need none: they show nothing by themselves, or have no versions.
    """
    content: dict[str, Any]
    match stix_object.get("type"):
        case "report":
            content = {"name": NAME, "published": modified, "object_refs": [withdrawal_id]}
        case "incident":
            content = {"name": NAME}
        case "indicator":
            content = {
                "name": NAME,
                "pattern": _NOTHING,
                "pattern_type": "stix",
                "pattern_version": "2.1",
                "valid_from": stix_object["created"],
            }
        case _:
            return None
    kept = ("type", "spec_version", "id", "created_by_ref", "created", "object_marking_refs")
    common = {name: stix_object[name] for name in kept if name in stix_object}
    return common | content | {"modified": modified, "revoked": True, "lang": "en"}


def later(than: str, at: datetime) -> str:
    """Return `modified` of a version that comes after another: now, or a millisecond after it."""
    written = timestamp(at)
    if written > than:
        return written
    after = int(datetime.fromisoformat(than).timestamp() * 1000) + 1
    return timestamp(datetime.fromtimestamp(after / 1000, UTC))


def _common(kind: str, extension: str, author: str, tlp: TLP, at: datetime) -> dict[str, Any]:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid4()}",
        "created_by_ref": author,
        "created": timestamp(at),
        "modified": timestamp(at),
        "object_marking_refs": [tlp.marking_id],
        "extensions": {extension: {"extension_type": "new-sdo"}},
    }


def _bears(stix_object: Mapping[str, Any], kind: str, extension: str) -> bool:
    extensions = stix_object.get("extensions")
    return (
        stix_object.get("type") == kind
        and isinstance(extensions, Mapping)
        and extension in extensions
    )


def _require_valid(stix_object: Mapping[str, Any], now: datetime) -> None:
    problems = [p for p in check_object(stix_object, now=now) if p.severity == "error"]
    if problems:
        raise InvalidInputError(
            N_("This withdrawal or receipt is not well formed: %(problem)s"),
            problem=str(problems[0]),
        )


def author_of(uuid: UUID) -> str:
    """Return the identity's id of an administration or of a circle."""
    return f"identity--{uuid}"
