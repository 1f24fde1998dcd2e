"""TAXII 2.1 on the wire: media types, times, filters, cursors, envelopes."""

import json
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.stix import taxii_filters
from cirt.stix.taxii_filters import (
    MAX_LIMIT,
    BadFilterError,
    Filters,
    Which,
    read_cursor,
    read_filters,
    version_key,
    write_cursor,
)
from cirt.stix.taxii_protocol import (
    date_headers,
    envelope,
    error_resource,
    is_acceptable,
    is_readable,
    read_timestamp,
    resource,
    write_timestamp,
)

KEY = b"a key of the tests"
COLLECTION = uuid.UUID("11111111-2222-4333-8444-555555555555")


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        " ",
        "*/*",
        "application/*",
        "application/taxii+json",
        "application/taxii+json;version=2.1",
        "application/taxii+json; version=2.1",
        'application/taxii+json; version="2.1"',
        "APPLICATION/TAXII+JSON;VERSION=2.1",
        "application/taxii+json;version=2.1;q=0.3",
        "text/html, application/taxii+json;q=0.1",
        "application/json, text/plain, */*",
        "application/json",
        "application/taxii+json;version=2.0, application/taxii+json;version=2.1",
        "application/taxii+json;version=2.0, */*;q=0.1",
    ],
)
def test_accept_that_includes_our_type_is_served(accept: str | None) -> None:
    """TAXII-2.1-3.1, 1.6.8: no version means the highest; q values and case as in RFC 9110."""
    assert is_acceptable(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/taxii+json;version=2.0",
        "application/taxii+json;q=0",
        "application/taxii+json;q=0, */*",
        "application/taxii+json;version=2.1;q=0.000, application/taxii+json",
        "*/*;q=0",
        "application/vnd.oasis.taxii+json",
        "nonsense",
        "application/taxii+json;q=much",
    ],
)
def test_accept_that_excludes_our_type_is_refused(accept: str) -> None:
    """TAXII-2.1-3.1: 406."""
    assert not is_acceptable(accept)


@given(st.text())
def test_any_accept_text_gets_a_decision(accept: str) -> None:
    """No header breaks the reader."""
    assert is_acceptable(accept) in (True, False)
    assert is_readable(accept) in (True, False)


@pytest.mark.parametrize(
    ("content_type", "read"),
    [
        ("application/taxii+json;version=2.1", True),
        ("application/taxii+json", True),
        ("Application/TAXII+json; Version=2.1; charset=utf-8", True),
        ("application/stix+json;version=2.1", True),
        ("application/vnd.oasis.stix+json", True),
        ("application/taxii+json;version=2.0", False),
        ("application/json", False),
        ("application/x-www-form-urlencoded", False),
        ("", False),
        (None, False),
    ],
)
def test_content_types_of_a_body(content_type: str | None, read: bool) -> None:
    """TAXII-2.1-5.5: 415 for others."""
    assert is_readable(content_type) is read


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.000001999Z", 1),
        ("2026-11-22T17:00:00.123456Z", 1795366800123456),
    ],
)
def test_timestamps_are_read_to_the_microsecond(text: str, microseconds: int) -> None:
    """TAXII-2.1-2: RFC 3339; 0 to 9 digits are taken."""
    assert read_timestamp(text) == microseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01 00:00:00Z",
        "２０２６-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
    ],
)
def test_other_times_are_none(text: str) -> None:
    """TAXII-2.1-3.4: such an added_after is a 400."""
    assert read_timestamp(text) is None


@given(st.integers(min_value=0, max_value=253_402_300_799_999_999))
def test_timestamps_survive_writing_and_reading(added_us: int) -> None:
    """TAXII-2.1-2: six digits, and not one is lost."""
    text = write_timestamp(added_us)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    assert read_timestamp(text) == added_us


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_cursors_survive_writing_and_reading(position: int) -> None:
    """A position comes back whole, from text that needs no escaping in an address."""
    text = write_cursor(KEY, COLLECTION, position)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert read_cursor(KEY, COLLECTION, text) == position


@given(st.text(max_size=80))
def test_cursors_of_others_are_refused(text: str) -> None:
    """Nobody builds a position."""
    with pytest.raises(BadFilterError):
        read_cursor(KEY, COLLECTION, text)


@given(st.integers(min_value=0, max_value=2**63 - 1), st.integers(min_value=0, max_value=26))
def test_a_changed_cursor_is_refused(position: int, place: int) -> None:
    """Each character is sealed, and so are key and collection."""
    text = write_cursor(KEY, COLLECTION, position)
    other = "A" if text[place % len(text)] != "A" else "Q"
    changed = text[: place % len(text)] + other + text[place % len(text) + 1 :]
    with pytest.raises(BadFilterError):
        read_cursor(KEY, COLLECTION, changed)
    with pytest.raises(BadFilterError):
        read_cursor(b"another key", COLLECTION, text)
    with pytest.raises(BadFilterError):
        read_cursor(KEY, uuid.uuid4(), text)


