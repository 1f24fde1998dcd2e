"""Lists whose elements are read each for itself: nothing else is lost, and nothing else gets in."""

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt import strict_lists, strictjson
from cirt.strict_lists import Unread

LIMITS: Final = strictjson.Limits(max_bytes=2_000_000, max_depth=12, max_string=200)

GOOD: Final = (
    '{"id": "a"}',
    '{"id": "b", "text": "] } , [ { \\" \\\\"}',
    '[1, [2, {"x": "]"}]]',
    '"objects"',
    "17",
    "null",
    '{\n  "id": "ü",\n "deep": [[[[[[[]]]]]]]\n}',
)
FLAWED: Final = (
    '{"id": "c", "id": "d"}',
    '{"id": "c", "text": "' + "x" * 201 + '"}',
    '{"id": "c",\n "n": NaN}',
    '{"n": 1e400}',
    '{"n": 18446744073709551616}',
    '{"id":\n\n "c", "s": "\\ud800"}',
    '{"s": "\\u0000"}',
    '{"d": ' + "[" * 12 + "]" * 12 + "}",
    '{"d": {"x": 1, "\\u0078": 2}}',
)
HOPELESS: Final = ('{"a": 1 /* 2 */}', '{"a" 1}', "{]", '{"a": "', "[NaN]", '"x\ty"', "01", "}")


def read(text: str) -> Any:
    return strict_lists.loads(text.encode(), LIMITS, "objects", 50)


@given(
    st.lists(st.tuples(st.sampled_from(["", " ", "\n", "\n\t "]), st.sampled_from(GOOD + FLAWED))),
    st.sampled_from(["", '"more": false, ', '"x": {"objects": [1]}, ']),
    st.sampled_from(["", ', "next": "]}"']),
)
def test_what_is_fine_is_read_as_ever_and_the_rest_is_named_with_its_place(
    parts: list[tuple[str, str]], before: str, after: str
) -> None:
    listed = ",".join(space + part for space, part in parts)
    found = read(f'{{{before}"objects": [{listed}]{after}}}')["objects"]
    assert len(found) == len(parts)
    offset = len(f'{{{before}"objects": [')
    for (space, part), one in zip(parts, found, strict=True):
        offset += len(space)
        if part in GOOD:
            assert one == json.loads(part)
        else:
            assert isinstance(one, Unread)
            assert [name for name, _value in one.members] == json.loads(
                part, object_pairs_hook=lambda pairs: [name for name, _value in pairs]
            )
            # alone among harmless text of the same shape, it is refused at the same place
            blank = "".join(
                "\n" if each == "\n" else " " for each in f'{{{before}"objects": [{listed}'
            )
            alone = blank[:offset] + part
            with pytest.raises(strictjson.StrictJsonError) as refused:
                strictjson.loads(alone, LIMITS)
            assert (one.error.line, one.error.column) == (refused.value.line, refused.value.column)
            assert one.error.message == refused.value.message
        offset += len(part) + 1


@pytest.mark.parametrize("part", HOPELESS)
@pytest.mark.parametrize("place", range(3))
def test_what_hides_where_an_element_ends_refuses_the_whole(part: str, place: int) -> None:
    parts = ['{"id": "a"}', FLAWED[0]]
    parts.insert(place, part)
    text = f'{{"objects": [{", ".join(parts)}]}}'
    with pytest.raises(strictjson.StrictJsonError) as found:
        read(text)
    with pytest.raises(strictjson.StrictJsonError) as whole:
        strictjson.loads(text, LIMITS)
    assert str(found.value) == str(whole.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"objects": [%s], "objects": []}',
        '{"objects": [], "objects": [%s]}',
        '{"objects": [%s], "n": NaN}',
        '{"n": NaN, "objects": [%s]}',
        '{"objects": [%s,]}',
        '{"objects": [,%s]}',
        '{"objects": [%s 1]}',
        '{"objects": [%s, "a": 1]}',
        '{"objects": [%s}',
        '{"objects": [%s]',
        '{"objects" [%s]}',
        '{"objects":, [%s]}',
        '{"\\u006fbjects": [%s]}',
        '{"more": {"objects": [%s]}}',
        '[{"objects": [%s]}]',
        '{"objects": [%s]} 1',
        '{"objects": {"a": %s}}',
        "%s",
    ],
)
def test_what_is_wrong_around_the_elements_refuses_the_whole(text: str) -> None:
    with pytest.raises(strictjson.StrictJsonError):
        read(text.replace("%s", FLAWED[0]))


def test_more_elements_than_are_read_one_by_one_refuse_the_whole() -> None:
    elements = ["1"] * 500_000
    elements[-1] = FLAWED[0]
    with pytest.raises(strictjson.StrictJsonError, match="stands twice"):
        read(f'{{"objects": [{",".join(elements)}]}}')
    assert len(read(f'{{"objects": [{",".join(elements[-50:])}]}}')["objects"]) == 50


def test_a_text_that_is_none_is_refused_as_ever() -> None:
    for data in (b"\xff", b"\xef\xbb\xbf{}", b"", b"x" * 2_000_001):
        with pytest.raises(strictjson.StrictJsonError):
            strict_lists.loads(data, LIMITS, "objects", 50)
