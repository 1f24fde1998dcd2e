"""The published extension objects that our bundles refer to, and the words that they fix.

Source: Incident Core Extension 2.1 for STIX 2.1 (OASIS cti-stix-common-objects, draft of
20 February 2024 with the edits of March 2024).
"""

import copy
from typing import Any, Final

INCIDENT_CORE: Final = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
EVENT: Final = "extension-definition--4ca6de00-5b0d-45ef-a1dc-ea7279ea910e"
IMPACT: Final = "extension-definition--7cc33dd6-f6a1-489b-98ea-522d351d71b9"
TASK: Final = "extension-definition--2074a052-8be4-4932-849e-f5e7798e0030"
CONTACT: Final = "extension-definition--66e2492a-bbd3-4be6-88f5-cc91a017a498"
_OASIS: Final = "identity--8ce3f695-d5a4-4dc8-9e93-a65af453a31a"
_SPECIFICATIONS: Final = (
    "https://github.com/oasis-open/cti-stix-common-objects/tree/main"
    "/extension-definition-specifications/"
)

_PUBLISHED: Final[dict[str, dict[str, Any]]] = {
    INCIDENT_CORE: {
        "id": INCIDENT_CORE,
        "type": "extension-definition",
        "spec_version": "2.1",
        "name": "Incident Core Extension",
        "description": (
            "A core extension of the Incident object to allow core details of the Incident to be"
            " shared while tracking major details tied to the incident's timeline.  Multiple"
            " Incidents can be tied together via relationships if a higher degree of fidelity is"
            " needed across phases."
        ),
        "created": "2020-10-19T20:51:00.000Z",
        "modified": "2023-07-11T00:56:00.000Z",
        "created_by_ref": _OASIS,
        "schema": _SPECIFICATIONS + "incident-ef7",
        "version": "2.0.0",
        "extension_types": ["property-extension"],
    },
    EVENT: {
        "id": EVENT,
        "type": "extension-definition",
        "spec_version": "2.1",
        "name": "Event Extension",
        "description": (
            "Events store high level events that are not necessarily system level (these should be"
            " captured as separate SCOs) that can become tied to incidents.  Events can cause or"
            " alter impacts, and often exist prior to incidents being declared or officially"
            " tracked."
        ),
        "created": "2023-05-16T20:47:23.388576Z",
        "modified": "2023-05-16T20:47:23.388576Z",
        "created_by_ref": _OASIS,
        "schema": _SPECIFICATIONS + "incident-core/event",
        "version": "1.0.0",
        "extension_types": ["new-sdo"],
    },
    IMPACT: {
        "id": IMPACT,
        "type": "extension-definition",
        "spec_version": "2.1",
        "name": "Impact Extension",
        "description": (
            "Impact SDOs store the impacts of incidents or activities while allowing tracking how"
            " these changed over time."
        ),
        "created": "2023-05-16T21:01:53.607242Z",
        "modified": "2023-05-16T21:01:53.607242Z",
        "created_by_ref": _OASIS,
        "schema": _SPECIFICATIONS + "incident-core/impact",
        "version": "1.0.0",
        "extension_types": ["new-sdo"],
    },
    TASK: {
        "id": TASK,
        "type": "extension-definition",
        "spec_version": "2.1",
        "name": "Task Extension",
        "description": (
            "Tasks primarily record defender activities performed in response to events and"
            " incidents.  They can also be used to track generic tasks outside of the incident"
            " response process."
        ),
        "created": "2023-05-16T21:24:16.596743Z",
        "modified": "2023-05-16T21:24:16.596743Z",
        "created_by_ref": _OASIS,
        "schema": _SPECIFICATIONS + "incident-core/task",
        "version": "1.0.0",
        "extension_types": ["new-sdo"],
    },
    CONTACT: {
        "id": CONTACT,
        "type": "extension-definition",
        "spec_version": "2.1",
        "name": "Identity Contact Information",
        "description": (
            "This extension allows contact information to be included in identities in a manner"
            " that allows them to be machine parsable."
        ),
        "created": "2022-12-16T22:00:00.000Z",
        "modified": "2023-01-03T13:00:00.000Z",
        "created_by_ref": _OASIS,
        "schema": _SPECIFICATIONS + "identity-66e",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    },
    _OASIS: {
        "type": "identity",
        "spec_version": "2.1",
        "id": _OASIS,
        "created": "2021-03-13T20:09:20.8889Z",
        "modified": "2021-12-01T16:19:51.601791Z",
        "name": "OASIS",
        "description": (
            "OASIS is a global community of experts who drive the creation and adoption of open"
            " standards promoting interoperability, innovation, and freedom of choice."
        ),
        "identity_class": "organization",
    },
}


