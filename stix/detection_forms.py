"""How the lists of `detection_lists` are written: one function a form."""

import csv
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from uuid import UUID, uuid5

from cirt.stix.detection_lists import (
    OTHER_KIND,
    DetectionList,
    Entry,
    Heading,
    LeftOut,
    ListForm,
    Watched,
    split,
)
from cirt.stix.ids import canonical_json
from cirt.stix.timestamps import timestamp

_ADDRESSES: Final = ("ipv4", "ipv6", "network4", "network6")
_HASHES: Final = ("md5", "sha1", "sha256", "sha512")


def written(form: ListForm, found: Sequence[Entry], heading: Heading) -> DetectionList:
    """Return the list in a form; the same entries and heading always give the same bytes."""
    return _FORMS[form](found, heading)


def _csv(found: Sequence[Entry], heading: Heading) -> DetectionList:
    every = (*_ADDRESSES, *_HASHES, "domain", "url", "email", "file-name")
    taken, left = split(found, every)
    text = io.StringIO()
    text.write("".join(f"# {line}\r\n" for line in _head(heading, len(taken))))
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("kind", "value", "marking", "valid_from", "valid_until", "indicator", "name"))
    for entry, one in taken:
        until = timestamp(entry.valid_until) if entry.valid_until else ""
        row = (one.kind, one.value, entry.tlp.label, timestamp(entry.valid_from), until, entry.id)
        writer.writerow([*map(_inert, row), _inert(_line(entry.name))])
    return _list(text.getvalue(), "text/csv; charset=utf-8", "csv", len(taken), left)


def _hosts(found: Sequence[Entry], heading: Heading) -> DetectionList:
    taken, left = split(found, ("domain",))
    names, more = _domains(taken)
    lines = [f"# {line}" for line in _head(heading, len(names))]
    lines += [f"0.0.0.0 {name}" for name in names]
    return _list("\n".join(lines) + "\n", _TEXT, "hosts", len(names), left + more)


def _rpz(found: Sequence[Entry], heading: Heading) -> DetectionList:
    taken, left = split(found, ("domain", *_ADDRESSES))
    names, more = _domains(taken)
    networks = sorted(
        {_network(one.value) for _entry, one in taken if one.kind in _ADDRESSES}, key=str
    )
    records = [each for name in names for each in (f"{name} CNAME .", f"*.{name} CNAME .")]
    records += [f"{_rpz_address(network)}.rpz-ip CNAME ." for network in networks]
    # the serial number grows with time, as a secondary server expects (RFC 1912, section 2.2)
    zone = [
        "$TTL 300",
        f"@ SOA localhost. root.localhost. {int(heading.made.timestamp())} 300 60 86400 300",
        "@ NS localhost.",
    ]
    lines = [f"; {line}" for line in _head(heading, len(records))] + zone + records
    return _list("\n".join(lines) + "\n", _TEXT, "rpz", len(records), left + more)


def _suricata(found: Sequence[Entry], heading: Heading) -> DetectionList:
    taken, left = split(found, ("domain", "url", *_ADDRESSES))
    rules: list[str] = []
    more: list[LeftOut] = []
    for entry, one in taken:
        tests = _suricata_tests(one)
        if not tests:
            more.append(LeftOut(entry.id, OTHER_KIND))
        for protocol, target, options in tests:
            sid = (
                1_000_000_000 + zlib.crc32(f"{entry.id} {one} {protocol}".encode()) % 1_000_000_000
            )
            name = _suricata_message(f"{entry.tlp.label} {_line(entry.name) or one.kind}")
            reference = f"metadata: indicator {entry.id.replace('--', '_')}"
            rules.append(
                f"alert {protocol} any any -> {target} any"
                f' (msg:"{name}"; {options}{reference}; sid:{sid}; rev:1;)'
            )
    rules = sorted(set(rules))
    lines = [f"# {line}" for line in _head(heading, len(rules))] + rules
    return _list("\n".join(lines) + "\n", _TEXT, "rules", len(rules), left + more)


