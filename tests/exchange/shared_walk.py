"""Take every file of the public data in by the product's own doors, and say what became of it."""

import gzip
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.errors import DomainError
from cirt.incidents.circle_models import Collection, CollectionKind, MachineWriting
from cirt.incidents.exits import Exit, may_leave
from cirt.incidents.inbox import intake
from cirt.incidents.object_store import STANDARD_BODIES
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix import misp_exchange
from cirt.stix.marking import TLP
from cirt.stix.misp_content import MispImport
from cirt.stix.misp_event import read_events
from cirt.stix.misp_import import assemble
from cirt.stix.misp_sorting import sort

REASONS: Final[Mapping[str, str]] = {
    r"^pattern: ": "pattern",  # of an object; it names line and column of the pattern
    # of a whole file
    r"not a MISP event file": "misp-no-event",
    r"STIX bundle, not a MISP event": "misp-is-stix",
    r"holds nothing that can be taken over": "misp-nothing",
    r"has no title": "misp-no-title",
    r"holds no list of objects": "no-bundle",
    r"A bundle must have an id": "bundle-id",
    r"The bundle holds no objects": "empty",
    r"This is STIX [\d.]+, and only": "old-stix",
    r"not valid JSON|is no JSON|\bline \d+, column": "json",
    # of an object
    r"A bundle is no object": "bundle-in-bundle",
    r"A STIX object must be a JSON object": "no-object",
    r"must have a type": "no-type",
    r"id must be “": "id",
    r"There is no such date": "time",
    r"must not lie before": "order",
    r"lies (in the future|after)": "far-time",
    r"A reference must be|This must refer": "reference",
    r"belongs to .* not the published one": "other-marking",
    r"TLP and PAP have published": "own-tlp",
    r"no language tag": "language",
    r"no CVE number": "cve",
    r"Only STIX 2\.1 is accepted": "old-stix",
    r"no versions to be revoked": "revoked",
    r"names each observable|no character set|no name of a property": "property",
    r"is known here from another author": "other-author",
    r"other content|another content|differs|already kept": "other-bytes",
    r"does not fit STIX 2\.1": "schema",
}
"""What a sentence of the product says, as a word of the manifest; the first that fits."""


def word_for(said: str) -> str:
    """Return the word for a sentence; an unknown one stays as it is, and no manifest has it."""
    return next((key for words, key in REASONS.items() if re.search(words, said)), f"? {said}")


def reason(error: DomainError) -> str:
    """Return the word for a refusal."""
    return word_for(str(error))


@dataclass
class Outcome:
    """What became of a file: kept and refused things, and the reasons with their numbers.

    things: STIX objects, or attributes of a MISP event. stays: why something that was kept may not
    be passed on. faults: what an independent look finds wrong.
    """

    kept: int = 0
    lost: int = 0
    why: Counter[str] = field(default_factory=Counter)
    stays: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    collection: uuid.UUID | None = None
    taken: intake.Taken | None = None
    events: int = 0
    sent: list[Any] = field(default_factory=list)

    @property
    def expectation(self) -> str:
        """Return the word of the manifest."""
        if not (self.kept or self.events):
            return "refused"
        return "imports-unreleasable" if self.stays else "imports"