EXTENSION_IDS: Final = frozenset(_PUBLISHED) - {_OASIS}
"""The extension definitions that our bundles carry when they use them."""


def published(*identifiers: str) -> list[dict[str, Any]]:
    """Return extension definitions as published, and the identity that created them."""
    return [copy.deepcopy(_PUBLISHED[identifier]) for identifier in (*identifiers, _OASIS)]


DETERMINATIONS: Final = ("suspected", "confirmed", "blocked", "failed-attempt", "false-positive")
"""Closed list incident-determination, in the order in which a case usually moves."""

INVESTIGATION_STATUSES: Final = ("new", "open", "closed")
"""Open vocabulary incident-investigation."""

DETECTION_METHODS: Final = (
    "automated-tool",
    "commercial-solution",
    "external-notification",
    "human-review",
    "message-from-attacker",
    "proprietary-solution",
    "system-outage",
    "user-reporting",
)
"""Open vocabulary detection-methods ("proprietary", where an older text has a slip)."""

CRITICALITY: Final = (0, 15, 40, 70, 95, 100)
"""What a severity of 0 to 5 is sent as: the values of the five-step scale False Positive, Low,
Moderate, High, Extreme; 4 and 5 both lie in Extreme (90 to 100)."""

# Only where both vocabularies mean the same thing; phishing, for one, has three counterparts
# (mails, sites, collected data) and therefore none.
_INCIDENT_TYPES: Final = {
    "abusive-content:spam": "spam",
    "malicious-code:infected-system": "infected-by-known-malware",
    "malicious-code:c2-server": "c&c-server-hosting",
    "malicious-code:malware-distribution": "hosting-malware-webpage",
    "information-gathering:scanner": "network-scanning",
    "information-gathering:sniffing": "wiretapping",
    "intrusion-attempts:ids-alert": "exploit-attempt",
    "intrusion-attempts:brute-force": "brute-force-attempt",
    "intrusion-attempts:exploit": "exploit-attempt",
    "intrusions:privileged-account-compromise": "unauthorized-access-system",
    "intrusions:unprivileged-account-compromise": "unauthorized-access-system",
    "intrusions:application-compromise": "exploit",
    "intrusions:system-compromise": "compromised-system",
    "availability:dos": "denial-of-service",
    "availability:ddos": "denial-of-service",
    "availability:misconfiguration": "misconfiguration",
    "availability:sabotage": "vandalism",
    "information-content-security:unauthorised-information-access": (
        "unauthorized-access-information"
    ),
    "information-content-security:unauthorised-information-modification": (
        "modification-information"
    ),
    "information-content-security:data-leak": "unauthorized-release",
    "fraud:unauthorised-use-of-resources": "illegitimate-use-resources",
    "fraud:copyright": "copyrighted-content",
    "fraud:masquerade": "illegitimate-use-name",
    "other:undetermined": "undetermined",
}


def incident_types(rsit: str) -> list[str]:
    """Return the event-type words for an RSIT type "<classification>:<type>"; [] if none fits."""
    word = _INCIDENT_TYPES.get(rsit)
    return [word] if word else []
