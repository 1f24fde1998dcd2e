"""What the measured machines send: invented objects in the mix of a threat feed, always the same."""

import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any, Final

from cirt.stix.marking import TLP

BYTES: Final = 830
"""About as many bytes as an object of a real feed has, as clients write it."""

_KINDS: Final = (
    *("indicator",) * 35,
    *("relationship",) * 20,
    *("ipv4-addr",) * 8,
    *("domain-name",) * 7,
    *("url",) * 5,
    *("file",) * 7,
    *("malware",) * 8,
    *("attack-pattern",) * 3,
    *("threat-actor",) * 2,
    *("observed-data",) * 3,
    *("report",) * 2,
)
_WORDS: Final = (
    *("loader", "beacon", "staging", "credential", "phishing", "lure", "campaign", "sector"),
    *("operator", "infrastructure", "payload", "persistence", "lateral", "movement", "résumé"),
    *("exfiltration", "telemetry", "sinkhole", "registrar", "panel"),
)
_AGAIN: Final = 33  # one object in so many is a later version of an earlier one


def envelopes(count: int, size: int, *, seed: str) -> Iterator[bytes]:
    """Yield envelopes of `size` objects, `count` objects in all, as taxii2-client writes them."""
    stream = objects(seed)
    for _ in range(count // size):
        part = [next(stream) for _ in range(size)]
        yield json.dumps({"objects": part}, ensure_ascii=False).encode()


def objects(seed: str) -> Iterator[dict[str, Any]]:
    """Yield objects without end; another seed gives other ids."""
    chance = random.Random(seed)
    versioned: list[dict[str, Any]] = []
    number = 0
    while True:
        number += 1
        if versioned and number % _AGAIN == 0:
            again = dict(chance.choice(versioned))
            again["modified"] = f"2026-02-01T{number // 3600000:02}:{_clock(number)}Z"
            yield again
            continue
        one = _padded(_new(chance, seed, number, versioned), chance)
        if "modified" in one:
            versioned = [*versioned[-499:], one]
        yield one


def _clock(number: int) -> str:
    seconds, thousandths = divmod(number, 1000)
    return f"{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"


def _new(
    chance: random.Random, seed: str, number: int, versioned: list[dict[str, Any]]
) -> dict[str, Any]:
    kind = chance.choice(_KINDS)
    digest = hashlib.sha256(f"{seed}/{number}".encode())
    identifier = str(uuid.UUID(bytes=digest.digest()[:16], version=4))
    observable = _observable(kind, digest.hexdigest(), number)
    if observable:
        content = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}/{number}"))
        return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{content}", **observable}
    moment = f"2026-01-{number % 28 + 1:02}T{number % 24:02}:{_clock(number)}Z"
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{identifier}",
        "created": moment,
        "modified": moment,
        **_content(kind, chance, digest.hexdigest(), number, moment, versioned),
        "object_marking_refs": [TLP.GREEN.marking_id],
    }


def _observable(kind: str, digest: str, number: int) -> dict[str, Any]:
    address = f"{number % 223 + 1}.{number // 223 % 256}.{number // 57088 % 256}.7"
    host = f"{digest[:10]}.example.org"
    values: dict[str, dict[str, Any]] = {
        "ipv4-addr": {"value": address},
        "domain-name": {"value": host},
        "url": {"value": f"https://{host}/{digest[10:30]}"},
        "file": {
            "hashes": {"SHA-256": digest, "MD5": digest[:32]},
            "name": f"{digest[:6]}.exe",
            "size": number,
        },
    }
    if kind not in values:
        return {}
    return {**values[kind], "object_marking_refs": [TLP.GREEN.marking_id]}


def _content(
    kind: str,
    chance: random.Random,
    digest: str,
    number: int,
    moment: str,
    versioned: list[dict[str, Any]],
) -> dict[str, Any]:
    host = f"{digest[:10]}.example.org"
    name = f"{chance.choice(_WORDS).title()} {digest[:8]}"
    earlier = [one["id"] for one in versioned[-9:] if one["type"] != "relationship"][-2:]
    if kind == "indicator":
        pattern = chance.choice(
            (
                f"[domain-name:value = '{host}']",
                f"[ipv4-addr:value = '198.51.{number % 256}.9'] AND [url:value = 'http://{host}/a']",
                f"[file:hashes.'SHA-256' = '{digest}' OR file:hashes.MD5 = '{digest[:32]}']",
            )
        )
        return {
            "name": name,
            "indicator_types": ["malicious-activity"],
            "pattern": pattern,
            "pattern_type": "stix",
            "valid_from": moment,
            "labels": [chance.choice(_WORDS), "feed"],
            "confidence": number % 100,
        }
    if kind == "relationship" and len(earlier) == 2:
        return {
            "relationship_type": "related-to",
            "source_ref": earlier[0],
            "target_ref": earlier[1],
        }
    if kind == "observed-data":
        content = str(uuid.uuid5(uuid.NAMESPACE_URL, host))
        return {
            "first_observed": moment,
            "last_observed": moment,
            "number_observed": 1,
            "object_refs": [f"domain-name--{content}"],
        }
    if kind == "report":
        return {
            "name": name,
            "published": moment,
            "report_types": ["threat-report"],
            "object_refs": earlier or [f"malware--{uuid.UUID(digest[:32], version=4)}"],
        }
    if kind == "malware":
        return {"name": name, "is_family": False, "malware_types": ["trojan", "downloader"]}
    if kind == "relationship":
        one = f"indicator--{uuid.UUID(digest[:32], version=4)}"
        return {"relationship_type": "related-to", "source_ref": one, "target_ref": one}
    return {"name": name, "aliases": [f"{digest[8:14]} group"]}


def _padded(one: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return an object with a description, or notes of its maker, up to the size of a real one."""
    missing = int(BYTES * chance.uniform(0.7, 1.3)) - len(json.dumps(one, ensure_ascii=False))
    words = " ".join(chance.choices(_WORDS, k=max(missing, 0) // 9))
    if "created" not in one:
        return {**one, "x_note": words}
    reference = {"source_name": "example feed", "external_id": one["id"][-12:]}
    return {**one, "description": words[:-70], "external_references": [reference]}
