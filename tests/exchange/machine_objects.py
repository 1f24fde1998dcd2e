"""What the machines of the exchange tests send."""

import uuid
from typing import Any

from cirt.stix.marking import TLP

TIME = "2026-01-02T03:04:05.000Z"


def indicator(**more: Any) -> dict[str, Any]:
    """Return a valid TLP:GREEN indicator with an id of its own, with changes."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": TIME,
        "modified": TIME,
        "pattern": "[ipv4-addr:value = '192.0.2.1']",
        "pattern_type": "stix",
        "valid_from": TIME,
        "object_marking_refs": [TLP.GREEN.marking_id],
        **more,
    }
