"""What a MISP event says about itself: marking, class, severity, state, techniques, names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cirt.errors import N_
from cirt.stix.marking import TLP, strictest
from cirt.stix.misp_content import AttackPattern, Loss, shortened

_SEVERITY_BY_THREAT_LEVEL: Final = {"1": 4, "2": 3, "3": 2}
_STATUS_BY_ANALYSIS: Final = {"0": "new", "1": "open", "2": "closed"}
_ANALYSIS_BY_STATUS: Final = {status: step for step, status in _STATUS_BY_ANALYSIS.items()}
# WHITE is the word of TLP 1 for CLEAR
_TLP_WORDS: Final = {label.value: label for label in TLP} | {"white": TLP.CLEAR}
_MACHINE_TAG: Final = re.compile(r'([a-z0-9-]+):([a-z0-9-]+)="([a-z0-9-]+)"', re.IGNORECASE)
_GALAXY_TAG: Final = re.compile(r'misp-galaxy:([^=]+)="(.*)"', re.DOTALL)
_TECHNIQUE: Final = re.compile(r"\bT[0-9]{4}(?:\.[0-9]{3})?\b")
_TECHNIQUE_SUFFIX: Final = re.compile(r"\s+-\s+(T[0-9]{4}(?:\.[0-9]{3})?)$")


def items(parent: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the JSON objects in a list property; MISP leaves it out, empty, or null."""
    value = parent.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def tag_names(parent: Mapping[str, Any]) -> list[str]:
    """Return the names of the tags of an event or attribute, as written, without repetitions."""
    names = (entry.get("name") for entry in items(parent, "Tag"))
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def severity(threat_level_id: Any) -> int | None:
    """Return a proposal for the severity (0-5) from MISP's threat level; None if undefined."""
    return _SEVERITY_BY_THREAT_LEVEL.get(str(threat_level_id))


def threat_level_id(severity: int | None) -> str:
    """Return MISP's threat level: "1" high (4, 5), "2" medium (3), "3" low (0-2), "4" undefined."""
    if severity is None:
        return "4"
    return "1" if severity >= 4 else "2" if severity == 3 else "3"


def investigation_status(analysis: Any) -> str:
    """Return the investigation status of a MISP analysis state; "new" when it says none."""
    return _STATUS_BY_ANALYSIS.get(str(analysis), "new")


def analysis(investigation_status: str) -> str:
    """Return MISP's analysis state; a word outside the vocabulary counts as ongoing."""
    return _ANALYSIS_BY_STATUS.get(investigation_status, "1")


def rsit(tags: Iterable[str]) -> str:
    """Return "<classification>:<type>" of the first RSIT machine tag, "" if there is none."""
    for tag in tags:
        match = _MACHINE_TAG.fullmatch(tag.strip())
        if match and match[1].lower() == "rsit":
            return f"{match[2].lower()}:{match[3].lower()}"
    return ""


def rsit_tag(rsit: str) -> str | None:
    """Return the machine tag of a class as MISP's RSIT taxonomy writes it; None if unclassified."""
    classification, colon, kind = rsit.partition(":")
    return f'rsit:{classification}="{kind}"' if colon else None


def technique_tag(technique: str) -> str:
    """Return the galaxy tag of an ATT&CK technique id; MISP's own tags also hold its name."""
    return f'misp-galaxy:mitre-attack-pattern="{technique}"'


def tlp_of_tags(
    event_tags: Iterable[str], attribute_tags: Iterable[str]
) -> tuple[TLP | None, list[Loss]]:
    """Return the label of the event, None if it bears none, and the marks that were not understood.

    The strictest wins. A label on an attribute makes the whole stricter, never weaker. A TLP tag
    that TLP 2.0 does not know (TLP:EX:CHR, TLP:UNCLEAR) counts as AMBER+STRICT.
    """
    unknown: list[Loss] = []
    of_event = list(_labels(event_tags, unknown))
    of_attributes = list(_labels(attribute_tags, unknown))
    if not of_event:
        strict = strictest(of_attributes)
        return (TLP.RED if strict is TLP.RED else None), unknown
    return strictest(of_event + of_attributes), unknown


def _labels(tags: Iterable[str], unknown: list[Loss]) -> Iterator[TLP]:
    for tag in tags:
        namespace, colon, word = tag.strip().lower().partition(":")
        if namespace != "tlp" or not colon:
            continue
        label = _TLP_WORDS.get(word.strip().strip('"'))
        if label is None:
            reason = N_("This is not a label of TLP 2.0; it was read as TLP:AMBER+STRICT.")
            unknown.append(Loss("marking", "Tag", shortened(tag), reason))
        yield label or TLP.AMBER_STRICT


def galaxies(
    parents: Iterable[Mapping[str, Any]],
) -> tuple[tuple[AttackPattern, ...], tuple[str, ...]]:
    """Return the attack patterns and the other names that galaxies or their tags give.

    parents: the event, its attributes and objects' attributes. Names read "<galaxy type>: <name>".
    """
    patterns: dict[str, AttackPattern] = {}
    names: dict[str, None] = {}
    for kind, value, external_ids in _clusters(parents):
        suffix = _TECHNIQUE_SUFFIX.search(value)
        name = shortened(value[: suffix.start()] if suffix else value)
        if "attack-pattern" in kind:
            techniques = [known for known in external_ids if _TECHNIQUE.fullmatch(known)]
            if not techniques:
                techniques = _TECHNIQUE.findall(suffix[1] if suffix else value)
            technique = techniques[0] if techniques else ""
            pattern = AttackPattern(name=name, external_id=technique)
            patterns.setdefault(technique or name.casefold(), pattern)
        else:
            names[f"{shortened(kind, 60)}: {name}"] = None
    return tuple(patterns.values()), tuple(names)


def _clusters(parents: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (galaxy type, cluster name, its external ids); a cluster and its tag may both come."""
    for parent in parents:
        for galaxy in items(parent, "Galaxy"):
            for cluster in items(galaxy, "GalaxyCluster"):
                kind, value = cluster.get("type") or galaxy.get("type"), cluster.get("value")
                if isinstance(kind, str) and isinstance(value, str):
                    yield kind, value, _external_ids(cluster.get("meta"))
        for tag in tag_names(parent):
            if match := _GALAXY_TAG.fullmatch(tag.strip()):
                yield match[1], match[2], []


def _external_ids(meta: Any) -> list[str]:
    found = meta.get("external_id") if isinstance(meta, dict) else None
    listed = found if isinstance(found, list) else [found]
    return [entry for entry in listed if isinstance(entry, str)]


def distribution(raw: Mapping[str, Any]) -> int | None:
    """Return MISP's distribution level (0-5) of an event; None if it gives none."""
    level = str(raw.get("distribution"))
    return int(level) if re.fullmatch("[0-5]", level) else None


def sharing_group(raw: Mapping[str, Any]) -> str:
    """Return the name, or else the number, of MISP's sharing group; "" if there is none."""
    group = raw.get("SharingGroup")
    name = group.get("name") if isinstance(group, dict) else None
    if isinstance(name, str) and name.strip():
        return shortened(name)
    number = str(raw.get("sharing_group_id") or "0")
    return number if re.fullmatch("[1-9][0-9]{0,17}", number) else ""
