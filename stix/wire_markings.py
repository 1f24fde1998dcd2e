"""The markings that the objects of a release bear: TLP, PAP, and the policy of use."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from cirt.stix.content import IncidentContent
from cirt.stix.iep import IepContent, iep_labels, iep_marking
from cirt.stix.marking import TLP, marking_definition, pap_id, pap_marking, strictest


def marking_refs(content: IncidentContent) -> list[str]:
    """Return the marking ids of every object that is made for this content."""
    refs = [content.tlp.marking_id]
    if content.pap:
        refs.append(pap_id(content.pap))
    if content.iep:
        refs.append(_policy(content.iep, content.producer.id)["id"])
    return refs


def policies(content: IncidentContent) -> list[dict[str, Any]]:
    """Return the producer's own marking definitions: that of the policy, if there is one."""
    return [dict(_policy(content.iep, content.producer.id))] if content.iep else []


def constant_markings(content: IncidentContent) -> list[dict[str, Any]]:
    """Return the published marking definitions that the bundle refers to.

    TLP:CLEAR is always among them: the producer's identity bears it whatever the incident is.
    """
    found = [marking_definition(tlp) for tlp in sorted({TLP.CLEAR, content.tlp})]
    return found + ([pap_marking(content.pap)] if content.pap else [])


def effective_tlp(content: IncidentContent) -> TLP:
    """Return how far the content may go: the narrower of its label and the policy's."""
    return strictest([content.tlp, *iep_labels(policies(content)).values()])


@lru_cache(maxsize=64)
def _policy(content: IepContent, owner: UUID) -> dict[str, Any]:
    return iep_marking(content, owner)