def _read(*pairs: tuple[str, str]) -> Filters:
    return read_filters(pairs, taxii_filters.OBJECTS, key=KEY, collection=COLLECTION)


def test_no_filters_ask_for_the_oldest_page_of_latest_versions() -> None:
    """TAXII-2.1-3.4: the defaults."""
    assert _read() == Filters()
    assert _read(("custom", "1"), ("custom", "2"), ("match[colour]", "red")) == Filters()


def test_filters_are_read() -> None:
    """TAXII-2.1-3.4.1: a comma means or."""
    found = _read(
        ("added_after", "1970-01-01T00:00:01Z"),
        ("limit", "7"),
        ("next", write_cursor(KEY, COLLECTION, 12)),
        ("match[type]", "indicator,malware"),
        ("match[version]", "first,2026-01-01T00:00:00Z"),
        ("match[spec_version]", "2.0,2.1"),
        ("match[id]", "indicator--11111111-2222-4333-8444-555555555555"),
    )
    assert found.added_after == 1_000_000
    assert (found.limit, found.position) == (7, 12)
    assert found.types == {"indicator", "malware"}
    assert found.which == {Which.FIRST}
    assert found.exact == {version_key("2026-01-01T00:00:00.000Z")}
    assert found.spec_versions == {"2.0", "2.1"}


def test_a_large_limit_is_capped() -> None:
    """TAXII-2.1-3.4: never more than asked, and never more than the server gives."""
    assert _read(("limit", "1000000")).limit == MAX_LIMIT
    assert _read(("limit", "9" * 5_000)).limit == MAX_LIMIT
    assert _read(("limit", "005")).limit == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "many"),
        ("limit", "1.5"),
        ("limit", ""),
        ("limit", "٣"),
        ("added_after", ""),
        ("added_after", "yesterday"),
        ("next", ""),
        ("next", "garbage"),
        ("match[version]", "all,last"),
        ("match[version]", "newest"),
        ("match[version]", ""),
        ("match[version]", "last,"),
        ("match[type]", ""),
        ("match[type]", "Indicator"),
        ("match[type]", "indicator\x00"),
        ("match[id]", "indicator"),
        ("match[id]", "indicator--\x00"),
        ("match[spec_version]", "new"),
        ("match[type]", ",".join(["a"] * 501)),
    ],
)
def test_malformed_filters_are_refused_by_name(name: str, value: str) -> None:
    """TAXII-2.1-3.4: 400, and the title says which."""
    with pytest.raises(BadFilterError) as refusal:
        _read((name, value))
    assert refusal.value.field == name
    assert name in str(refusal.value)


def test_a_repeated_filter_is_refused() -> None:
    """TAXII-2.1-3.4.1: a field at most once."""
    with pytest.raises(BadFilterError):
        _read(("match[type]", "indicator"), ("match[type]", "malware"))


def test_versions_compare_as_times() -> None:
    """STIX-2.1-2.16: digits do not change a time, and one more digit is later."""
    assert version_key("2026-01-01T00:00:00Z") == version_key("2026-01-01T00:00:00.000Z")
    assert version_key("2026-01-01T00:00:00.1Z") < version_key("2026-01-01T00:00:00.12Z")
    assert version_key("2026-01-01T00:00:00.999999999Z") < version_key("2026-01-01T00:00:01Z")
    assert version_key("yesterday") == ""


def test_envelopes_join_stored_bytes() -> None:
    """TAXII-2.1-3.7, 5.4: nothing found is `{}`; bytes are not touched."""
    assert envelope([], next_page=None) == b"{}"
    bodies = [b'{"a":1.0}', b'{"b":"\\u00e9"}']
    assert envelope(bodies, next_page=None) == b'{"objects":[{"a":1.0},{"b":"\\u00e9"}]}'
    assert json.loads(envelope(bodies, next_page="x")) == {
        "more": True,
        "next": "x",
        "objects": [{"a": 1.0}, {"b": "é"}],
    }


def test_resources_hold_no_empty_lists() -> None:
    """TAXII-2.1-2: omit the property; booleans stay."""
    assert json.loads(resource({"a": [], "b": None, "c": False, "d": 0})) == {"c": False, "d": 0}


def test_errors_carry_their_status_as_text() -> None:
    """TAXII-2.1-3.6.1: http_status is a string."""
    assert json.loads(error_resource(404, "None")) == {"title": "None", "http_status": "404"}


def test_date_headers_of_a_page_and_of_an_empty_one() -> None:
    """TAXII-2.1-3.2: first and last; an empty page gives added_after back, or nothing."""
    assert date_headers([1, 2], None) == {
        "X-TAXII-Date-Added-First": "1970-01-01T00:00:00.000001Z",
        "X-TAXII-Date-Added-Last": "1970-01-01T00:00:00.000002Z",
    }
    assert date_headers([], 5)["X-TAXII-Date-Added-Last"] == "1970-01-01T00:00:00.000005Z"
    assert date_headers([], None) == {}
