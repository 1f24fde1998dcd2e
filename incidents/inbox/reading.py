"""What an item says, in words: read from its objects whoever wrote them."""

from collections.abc import Sequence
from dataclasses import dataclass

from cirt.errors import DomainError
from cirt.incidents.inbox.parts import Part
from cirt.incidents.object_store import published_object
from cirt.incidents.wire_content import rsit_tag
from cirt.stix.incident_reading import ReceivedContent, read_report
from cirt.stix.references import references_of


@dataclass(frozen=True)
class Reading:
    """What an item says. rsit_tag: the machine tag of its kind of incident, "" if not said."""

    content: ReceivedContent
    rsit_tag: str


def read(parts: Sequence[Part]) -> Reading | None:
    """Return what an item says; None for what cannot be read as a report."""
    objects = [part.one for part in parts]
    wanted = {ref for one in objects for ref in references_of(one)}
    published = [found for ref in sorted(wanted) if (found := published_object(ref))]
    try:
        content = read_report([*objects, *published], parts[0].stix_id)
    except DomainError:
        return None
    return Reading(content, rsit_tag(content.rsit) if content.rsit else "")
