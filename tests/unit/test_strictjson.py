"""Strict reading of JSON. The T-numbers are those of the project's list of attacks."""

import gzip
import json
from typing import Any

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.errors import InvalidInputError, TooLargeError
from cirt.strictjson import Limits, StrictJsonError, TooLargeJsonError, loads


@pytest.mark.parametrize(
    "value", [None, True, 0, -1.5, "", "سلام 😀", [], {}, [1, "a", {"b": [None]}]]
)
def test_any_value_at_the_top_is_read(value: Any) -> None:
    """RFC 8259, section 2: a JSON text is any value."""
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


def refusal(text: bytes | str, limits: Limits | None = None) -> StrictJsonError:
    with pytest.raises(StrictJsonError) as caught:
        loads(text, limits or Limits())
    assert str(caught.value)  # the sentence takes its parameters
    return caught.value


def test_depth_64_is_read_and_65_refused() -> None:
    """T-60: nesting is counted before the parser can run out of stack."""
    assert loads("[" * 64 + "]" * 64)
    error = refusal("[" * 65 + "]" * 65)
    assert (error.line, error.column) == (1, 65)
    refusal("[" * 1_000_000)
    refusal('{"a":' * 100_000)


def test_brackets_inside_strings_are_not_counted_as_depth() -> None:
    """T-60: the scan knows strings and their escapes."""
    text = json.dumps({"a": "[" * 500 + '\\"{"' + "[" * 500})
    assert loads(text) == json.loads(text)


@pytest.mark.parametrize(
    "number",
    [
        "9007199254740992",
        "-9007199254740992",
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "9" * 5_000,
        "9" * 100_000 + ".0",
    ],
)
def test_number_that_readers_disagree_on_is_refused(number: str) -> None:
    """T-60: the library would give another number, infinity or NaN."""
    error = refusal(f'{{"a":\n [{number}]}}')
    assert error.line == 2


def test_largest_exact_integer_is_read() -> None:
    """T-60: RFC 7493, section 2.2."""
    assert loads("[9007199254740991, -9007199254740991]") == [2**53 - 1, -(2**53 - 1)]


def test_second_key_that_strips_a_marking_is_refused() -> None:
    """T-61: the last key would win and take the marking away."""
    error = refusal('{"object_marking_refs":["red"],\n "object_marking_refs":[]}')
    assert (error.line, error.column) == (2, 2)
    assert error.params["key"] == "object_marking_refs"


def test_second_key_written_with_an_escape_is_refused() -> None:
    """T-61: equal after unescaping is equal."""
    refusal('{"id": 1, "\\u0069d": 2}')
    refusal('[{"a": {"b": 1, "c": [], "b" : 2}}]')


def test_equal_keys_in_different_objects_are_read() -> None:
    """T-61: only within one object."""
    text = '{"a": {"a": [{"a": "a"}, {"a": "a"}]}, "b": "a"}'
    assert loads(text) == json.loads(text)


@pytest.mark.parametrize(
    "text", ['"\\ud800"', '["\\udc00\\ud800"]', '{"\\uD83D": 1}', '"\\u0000"', '{"a\\u0000": 1}']
)
def test_half_character_or_nul_is_refused(text: str) -> None:
    """T-62: no database column can hold them."""
    assert refusal(text).line == 1


def test_half_character_in_text_already_decoded_is_refused() -> None:
    """T-62: a str can hold what UTF-8 cannot."""
    error = refusal('[\n"\ud800"]')
    assert (error.line, error.column) == (2, 2)


def test_whole_surrogate_pair_is_read() -> None:
    """T-62: a pair is one character."""
    assert loads('"\\ud83d\\ude00 \\\\u0000"') == "😀 \\u0000"


def test_compressed_body_is_refused_and_not_inflated() -> None:
    """T-64: the reader never inflates; a gzip body is no UTF-8."""
    refusal(gzip.compress(b"[]"))


def test_text_over_the_size_limit_is_refused() -> None:
    """T-65: before anything is parsed."""
    error = refusal(b"[" + b" " * 50 + b"]", Limits(max_bytes=50))
    assert isinstance(error, TooLargeJsonError)
    assert isinstance(error, TooLargeError)
    refusal('"ééé"', Limits(max_bytes=7))  # counted in bytes, not characters


def test_string_over_the_limit_is_refused() -> None:
    """T-65: counted after unescaping, for keys as for values."""
    assert loads('["\\u00e9\\u00e9"]', Limits(max_string=2)) == ["éé"]
    assert refusal('[\n "abc"]', Limits(max_string=2)).line == 2
    refusal('{"abc": 1}', Limits(max_string=2))


def test_byte_order_mark_is_refused_with_a_sentence() -> None:
    """RFC 8259, section 8.1."""
    assert "byte order mark" in str(refusal(b"\xef\xbb\xbf{}"))


def test_wrong_utf_8_names_line_and_column() -> None:
    error = refusal('["سلام",\n"'.encode() + b'\xff"]')
    assert (error.line, error.column) == (2, 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[1,]",
        "{'a':1}",
        "nul",
        "01",
        "1.",
        "--1",
        '"a',
        '"\\x"',
        '"\t"',
        "[] []",
        "+1",
    ],
)
def test_text_that_is_no_json_names_line_and_column(text: str) -> None:
    error = refusal(text)
    assert isinstance(error, InvalidInputError)
    assert error.line == 1
    assert error.column is not None


def test_unterminated_strings_are_refused_in_one_pass() -> None:
    """The scan reads each character once, also where a string never ends."""
    refusal('"' + '\\"' * 2_000_000)
    refusal('"\\' * 2_000_000)


exact_numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
)
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
values = st.recursive(
    st.none() | st.booleans() | exact_numbers | st.text(characters),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(characters), inner),
)


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_what_is_written_exactly_is_read_back(value: Any, ascii_only: bool, indent: int) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert loads(text) == value
    assert loads(text.encode()) == value


punctuation = st.sampled_from(list('"\\{}[]:,-.1aé\n'))
words = st.sampled_from(
    [
        "\\u0000",
        '"a"',
        '"b":',
        '{"a":1',
        "e9",
        "null",
        "NaN",
        "1e400",
        "9007199254740993",
        "\\u0061",
        "\\ud800",
    ]
)
pieces = punctuation | words


@given(st.lists(pieces, max_size=12).map("".join) | st.text())
def test_what_is_accepted_the_standard_library_reads_equally(text: str) -> None:
    """T-60 to T-62: strict means fewer texts, never other values."""
    try:
        value = loads(text)
    except StrictJsonError as error:
        assert str(error)
        return
    assert json.loads(text) == value


@given(st.binary())
def test_any_bytes_give_a_value_or_a_sentence(data: bytes) -> None:
    try:
        value = loads(data)
    except StrictJsonError as error:
        assert str(error)
    else:
        assert json.loads(data) == value


_TEXT = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(width=32) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_DAMAGE = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from('{}[]",:\\ue0019.-+ \n"a"')), max_size=3
)


@given(_VALUES, _DAMAGE, st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_is_read_another_reader_reads_alike_T74(
    value: Any, damage: list[tuple[int, str]], ascii_only: bool
) -> None:
    """T-74: whatever is read here, a reader of other authors reads, and as the same value."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    for place, character in damage:
        place %= len(text) + 1
        text = text[:place] + character + text[place + len(character) * (place % 2) :]
    try:
        found = loads(text.encode())
    except StrictJsonError:
        return
    assert json.dumps(json5.loads(text)) == json.dumps(found)  # json5 keeps UTF-16 halves apart
