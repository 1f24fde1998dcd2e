"""The canonical form of JSON (RFC 8785): the quick way and the library agree on every byte."""

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cirt.errors import InvalidInputError
from cirt.stix.ids import canonical_json

TEXTS = st.text(alphabet=st.characters(codec="utf-8"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(VALUES)
@example({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7})
@example({"a": '\x00\x1f\x7f\u2028"\\/', "b": [True, None, 0, -0.0, 1e21, 2**53 - 1]})
def test_quick_form_equals_the_form_of_the_standard(value: object) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), "\ud800", {1: 2}, {"a": {3: 4}}])
def test_value_without_a_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(InvalidInputError):
        canonical_json(value)