def _suricata_tests(one: Watched) -> list[tuple[str, str, str]]:
    """Return (protocol, destination, options ending with a space) of the rules for one value."""
    if one.kind in _ADDRESSES:
        network = _network(one.value)
        return [("ip", f"[{network}]" if network.version == 6 else str(network), "")]
    if one.kind == "domain":
        name = _ascii(one.value)
        if name is None:
            return []
        quoted = _suricata_text(name)
        return [
            ("dns", "any", f'dns.query; bsize:{len(name)}; content:"{quoted}"; nocase; '),
            ("tls", "any", f'tls.sni; bsize:{len(name)}; content:"{quoted}"; nocase; '),
            ("http", "any", f'http.host; bsize:{len(name)}; content:"{quoted}"; '),
        ]
    scheme, _separator, rest = one.value.partition("://")
    host, slash, path = rest.partition("/")
    if scheme != "http" or not host.isascii() or not path.isascii() or "@" in host or not slash:
        return []  # what goes encrypted cannot be seen in a request
    name = host.partition(":")[0].lower()
    options = f'http.host; bsize:{len(name)}; content:"{_suricata_text(name)}"; '
    uri = _suricata_text("/" + path)
    return [("http", "any", f'{options}http.uri.raw; content:"{uri}"; startswith; endswith; ')]


def _sigma(found: Sequence[Entry], heading: Heading) -> DetectionList:
    fields: Mapping[str, tuple[str, Callable[[Watched], str]]] = {
        "domain": ("dns_query", lambda one: one.value),
        "url": ("proxy", lambda one: one.value),
        "ipv4": ("network_connection", lambda one: one.value),
        "ipv6": ("network_connection", lambda one: one.value),
        "md5": ("file_event", lambda one: f"MD5={one.value.upper()}"),
        "sha1": ("file_event", lambda one: f"SHA1={one.value.upper()}"),
        "sha256": ("file_event", lambda one: f"SHA256={one.value.upper()}"),
    }
    names = {
        "dns_query": "QueryName",
        "proxy": "c-uri",
        "network_connection": "DestinationIp",
        "file_event": "Hashes|contains",
    }
    taken, left = split(found, fields)
    rules: list[str] = []
    entries = {each.id: each for each, _one in taken}
    values: dict[str, dict[str, list[str]]] = {key: {} for key in entries}
    for each, one in taken:
        category, write = fields[one.kind]
        values[each.id].setdefault(category, []).append(write(one))
    for key, entry in entries.items():
        for category, wanted in sorted(values[key].items()):
            rules.append(_sigma_rule(entry, category, names[category], wanted))
    lines = "".join(f"# {line}\n" for line in _head(heading, len(rules)))
    return _list(lines + "---\n".join(rules), "application/yaml", "yml", len(rules), left)


def _sigma_rule(entry: Entry, category: str, name: str, wanted: Iterable[str]) -> str:
    """Return one rule; texts are written as JSON, which YAML reads as they are."""
    rule = entry.id.partition("--")[2]
    lines = [
        f"title: {_yaml(_line(entry.name)[:200] or entry.id)}",
        f"id: {_derived(rule, category)}",
        "status: experimental",
        f"description: {_yaml(f'{entry.tlp.label}; from the STIX indicator {entry.id}')}",
        f"date: {entry.valid_from:%Y-%m-%d}",
        "tags:",
        f"  - {_yaml('tlp.' + entry.tlp.value)}",
        "logsource:",
        f"  category: {category}",
        "detection:",
        "  selection:",
        f"    {name}:",
        *(f"      - {_yaml(_sigma_text(value))}" for value in sorted(set(wanted))),
        "  condition: selection",
        "level: high",
    ]
    return "\n".join(lines) + "\n"


