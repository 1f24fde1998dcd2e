"""The process that runs misp-stix: started by misp_exchange, speaks JSON, keeps nothing.

Request: {"action": "to_stix", "events": [...]} or {"action": "to_misp", "bundles": [...]}.
Answer: a list with one result for each, null where nothing could be made of it.
"""

import json
import logging
import warnings
from collections.abc import Callable
from typing import Any

from cirt import strictjson
from cirt.limited import serve

_LIMITS = strictjson.Limits(max_bytes=50_000_000, max_string=50_000_000)


def answer(request: bytes) -> bytes:
    """Return the converted documents, as JSON bytes."""
    # libraries complain about the input on stderr, which nobody reads
    warnings.simplefilter("ignore")
    logging.disable()
    from cirt.stix.misp import bundle_to_event, event_to_stix

    asked = strictjson.loads(request, _LIMITS)
    if asked["action"] == "to_stix":
        results = [_guarded(event_to_stix, event) for event in asked["events"]]
    else:
        results = [_guarded(bundle_to_event, bundle) for bundle in asked["bundles"]]
    return json.dumps(results, ensure_ascii=False).encode()


def _guarded(convert: Callable[[dict[str, Any]], Any], document: dict[str, Any]) -> Any:
    try:
        return convert(document)
    except MemoryError:
        raise
    except (Exception, SystemExit):  # noqa: BLE001 - one document must not spoil the others
        return None


if __name__ == "__main__":
    serve(answer)
