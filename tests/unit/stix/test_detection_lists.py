"""Which values a pattern names alone, which indicators hold, and hostile texts in every form."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cirt.stix.detection_forms import written
from cirt.stix.detection_lists import (
    COMBINED,
    EXPIRED,
    NOT_YET,
    OTHER_LANGUAGE,
    REVOKED,
    Heading,
    ListForm,
    Watched,
    entries,
    watched_by,
)
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from cirt.stix.patterns import pattern_for

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HEADING = Heading(title="Region", tlp=TLP.GREEN, made=NOW)


def indicator(number: int, pattern: str, **more: Any) -> tuple[dict[str, Any], TLP]:
    found = {
        "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
        "name": "Seen",
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
    }
    return {**found, **more}, TLP.GREEN


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "24.0.2.0.192"),
        ("[ipv6-addr:value = '2001:db8::1']", "128.1.zz.db8.2001"),
        ("[ipv6-addr:value ISSUBSET '2001:db8::/32']", "32.zz.db8.2001"),
        ("[ipv6-addr:value = '2001:db8:0:1:0:0:0:1']", "128.1.zz.1.0.db8.2001"),
        ("[ipv6-addr:value = '::1']", "128.1.zz"),
    ],
)
def test_address_in_a_zone_has_the_one_spelling_that_name_servers_take(
    pattern: str, name: str
) -> None:
    """draft-vixie-dns-rpz: any other spelling of the same address is ignored."""
    found, left = entries([indicator(1, pattern)], now=NOW)
    assert left == []
    text = written(ListForm.RPZ, found, HEADING).body.decode()
    assert f"\n{name}.rpz-ip CNAME .\n" in text


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[domain-name:value = 'a.example']", [("domain", "a.example")]),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", [("network4", "192.0.2.0/24")]),
        (
            "[ipv4-addr:value = '192.0.2.1'] OR [ipv6-addr:value = '2001:db8::1']",
            [("ipv4", "192.0.2.1"), ("ipv6", "2001:db8::1")],
        ),
        (f"[file:hashes.'SHA-256' = '{'a' * 64}']", [("sha256", "a" * 64)]),
        (r"[url:value = 'http://a.example/?q=\'x\\']", [("url", "http://a.example/?q='x\\")]),
        # more than one value at a time, a sequence, a repetition, a denial, a regular expression
        ("[domain-name:value = 'a' AND domain-name:value = 'b']", []),
        ("[domain-name:value = 'a'] AND [url:value = 'b']", []),
        ("[domain-name:value = 'a'] FOLLOWEDBY [url:value = 'b']", []),
        ("[domain-name:value = 'a'] REPEATS 5 TIMES", []),
        ("[domain-name:value != 'a']", []),
        ("[domain-name:value MATCHES 'a.*']", []),
        ("[domain-name:value = 'a' OR mutex:name = 'b']", []),
        ("[domain-name:value LIKE 'a%']", []),
    ],
)
def test_only_values_that_decide_alone_are_watched(
    pattern: str, expected: list[tuple[str, str]]
) -> None:
    assert watched_by(pattern) == tuple(Watched(*each) for each in expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ipv4-addr", "192.0.2.7"),
        ("ipv4-addr", "192.0.2.0/24"),
        ("ipv6-addr", "2001:db8::/48"),
        ("domain-name", "mail.example.org"),
        ("url", "http://example.org/a'b?d=e;f|g"),
        ("email-addr", "who@example.org"),
        ("file", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_our_own_patterns_give_their_value_back(kind: str, value: str) -> None:
    found = observable(kind, value)
    [one] = watched_by(pattern_for(found))
    assert one.value == found.canonical().value or one.value in str(dict(found.properties))


def test_what_does_not_hold_now_is_left_out_with_its_reason() -> None:
    good, left = entries(
        [
            indicator(1, "[domain-name:value = 'a.example']"),
            indicator(2, "[domain-name:value = 'b.example']", revoked=True),
            indicator(3, "[domain-name:value = 'c.example']", valid_until="2026-11-22T00:00:00Z"),
            indicator(4, "[domain-name:value = 'd.example']", valid_from="2026-11-23T00:00:00Z"),
            indicator(5, "alert dns any any", pattern_type="suricata"),
            indicator(6, "[domain-name:value = 'a' AND url:value = 'b']"),
        ],
        now=NOW,
    )
    assert [one.id[-1] for one in good] == ["1", "5", "6"]
    assert {one.id[-1]: one.reason for one in left} == {"2": REVOKED, "3": EXPIRED, "4": NOT_YET}
    made = written(ListForm.HOSTS, good, HEADING)
    assert {one.id[-1]: one.reason for one in made.left_out} == {"5": OTHER_LANGUAGE, "6": COMBINED}
    assert b"0.0.0.0 a.example\n" in made.body


HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("=+-@\t\r\n;\"'|\\*?#{}[]()<>%,:‮\u2066＝\x1b"), st.characters(codec="utf-8")
    ),
    max_size=40,
)


@given(name=HOSTILE, value=HOSTILE.filter(bool))
def test_no_text_leaves_its_place_in_any_form_T42(name: str, value: str) -> None:
    """Formulas, comments, line ends, escapes, direction marks: each form keeps one entry one."""
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    good, _left = entries(
        [
            indicator(1, f"[domain-name:value = '{quoted}']", name=name),
            indicator(2, f"[url:value = 'http://a.example/{quoted}']", name=name),
        ],
        now=NOW,
    )
    for form in ListForm:
        made = written(form, good, HEADING)
        text = made.body.decode("utf-8")
        if form is ListForm.CSV:
            rows = list(csv.reader(io.StringIO(text.split("\r\n", 4)[4], newline="")))
            assert [len(row) for row in rows] == [7, 7, 7]
            cells = [cell for row in rows[1:] for cell in row]
            assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@＝＋－＠")]
        elif form in (ListForm.HOSTS, ListForm.RPZ):
            lines = [line for line in text.splitlines() if line[:1] not in ("#", ";")]
            allowed = r"(0\.0\.0\.0 )?[a-z0-9@*._$-]+( [A-Za-z0-9 ._$-]+)?|\$TTL 300"
            assert all(re.fullmatch(allowed, line, re.IGNORECASE) for line in lines), lines
        elif form is ListForm.SURICATA:
            rules = [line for line in text.split("\n") if line and not line.startswith("#")]
            plain = r'alert [a-z]+ any any -> \S+ any \((?:[a-z_.]+(?:: ?(?:"[^";\\]*"|[^";()]*))?; ?)+\)'
            assert all(re.fullmatch(plain, rule) for rule in rules), rules
            assert text.isascii() or not rules
        elif form is ListForm.SIGMA:
            for rule in YAML(typ="safe").load_all(text):
                assert rule is None or set(rule) >= {"title", "detection", "logsource"}
        else:
            assert len(json.loads(text)["patterns"]) == 2
