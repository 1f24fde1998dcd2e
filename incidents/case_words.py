"""The words of a case as people read them; the values are those of the standards."""

from cirt.errors import N_

STATUS_NAMES: dict[str, str] = {"new": N_("New"), "open": N_("Open"), "closed": N_("Closed")}
STATUS_KINDS: dict[str, str] = {"new": "todo", "open": "progress", "closed": "done"}

DETERMINATION_NAMES: dict[str, str] = {
    "suspected": N_("Suspected"),
    "confirmed": N_("Confirmed"),
    "blocked": N_("Blocked"),
    "failed-attempt": N_("Failed attempt"),
    "false-positive": N_("False alarm"),
}

OUTCOME_NAMES: dict[str, str] = {"failed": N_("Failed"), "held": N_("Held")}

# languages of the text of a case, each in its own words
LANGUAGE_NAMES: dict[str, str] = {
    "ar": "العربية",
    "zh": "中文",
    "en": "English",
    "fr": "Français",
    "ru": "Русский",
    "es": "Español",
}

NOT_JUDGED = N_("Not judged yet")

OBSERVABLE_NAMES: dict[str, str] = {
    "ipv4-addr": N_("IPv4 address"),
    "ipv6-addr": N_("IPv6 address"),
    "domain-name": N_("Domain name"),
    "url": N_("Web address (URL)"),
    "email-addr": N_("E-mail address"),
    "mac-addr": N_("Hardware (MAC) address"),
    "file": N_("File: hash or name"),
    "autonomous-system": N_("Autonomous system"),
    "windows-registry-key": N_("Windows registry key"),
    "mutex": N_("Mutex"),
    "user-account": N_("User account"),
    "process": N_("Process (command line)"),
    "x509-certificate": N_("Certificate fingerprint"),
    "email-message": N_("E-mail message (subject)"),
    "vulnerability": N_("Vulnerability (CVE)"),
}

# why a detected observable may not be worth keeping: the notes of cirt.stix.detection
NOTE_SENTENCES: dict[str, str] = {
    "private-address": N_("A private address: it means something in one network only."),
    "loopback-address": N_("A loopback address: the machine itself."),
    "link-local-address": N_("A link-local address: it means something on one link only."),
    "multicast-address": N_("A multicast address."),
    "reserved-address": N_("A reserved address."),
    "documentation-address": N_("An address for documentation; no real machine has it."),
    "documentation-domain": N_("A domain for documentation; nobody can register it."),
    "private-name": N_("A private name: it means something in one network only."),
}

FIELD_NAMES: dict[str, str] = {
    "title": N_("Title"),
    "description": N_("Description"),
    "language": N_("Language of the text"),
    "rsit": N_("Kind of incident"),
    "severity": N_("Severity"),
    "tlp": N_("Marking"),
    "determination": N_("Determination"),
    "investigation_status": N_("Status"),
    "detected_at": N_("Detected (UTC)"),
    "started_at": N_("Started (UTC)"),
    "ended_at": N_("Ended (UTC)"),
    "reported_at": N_("Reported to the team (UTC)"),
    "sectors": N_("Sectors"),
    "countries": N_("Countries concerned"),
    "techniques": N_("Techniques (ATT&CK)"),
    "pap": N_("What recipients may do (PAP)"),
    "detection_methods": N_("How it was noticed"),
    "entity_counts": N_("How many were hit"),
    "failed": N_("Capabilities that failed"),
    "held": N_("Capabilities that held"),
    "readers": N_("Persons named for TLP:RED"),
    "revision": N_("Revision"),
}

CHANGE_NAMES: dict[str, str] = {
    "created": N_("Recorded"),
    "imported": N_("Imported from a MISP event"),
    "edited": N_("Changed"),
    "observables-added": N_("Observables added"),
    "observable-changed": N_("Observable changed"),
    "observable-removed": N_("Observable removed"),
    "rule-removed": N_("Detection rule removed"),
    "received-merged": N_("Taken over from something received"),
    "impact-added": N_("Impact added"),
    "impact-changed": N_("Impact changed"),
    "impact-superseded": N_("Impact superseded by a later one"),
    "impact-removed": N_("Impact removed"),
    "task-added": N_("Task added"),
    "task-changed": N_("Task changed"),
    "task-removed": N_("Task removed"),
    "recall-revoked": N_("Told an audience that it is no longer valid"),
    "recall-withdrawn": N_("Withdrawn from an audience"),
    "taken-back": N_("Its producer withdrew what was taken over"),
    "hold-placed": N_("Put on legal hold"),
    "hold-ended": N_("Legal hold ended"),
}

# roles of an observable in the case
ROLE_NAMES: dict[str, str] = {
    "detection": N_("Of the attack, for detection: partners should look for it"),
    "context": N_("Context only"),
    "victim": N_("Belongs to the victim: never for detection"),
}
ROLE_WORDS: dict[str, str] = {
    "detection": N_("For detection"),
    "context": N_("Context"),
    "victim": N_("The victim's"),
}

LOSS_KINDS: dict[str, str] = {
    "attribute": N_("Attribute"),
    "file": N_("File"),
    "object": N_("Object"),
    "proposal": N_("Proposal"),
    "sighting": N_("Sighting"),
    "relationship": N_("Relationship"),
    "opinion": N_("Note or opinion"),
    "marking": N_("Marking"),
    "distribution": N_("Distribution"),
    "galaxy": N_("Galaxy"),
    "report": N_("Report"),
    "incident": N_("Incident"),
    "indicator": N_("Detection rule"),
    "observable": N_("Observable"),
    "impact": N_("Impact"),
    "task": N_("Task"),
    "policy": N_("Policy of use"),
}

# what became of an imported event; the keys are those of misp_echo.Known
KNOWN_LABELS: dict[str, str] = {
    "new": N_("Imported"),
    "before": N_("Imported before"),
    "newer": N_("A newer version; nothing was changed"),
    "own": N_("Your own incident"),
    "echo": N_("Repeats this incident"),
}
KNOWN_SENTENCES: dict[str, str] = {
    "new": N_("Imported"),
    "before": N_("This event was imported before; here is its incident. Nothing was doubled."),
    "newer": N_(
        "This is a newer version of an event that was imported before. Its incident is shown as it"
        " was; nothing was changed."
    ),
    "own": N_("This event is an incident of your own. Nothing was doubled."),
    "echo": N_(
        "This event was made from an incident that is here, and says nothing new. Nothing was"
        " doubled."
    ),
}

# acts in the audit trail that show or take the content of an incident
READING_NAMES: dict[str, str] = {
    "incident.view": N_("Looked at"),
    "incident.export": N_("Taken as a file"),
    "incident.import": N_("Imported"),
}

# distribution levels of MISP: data of the sender, shown to whoever decides about a release
DISTRIBUTION_NAMES: dict[int, str] = {
    0: N_("The sender's own organisation only"),
    1: N_("The sender's community only"),
    2: N_("Communities connected to the sender's"),
    3: N_("All communities"),
    4: N_("A sharing group"),
}
