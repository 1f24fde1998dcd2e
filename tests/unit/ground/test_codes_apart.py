"""Sentences of right-to-left languages: addresses and parts of identifiers keep their order."""

import pytest

from cirt.i18n import codes_apart


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("مثل https://hub.example/c/ يليه معرّف.", "https://hub.example/c/"),
        ("(see https://a.example/x).", "https://a.example/x"),
        ("«identity--» يليه UUID", "identity--"),
        ("identity--", "identity--"),
        ("e-mail, a/b, [.] and TLP:AMBER, 2.1.", None),
        ("", None),
        ("(" * 100_000 + "." * 100_000, None),
    ],
)
def test_a_code_with_a_loose_edge_stands_apart(sentence: str, code: str | None) -> None:
    """UAX #9: a neutral at the edge takes the direction of the sentence otherwise."""
    pieces = list(codes_apart(sentence))
    assert "".join(part for part, _is_code in pieces) == sentence
    assert [part for part, is_code in pieces if is_code] == ([] if code is None else [code])
