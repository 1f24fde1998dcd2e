"""What a release adds to what its audience has, and what it cannot take back."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.errors import N_
from cirt.incidents.object_store import objects_in, published_object
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.release_words import Line, lines_of_objects

# what moves on with every version, without anything else being said
_CLOCKS: Final = frozenset({"modified", "published"})

WIDER = N_("It adds to what the audience has; nothing that was given out is rewritten.")
MASKED_MORE = N_(
    "More personal data are masked or changed in it than in the earlier release. What stood in clear"
    " before stays known to whoever has it."
)
NARROWER = N_(
    "It holds less than the audience has. What was given out before stays with whoever has it:"
    " a narrower release takes nothing back. Only a recall asks recipients to delete it."
)
OTHER_ID = N_(
    "The audience will know the incident under another identifier than before; the earlier objects"
    " stay beside the new ones until they are recalled."
)
ERASED = N_("The bytes of the earlier release were erased, so what changed cannot be shown.")


@dataclass(frozen=True, slots=True)
class Changes:
    """How a release differs from the one by which the audience has the incident.

    since: that release. new, changed, gone: objects, line by line; an object whose version alone
    moved on is in none of them. lost_sections: what of the incident the earlier one held and this
    one does not. says_less: whether an object lost something that it said. is_masked_more: whether
    more personal data are hidden than before. lost_readers: codes of administrations that read the
    earlier one and do not get this one. is_comparable: False where the earlier bytes were erased.
    """

    since: Release
    new: tuple[Line, ...] = ()
    changed: tuple[Line, ...] = ()
    gone: tuple[Line, ...] = ()
    lost_sections: tuple[str, ...] = ()
    says_less: bool = False
    is_masked_more: bool = False
    lost_readers: tuple[str, ...] = ()
    is_other_id: bool = False
    is_comparable: bool = True

    @property
    def sentences(self) -> list[str]:
        """Return what to know before approving, as message ids."""
        found = [] if self.is_comparable else [ERASED]
        if self.new or (self.changed and not self._holds_less):
            found.append(WIDER)
        if self._holds_less or self.lost_readers:
            found.append(NARROWER)
        if self.is_masked_more:
            found.append(MASKED_MORE)
        if self.is_other_id:
            found.append(OTHER_ID)
        return found

    @property
    def is_narrower(self) -> bool:
        """Return whether something that was given out is not part of it any more."""
        return bool(
            self._holds_less or self.is_masked_more or self.lost_readers or self.is_other_id
        )

    @property
    def _holds_less(self) -> bool:
        return bool(self.gone or self.lost_sections or self.says_less)


def changes_of(session: Session, release: Release) -> Changes | None:
    """Return how a release differs from the one before it to the same audience, None if none was."""
    before = _before(session, release)
    if before is None:
        return None
    is_other_id = _known_as(before) != _known_as(release)
    lost_sections = tuple(one for one in before.sections if one not in release.sections)
    if before.bundle is None or release.bundle is None:
        return Changes(
            before, lost_sections=lost_sections, is_other_id=is_other_id, is_comparable=False
        )
    old, new = _by_id(before.bundle), _by_id(release.bundle)
    names = {**old, **new}
    readers = {one["code"] for one in release.recipients}
    return Changes(
        since=before,
        new=_lines([one for stix_id, one in new.items() if stix_id not in old], names),
        changed=_lines(
            [one for stix_id, one in new.items() if stix_id in old and _differ(old[stix_id], one)],
            names,
        ),
        gone=_lines([one for stix_id, one in old.items() if stix_id not in new], names),
        lost_sections=lost_sections,
        says_less=any(
            _says_less(one, new[stix_id]) for stix_id, one in old.items() if stix_id in new
        ),
        # what comes along for the first time brings maskings of its own
        is_masked_more=set(release.sections) <= set(before.sections)
        and bool(_masked(release) - _masked(before)),
        lost_readers=tuple(one["code"] for one in before.recipients if one["code"] not in readers),
        is_other_id=is_other_id,
    )


def _before(session: Session, release: Release) -> Release | None:
    if release.incident_id is None:
        return None
    query = sa.select(Release).where(
        Release.incident_id == release.incident_id,
        Release.collection_id == release.collection_id,
        Release.state == ReleaseState.APPROVED.value,
        Release.id != release.id,
    )
    if release.ended_at is not None:
        query = query.where(Release.ended_at < release.ended_at)
    return session.scalars(query.order_by(Release.ended_at.desc()).limit(1)).first()


def _known_as(release: Release) -> uuid.UUID | None:
    return release.object_uuid or release.incident_id


def _by_id(bundle: bytes) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in objects_in(bundle) if not published_object(one["id"])}


def _differ(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return any(old.get(name) != new.get(name) for name in (old.keys() | new.keys()) - _CLOCKS)


def _says_less(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Return whether a property is gone, at any depth; changed texts do not count."""
    return any(
        name not in new
        or (
            isinstance(value, dict) and isinstance(new[name], dict) and _says_less(value, new[name])
        )
        for name, value in old.items()
    )


def _masked(release: Release) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for one in release.removed:
        found[one["kind"], one["place"]] += int(one.get("count", 1))
    return found


def _lines(chosen: Sequence[dict[str, Any]], all_of: dict[str, dict[str, Any]]) -> tuple[Line, ...]:
    """Return the lines of some objects; the names of others they refer to are known."""
    wanted = {one["id"] for one in chosen}
    objects = list(all_of.values())
    lines = lines_of_objects(objects)
    return tuple(line for one, line in zip(objects, lines, strict=True) if one["id"] in wanted)
