"""Who a release comes from: the producer or the circle, and how to reach the team."""

from typing import Any, Final

from cirt.errors import InvalidInputError
from cirt.stix.content import IncidentContent
from cirt.stix.extensions import CONTACT
from cirt.stix.ids import object_id, observable_id
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from cirt.stix.timestamps import timestamp
from cirt.stix.wire_objects import incident_id, producer_id, relationship, text

# The creation time of an object must not change between its versions (STIX 2.1, section 3.6),
# and an administration has no birthday that matters here.
_CREATED: Final = "2020-01-01T00:00:00.000Z"


def identity(content: IncidentContent) -> dict[str, Any]:
    """Return the producer. It is TLP:CLEAR and the same in all bundles, whatever their marking.

    Of a circle only id and name are sent: nothing else may tell one producer from another.
    """
    producer = content.producer
    found: dict[str, Any] = {
        "type": "identity",
        "spec_version": "2.1",
        "id": producer_id(content),
        "created_by_ref": producer_id(content),
        "created": _CREATED,
        "modified": max(timestamp(producer.modified or content.modified), _CREATED),
        "name": text(producer.name, "producer"),
        "identity_class": "group" if producer.is_circle else producer.identity_class,
        "object_marking_refs": [TLP.CLEAR.marking_id],
    }
    if producer.is_circle:
        return found
    found["sectors"] = ["government", "government-national"]
    if producer.code:
        found["external_references"] = [
            {"source_name": "administration-code", "external_id": text(producer.code, "producer")}
        ]
    return found


def contact(content: IncidentContent) -> list[dict[str, Any]]:
    """Return how to reach the team: its address, an identity that bears it, and what it is for.

    An identity of its own, because an audience that is not told the address gets the same producer
    as one that is. Everything in it decides about its id, so that it needs no versions.
    """
    producer = content.producer
    if producer.is_circle or not producer.contact:
        return []
    name, address = text(producer.name, "producer"), text(producer.contact, "contact")
    markings = [TLP.CLEAR.marking_id]
    found: dict[str, Any] = {
        "type": "identity",
        "spec_version": "2.1",
        "id": object_id("identity", producer.id, "contact", name, address),
        "created_by_ref": producer_id(content),
        "created": _CREATED,
        "modified": _CREATED,
        "name": name,
        "identity_class": "organization",
        "contact_information": address,
        "object_marking_refs": markings,
    }
    objects = [found, relationship(content, found["id"], "contact-for", incident_id(content))]
    try:
        properties = observable("email-addr", address).properties
    except InvalidInputError:
        return objects  # a telephone number, say: the standard's own property holds it
    email = {
        "type": "email-addr",
        "spec_version": "2.1",
        "object_marking_refs": markings,
        **properties,
    }
    email["id"] = observable_id("email-addr", producer.id, email)
    found["extensions"] = {
        CONTACT: {
            "extension_type": "property-extension",
            "email_addresses": [
                {"email_address_ref": email["id"], "digital_contact_type": "organizational"}
            ],
        }
    }
    return [*objects, email]