def bytes_of(path: Path) -> bytes:
    """Return a file as somebody would send it: unpacked."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


# STIX


def take_in_stix(session: Session, owner: uuid.UUID, path: Path, name: str) -> Outcome:
    """Take a file into an intake of its own, and compare what is stored with the file itself."""
    data, found = bytes_of(path), Outcome()
    try:
        objects = intake.read_file(data)
    except DomainError as error:
        found.why[reason(error)] += 1
        return found
    found.sent = objects
    collection = Collection(
        title=name,
        kind=CollectionKind.INTAKE.value,
        administration_id=owner,
        machine_writing=MachineWriting.OFF.value,
        ceiling=TLP.AMBER_STRICT.value,
    )
    session.add(collection)
    session.flush()
    taken = intake.take_in(
        session, owner, collection, objects, owner_id=intake.file_owner(collection), via="file"
    )
    found.kept, found.lost = len(taken.kept), len(taken.refused)
    found.why.update(word_for(one.sentence) for one in taken.refused)
    found.collection, found.taken = collection.id, taken
    return found


def compare(session: Session, path: Path, found: Outcome) -> None:
    """Look, after the commit, whether what is stored is what the file holds, and why it stays."""
    if found.taken is not None:
        found.faults += _compare(session, bytes_of(path), found, found.taken)


def _compare(session: Session, data: bytes, found: Outcome, taken: intake.Taken) -> Iterator[str]:
    """Compare by place: the file read by the standard library, the store read by plain SQL."""
    raw = json.loads(data)
    sent = raw
    if isinstance(raw, dict):
        sent = raw["objects"] if raw["type"] == "bundle" else [raw]
    outside = [one.place for one in taken.refused]
    if len(set(outside)) != len(outside) or not set(outside) <= set(range(len(sent))):
        yield "a place is refused twice, or does not exist"
    inside = [one for place, one in enumerate(sent) if place not in set(outside)]
    if len(inside) != len(taken.kept):
        yield f"{len(sent)} in, {len(taken.kept)} kept, {len(outside)} refused"
        return
    query = (
        sa.select(ObjectVersion.body, ObjectVersion.tlp, ObjectVersion.owner_id)
        .join(FeedEntry, FeedEntry.object_version_id == ObjectVersion.id)
        .where(FeedEntry.collection_id == found.collection)
    )
    stored = {}
    for body, tlp, owner in session.execute(query):
        one = json.loads(body)
        stored[_named(one)] = (one, TLP(tlp), owner)
    wanted = {_named(one): one for one in inside}
    if stored.keys() != wanted.keys():
        yield f"{len(wanted.keys() ^ stored.keys())} objects are stored or missing, unsaid"
        return
    held = _holders(sent)
    for name, one in wanted.items():
        body, tlp, owner = stored[name]
        label, why = _label(one, held)
        if body != one:
            yield f"{name} is stored otherwise than sent"
        if tlp < label and owner != STANDARD_BODIES:
            yield f"{name} counts as {tlp}, and the file says {label}"
        if not may_leave(tlp, Exit.ONWARD):
            found.stays[why or f"tlp-{tlp.value}"] += 1


def _named(one: Mapping[str, Any]) -> tuple[str, str]:
    return one["id"], one.get("modified", one.get("created", ""))


# the marking of an object as its file says it, without the product's reading

_RED, _STRICT = TLP.RED, TLP.AMBER_STRICT
_LABELS: Final = {
    "94868c89-83c2-464b-929b-a1a8aa3c8487": TLP.CLEAR,
    "613f2e26-407d-48c7-9eca-b8e91df99dc9": TLP.CLEAR,
    "bab4a63c-aed9-4cf5-a766-dfca5abac2bb": TLP.GREEN,
    "34098fce-860f-48ae-8e50-ebd3cc5e41da": TLP.GREEN,
    "55d920b0-5e8b-4f79-9ee9-91f868d9b421": TLP.AMBER,
    "f88d31f6-486f-44da-b317-01333bde0b82": TLP.AMBER,
    "939a9414-2ddd-4d32-a0cd-375ea402b003": TLP.AMBER_STRICT,
    "e828b379-4e03-4974-9ac4-e53a884c97c1": TLP.RED,
    "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": TLP.RED,
}
_SILENT: Final = {
    "ad15a0cd-55b6-4588-a14c-a66105329b92",
    "a3bea94c-b469-41dc-9cfe-d6e7daba7730",
    "c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
    "60f8932b-e51e-4458-b265-a2e8be9a80ab",
    "740d36e5-7714-4c30-961a-3ae632ceee0e",
    "fa42a846-8d90-4e51-bc29-71d5b4802168",
}


def _label(one: Mapping[str, Any], held: Mapping[str, tuple[TLP, str]]) -> tuple[TLP, str]:
    """Return the least that an object must count as, and why it stays, "" if the label says so."""
    if one["id"][20:] in set(_LABELS) | _SILENT and one["type"] == "marking-definition":
        return TLP.CLEAR, ""
    found = _strictest(one.get("object_marking_refs", []))
    for each in one.get("granular_markings", []):
        if "marking_ref" in each:
            granular = _strictest([each["marking_ref"]])
            found = max(found, granular) if one.get("object_marking_refs") else granular
    if one["type"] == "marking-definition" and found[0] is TLP.CLEAR:
        return found
    return max(found, held.get(one["id"], (TLP.CLEAR, "")))


def _strictest(references: Sequence[str]) -> tuple[TLP, str]:
    marks = [str(one).removeprefix("marking-definition--") for one in references]
    if any(one not in _LABELS and one not in _SILENT for one in marks):
        return _RED, "unknown-marking"
    labels = [_LABELS[one] for one in marks if one in _LABELS]
    return (max(labels), "") if labels else (_STRICT, "unmarked")


def _holders(sent: Iterable[Any]) -> dict[str, tuple[TLP, str]]:
    found: dict[str, tuple[TLP, str]] = {}
    for one in sent:
        if isinstance(one, dict) and one.get("type") in ("report", "grouping"):
            label, why = _strictest(one.get("object_marking_refs", []))
            for held in one.get("object_refs", []):
                if held != one.get("created_by_ref"):
                    found[held] = max(
                        found.get(held, (TLP.CLEAR, "")), (label, why and f"held-{why}")
                    )
    return found


# MISP


def take_in_misp(paths: Mapping[str, Path], at_once: int = 40) -> dict[str, Outcome]:
    """Read the files by few limited processes; the parts are those of `import_events`, in its order."""
    found: dict[str, Outcome] = {}
    waiting: list[tuple[str, Any, Any]] = []
    for name, path in paths.items():
        found[name] = Outcome()
        try:
            events = read_events(bytes_of(path))
            waiting += [(name, event, sort(event)) for event in events]
        except DomainError as error:
            found[name].why[reason(error)] += 1
    for start in range(0, len(waiting), at_once):
        part = waiting[start : start + at_once]
        converted = misp_exchange._convert(
            "to_stix", "events", [ways.document for *_, ways in part]
        )
        for (name, event, ways), slots in zip(part, converted, strict=True):
            try:
                imported = assemble(event, ways, slots or {})
            except DomainError as error:
                found[name].why[reason(error)] += 1
            else:
                _account(found[name], imported)
    for name, path in paths.items():
        outcome = found[name]
        if outcome.why.total():  # a file is taken whole or not at all
            found[name] = Outcome(why=outcome.why)
        elif outcome.kept + outcome.lost != (counted := _attributes_in(path)):
            outcome.faults.append(
                f"{counted} attributes, {outcome.kept} carried, {outcome.lost} lost"
            )
    return found


def _account(outcome: Outcome, event: MispImport) -> None:
    places = [one.path for one in event.carried] + [one.path for one in event.lost_attributes]
    if len(set(places)) != len(places):
        outcome.faults.append("an attribute counts twice")
    outcome.events += 1
    outcome.kept += len(event.carried)
    outcome.lost += len(event.lost_attributes)
    label = event.tlp or TLP.AMBER_STRICT
    if not may_leave(label, Exit.COLLECTION):
        outcome.stays[f"tlp-{label.value}"] += 1


def _attributes_in(path: Path) -> int:
    """Count the attributes of a MISP file without the product."""
    read = json.loads(bytes_of(path))
    read = read.get("response", read) if isinstance(read, dict) else read
    events = read if isinstance(read, list) else [read]
    count = 0
    for one in events:
        event = one.get("Event", one)
        count += len(event.get("Attribute") or [])
        count += sum(len(each.get("Attribute") or []) for each in event.get("Object") or [])
    return count