def _stix(found: Sequence[Entry], heading: Heading) -> DetectionList:
    document = {
        "about": _head(heading, len(found)),
        "marking": heading.tlp.label,
        "made": timestamp(heading.made),
        "patterns": [
            {
                "id": entry.id,
                "name": entry.name,
                "marking": entry.tlp.label,
                "pattern": entry.pattern,
                "pattern_type": entry.pattern_type,
                "valid_from": timestamp(entry.valid_from),
                **({"valid_until": timestamp(entry.valid_until)} if entry.valid_until else {}),
            }
            for entry in found
        ],
    }
    body = canonical_json(document)
    return DetectionList(body, "application/json", "json", len(found))


_TEXT: Final = "text/plain; charset=utf-8"
_FORMS: Final[Mapping[ListForm, Callable[[Sequence[Entry], Heading], DetectionList]]] = {
    ListForm.CSV: _csv,
    ListForm.HOSTS: _hosts,
    ListForm.RPZ: _rpz,
    ListForm.SURICATA: _suricata,
    ListForm.SIGMA: _sigma,
    ListForm.STIX: _stix,
}


def _head(heading: Heading, lines: int) -> list[str]:
    """Return what stands at the top: marking, circle, time. English, for every reader of files."""
    return [
        heading.tlp.label,
        f"Circle: {_line(heading.title)}",
        f"Made: {timestamp(heading.made)}",
        f"Lines: {lines}",
    ]


def _list(
    text: str, media_type: str, ending: str, lines: int, left: Sequence[LeftOut]
) -> DetectionList:
    return DetectionList(text.encode("utf-8"), media_type, ending, lines, tuple(left))


def _line(text: str) -> str:
    """Return a text on one line, without characters that steer a terminal or turn direction."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠") else text


def _ascii(name: str) -> str | None:
    """Return a domain name as it stands in DNS, None if it has no such form."""
    try:
        found = name.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        found = name.lower() if name.isascii() else ""
    plain = found.replace("-", "").replace("_", "").replace(".", "")
    return found if plain.isalnum() and ".." not in found else None


def _domains(taken: Iterable[tuple[Entry, Watched]]) -> tuple[list[str], list[LeftOut]]:
    names: set[str] = set()
    left: list[LeftOut] = []
    for entry, one in taken:
        if one.kind != "domain":
            continue
        name = _ascii(one.value)
        if name is None:
            left.append(LeftOut(entry.id, OTHER_KIND))
        else:
            names.add(name)
    return sorted(names), left


def _network(value: str) -> IPv4Network | IPv6Network:
    return ip_network(value, strict=False)


def _rpz_address(network: IPv4Network | IPv6Network) -> str:
    """Return a network as a trigger name of a response policy zone: reversed, length first.

    The longest run of zeros is "zz"; name servers ignore any other spelling (draft-vixie-dns-rpz).
    """
    text = network.network_address.compressed
    if network.version == 4:
        parts = text.split(".")
    else:
        parts = text.replace("::", ":zz:").strip(":").split(":")
    return ".".join([str(network.prefixlen), *reversed(parts)])


def _suricata_text(text: str) -> str:
    """Return a text as it may stand between quotes in a rule: what means something as hexadecimal."""
    return "".join(
        each
        if each.isascii() and (each.isalnum() or each in " .-_/+:&=?~")
        else "|" + " ".join(f"{byte:02X}" for byte in each.encode("utf-8")) + "|"
        for each in text
    )


def _suricata_message(text: str) -> str:
    """Return a text for `msg`, which knows no hexadecimal and is read by people."""
    return " ".join(re.sub(r"[^\w .:/+-]", " ", text, flags=re.ASCII).split())[:200]


def _sigma_text(value: str) -> str:
    """Return a value in which nothing is a wildcard."""
    return value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def _yaml(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)


def _derived(rule: str, category: str) -> str:
    """Return the id of a rule, the same for the same indicator and kind of log."""
    return str(uuid5(UUID(rule), category))
